"""How the files of one source's table are divided into units, and which of them need not be read.

A unit is a run of files that are read, kept and written together: mostly one file. Its rows are what they are whatever
the other files hold, as long as no row of another has the same key: units that share keys go together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from pipelines.extracts.connectors.protocol import KnownFile
from pipelines.extracts.tallies import Tally


class ReadAsAWholeError(Exception):
    """What was noted of units cannot stand beside what is read today: all files are to be read. Says why."""


class KeysMeetError(Exception):
    """Rows that are read have keys of rows of units that are not; ``units`` are the numbers of these."""

    def __init__(self, source: str, units: Iterable[int]) -> None:
        super().__init__(source)
        self.source, self.units = source, frozenset(units)


@dataclass(frozen=True)
class FormerUnit:
    """A unit that is not read: what its files are known by, what they came to, and where its rows lie.

    ``group`` names the units with which it shares keys, itself among them: theirs is the same.
    """

    files: tuple[KnownFile, ...]
    tally: Tally
    group: int
    part: Path


@dataclass(frozen=True)
class FormerReading:
    """What was noted of a source's table as a whole when its units were read.

    ``columns`` are those of all files, with DuckDB's types. ``lists_later``: rows later than the day were listed one by
    one. ``has_set_aside``: a line was no row, so that all bytes of all files were read. ``is_searched``: all bytes of
    all files were read, for whatever reason.
    """

    columns: Mapping[str, str]
    lists_later: bool
    has_set_aside: bool
    is_searched: bool


@dataclass(frozen=True)
class ReadUnits:
    """What is to be noted of one source's table that was read in units: of each unit, in order, what a
    :class:`FormerUnit` has, and what was found of the reading. ``may_be_kept``: its units may be told apart."""

    files: tuple[tuple[KnownFile, ...], ...]
    tallies: tuple[Tally, ...]
    groups: tuple[int, ...]
    reading: FormerReading
    may_be_kept: bool


@dataclass(frozen=True)
class Division:
    """The files of one source in units: ``unit_of_file`` has the number of each file's unit, ``paths`` its place,
    ``names`` what messages call it. ``rows_of``: the source that its rows are of.

    ``kept`` are the units that are not read, by number; ``former`` is of the reading that they are from, None where all
    are read. ``is_mended_lost``: a file with lines set aside is no longer what it was in that reading.
    """

    unit_of_file: tuple[int, ...]
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    rows_of: str
    kept: Mapping[int, FormerUnit] = field(default_factory=lambda: MappingProxyType({}))
    former: FormerReading | None = None
    is_mended_lost: bool = False

    @property
    def count(self) -> int:
        """How many units there are."""
        return self.unit_of_file[-1] + 1

    @property
    def read(self) -> tuple[int, ...]:
        """The numbers of the units that are read."""
        return tuple(unit for unit in range(self.count) if unit not in self.kept)

    def files_of(self, unit: int) -> range:
        """The numbers of its files."""
        first = self.unit_of_file.index(unit)
        return range(first, first + self.unit_of_file.count(unit))

    @property
    def known(self) -> dict[str, KnownFile]:
        """The files that are not opened, by what messages call them: two of one content may lie in one place."""
        return {
            self.names[number]: file
            for unit, kept in self.kept.items()
            for number, file in zip(self.files_of(unit), kept.files, strict=True)
        }

    def without(self, units: Iterable[int]) -> "Division":
        """The same with these units read, and those that share keys with them."""
        groups = {self.kept[unit].group for unit in units}
        kept = {unit: former for unit, former in self.kept.items() if former.group not in groups}
        lost = [former for unit, former in self.kept.items() if unit not in kept]
        is_mended_lost = self.is_mended_lost or any(file.is_mended for former in lost for file in former.files)
        return replace(self, kept=kept, former=self.former if kept else None, is_mended_lost=is_mended_lost)

    def whole(self) -> "Division":
        """The same with all units read."""
        return Division(self.unit_of_file, self.paths, self.names, self.rows_of)

    @property
    def _has_mended(self) -> bool:
        return any(file.is_mended for kept in self.kept.values() for file in kept.files)

    @property
    def sets_aside(self) -> bool:
        """Whether all bytes of the files that are read must be read, because those of the others were.

        Raises ReadAsAWholeError where it may have been for a file that is no longer what it was.
        """
        if self.former is None or not self.former.has_set_aside or not self._has_mended:
            return False
        if self.is_mended_lost:
            raise ReadAsAWholeError("a file with lines that are no rows has changed, and others have such lines")
        return True

    @property
    def may_set_aside(self) -> bool:
        """Whether all bytes of the files that are read may be read: so were those of the others, and without finding
        any line that is none, or there are no others."""
        return self.former is None or self.former.has_set_aside
