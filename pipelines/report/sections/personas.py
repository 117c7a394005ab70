"""Who the customers are: how many of each persona, what they bring in, and how they buy."""

from collections.abc import Sequence

from pipelines.report.figures import Bar, Bars, Board, BoardCell, BoardRow, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import FEW, About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("personas", "customer_360")
NEEDS = (("ecommerce/orders", "pos/tickets"),)
# Behind what a persona brought in stand those of it who bought, which may be few of many.
QUERY = f"""
with

people as (

    select
        persona,
        count(*) filter (where order_count > 0) as buyers,
        count(*) filter (where revenue_12m <> 0) as buyers_12m,
        count(*) filter (where return_rate > 0) as returners,
        count(clv_12m) as valued

    from marts.customer_360
    group by persona

)

select
    personas.persona as name,
    personas.precedence,
    personas.customer_count as customers,
    personas.customer_share as share,
    personas.order_count as orders,
    personas.online_order_count as online_orders,
    personas.discounted_order_count as discounted_orders,
    personas.ordered_amount,
    personas.average_basket,
    personas.refund_amount,
    personas.revenue_12m,
    personas.clv_12m,
    sum(personas.revenue_12m) over () as all_revenue,
    coalesce(people.buyers, 0) as buyers,
    coalesce(people.buyers_12m, 0) as buyers_12m,
    coalesce(people.valued, 0) as valued,
    case when people.buyers < {FEW} then people.buyers else coalesce(people.returners, 0) end as returners,
    {smallest_side("personas.online_order_count", "personas.order_count")} as least_online,
    {smallest_side("personas.discounted_order_count", "personas.order_count")} as least_discounted

from marts.personas
left join people
    on personas.persona = people.persona
order by personas.revenue_12m desc, personas.customer_count desc, personas.precedence
"""
ABOUT = About(
    "customers",
    apart={
        "orders": "buyers",
        "average_basket": "buyers",
        # With the basket and the orders, what came back would follow from what they keep.
        "refund_amount": "returners",
        "ordered_amount": "returners",
        "online_orders": "least_online",
        "discounted_orders": "least_discounted",
        "revenue_12m": "buyers_12m",
        "clv_12m": "valued",
    },
    free=("precedence", "all_revenue"),
)
HOW_THEY_BUY: dict[str, Kind] = {
    "share_of_revenue_12m": "percent",
    "orders_per_customer": "number",
    "average_basket_all_time": "money_short",
    "online_share": "percent",
    "discounted_share": "percent",
    "refund_share_all_time": "percent",
    "value_per_customer": "money_short",
}


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [_measure(row, texts) for row in marts.ask(QUERY, ABOUT)]
    if not any(row["customers"] is None or row["customers"] for row in rows):
        return say_empty("personas", MARTS, texts, NEEDS)
    if not has_numbers(rows, "customers"):
        return say_few("personas", MARTS, texts)
    buying = [row for row in rows if row["orders_per_customer"]]
    return Section(
        "personas",
        _title(rows, texts),
        lead=[texts.say("personas.lead"), texts.say("personas.scopes")],
        figures=[_draw_sizes(rows, texts), *([_draw_habits(buying, texts)] if buying else [])],
        tables=[
            tabulate(
                "personas",
                texts.say("personas.table"),
                label_columns(
                    texts,
                    persona="text",
                    customers="count",
                    share="share",
                    revenue_12m="money",
                    share_of_revenue_12m="share",
                    orders_per_customer="number",
                    average_basket_all_time="money",
                    online_share="share",
                    discounted_share="share",
                    refund_share_all_time="share",
                    value_per_customer="money",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("personas.nav"),
        scope=tell_day(marts, texts),
        terms=("persona", "clv"),
    )


def _measure(row: Row, texts: Texts) -> Row:
    return row | {
        "persona": texts.name("persona", row["name"]),
        "share_of_revenue_12m": share(row["revenue_12m"], row["all_revenue"]),
        "orders_per_customer": share(row["orders"], row["customers"]),
        "average_basket_all_time": row["average_basket"],
        "online_share": share(row["online_orders"], row["orders"]),
        "discounted_share": share(row["discounted_orders"], row["orders"]),
        "refund_share_all_time": share(row["refund_amount"], row["ordered_amount"]),
        "value_per_customer": share(row["clv_12m"], row["customers"]),
    }


def _title(rows: Sequence[Row], texts: Texts) -> str:
    first = rows[0]
    if not first["share_of_revenue_12m"] or first["share"] is None:
        return texts.say("personas.title_plain")
    return texts.say(
        "personas.title",
        persona=first["persona"],
        share=texts.write("percent", first["share"]),
        revenue=texts.write("percent", first["share_of_revenue_12m"]),
    )


def _draw_sizes(rows: Sequence[Row], texts: Texts) -> Bars:
    most = max((row["customers"] or 0) for row in rows)
    bars = [
        Bar(
            row["persona"],
            texts.write("count", row["customers"]),
            [Segment(0, percent_of(row["customers"] or 0, most))],
            f"{texts.write('percent', row['share'])} · {texts.name('persona_said', row['name'])}",
        )
        for row in sorted(rows, key=lambda row: (-(row["customers"] or 0), row["precedence"]))
    ]
    return Bars(texts.say("personas.figure"), bars)


def _draw_habits(rows: Sequence[Row], texts: Texts) -> Board:
    most = {name: max((row[name] or 0 for row in rows), default=0) for name in HOW_THEY_BUY}
    return Board(
        texts.say("personas.habits"),
        texts.say("column.persona"),
        [texts.say(f"column.{name}") for name in HOW_THEY_BUY],
        [
            BoardRow(
                row["persona"],
                [
                    BoardCell(
                        texts.write(kind, row[name]),
                        None if row[name] is None else max(0.0, percent_of(row[name], most[name])),
                    )
                    for name, kind in HOW_THEY_BUY.items()
                ],
            )
            for row in rows
        ],
    )
