"""How many customers are in which stage, today and over two years, and how long they stay there."""

from datetime import date

from pipelines.report.figures import Area, Areas, Bar, Bars, Segment, Tone, percent_of
from pipelines.report.marts import Marts, Row, shift
from pipelines.report.paths import stack_areas
from pipelines.report.section import Column, Section, head, say_empty, share, tabulate, tell_day
from pipelines.report.words import Words

MARTS = ("journey_stage_daily", "customer_journey_stages")
TONES: dict[str, Tone] = {
    "discovery": "sky",
    "consideration": "blue",
    "purchase": "amber",
    "post_purchase": "red",
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
STAYS = """
select stage, count(*) as ended, quantile_disc(duration_days, 0.5) as median_days
from marts.customer_journey_stages
where left_at is not null
group by stage
order by stage
"""

Sizes = dict[tuple[date, str], int]


def draw(marts: Marts, words: Words) -> Section:
    if marts.as_of is None:
        return say_empty("stages", MARTS, words)
    sizes: Sizes = {
        (row["day"], row["stage"]): row["customers"]
        for row in marts.ask(SIZES, first=shift(marts.as_of.replace(day=1), -MONTHS_SHOWN))
    }
    days = sorted({day for day, _ in sizes})
    everybody = sum(sizes[(marts.as_of, stage)] for stage in TONES)
    if not everybody:
        return say_empty("stages", MARTS, words)
    stays = {row["stage"]: row for row in marts.ask(STAYS)}
    today = [
        {
            "name": stage,
            "stage": words.name("stage", stage),
            "customers": sizes[(marts.as_of, stage)],
            "share": share(sizes[(marts.as_of, stage)], everybody),
            "ended_stays": stays[stage]["ended"] if stage in stays else 0,
            "median_days": stays[stage]["median_days"] if stage in stays else None,
        }
        for stage in TONES
    ]
    shares = {row["name"]: words.write("percent", row["share"]) for row in today}
    return Section(
        "stages",
        words.say("stages.title", dormant=shares["dormant"], loyalty=shares["loyalty"]),
        lead=[words.say("stages.lead")],
        figures=[_draw_today(today, words), *([_draw_months(days, sizes, words)] if len(days) > 2 else [])],
        tables=[
            tabulate(
                "stages",
                words.say("stages.today"),
                head(words, stage="text", customers="count", share="share", ended_stays="count", median_days="days"),
                today,
                words,
            ),
            tabulate(
                "stages_months",
                words.say("stages.months"),
                [*head(words, day="day"), *(Column(stage, words.name("stage", stage), "count") for stage in TONES)],
                [{"day": day, **{stage: sizes[(day, stage)] for stage in TONES}} for day in days],
                words,
            ),
        ],
        marts=MARTS,
        nav=words.say("stages.nav"),
        scope=tell_day(marts, words),
    )


def _draw_today(today: list[Row], words: Words) -> Bars:
    most = max(row["customers"] for row in today)
    bars = [
        Bar(
            row["stage"],
            words.write("count", row["customers"]),
            [Segment(0, percent_of(row["customers"], most), TONES[row["name"]])],
            words.write("share", row["share"])
            + (
                ""
                if row["median_days"] is None
                else " · " + words.say("stages.stay", days=words.write("about_days", row["median_days"]))
            ),
        )
        for row in today
    ]
    return Bars(words.say("stages.today"), bars)


def _draw_months(days: list[date], sizes: Sizes, words: Words) -> Areas:
    # Those who are lost lie at the bottom, so that the rest is read off the edge between.
    stages = list(reversed(TONES))
    top = max(sum(sizes[(day, stage)] for stage in TONES) for day in days)
    paths = stack_areas([[sizes[(day, stage)] for day in days] for stage in stages], top)
    places = sorted({round(number * (len(days) - 1) / TICKS) for number in range(TICKS + 1)})
    return Areas(
        words.say("stages.months"),
        words.say("stages.description", first=words.write("day", days[0]), last=words.write("day", days[-1])),
        [Area(path, TONES[stage]) for path, stage in zip(paths, stages, strict=True)],
        [(percent_of(place, len(days) - 1), words.write("month_short", days[place])) for place in places],
        words.write("count", top),
    )
