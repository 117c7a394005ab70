"""How wrong the customers are, as estimated without known truth: pairwise precision and recall, and what is missed."""

from pipelines.config.home import Home
from pipelines.report.figures import Bar, Bars, Card, Cards, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, tell_day
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("identity_accuracy",)
QUERY = "select measure, estimate, low, high, unit from marts.identity_accuracy"
SHARES = ("pairwise_precision", "pairwise_recall")
COUNTS = (
    "pairs_together", "wrong_pairs", "wrong_pairs_linked", "wrong_pairs_of_receipts", "missed_pairs",
    "missed_pairs_compared", "missed_pairs_beyond_blocking_keys", "missed_pairs_unseen", "missed_pairs_of_receipts",
)  # fmt: skip
"""The measures of the table, in order; those that are part of another are the bars."""


def draw(_home: Home, marts: Marts, texts: Texts) -> Section:
    measures = {row["measure"]: row for row in marts.ask(QUERY, NOBODY)}
    if not measures:
        return say_empty("accuracy", MARTS, texts, ())
    counts = [measures[name] | {"measured": texts.name("accuracy_measure", name)} for name in COUNTS]
    precision, recall = (texts.write("fine_share", measures[name]["estimate"]) for name in SHARES)
    is_reliable = measures["is_reliable"]["estimate"] > 0
    return Section(
        "accuracy",
        texts.say("accuracy.title", precision=precision, recall=recall),
        lead=[texts.say("accuracy.lead"), *([] if is_reliable else [texts.say("accuracy.guess")])],
        figures=[
            Cards(texts.say("accuracy.figure"), [_draw_share(measures[name], texts) for name in SHARES]),
            _draw_errors([row for row in counts if row["measure"].count("_") > 1], texts),
        ],
        tables=[
            tabulate(
                "accuracy",
                texts.say("accuracy.table"),
                label_columns(texts, measured="text", estimate="count", low="count", high="count"),
                counts,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("accuracy.nav"),
        scope=tell_day(marts, texts),
    )


def _draw_share(row: Row, texts: Texts) -> Card:
    low, high = (texts.write("fine_share", row[end]) for end in ("low", "high"))
    return Card(
        texts.name("accuracy_measure", row["measure"]),
        texts.write("fine_share", row["estimate"]),
        texts.say("accuracy.interval", low=low, high=high),
    )


def _draw_errors(parts: list[Row], texts: Texts) -> Bars:
    most = max(row["estimate"] for row in parts)
    return Bars(
        texts.say("accuracy.errors"),
        [
            Bar(
                row["measured"],
                texts.write("count", row["estimate"]),
                [Segment(0, percent_of(row["estimate"], most))],
            )
            for row in parts
        ],
    )
