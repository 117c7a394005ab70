"""The stores side by side: what each takes, whom it knows, and its part in what is bought online."""

from collections.abc import Iterator, Sequence

from pipelines.report.figures import Board, BoardCell, BoardRow, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Lack, Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import FEW, About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("store_performance", "store_satisfaction")
NEEDS = (("pos/tickets",),)
MOST = 15
"""Stores drawn, those that take most; the table has all of them."""

# Behind a store stand the customers who bought or were paid back there, and each ticket of nobody known as one more.
QUERY = f"""
with

people as (

    select
        store_id,
        count(distinct person) as people,
        case
            when count(distinct person) < {FEW} then count(distinct person)
            else count(distinct case when is_return then person end)
        end as returners

    from (
        select store_id, coalesce(customer_id, order_id) as person, false as is_return
        from marts.orders
        where is_revenue and channel = 'store' and ordered_on >= $first and ordered_on < $end

        union all

        select store_id, coalesce(customer_id, return_id) as person, true as is_return
        from marts.returns
        where is_revenue and booked_channel = 'store' and returned_on >= $first and returned_on < $end
    ) as movements
    group by store_id

),

summed as (

    select
        store_id,
        max(store_name) as store_name,
        max(city) as city,
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(ordered_amount) as ordered_amount,
        sum(refund_amount) as refund_amount,
        sum(visits) as visits,
        sum(visitor_orders) filter (where visits is not null) as visitor_orders,
        sum(identified_orders) as identified_orders,
        sum(pickups) as pickups,
        sum(web_to_store_orders) as web_to_store_orders,
        sum(online_returns) as online_returns,
        sum(sold_by_store_orders) as sold_by_store_orders,
        sum(stockouts) as stockouts

    from marts.store_performance
    where month >= $first and month < $end
    group by store_id

),

answered as (

    select
        store_id,
        sum(nps_answers) as nps_answers,
        cast(sum(promoters) - sum(detractors) as decimal(18, 1)) as nps_balance

    from marts.store_satisfaction
    where month >= $first and month < $end
    group by store_id

)

select
    summed.*,
    sum(summed.revenue) over () as all_revenue,
    coalesce(people.people, 0) as people,
    coalesce(people.returners, 0) as returners,
    {smallest_side("summed.identified_orders", "summed.orders")} as least_identified,
    case when summed.visits is not null then {smallest_side("summed.visitor_orders", "summed.visits")} end
        as least_converted,
    coalesce(answered.nps_answers, 0) as nps_answers,
    answered.nps_balance

from summed
left join people
    on summed.store_id = people.store_id
left join answered
    on summed.store_id = answered.store_id
order by summed.revenue desc, summed.store_id
"""
ONLINE_ROLE = ("pickups", "web_to_store_orders", "online_returns", "sold_by_store_orders")
ABOUT = About(
    "people",
    apart={
        # With the orders and what they came to less revenue, what a few were paid back would be known.
        "refund_amount": "returners",
        "ordered_amount": "returners",
        "identified_orders": "least_identified",
        "visitor_orders": "least_converted",
        "visits": "visits",
        "nps_balance": "nps_answers",
        **{name: name for name in ONLINE_ROLE},
    },
    free=("all_revenue", "stockouts"),
)
TAKINGS: dict[str, Kind] = {
    "revenue": "money_short",
    "tickets": "count",
    "average_basket": "money_short",
    "conversion_rate": "share",
    "refund_share": "share",
    "identified_share": "percent",
    "nps": "score",
}
ROLE: dict[str, Kind] = {
    **dict.fromkeys(ONLINE_ROLE, "count"),
    "visits": "count",
    "stockouts": "count",
}
PARTS = {
    "visits": ("visits", (("pos/footfall",),)),
    "nps": ("nps_answers", (("crm/surveys",),)),
    "stockouts": ("stockouts", (("pos/stockouts",),)),
}
"""What not every retailer counts: the columns that would hold it, and the tables that fill them."""


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [_measure(row) for row in marts.ask_period(QUERY, ABOUT)]
    if not any(row["orders"] is None or row["orders"] for row in rows):
        return say_empty("stores", MARTS, texts, NEEDS)
    if not has_numbers(rows, "revenue"):
        return say_few("stores", MARTS, texts)
    missing = {name for name, (column, _) in PARTS.items() if not any(row[column] for row in rows)}
    # What no store ever did may not be told by any export; the table keeps its zeros.
    undone = {name for name in ONLINE_ROLE if all(row[name] == 0 for row in rows)}
    hidden = missing | undone | ({"conversion_rate"} if "visits" in missing else set())
    takings, role = ({name: how for name, how in board.items() if name not in hidden} for board in (TAKINGS, ROLE))
    return Section(
        "stores",
        _title(rows, texts),
        lead=[texts.say("stores.lead")],
        figures=[
            _draw_board(texts.say("stores.takings"), takings, rows, texts),
            *(
                [_draw_board(texts.say("stores.role"), role, rows, texts)]
                if any(has_numbers(rows, name) for name in role)
                else []
            ),
        ],
        tables=[
            tabulate(
                "stores",
                texts.say("stores.table"),
                label_columns(
                    texts,
                    store_name="text",
                    revenue="money",
                    share_of_store_revenue="share",
                    tickets="count",
                    average_basket="money",
                    visits="count",
                    conversion_rate="share",
                    refund_amount="money",
                    refund_share="share",
                    identified_share="share",
                    nps="score",
                    nps_answers="count",
                    pickups="count",
                    web_to_store_orders="count",
                    online_returns="count",
                    sold_by_store_orders="count",
                    stockouts="count",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("stores.nav"),
        scope=tell_period(marts, texts),
        terms=("net_revenue", "average_basket", "conversion", "nps"),
        lacks=list(_list_lacks(missing, texts)),
    )


def _measure(row: Row) -> Row:
    nps = share(row["nps_balance"], row["nps_answers"])
    return row | {
        "store_name": row["store_name"] or row["store_id"],
        "share_of_store_revenue": share(row["revenue"], row["all_revenue"]),
        "tickets": row["orders"],
        "average_basket": share(row["ordered_amount"], row["orders"]),
        "conversion_rate": share(row["visitor_orders"], row["visits"]),
        "refund_share": share(row["refund_amount"], row["ordered_amount"]),
        "identified_share": share(row["identified_orders"], row["orders"]),
        "nps": None if nps is None else 100 * nps,
    }


def _list_lacks(missing: set[str], texts: Texts) -> Iterator[Lack]:
    for name, (_, needs) in PARTS.items():
        if name in missing:
            yield Lack(texts.name("store_part", name), texts.name("store_part_why", name), needs)


def _title(rows: Sequence[Row], texts: Texts) -> str:
    first = rows[0]
    if first["share_of_store_revenue"] is None or len(rows) == 1:
        return texts.say("stores.title_plain")
    parts = {"first": first["store_name"], "share": texts.write("percent", first["share_of_store_revenue"])}
    converting = [row for row in rows if row["conversion_rate"] is not None]
    if len(converting) < 2:
        return texts.say("stores.title_share", **parts)
    best = max(converting, key=lambda row: (row["conversion_rate"], row["store_id"]))
    rate = texts.write("percent", best["conversion_rate"])
    if best is first:
        return texts.say("stores.title_both", **parts, rate=rate)
    return texts.say("stores.title", **parts, best=best["store_name"], rate=rate)


def _draw_board(title: str, measures: dict[str, Kind], rows: Sequence[Row], texts: Texts) -> Board:
    most = {measure: max((row[measure] or 0) for row in rows) for measure in measures}
    return Board(
        title,
        texts.say("column.store_name"),
        [texts.say(f"column.{measure}") for measure in measures],
        [
            BoardRow(
                row["store_name"],
                [_draw_cell(row[measure], kind, most[measure], texts) for measure, kind in measures.items()],
                row["city"] or "",
            )
            for row in rows[:MOST]
        ],
    )


def _draw_cell(value: float | None, kind: Kind, most: float, texts: Texts) -> BoardCell:
    """A score has no bar: it runs from below zero."""
    width = None if value is None or kind == "score" else max(0.0, percent_of(value, most))
    return BoardCell(texts.write(kind, value), width)
