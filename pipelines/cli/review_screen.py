"""The questions of the published review queue: reading them, and showing them to the reviewer."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.errors import ParcoursError
from pipelines.texts.texts import Texts
from pipelines.visible_text import make_one_line

if TYPE_CHECKING:
    from pipelines.config.home import Home

SHOWN = (
    "civility", "first_name", "last_name", "birth_date", "email", "phone", "mobile", "address", "postcode", "city",
    "country", "loyalty_card_id", "created_at", "updated_at",
)  # fmt: skip
"""The fields of a record that help a person decide, in display order."""

NOT_COMPARED = ("created_at", "updated_at")
STEP = 500  # Questions read at a time: no reviewer gets through the whole queue of a large retailer.


@dataclass(frozen=True)
class Question:
    """A row of the mart identity_review_queue: do these two records belong to one person?"""

    review_rank: int
    record_id_l: str
    record_id_r: str
    customer_id_l: str
    customer_id_r: str
    is_together: bool
    match_weight: float | None
    match_probability: float | None
    uncertainty_bits: float
    revenue_l: Decimal
    revenue_r: Decimal
    value_at_stake: Decimal
    priority: float

    def as_dict(self) -> dict[str, Any]:
        return {name: float(value) if isinstance(value, Decimal) else value for name, value in asdict(self).items()}


def read_questions(home: "Home") -> Iterator[Question]:
    """The published queue, in order of rank. Raises ParcoursError if none was published."""
    if not home.warehouse.exists():
        raise ParcoursError(f"Nothing was published from {home.root} yet: run `parcours run` first.")
    columns = ", ".join(field.name for field in fields(Question))
    query = f"select {columns} from marts.identity_review_queue where review_rank > ? order by review_rank limit {STEP}"
    last = 0
    while True:
        try:
            with duckdb.connect(home.warehouse, read_only=True) as connection:
                rows = connection.execute(query, [last]).fetchall()
        except duckdb.CatalogException:
            raise ParcoursError(
                f"{home.warehouse} was published before there was a review queue: run `parcours run` first."
            ) from None
        if not rows:
            return
        yield from (Question(*row) for row in rows)
        last = rows[-1][0]


def render_list(questions: Sequence[Question], texts: Texts) -> str:
    """One line per question. ``texts``: the section ``review``, with the currency of the warehouse."""
    if not questions:
        return texts.say("none_open") + "\n"
    names = ("rank", "now", "records", "", "probability", "uncertainty", "at_stake")
    lines = [tuple(texts.say(f"column_{name}", currency=texts.currency) if name else "" for name in names)]
    for question in questions:
        probability = question.match_probability
        lines.append(
            (
                str(question.review_rank),
                texts.say("together" if question.is_together else "apart"),
                question.record_id_l,
                question.record_id_r,
                "" if probability is None else texts.write("fine_share", probability),
                texts.say("bits", number=texts.write("decimal", question.uncertainty_bits)),
                texts.write("decimal", question.value_at_stake),
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    is_number = (True, False, False, False, True, True, True)
    return "".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, is_number, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def show(screen: Console, question: Question, records: pl.DataFrame, texts: Texts) -> None:
    """Shows the question with both records, field by field: personal data, for the person who decides."""
    rows = {row["record_id"]: row for row in _rows_of(records, question)}
    screen.print()
    screen.print(_headline(question, texts), style="bold", markup=False, highlight=False)
    table = Table(show_edge=False, pad_edge=False)
    for title in ("", question.record_id_l, "", question.record_id_r):
        table.add_column(Text(make_one_line(title)), overflow="fold")
    for name in SHOWN:
        one, other = (_spell(rows.get(record, {}).get(name)) for record in (question.record_id_l, question.record_id_r))
        if one or other:
            table.add_row(texts.name("field", name), *(Text(side) for side in (one, _mark(name, one, other), other)))
    table.add_row(texts.say("customer"), question.customer_id_l, "", question.customer_id_r)
    table.add_row(texts.say("worth"), *_worth(question, texts))
    screen.print(table)
    screen.print(_weight(question, texts), markup=False, highlight=False)


def _rows_of(records: pl.DataFrame, question: Question) -> list[dict[str, Any]]:
    asked = [question.record_id_l, question.record_id_r]
    return records.filter(pl.col("record_id").is_in(asked)).select("record_id", *SHOWN).to_dicts()


def _headline(question: Question, texts: Texts) -> str:
    return f"{question.review_rank}. {texts.say('one_customer' if question.is_together else 'two_customers')}"


def _worth(question: Question, texts: Texts) -> tuple[str, str, str]:
    one, other = (
        f"{texts.write('decimal', revenue)} {texts.currency}" for revenue in (question.revenue_l, question.revenue_r)
    )
    return (one, "", "") if question.is_together else (one, "", other)


def _weight(question: Question, texts: Texts) -> str:
    if question.match_weight is None or question.match_probability is None:
        return texts.say("never_compared")
    return texts.say(
        "weight",
        weight=texts.write("bits", question.match_weight),
        probability=texts.write("share", question.match_probability),
        uncertainty=texts.write("decimal", question.uncertainty_bits),
    )


def _spell(value: object) -> str:
    if value is None:
        return ""
    return str(value)[:10] if hasattr(value, "isoformat") else make_one_line(str(value))


def _mark(name: str, one: str, other: str) -> str:
    if name in NOT_COMPARED or not (one and other):
        return ""
    return "=" if one.casefold() == other.casefold() else "≠"
