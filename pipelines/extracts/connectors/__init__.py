"""How a system's exports are laid before ``conform``: as a SELECT that DuckDB can run.

A connector reads nothing into Python. It returns :class:`Rows`: the columns, the SELECT, and what only the connector
knows, such as the line of a row or which lines are no rows at all. A database connector would fetch into Parquet in the
scratch folder and return the same.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class Rows(Protocol):
    """The rows of one source's table, before any mapping."""

    columns: tuple[str, ...]
    """The source's columns, as the source spells them."""

    lacking: dict[str, list[str]]
    """Per column that some file does not have: those files. Its value is null there."""

    files: tuple[str, ...]
    """What was read, as messages and the quarantine call it, in order."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """What the connection must be allowed to open."""

    malformed: Path
    """JSON lines, one per line of a file that is no row: file, line, reason, raw. May not exist."""

    def select(self, *, numbered: bool) -> str:
        """A SELECT of the source's columns and `_file`; numbered also of `_file_number` (from 0) and `_row` (from 1).

        Numbering keeps DuckDB to one thread, so it is asked for only where the numbers are used.
        """

    def set_aside_malformed(self) -> bool:
        """Moves lines that are no rows to ``malformed``, after the SELECT failed; whether that may mend it."""

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """The line in its file of each (`_file_number`, `_row`), where rows have lines."""
