"""What each channel takes, and how many of its visits end in an order."""

from decimal import Decimal

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("channel_performance",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
# Who stands behind a channel: customers who bought or were paid back in it, and each order of nobody known as one more.
QUERY = f"""
with

movements as (

    select channel, coalesce(customer_id, order_id) as person
    from marts.orders
    where ordered_on >= $first and ordered_on < $end

    union all

    select booked_channel as channel, coalesce(customer_id, return_id) as person
    from marts.returns
    where returned_on >= $first and returned_on < $end

),

people as (

    select channel, count(distinct person) as people
    from movements
    group by channel

),

summed as (

    select
        channel,
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(ordered_amount) as ordered_amount,
        sum(visits) as visits,
        sum(visitor_orders) filter (where visits is not null) as visitor_orders,
        sum(identified_orders) as identified_orders

    from marts.channel_performance
    where day >= $first and day < $end
    group by channel

)

select
    summed.*,
    sum(summed.revenue) over () as all_revenue,
    coalesce(people.people, 0) as people,
    {smallest_side("summed.identified_orders", "summed.orders")} as least_identified,
    case when summed.visits is not null then {smallest_side("summed.visitor_orders", "summed.visits")} end
        as least_converted

from summed
left join people
    on summed.channel = people.channel
order by summed.revenue desc, summed.channel
"""
ABOUT = About(
    "people",
    apart={
        "identified_orders": "least_identified",
        "visitor_orders": "least_converted",
        "visits": "visits",
    },
)


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "name": row["channel"],
            "channel": texts.name("channel", row["channel"]),
            "average_basket": share(row["ordered_amount"], row["orders"]),
            "conversion_rate": share(row["visitor_orders"], row["visits"]),
            "identified_share": share(row["identified_orders"], row["orders"]),
        }
        for row in marts.ask_period(QUERY, ABOUT)
    ]
    if not rows:
        return say_empty("channels", MARTS, texts, NEEDS)
    if not has_numbers(rows, "revenue"):
        return say_few("channels", MARTS, texts)
    for row in rows:
        row["share_of_revenue"] = share(row["revenue"], row["all_revenue"])
    most = max(row["revenue"] for row in rows if row["revenue"] is not None)
    return Section(
        "channels",
        _title(rows, texts),
        lead=[texts.say("channels.lead")],
        figures=[Bars(texts.say("channels.figure"), [_draw_channel(row, most, texts) for row in rows])],
        tables=[
            tabulate(
                "channels",
                texts.say("channels.figure"),
                label_columns(
                    texts,
                    channel="text",
                    revenue="money",
                    share_of_revenue="share",
                    orders="count",
                    average_basket="money",
                    visits="count",
                    conversion_rate="share",
                    identified_share="share",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("channels.nav"),
        scope=tell_period(marts, texts),
        terms=("conversion",),
    )


def _title(rows: list[Row], texts: Texts) -> str:
    converting = [row for row in rows if row["conversion_rate"] is not None]
    if not converting or rows[0]["share_of_revenue"] is None:
        return texts.say("channels.title_plain")
    best = max(converting, key=lambda row: (row["conversion_rate"], row["name"]))
    return texts.say(
        "channels.title",
        first=rows[0]["channel"],
        share=texts.write("percent", rows[0]["share_of_revenue"]),
        best=best["channel"],
        rate=texts.write("percent", best["conversion_rate"]),
    )


def _draw_channel(row: Row, most: Decimal, texts: Texts) -> Bar:
    if row["revenue"] is None:
        return Bar(row["channel"], texts.write("money_short", None), [])
    notes = [] if row["orders"] is None else [texts.count("channels.orders", row["orders"])]
    if row["average_basket"] is not None:
        notes.append(texts.say("channels.basket", amount=texts.write("money", row["average_basket"])))
    if row["conversion_rate"] is not None:
        notes.append(texts.say("channels.conversion", rate=texts.write("share", row["conversion_rate"])))
    width = max(0.0, percent_of(row["revenue"], most))
    return Bar(row["channel"], texts.write("money_short", row["revenue"]), [Segment(0, width)], " · ".join(notes))
