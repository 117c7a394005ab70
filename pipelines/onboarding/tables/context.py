"""What the lines of one table are made from."""

from dataclasses import dataclass

from pipelines.contracts import Column
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables.matching import Match


@dataclass(frozen=True)
class Context:
    """One table, and the export that fills it.

    ``order``: which of day and month comes first in this system's dates, and the column that shows it. ``key``: the
    columns that make the ticket or order, where one number is that of several. ``lines`` is the match of the lines
    that the rows are, where the table is one of what they repeat. ``is_in_query``: the SQL stands in a `query`, in
    which one bad value must not be an error.
    """

    match: Match
    export: Export
    vocabulary: Vocabulary
    order: tuple[str, str] | None = None
    key: tuple[str, ...] = ()
    lines: Match | None = None
    is_in_query: bool = False

    @property
    def place(self) -> str:
        return self.match.table.path

    def has(self, column: str) -> bool:
        """Whether the table has a column of that name."""
        return any(each.name == column for each in self.match.table.columns)

    def column(self, name: str) -> Column:
        return self.match.table.column(name)
