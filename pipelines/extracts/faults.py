"""What can be wrong with a row, and what becomes of it: each fault has a number, which is what DuckDB counts.

The higher the number, the more it weighs: what is only told, then what sends the row to quarantine, then what sets it
apart because it has not happened yet. The largest number of a row decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipelines.extracts.quarantine import Kind
from pipelines.extracts.sql_quoting import quote_text

Outcome = Literal["told", "rejected", "set apart"]

OF_EACH = 10_000  # More faults than a table could have.
FIRST: dict[Outcome, int] = {"told": 1, "rejected": OF_EACH, "set apart": 2 * OF_EACH}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the value of ``column`` (None: with the whole row), and what becomes of the row.

    told: the row stays; the value is emptied, mended or left as it is. rejected: to quarantine. set apart: later than
    the day of the run. ``is_value``: there is a value of the column's type, only not such a one.
    """

    column: str | None
    kind: Kind
    reason: str
    outcome: Outcome
    is_value: bool = False


@dataclass
class Faults:
    """All that can be wrong with the rows of one table, each with its number."""

    numbers: dict[Fault, int] = field(default_factory=dict)

    def number(self, fault: Fault) -> int:
        """The number of ``fault``, a new one where it has none yet."""
        taken = sum(known.outcome == fault.outcome for known in self.numbers)
        return self.numbers.setdefault(fault, FIRST[fault.outcome] + taken)

    def listed(self) -> dict[int, Fault]:
        return {number: fault for fault, number in self.numbers.items()}

    def say(self, number: str, texts: Sequence[tuple[Fault, str]]) -> str:
        """SQL of the text that belongs to the fault of the number that the SQL ``number`` gives."""
        cases = " ".join(f"when {self.numbers[fault]} then {quote_text(text)}" for fault, text in texts)
        return f"case {number} {cases} end" if cases else "null"
