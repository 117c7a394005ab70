"""The queue of questions for people: pairs of records of which the model is unsure, by how unsure it is."""

from pipelines.config.home import Home
from pipelines.report.figures import Bar, Bars, Legend, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, tell_day
from pipelines.report.small_groups import About
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("identity_review_queue",)
BINS = 5
QUERY = """
select
    least(cast(floor(match_probability * $bins) as integer), $bins - 1) as bin,
    count(*) as pairs,
    count(*) filter (where is_together) as together,
    count(*) filter (where not is_together) as apart,
    sum(value_at_stake) as at_stake,
    sum(count(*)) over () as all_pairs,
    sum(sum(value_at_stake)) over () as all_at_stake
from marts.identity_review_queue
group by 1
order by 1
"""
# Pairs are records of nobody in particular; what is at stake is what their customers bought.
ABOUT = About("pairs", apart={"all_at_stake": "all_pairs"}, free=("bin", "pairs", "together", "apart", "all_pairs"))


def draw(_home: Home, marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "probability": texts.say(
                "review.from_to",
                low=texts.write("percent", row["bin"] / BINS),
                high=texts.write("percent", (row["bin"] + 1) / BINS),
            )
        }
        for row in marts.ask(QUERY, ABOUT, bins=BINS)
    ]
    if not rows:
        return say_empty("review", MARTS, texts, ())
    pairs = sum(row["pairs"] for row in rows)
    return Section(
        "review",
        texts.say(
            "review.title",
            pairs=texts.count("review.pairs", pairs),
            stake=texts.write("money_short", rows[0]["all_at_stake"]),
        ),
        lead=[texts.say("review.lead")],
        figures=[_draw(rows, texts)],
        tables=[
            tabulate(
                "review",
                texts.say("review.figure"),
                label_columns(
                    texts, probability="text", pairs="count", together="count", apart="count", at_stake="money"
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("review.nav"),
        scope=tell_day(marts, texts),
    )


def _draw(rows: list[Row], texts: Texts) -> Bars:
    most = max(row["pairs"] for row in rows)
    bars = []
    for row in rows:
        together = percent_of(row["together"], most)
        bars.append(
            Bar(
                row["probability"],
                texts.write("count", row["pairs"]),
                [Segment(0, together, "blue"), Segment(together, percent_of(row["apart"], most), "amber")],
                texts.say("review.stake", amount=texts.write("money_short", row["at_stake"])),
            )
        )
    legend = [Legend("blue", texts.say("column.together")), Legend("amber", texts.say("column.apart"))]
    return Bars(texts.say("review.figure"), bars, legend)
