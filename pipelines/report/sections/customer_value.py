"""What customers are worth: how unevenly, who is worth most, and how right the prediction was."""

from collections.abc import Sequence

from pipelines.report.figures import Bar, Bars, Column, Columns, Legend, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import FEW, About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("customer_360", "customer_value_back_test")
NEEDS = (("ecommerce/orders", "pos/tickets"),)
TENTHS = 10


def _by_tenth(ranked_by: str) -> str:
    """Buyers in ten equal groups by a column of customer_360, 1 the highest; ties by id, so that each run is alike."""
    return f"""
select
    tenth,
    count(*) as customers,
    count(*) filter (where revenue_12m <> 0) as buyers_12m,
    sum(clv_12m) as clv_12m,
    sum(revenue_12m) as revenue_12m,
    sum(sum(clv_12m)) over () as all_value,
    sum(sum(revenue_12m)) over () as all_revenue

from (
    select
        clv_12m,
        revenue_12m,
        ntile({TENTHS}) over (order by {ranked_by} desc, customer_id) as tenth
    from marts.customer_360
    where order_count > 0 and clv_12m is not null
) as ranked
group by tenth
order by tenth
"""


BY_VALUE, BY_REVENUE = _by_tenth("clv_12m"), _by_tenth("revenue_12m")
ABOUT_TENTHS = About("customers", apart={"revenue_12m": "buyers_12m"}, free=("tenth", "all_value", "all_revenue"))
# Who is in the best tenth: of each persona, those in it and those not.
BY_PERSONA = f"""
select
    persona as name,
    count(*) as customers,
    sum(clv_12m) as clv_12m,
    count(*) filter (where tenth = 1) as best,
    {smallest_side("count(*) filter (where tenth = 1)", "count(*)")} as least_best

from (
    select
        persona,
        clv_12m,
        ntile({TENTHS}) over (order by clv_12m desc, customer_id) as tenth
    from marts.customer_360
    where order_count > 0 and clv_12m is not null
) as ranked
group by persona
order by sum(clv_12m) / count(*) desc, persona
"""
ABOUT_PERSONAS = About("customers", apart={"best": "least_best"})
BACK_TEST = f"""
select
    decile as tenth,
    held_out_from,
    held_out_until,
    customer_count as customers,
    predicted_orders,
    actual_orders,
    predicted_revenue,
    actual_revenue,
    -- Orders are of as many customers at most.
    case when actual_orders < {FEW} then actual_orders else customer_count end as buyers,
    sum(predicted_orders) over () as all_predicted_orders,
    sum(actual_orders) over () as all_actual_orders,
    sum(predicted_revenue) over () as all_predicted_revenue,
    sum(actual_revenue) over () as all_actual_revenue

from marts.customer_value_back_test
order by decile
"""
WHOLE = ("all_predicted_orders", "all_actual_orders", "all_predicted_revenue", "all_actual_revenue")
ABOUT_BACK_TEST = About(
    "customers", apart={"actual_orders": "buyers", "actual_revenue": "buyers"}, free=("tenth", *WHOLE)
)


def draw(marts: Marts, texts: Texts) -> Section:
    tenths = [_measure(row) for row in marts.ask(BY_VALUE, ABOUT_TENTHS)]
    if not tenths:
        return say_empty("customer_value", MARTS, texts, NEEDS)
    if not has_numbers(tenths, "customers"):
        return say_few("customer_value", MARTS, texts)
    concentration = [_measure(row) for row in marts.ask(BY_REVENUE, ABOUT_TENTHS)]
    personas = [
        row
        | {
            "persona": texts.name("persona", row["name"]),
            "value_per_customer": share(row["clv_12m"], row["customers"]),
            "best_share": share(row["best"], row["customers"]),
        }
        for row in marts.ask(BY_PERSONA, ABOUT_PERSONAS)
    ]
    back_test = [
        row
        | {
            "orders_ratio": share(row["predicted_orders"], row["actual_orders"]),
            "revenue_ratio": share(row["predicted_revenue"], row["actual_revenue"]),
        }
        for row in marts.ask(BACK_TEST, ABOUT_BACK_TEST)
    ]
    return Section(
        "customer_value",
        _title(tenths, concentration, texts),
        lead=[texts.say("customer_value.lead"), _tell_back_test(back_test, texts)],
        figures=[
            _draw_tenths(tenths, texts),
            _draw_personas(personas, texts),
            *([_draw_back_test(back_test, texts)] if back_test else []),
        ],
        tables=[
            tabulate(
                "customer_value",
                texts.say("customer_value.tenths"),
                label_columns(
                    texts,
                    tenth="count",
                    customers="count",
                    clv_12m="money",
                    share_of_value="share",
                    value_per_customer="money",
                    revenue_12m="money",
                ),
                tenths,
                texts,
            ),
            tabulate(
                "customer_value_concentration",
                texts.say("customer_value.concentration"),
                label_columns(
                    texts,
                    tenth_by_revenue="count",
                    customers="count",
                    revenue_12m="money",
                    share_of_revenue_12m="share",
                ),
                concentration,
                texts,
            ),
            tabulate(
                "customer_value_personas",
                texts.say("customer_value.personas"),
                label_columns(
                    texts,
                    persona="text",
                    customers="count",
                    clv_12m="money",
                    value_per_customer="money",
                    best="count",
                    best_share="share",
                ),
                personas,
                texts,
            ),
            tabulate(
                "customer_value_back_test",
                texts.say("customer_value.back_test"),
                label_columns(
                    texts,
                    tenth="count",
                    customers="count",
                    predicted_orders="number",
                    actual_orders="count",
                    orders_ratio="decimal",
                    predicted_revenue="money",
                    actual_revenue="money",
                    revenue_ratio="decimal",
                ),
                back_test,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("customer_value.nav"),
        scope=tell_day(marts, texts),
        terms=("clv", "tenth", "persona", "back_test"),
    )


def _measure(row: Row) -> Row:
    return row | {
        "tenth_by_revenue": row["tenth"],
        "share_of_value": share(row["clv_12m"], row["all_value"]),
        "share_of_revenue_12m": share(row["revenue_12m"], row["all_revenue"]),
        "value_per_customer": share(row["clv_12m"], row["customers"]),
    }


def _title(tenths: Sequence[Row], concentration: Sequence[Row], texts: Texts) -> str:
    past, expected = concentration[0]["share_of_revenue_12m"], tenths[0]["share_of_value"]
    if past is None or expected is None:
        return texts.say("customer_value.title_plain")
    return texts.say(
        "customer_value.title", past=texts.write("percent", past), expected=texts.write("percent", expected)
    )


def _tell_back_test(rows: Sequence[Row], texts: Texts) -> str:
    """How much too high or too low the prediction was for all customers together."""
    if not rows or not rows[0]["all_actual_orders"]:
        return texts.say("customer_value.untested")
    whole = rows[0]
    parts = {
        "first": texts.write("day", whole["held_out_from"]),
        "last": texts.write("day", whole["held_out_until"]),
        "predicted": texts.write("count", round(whole["all_predicted_orders"])),
        "actual": texts.write("count", whole["all_actual_orders"]),
        "orders": texts.write("signed_percent", whole["all_predicted_orders"] / float(whole["all_actual_orders"]) - 1),
    }
    if whole["all_predicted_revenue"] is None or not whole["all_actual_revenue"]:
        return texts.say("customer_value.tested_orders", **parts)
    revenue = float(whole["all_predicted_revenue"]) / float(whole["all_actual_revenue"]) - 1
    return texts.say("customer_value.tested", **parts, revenue=texts.write("signed_percent", revenue))


def _draw_tenths(rows: Sequence[Row], texts: Texts) -> Columns:
    top = max((row["value_per_customer"] or 0.0) for row in rows)
    return Columns(
        texts.say("customer_value.figure"),
        texts.say("customer_value.description"),
        [
            Column(
                texts.write("count", row["tenth"]),
                percent_of(row["value_per_customer"] or 0, top),
                texts.say(
                    "customer_value.of_tenth",
                    value=texts.write("money_short", row["value_per_customer"]),
                    share=texts.write("percent", row["share_of_value"]),
                ),
            )
            for row in rows
        ],
        texts.write("money_short", top),
    )


def _draw_personas(rows: Sequence[Row], texts: Texts) -> Bars:
    most = max((row["value_per_customer"] or 0.0) for row in rows)
    bars = []
    for row in rows:
        notes = [texts.count("page.customers", row["customers"])] if row["customers"] is not None else []
        if row["best_share"] is not None:
            notes.append(texts.say("customer_value.best", share=texts.write("percent", row["best_share"])))
        width = percent_of(row["value_per_customer"] or 0, most)
        value = texts.write("money_short", row["value_per_customer"])
        bars.append(Bar(row["persona"], value, [Segment(0, width)], " · ".join(notes)))
    return Bars(texts.say("customer_value.personas"), bars)


def _draw_back_test(rows: Sequence[Row], texts: Texts) -> Columns:
    top = max(float(row[name] or 0) for row in rows for name in ("predicted_orders", "actual_orders"))
    return Columns(
        texts.say("customer_value.back_test"),
        texts.say("customer_value.back_test_description"),
        [
            Column(
                texts.write("count", row["tenth"]),
                percent_of(row["actual_orders"] or 0, top),
                texts.say(
                    "customer_value.of_test",
                    predicted=texts.write("number", row["predicted_orders"]),
                    actual=texts.write("count", row["actual_orders"]),
                ),
                None if row["predicted_orders"] is None else percent_of(row["predicted_orders"], top),
                "blue",
            )
            for row in rows
        ],
        texts.count("customer_value.orders", round(top)),
        [Legend("blue", texts.say("customer_value.came"))],
    )
