"""How many customers are in which stage, today and over two years, and how long they stay there."""

from datetime import date

from pipelines.report.figures import Area, Areas, Bar, Bars, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import About
from pipelines.report.svg_paths import stack_areas
from pipelines.report.tables import Column, label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("journey_stage_daily", "customer_journey_stages")
NEEDS = (("ecommerce/orders", "pos/tickets", "ecommerce/web_events"),)
TONES: dict[str, Tone] = {
    "discovery": "sky",
    "consideration": "blue",
    "purchase": "amber",
    "post_purchase": "red",
    "retention": "purple",
    "loyalty": "green",
    "dormant": "grey",
}
"""The stages in the order of the journey, each with its colour on every chart."""

MONTHS_SHOWN = 24
TICKS = 4

SIZES = """
select day, stage, customers
from marts.journey_stage_daily
where day in (
    select max(day) from marts.journey_stage_daily where day >= $first group by date_trunc('month', day)
)
order by day, stage
"""
TOGETHER = "select day, sum(customers) as customers from marts.journey_stage_daily where day = $as_of group by day"
STAYS = """
select
    stage,
    count(*) as ended,
    quantile_disc(duration_days, 0.5) as median_days,
    count(distinct customer_id) as people
from marts.customer_journey_stages
where left_at is not null
group by stage
order by stage
"""

ABOUT_SIZES = About("customers", wholes=(("day",),))
ABOUT_STAYS = About("people", wholes=())

Sizes = dict[tuple[date, str], int | None]


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.as_of is None:
        return say_empty("stages", MARTS, texts, NEEDS)
    sizes: Sizes = {
        (row["day"], row["stage"]): row["customers"]
        for row in marts.ask(SIZES, ABOUT_SIZES, first=shift(marts.as_of.replace(day=1), -MONTHS_SHOWN))
    }
    days = sorted({day for day, _ in sizes})
    [together] = marts.ask(TOGETHER, ABOUT_SIZES, as_of=marts.as_of)
    everybody = together["customers"]
    if everybody == 0:
        return say_empty("stages", MARTS, texts, NEEDS)
    if not any(sizes[(marts.as_of, stage)] for stage in TONES):
        return say_few("stages", MARTS, texts)
    stays = {row["stage"]: row for row in marts.ask(STAYS, ABOUT_STAYS)}
    today = [
        {
            "name": stage,
            "stage": texts.name("stage", stage),
            "customers": sizes[(marts.as_of, stage)],
            "share": share(sizes[(marts.as_of, stage)], everybody),
            "ended_stays": stays[stage]["ended"] if stage in stays else 0,
            "median_days": stays[stage]["median_days"] if stage in stays else None,
        }
        for stage in TONES
    ]
    return Section(
        "stages",
        _title(today, texts),
        lead=[texts.say("stages.lead")],
        figures=[_draw_today(today, texts), *([_draw_months(days, sizes, texts)] if len(days) > 2 else [])],
        tables=[
            tabulate(
                "stages",
                texts.say("stages.today"),
                label_columns(
                    texts, stage="text", customers="count", share="share", ended_stays="count", median_days="days"
                ),
                today,
                texts,
            ),
            tabulate(
                "stages_months",
                texts.say("stages.months"),
                [
                    *label_columns(texts, day="day"),
                    *(Column(stage, texts.name("stage", stage), "count") for stage in TONES),
                ],
                [{"day": day, **{stage: sizes[(day, stage)] for stage in TONES}} for day in days],
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("stages.nav"),
        scope=tell_day(marts, texts),
        terms=("stage", "median", "about_to_leave"),
    )


def _title(today: list[Row], texts: Texts) -> str:
    shares = {row["name"]: row["share"] for row in today}
    if shares["dormant"] is None or shares["loyalty"] is None:
        return texts.say("stages.title_plain")
    dormant, loyalty = (texts.write("percent", shares[stage]) for stage in ("dormant", "loyalty"))
    return texts.say("stages.title", dormant=dormant, loyalty=loyalty)


def _draw_today(today: list[Row], texts: Texts) -> Bars:
    most = max(row["customers"] or 0 for row in today)
    bars = [
        Bar(
            row["stage"],
            texts.write("count", row["customers"]),
            [Segment(0, percent_of(row["customers"] or 0, most), TONES[row["name"]])],
            texts.write("share", row["share"])
            + (
                ""
                if row["median_days"] is None
                else " · " + texts.say("stages.stay", days=texts.write("about_days", row["median_days"]))
            ),
        )
        for row in today
    ]
    return Bars(texts.say("stages.today"), bars)


def _draw_months(days: list[date], sizes: Sizes, texts: Texts) -> Areas:
    # Those who are lost lie at the bottom, so that the rest is read off the edge between.
    stages = list(reversed(TONES))
    # What is hidden has no area.
    top = max(sum(sizes[(day, stage)] or 0 for stage in TONES) for day in days)
    paths = stack_areas([[sizes[(day, stage)] or 0 for day in days] for stage in stages], top)
    places = sorted({round(number * (len(days) - 1) / TICKS) for number in range(TICKS + 1)})
    return Areas(
        texts.say("stages.months"),
        texts.say("stages.description", first=texts.write("day", days[0]), last=texts.write("day", days[-1])),
        [Area(path, TONES[stage]) for path, stage in zip(paths, stages, strict=True)],
        [(percent_of(place, len(days) - 1), texts.write("month_short", days[place])) for place in places],
        texts.write("count", top),
    )
