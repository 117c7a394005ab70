"""What customers say: scores by channel and stage, and what their words are about."""

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.sections.stages import TONES
from pipelines.report.small_groups import About, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("satisfaction", "verbatim_themes")
NEEDS = (("crm/surveys",),)
ENOUGH = 10
"""Answers from which a score is drawn in full; below, it is faint and no title is made of it."""

MOST_THEMES = 8

BALANCE = "cast(sum(promoters) - sum(detractors) as decimal(18, 1))"
"""Not a whole number: that a few people are told apart by it is judged by all who answered, not by how near it is to
nought."""


def _query(grain: str) -> str:
    # Satisfied answers and review points are taken back from the mart's scores as whole numbers and decimals, so that
    # the order of the sum changes nothing.
    return f"""
    with

    summed as (

    select
        {grain} as name,
        sum(nps_answers) as nps_answers,
        {BALANCE} as balance,
        sum(csat_answers) as csat_answers,
        sum(cast(round(csat * csat_answers / 100) as bigint)) as satisfied,
        sum(review_answers) as review_answers,
        sum(cast(review_average * review_answers as decimal(18, 4))) as review_points
    from marts.satisfaction
    where month >= $first and month < $end
    group by {grain}

    )

    select
        *,
        {smallest_side("satisfied", "csat_answers")} as least_satisfied,
        nps_answers + csat_answers + review_answers as answers
    from summed
    order by name
    """


BY_CHANNEL, BY_STAGE = _query("channel"), _query("stage")
# All answers together, of which those of the channels and of the stages are parts.
TOGETHER = f"""
select
    sum(nps_answers) as nps_answers,
    {BALANCE} as balance,
    sum(nps_answers + csat_answers + review_answers) as answers
from marts.satisfaction
where month >= $first and month < $end
"""
ABOUT = About(
    "answers",
    apart={
        **dict.fromkeys(("nps_answers", "balance"), "nps_answers"),
        **dict.fromkeys(("csat_answers", "satisfied"), "least_satisfied"),
        **dict.fromkeys(("review_answers", "review_points"), "review_answers"),
    },
)
ABOUT_TOGETHER = About("answers", apart={"balance": "nps_answers"})
ABOUT_THEMES = About("mentions", wholes=())  # An answer may speak of several.
THEMES = """
select
    theme,
    theme_fr,
    sum(mentions) as mentions,
    sum(cast(average_score * mentions as decimal(18, 4))) as points
from marts.verbatim_themes
where month >= $first and month < $end and theme <> 'other'
group by theme, theme_fr
order by sum(mentions) desc, theme
"""


def draw(marts: Marts, texts: Texts) -> Section:
    channels = [_score(row, texts.name("channel", row["name"])) for row in marts.ask_period(BY_CHANNEL, ABOUT)]
    found = {row["name"]: row for row in marts.ask_period(BY_STAGE, ABOUT)}
    stages = [_score(found[name], texts.name("stage", name)) for name in (*TONES, "unknown") if name in found]
    themes = [
        row
        | {
            "theme": row.get(f"theme_{texts.language}") or texts.name("theme", row["theme"]),
            "average_score": share(row["points"], row["mentions"]),
        }
        for row in marts.ask_period(THEMES, ABOUT_THEMES)
    ]
    [together] = marts.ask_period(TOGETHER, ABOUT_TOGETHER) or [{"answers": 0}]
    if not channels or together["answers"] == 0:
        return say_empty("satisfaction", MARTS, texts, NEEDS)
    if together["answers"] is None:
        return say_few("satisfaction", MARTS, texts)
    themes.sort(key=lambda row: (row["mentions"] is None, -(row["mentions"] or 0), row["theme"]))
    channels.sort(key=lambda row: (row["nps"] is None, -(row["nps"] or 0), row["name"]))
    figures = [
        Bars(
            texts.say(f"satisfaction.{grain}"),
            [_draw_score(row, texts) for row in rows if row["nps"] is not None],
            axis=50,
        )
        for grain, rows in (("channels", channels), ("stages", stages))
        if any(row["nps"] is not None for row in rows)
    ]
    told = [theme for theme in themes if theme["mentions"] is not None]
    if told:
        figures.append(_draw_themes(told[:MOST_THEMES], texts))
    if not figures:
        return say_few("satisfaction", MARTS, texts)
    return Section(
        "satisfaction",
        _title(channels, together, texts),
        lead=[texts.say("satisfaction.lead")],
        figures=figures,
        tables=[
            *(
                tabulate(
                    f"satisfaction_{grain}",
                    texts.say(f"satisfaction.{grain}"),
                    label_columns(
                        texts,
                        subject="text",
                        nps="score",
                        nps_answers="count",
                        csat="share",
                        csat_answers="count",
                        review_average="number",
                        review_answers="count",
                    ),
                    rows,
                    texts,
                )
                for grain, rows in (("channels", channels), ("stages", stages))
            ),
            tabulate(
                "satisfaction_themes",
                texts.say("satisfaction.themes"),
                label_columns(texts, theme="text", mentions="count", average_score="number"),
                themes,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("satisfaction.nav"),
        scope=tell_period(marts, texts),
        terms=("nps", "csat"),
    )


def _score(row: Row, subject: str) -> Row:
    nps = share(row["balance"], row["nps_answers"])
    reviewed = share(row["review_points"], row["review_answers"])
    return row | {
        "subject": subject,
        "nps": None if nps is None else 100 * nps,
        "csat": share(row["satisfied"], row["csat_answers"]),
        "review_average": reviewed,
    }


def _title(channels: list[Row], together: Row, texts: Texts) -> str:
    if not together["nps_answers"]:
        return texts.say("satisfaction.title_plain")
    overall = texts.write("score", 100 * together["balance"] / together["nps_answers"])
    counted = texts.count("satisfaction.answers", together["nps_answers"])
    rated = [row for row in channels if (row["nps_answers"] or 0) >= ENOUGH]
    if len(rated) < 2:
        return texts.say("satisfaction.title_one", nps=overall, answers=counted)
    best, worst = (texts.name("channel_in_sentence", row["name"]) for row in (rated[0], rated[-1]))
    return texts.say("satisfaction.title", nps=overall, answers=counted, best=best, worst=worst)


def _draw_score(row: Row, texts: Texts) -> Bar:
    """A bar from the middle, which is zero: to the right where promoters prevail, to the left where detractors do."""
    length = round(abs(row["nps"]) / 2, 2)
    notes = [texts.count("satisfaction.answers", row["nps_answers"])]
    if row["csat"] is not None:
        notes.append(texts.say("satisfaction.csat", share=texts.write("share", row["csat"])))
    if row["review_average"] is not None:
        notes.append(texts.say("satisfaction.reviews", average=texts.write("number", row["review_average"])))
    return Bar(
        row["subject"],
        texts.write("score", row["nps"]),
        [Segment(50 if row["nps"] >= 0 else 50 - length, length, "blue" if row["nps"] >= 0 else "red")],
        " · ".join(notes),
        is_faint=row["nps_answers"] < ENOUGH,
    )


def _draw_themes(themes: list[Row], texts: Texts) -> Bars:
    most = max(row["mentions"] for row in themes)
    bars = [
        Bar(
            row["theme"],
            texts.write("count", row["mentions"]),
            [Segment(0, percent_of(row["mentions"], most))],
            texts.say("satisfaction.theme_score", score=texts.write("number", row["average_score"])),
            is_faint=row["mentions"] < ENOUGH,
        )
        for row in themes
    ]
    return Bars(texts.say("satisfaction.themes"), bars)
