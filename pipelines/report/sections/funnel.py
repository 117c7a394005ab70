"""The funnel online: everybody who came on a day, known or not, by how far they got."""

from pipelines.report.figures import Bar, Bars, Legend, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("journey_stage_daily",)
NEEDS = (("ecommerce/web_events",),)
STEPS = ("discovery", "consideration", "purchase")
# Visitors are counted at the furthest step, so a step holds those of the later ones too; and what two steps differ by
# are people as well.
QUERY = f"""
with

furthest as (

    select
        case stage when 'discovery' then 1 when 'consideration' then 2 else 3 end as place,
        sum(known_visitors) as known,
        sum(anonymous_visitors) as anonymous

    from marts.journey_stage_daily
    where day >= $first and day < $end and stage in ('discovery', 'consideration', 'purchase')
    group by place

),

reached as (

    select
        place,
        sum(known) over later as known,
        sum(anonymous) over later as anonymous,
        sum(known) over () as all_known,
        sum(anonymous) over () as all_anonymous,
        coalesce(sum(known) over before, 0) as known_before,
        coalesce(sum(anonymous) over before, 0) as anonymous_before

    from furthest
    window
        later as (order by place rows between current row and unbounded following),
        before as (order by place rows between 1 preceding and 1 preceding)

)

select
    place,
    known,
    anonymous,
    known + anonymous as visitors,
    all_known,
    all_anonymous,
    all_known + all_anonymous as all_visitors,
    least(
        {smallest_side("known + anonymous", "all_known + all_anonymous")},
        coalesce(nullif(known_before + anonymous_before, 0), known + anonymous)
    ) as people,
    least(
        {smallest_side("known", "all_known")},
        {smallest_side("anonymous", "all_anonymous")},
        coalesce(nullif(known_before, 0), known),
        coalesce(nullif(anonymous_before, 0), anonymous)
    ) as least_kind

from reached
order by place
"""
KINDS = ("known", "anonymous", "all_known", "all_anonymous")
ABOUT = About("people", apart=dict.fromkeys(KINDS, "least_kind"), free=("place",), wholes=())
STRANGERS = """
select sum(anonymous_orders) as anonymous_orders
from marts.journey_stage_daily
where day >= $first and day < $end
"""


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [_tell_step(row, texts) for row in marts.ask_period(QUERY, ABOUT)]
    if not rows or rows[0]["all_visitors"] == 0:
        return say_empty("funnel", MARTS, texts, NEEDS)
    everybody = rows[0]["visitors"]
    if everybody is None:
        return say_few("funnel", MARTS, texts)
    [strangers] = marts.ask_period(STRANGERS, About("anonymous_orders"))
    return Section(
        "funnel",
        _title(rows, texts),
        lead=[
            texts.say("funnel.lead"),
            *(
                [texts.say("funnel.orders", count=texts.write("count", strangers["anonymous_orders"]))]
                if strangers["anonymous_orders"]
                else []
            ),
        ],
        figures=[
            Bars(
                texts.say("funnel.figure"),
                [_draw_step(row, everybody, texts) for row in rows],
                [Legend("blue", texts.say("column.known")), Legend("amber", texts.say("column.anonymous"))],
            )
        ],
        tables=[
            tabulate(
                "funnel",
                texts.say("funnel.figure"),
                label_columns(
                    texts,
                    step="text",
                    visitors="count",
                    share_of_first="share",
                    known="count",
                    known_share="share",
                    anonymous="count",
                    anonymous_share="share",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("funnel.nav"),
        scope=tell_period(marts, texts),
        terms=("visitor_conversion", "conversion", "visit"),
    )


def _title(rows: list[Row], texts: Texts) -> str:
    everybody, bought = rows[0]["visitors"], rows[-1]["share_of_first"]
    anonymous = share(rows[0]["anonymous"], everybody)
    if bought is None or anonymous is None:
        return texts.say("funnel.title_plain")
    return texts.say(
        "funnel.title",
        visitors=texts.write("count", everybody),
        bought=texts.write("percent", bought),
        anonymous=texts.write("percent", anonymous),
    )


def _tell_step(row: Row, texts: Texts) -> Row:
    return row | {
        "step": texts.name("step", STEPS[row["place"] - 1]),
        "share_of_first": share(row["visitors"], row["all_visitors"]),
        "known_share": share(row["known"], row["all_known"]),
        "anonymous_share": share(row["anonymous"], row["all_anonymous"]),
    }


def _draw_step(row: Row, everybody: int, texts: Texts) -> Bar:
    known, anonymous = percent_of(row["known"] or 0, everybody), percent_of(row["anonymous"] or 0, everybody)
    note = texts.say(
        "funnel.note",
        share=texts.write("share", row["share_of_first"]),
        known=texts.write("count", row["known"]),
        anonymous=texts.write("count", row["anonymous"]),
    )
    segments = [Segment(0, known, "blue"), Segment(known, anonymous, "amber")]
    return Bar(row["step"], texts.write("count", row["visitors"]), segments, note)
