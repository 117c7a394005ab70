"""What may be wrong with a system that is pulled from. No message quotes what the system said: that may hold values."""

from typing import TYPE_CHECKING

from pipelines.errors import ParcoursError

if TYPE_CHECKING:
    from pipelines.pulls.changes import Changes
    from pipelines.pulls.reconciliation import Reconciled


class SourceError(ParcoursError):
    """A system that cannot be pulled from. ``is_passing``: it may well answer the next time."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class TableError(ParcoursError):
    """One table that is not taken; the others of its source are.

    ``reconciled`` is what was counted on both sides, ``changes`` what has changed of its columns, where that is why.
    """

    def __init__(
        self, message: str, *, reconciled: "tuple[Reconciled, ...]" = (), changes: "Changes | None" = None
    ) -> None:
        super().__init__(message)
        self.reconciled = reconciled
        self.changes = changes


class MissingTableError(TableError):
    """The system has no such table."""


class IncompleteError(ParcoursError):
    """Changes alone do not lead to what the system has: all rows are needed. The message says why."""


class NotTakenError(ParcoursError):
    """A night in which some rows were not taken, and that was not declared to go on."""
