"""Paths across channels: how often they are taken, of how many times they could have been."""

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Lack, Needs, Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("omnichannel_paths",)
NEEDS = (("ecommerce/orders",), ("pos/tickets",))
NEEDS_OF: dict[str, Needs] = {
    "web_to_store": (("ecommerce/web_events",), ("pos/tickets",)),
    "click_and_collect_addon": (("ecommerce/orders",), ("pos/tickets",)),
}
"""What a path is seen in, where that is not ``NEEDS_OF_OTHERS``."""

NEEDS_OF_OTHERS: Needs = (("ecommerce/orders",),)
# Who went a way, and who could have and did not: customers, and each order, pickup or return of nobody known.
QUERY = """
with

people as (

    select
        path,
        count(distinct coalesce(customer_id, step_id)) filter (where is_followed) as followers,
        count(distinct coalesce(customer_id, step_id)) filter (where not is_followed) as others,
        count(distinct coalesce(customer_id, step_id)) as base_people

    from marts.omnichannel_path_steps
    where happened_on >= $first and happened_on < $end
    group by path

),

summed as (

    select path, sum(count) as times, sum(base_count) as base_count, sum(revenue) as path_revenue
    from marts.omnichannel_paths
    where month >= $first and month < $end
    group by path

),

known as (

    select path, sum(count) > 0 as is_known
    from marts.omnichannel_paths
    group by path

)

select
    summed.*,
    known.is_known,
    people.base_people,
    least(
        coalesce(nullif(people.followers, 0), people.base_people),
        coalesce(nullif(people.others, 0), people.base_people)
    ) as people
from summed
inner join people
    on summed.path = people.path
inner join known
    on summed.path = known.path
order by summed.path
"""
ABOUT = About("people", apart={"base_count": "base_people"}, wholes=(), free=("is_known",))


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "name": row["path"],
            "path": texts.name("path", row["path"]),
            "base": texts.name("base", row["path"]),
            "share_of_base": share(row["times"], row["base_count"]),
        }
        for row in marts.ask_period(QUERY, ABOUT)
    ]
    # No such step at any time is what an export shows that does not tell it: a share of 0% would claim to know.
    unknown = [row for row in rows if not row["is_known"]]
    rows = [row for row in rows if row["is_known"]]
    rows.sort(key=lambda row: (-(row["share_of_base"] or 0), row["name"]))
    if not rows or all(row["times"] == 0 for row in rows):
        return say_empty("omnichannel_paths", MARTS, texts, NEEDS)
    if not any(row["times"] for row in rows):
        return say_few("omnichannel_paths", MARTS, texts)
    return Section(
        "omnichannel_paths",
        _title(rows, texts),
        lead=[texts.say("omnichannel_paths.lead")],
        figures=[Bars(texts.say("omnichannel_paths.figure"), [_draw_path(row, texts) for row in rows])],
        tables=[
            tabulate(
                "omnichannel_paths",
                texts.say("omnichannel_paths.figure"),
                label_columns(
                    texts,
                    path="text",
                    times="count",
                    base_count="count",
                    base="text",
                    share_of_base="share",
                    path_revenue="money",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("omnichannel_paths.nav"),
        scope=tell_period(marts, texts),
        lacks=[
            Lack(row["path"], texts.say("omnichannel_paths.never"), NEEDS_OF.get(row["name"], NEEDS_OF_OTHERS))
            for row in unknown
        ],
    )


def _title(rows: list[Row], texts: Texts) -> str:
    shares = {row["name"]: row["share_of_base"] for row in rows}
    looked_up, added = shares.get("web_to_store"), shares.get("click_and_collect_addon")
    if looked_up is None:
        return texts.say("omnichannel_paths.title_plain")
    if added is None:
        return texts.say("omnichannel_paths.title_web_to_store", looked_up=texts.write("percent", looked_up))
    return texts.say(
        "omnichannel_paths.title", looked_up=texts.write("percent", looked_up), added=texts.write("percent", added)
    )


def _draw_path(row: Row, texts: Texts) -> Bar:
    if row["times"] is None:
        return Bar(row["path"], texts.write("share", None), [])
    note = texts.say(
        "omnichannel_paths.note",
        times=texts.write("count", row["times"]),
        base_count=texts.write("count", row["base_count"]),
        base=row["base"],
        revenue=texts.write("money_short", row["path_revenue"]),
    )
    return Bar(
        row["path"],
        texts.write("share", row["share_of_base"]),
        [Segment(0, percent_of(row["share_of_base"] or 0, 1))],
        note,
    )
