"""What an omnichannel customer is worth against a single-channel one, plainly and among their like."""

from pipelines.report.figures import Bar, Bars, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, tell_day
from pipelines.report.small_groups import About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("channel_value",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
ORDER = ("omnichannel", "store_only", "online_only")
MEASURES = ("revenue", "orders", "lifetime")
QUERY = f"""
select
    *,
    {smallest_side("matched_customers", "customers")} as least_matched,
    least(matched_customers, twins) as least_compared,
    sum(customers) filter (where channel_profile <> 'omnichannel') over () as single_channel_customers
from marts.channel_value
where channel_profile <> 'prospect' and customers > 0
order by channel_profile
"""
LIFTS = ("revenue_lift", "orders_lift", "lifetime_lift")
ABOUT = About(
    "customers",
    apart={
        "matched_share": "least_matched",
        **dict.fromkeys(("matched_customers", "twins", *(f"matched_{lift}" for lift in LIFTS)), "least_compared"),
        **dict.fromkeys(LIFTS, "single_channel_customers"),
    },
)


def draw(marts: Marts, texts: Texts) -> Section:
    found = {row["channel_profile"]: row for row in marts.ask(QUERY, ABOUT)}
    rows = [
        found[name]
        | {
            "name": name,
            "channel_profile": texts.name("profile", name),
            "revenue_all_time": found[name]["revenue"],
            "average_basket_all_time": found[name]["average_basket"],
        }
        for name in ORDER
        if name in found
    ]
    if not rows:
        return say_empty("value", MARTS, texts, NEEDS)
    if not has_numbers(rows, "customers"):
        return say_few("value", MARTS, texts)
    lifts = [
        {
            "measure": texts.name("measure", measure),
            "plain_lift": None if row["customers"] is None else row[f"{measure}_lift"],
            "matched_lift": row[f"matched_{measure}_lift"],
        }
        for row in rows
        if row["name"] == "omnichannel"
        for measure in MEASURES
    ]
    matched = next((row for row in rows if row["matched_customers"] and row["matched_share"] is not None), None)
    lead = [texts.say("value.lead")]
    if matched:
        lead.append(
            texts.say(
                "value.matched",
                customers=texts.write("count", matched["matched_customers"]),
                share=texts.write("percent", matched["matched_share"]),
                controls=texts.write("count", matched["twins"]),
            )
        )
    figures = [_draw_profiles(rows, texts)]
    if any(lift["plain_lift"] is not None for lift in lifts):
        figures.append(_draw_lifts(lifts, texts))
    return Section(
        "value",
        _title(lifts, texts),
        lead=lead,
        figures=figures,
        tables=[
            tabulate(
                "value",
                texts.say("value.figure"),
                label_columns(
                    texts,
                    channel_profile="text",
                    customers="count",
                    revenue_all_time="money",
                    revenue_per_customer="money",
                    orders_per_customer="number",
                    average_basket_all_time="money",
                    lifetime_days="days",
                ),
                rows,
                texts,
            ),
            tabulate(
                "value_lifts",
                texts.say("value.lifts"),
                label_columns(texts, measure="text", plain_lift="signed_share", matched_lift="signed_share"),
                lifts,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("value.nav"),
        scope=tell_day(marts, texts),
        terms=("omnichannel", "matched_controls"),
    )


def _title(lifts: list[Row], texts: Texts) -> str:
    plain, matched = (lifts[0]["plain_lift"], lifts[0]["matched_lift"]) if lifts else (None, None)
    if plain is None:
        return texts.say("value.title_plain")
    if matched is None:
        return texts.say("value.title_unmatched", plain=texts.write("times", 1 + plain))
    return texts.say("value.title", plain=texts.write("times", 1 + plain), matched=texts.write("times", 1 + matched))


def _draw_profiles(rows: list[Row], texts: Texts) -> Bars:
    most = max((row["revenue_per_customer"] or 0 for row in rows), default=0)
    bars = [
        Bar(
            row["channel_profile"],
            texts.write("money_short", row["revenue_per_customer"]),
            [Segment(0, max(0.0, percent_of(row["revenue_per_customer"] or 0, most)))],
            ""
            if row["customers"] is None
            else f"{texts.count('page.customers', row['customers'])} · "
            + texts.say("value.orders", orders=texts.write("number", row["orders_per_customer"])),
        )
        for row in rows
    ]
    return Bars(texts.say("value.figure"), bars)


def _draw_lifts(lifts: list[Row], texts: Texts) -> Bars:
    """Two bars a measure, from a common zero; a lift below it points the other way."""
    values = [row[name] for row in lifts for name in ("plain_lift", "matched_lift") if row[name] is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    zero = percent_of(-low, high - low)
    tones: dict[str, Tone] = {"plain_lift": "sky", "matched_lift": "blue"}
    bars = []
    for row in lifts:
        for name, tone in tones.items():
            if row[name] is None:
                continue
            width = percent_of(abs(row[name]), high - low)
            segment = Segment(zero if row[name] >= 0 else zero - width, width, tone)
            bars.append(
                Bar(
                    row["measure"],
                    texts.write("signed_share", row[name]),
                    [segment],
                    texts.say(f"column.{name}"),
                )
            )
    return Bars(texts.say("value.lifts"), bars, axis=zero if low < 0 else None)
