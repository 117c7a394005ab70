"""How many rows an extract read, kept and set aside, and whether more were set aside than allowed.

Rows read = kept + rejected + set apart + filtered by `where` + repeated word for word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts.days import Days
from pipelines.extracts.division import ReadUnits
from pipelines.extracts.field_counts import FieldCounts
from pipelines.extracts.source_shapes import SourceShape

REASONS_SHOWN = 5
FEW = 10  # Of a handful of rows, a share says little: one slip of a till would be a third of a new shop's tickets.


@dataclass(frozen=True)
class SourceCounts:
    """The rows of one source's table: read = kept + rejected + set apart + filtered + repeated.

    ``rows_set_apart`` are later than the day of the run: for it, there are no such rows yet. ``rows_repeated`` are
    further copies, equal in every column, of a row that is kept. ``rows_implausible`` are those of the rejected ones of
    which every value can be read, and one cannot be true.
    """

    rows_read: int
    rows_kept: int
    rows_rejected: int
    rows_set_apart: int
    rows_filtered: int
    rows_repeated: int
    rows_implausible: int
    reject_limit: float
    is_limit_declared: bool

    @property
    def reject_share(self) -> float:
        """Of the rows that the source meant to give by the day of the run."""
        return self.rows_rejected / max(self.rows_due, 1)

    @property
    def is_over_limit(self) -> bool:
        """Whether the run must stop: a wrong mapping, or a broken export.

        A few implausible rows are slips that happen to anybody. So are a few rows of any other kind, unless sources.yml
        itself declares a limit, or most of the rows are of that kind: then it is the mapping.
        """
        few = self.rows_rejected <= FEW and 2 * self.rows_rejected < self.rows_due
        if not self.is_limit_declared and few:
            return False
        counting = self.rows_rejected - (self.rows_implausible if self.rows_implausible <= FEW else 0)
        return counting / max(self.rows_due, 1) > self.reject_limit

    @property
    def rows_due(self) -> int:
        return self.rows_read - self.rows_filtered - self.rows_set_apart


@dataclass(frozen=True)
class Extracted:
    """What an extract did.

    ``reasons`` counts rejected rows by column (None: the whole row) and reason, no values; ``fields`` has a row for
    each source and column that it fills; ``shapes`` says by source what its files are like; ``days`` for which days of
    a run the same files give the same; ``noted``, by source, what a later night may keep of a table that was read in
    units; ``is_unchanged`` that nothing was read, as all is what it was; ``files_kept`` how many files were not.
    """

    table: Table
    per_source: dict[str, SourceCounts] = field(default_factory=dict)
    reasons: dict[tuple[str | None, str], int] = field(default_factory=dict)
    files_read: tuple[str, ...] = ()
    fields: tuple[FieldCounts, ...] = ()
    shapes: Mapping[str, SourceShape] = field(default_factory=dict)
    days: Days = field(default_factory=Days)
    noted: Mapping[str, ReadUnits] = field(default_factory=dict)
    is_unchanged: bool = False
    files_kept: int = 0

    @property
    def rows_read(self) -> int:
        return sum(counts.rows_read for counts in self.per_source.values())

    @property
    def rows_kept(self) -> int:
        return sum(counts.rows_kept for counts in self.per_source.values())

    @property
    def rows_rejected(self) -> int:
        return sum(counts.rows_rejected for counts in self.per_source.values())

    @property
    def rows_set_apart(self) -> int:
        return sum(counts.rows_set_apart for counts in self.per_source.values())

    @property
    def rows_filtered(self) -> int:
        return sum(counts.rows_filtered for counts in self.per_source.values())

    @property
    def rows_repeated(self) -> int:
        return sum(counts.rows_repeated for counts in self.per_source.values())


class RejectLimitExceeded(ExtractError):  # noqa: N818 - it names the event, not a fault of the program
    """More rows of a table went to quarantine than `reject_limit` allows; the table in the lake is as it was."""

    def __init__(self, message: str, extracted: Extracted) -> None:
        super().__init__(message)
        self.extracted = extracted


def check_limits(extracted: Extracted, sources_file: str, quarantine: Path) -> None:
    """Raises RejectLimitExceeded where a source has more rejected rows than its limit; it names the commonest reasons.

    ``sources_file`` is what messages call sources.yml, ``quarantine`` where the rejected rows lie.
    """
    over = {name: counts for name, counts in extracted.per_source.items() if counts.is_over_limit}
    if not over:
        return
    shares = "; ".join(
        f"{counts.rows_rejected:,} of {counts.rows_due:,} rows of source {name} "
        f"({counts.reject_share:.1%}, reject_limit {counts.reject_limit:.1%})"
        for name, counts in over.items()
    )
    most_frequent = [*extracted.reasons.items()][:REASONS_SHOWN]
    reasons = "\n".join(f"  {count:,} x {reason}" for (_, reason), count in most_frequent)
    raise RejectLimitExceeded(
        f"{sources_file}, table {extracted.table.path}: too many rows do not fit: {shares}. "
        f"The table was left as it was. Look at the rows in {quarantine}, mend the export or its mapping, "
        f"or raise reject_limit. Most frequent:\n{reasons}",
        extracted,
    )
