"""The questions of the published review queue: read, and shown to the person who answers them."""

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

if TYPE_CHECKING:
    from pipelines.config.home import Home

SHOWN = (
    "civility", "first_name", "last_name", "birth_date", "email", "phone", "mobile", "address", "postcode", "city",
    "country", "loyalty_card_id", "created_at", "updated_at",
)  # fmt: skip
"""What of a record helps a person decide, in the order in which one looks."""

NOT_COMPARED = ("created_at", "updated_at")
STEP = 500  # Questions read at a time: a review ends long before the queue of a large retailer does.


@dataclass(frozen=True)
class Question:
    """A row of the mart identity_review_queue: are these two records one person's?"""

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
    """The published queue, first question first. Raises ParcoursError where none was published."""
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


def render_list(questions: Sequence[Question], currency: str) -> str:
    """One line a question."""
    if not questions:
        return "No question is open: nothing is uncertain, or everything is decided.\n"
    header = ("rank", "now", "records", "", "probability", "uncertainty", f"at stake ({currency})")
    lines = [header]
    for question in questions:
        probability = "" if question.match_probability is None else f"{question.match_probability:.4f}"
        lines.append(
            (
                str(question.review_rank),
                "together" if question.is_together else "apart",
                question.record_id_l,
                question.record_id_r,
                probability,
                f"{question.uncertainty_bits:.2f} bits",
                f"{question.value_at_stake:,.2f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    is_number = (True, False, False, False, True, True, True)
    return "".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, is_number, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def show(screen: Console, question: Question, records: pl.DataFrame, currency: str) -> None:
    """The question with both records, field by field. Shows what the two records say: to the person who decides."""
    rows = {row["record_id"]: row for row in _rows_of(records, question)}
    screen.print()
    screen.print(_headline(question), style="bold", markup=False, highlight=False)
    table = Table(show_edge=False, pad_edge=False)
    for title in ("", question.record_id_l, "", question.record_id_r):
        table.add_column(Text(title), overflow="fold")
    for name in SHOWN:
        one, other = (_spell(rows.get(record, {}).get(name)) for record in (question.record_id_l, question.record_id_r))
        if one or other:
            table.add_row(name, Text(one), _mark(name, one, other), Text(other))
    table.add_row("customer", question.customer_id_l, "", question.customer_id_r)
    table.add_row("worth", *_worth(question, currency))
    screen.print(table)
    screen.print(_weight(question), markup=False, highlight=False)


def _rows_of(records: pl.DataFrame, question: Question) -> list[dict[str, Any]]:
    asked = [question.record_id_l, question.record_id_r]
    return records.filter(pl.col("record_id").is_in(asked)).select("record_id", *SHOWN).to_dicts()


def _headline(question: Question) -> str:
    now = "One customer today. Are they one person?" if question.is_together else "Two customers today. One person?"
    return f"{question.review_rank}. {now}"


def _worth(question: Question, currency: str) -> tuple[str, str, str]:
    one = f"{question.revenue_l:,.2f} {currency}"
    return (one, "", "") if question.is_together else (one, "", f"{question.revenue_r:,.2f} {currency}")


def _weight(question: Question) -> str:
    if question.match_weight is None or question.match_probability is None:
        return "The two were never compared: other records hold them together."
    return (
        f"Weight {question.match_weight:+.1f} bits: {question.match_probability:.1%} likely one person, by these two "
        f"records. Uncertainty {question.uncertainty_bits:.2f} of 1 bit."
    )


def _spell(value: object) -> str:
    if value is None:
        return ""
    return str(value)[:10] if hasattr(value, "isoformat") else str(value)


def _mark(name: str, one: str, other: str) -> str:
    if name in NOT_COMPARED or not (one and other):
        return ""
    return "=" if one.casefold() == other.casefold() else "≠"
