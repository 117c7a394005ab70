"""What a connector is given and what it gives back.

A connector reads nothing into Python: it returns :class:`Rows`, the columns and a SELECT that DuckDB can run, and what
only the connector knows, such as the line of a row or which lines are no rows at all. What comes of other
systems and machines lies in the lake by then: ``landed`` and ``mirrored`` read it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class FileShape:
    """What was found out of one file: how it is written, and how large it is on disk (bytes).

    ``encoding`` and ``delimiter`` are those of text files.
    """

    file: str
    format: str
    encoding: str | None
    delimiter: str | None
    column_count: int
    size: int


@dataclass(frozen=True)
class KnownFile:
    """What is to be known of a file whose rows were read before, so that others are read as beside it.

    ``columns`` have DuckDB's types. ``leaves_out``: a row simply leaves out what it has no value for, as JSON does.
    ``is_mended``: some of its lines were no rows, and were set aside when all of its bytes were read.
    ``is_unpickable``: no row of it can be found without reading the others (see :class:`QuickRows`).
    """

    columns: tuple[tuple[str, str], ...]
    shape: FileShape
    leaves_out: bool
    is_mended: bool
    is_unpickable: bool


class OpenRows(Protocol):
    """The one function by which a connector's module is called, ``open_rows``."""

    def __call__(self, connector: Any, mapping: Any, base: Path, scratch: Path, most: int | None = None) -> "Rows":
        """The rows of one table of one source.

        ``connector`` and ``mapping`` are what `sources.yml` says of both, as the models of the connector's type in
        ``config/connectors``; relative paths start from ``base``. ``scratch`` is an empty folder, there until the
        extract ends. ``most`` rows are enough for a look, spread over all files, and no more than that is to be read;
        None: all there are. Raises ExtractError where there is nothing to read, or what there is cannot be read.
        """


class FindExports(Protocol):
    """What a connector's module may offer besides, ``find_exports``, so that an unchanged export is not read again."""

    def __call__(self, connector: Any, mapping: Any, base: Path) -> list[tuple[str, Path]]:
        """The files that ``open_rows`` would read, with what messages call them: nothing else decides what it gives.

        Raises ExtractError as it would.
        """


class OpenSomeRows(OpenRows, Protocol):
    """An ``open_rows`` that need not open all of the files that are found."""

    def __call__(
        self,
        connector: Any,
        mapping: Any,
        base: Path,
        scratch: Path,
        most: int | None = None,
        known: Mapping[str, KnownFile] = MappingProxyType({}),
    ) -> "Rows":
        """The same, without the rows of the files that are ``known``, by what messages call them.

        All else is as if these were there.
        """


class Rows(Protocol):
    """The rows of one source's table, before any mapping."""

    columns: tuple[str, ...]
    """The source's columns, as the source spells them."""

    lacking: dict[str, list[str]]
    """Per column that some file does not have: those files. Its value is null there."""

    files: tuple[str, ...]
    """What was read, as messages and the quarantine call it, in order."""

    shapes: tuple[FileShape, ...]
    """What each of the files is like."""

    is_whole: bool
    """Whether these are all rows there are."""

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

    def find_changed(self) -> list[str]:
        """Those of the files that are no longer what they were when they were opened, as messages call them."""

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """The line in its file of each (`_file_number`, `_row`), where rows have lines."""


@runtime_checkable
class RowsOfFiles(Protocol):
    """What rows may offer besides: to say of each file what is to be known of it, where it is not opened again."""

    def describe_files(self) -> list[KnownFile] | None:
        """Of each of ``files``, in order; None where they can only be read together."""


@runtime_checkable
class QuickRows(Protocol):
    """What rows may offer besides: to find some of them without reading the others."""

    def pick(self, rows: Mapping[int, Sequence[int]]) -> str | None:
        """The numbered SELECT of those ``rows`` alone: of each `_file_number`, the `_row` numbers that are wanted.

        In no particular order. None where they can only be found by reading all, or rows are not numbered without gaps.
        """
