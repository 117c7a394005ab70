"""What may be wrong with a system that is pulled from. No message quotes what the system said: that may hold values."""

from pipelines.errors import ParcoursError


class SourceError(ParcoursError):
    """A system that cannot be pulled from. ``is_passing``: it may well answer the next time."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class TableError(ParcoursError):
    """One table that is not taken; the others of its source are."""


class MissingTableError(TableError):
    """The system has no such table."""


class IncompleteError(ParcoursError):
    """Changes alone do not lead to what the system has: all rows are needed. The message says why."""


class NotTakenError(ParcoursError):
    """A night in which some rows were not taken, and that was not declared to go on."""
