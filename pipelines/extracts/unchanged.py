"""A table whose exports are what they were is not read again: what they gave is kept, as long as nothing else differs.

Beside the table in the lake lies a note of what it was made of: the content of each export, what `sources.yml` says of
it and of the retailer, the code that reads, the rows of other tables that it waits for, the days of a run for which all
of that gives the same; and what was written, by its fingerprint. The note is removed before anything is written and
comes back last, so that a run that dies goes on with the tables that it has not read yet.

Of a table of many files those that are what they were are kept, by :mod:`by_file`. Why no date or size of a file tells:
docs/adr/0020-an-unchanged-export-is-not-read-again.md, 0023-of-many-files-only-those-that-changed-are-read.md.
"""

import hashlib
import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config.connectors import Source
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts import by_file
from pipelines.extracts.by_file import Export
from pipelines.extracts.conform import Say, extract_table, find_landed, find_waited_for
from pipelines.extracts.connectors.matches import State
from pipelines.extracts.connectors.protocol import FileShape
from pipelines.extracts.connectors.registry import FINDERS
from pipelines.extracts.counts import Extracted, SourceCounts
from pipelines.extracts.days import Days
from pipelines.extracts.division import Division, KeysMeetError, ReadAsAWholeError
from pipelines.extracts.field_counts import FieldCounts
from pipelines.extracts.source_shapes import SourceShape
from pipelines.identity.incremental.code_digest import ROOT, digest_modules
from pipelines.lake.fingerprints import fingerprint, fingerprint_all
from pipelines.lake.landed import LandedError
from pipelines.lake.tables import Lake, replacing

DECIDING = ("config", "contracts", "errors", "extracts", "frames", "headers", "lake", "name_lists", "presets",
            "visible_text", "yaml_document")  # fmt: skip
"""The packages and modules on whose code it depends what a table is read to be, and those that they are made of."""
LIBRARIES = ("duckdb", "polars", "pyarrow", "python-calamine")
NOT_DECIDING = {"as_of", "decisions", "language", "placeholders", "readers", "reference_limits", "sources",
                "wait_minutes"}  # fmt: skip
"""What `sources.yml` says that no extract looks at, or that is looked at by itself."""
NOT_WRITTEN = "a file of it is missing, or not the one that was written"


def list_exports(sources: Sources, table: Table, lake: Lake) -> list[Export] | None:
    """The files that ``table`` is read from, in order; None where they cannot be known without opening them.

    Those that came from another machine lie in ``lake``.
    """
    exports: list[Export] = []
    for source in (find_landed(each, lake) for each in sources.feeding(table)):
        find = FINDERS.get(source.connector.type)
        if find is None:
            return None
        declared = source.tables[table.name]
        beside = [relation.from_ for relation in declared.with_.values() if relation.from_ is not None]
        for pattern in (declared.from_, *beside):
            try:
                found = find(source.connector, declared.model_copy(update={"from_": pattern}), sources.base)
            except (ExtractError, LandedError):
                return None  # Reading it says what is wrong, and where.
            exports += [Export(source.name, shown, path) for shown, path in found]
    return exports


def extract_if_changed(
    sources: Sources, table: Table, lake: Lake, as_of: date, *, full: bool = False, say: Say = str
) -> Extracted:
    """The same as :func:`~pipelines.extracts.conform.extract_table`, without reading anything where nothing changed.

    ``full``: all is read. ``say`` is told how far it is, and why what was kept is not used, where that is no change of
    the exports.
    """
    exports = list_exports(sources, table, lake)
    kept = _Kept(lake, table, say)
    if exports is None:
        kept.forget()
        return extract_table(sources, table, lake, as_of, say=say)
    states = [State.of(export.path) for export in exports]
    contents = fingerprint_all(export.path for export in exports)
    conditions = _list_conditions(sources, table, lake, exports, contents)
    divisions = by_file.divide(sources, table, exports)
    if not full:
        if (former := kept.read(conditions, as_of)) is not None:
            return former
        divisions = kept.keep_units(divisions, conditions, contents, as_of)
    kept.forget()
    extracted = _extract_units(sources, table, lake, as_of, divisions, say)
    if not any(state.has_changed() for state in states):
        kept.note(conditions, extracted, by_file.describe_units(divisions, extracted.noted, contents))
    return extracted


def _extract_units(
    sources: Sources, table: Table, lake: Lake, as_of: date, divisions: Mapping[str, Division], say: Say
) -> Extracted:
    """Reads the units that are not kept, and of those that are as many as it turns out to take."""
    while True:
        count = sum(len(division.known) for division in divisions.values())
        if count:
            of_all = sum(len(division.paths) for division in divisions.values())
            say(f"{table.path}: {of_all - count} of {of_all} files are read, the others are what they were")
        try:
            extracted = extract_table(sources, table, lake, as_of, say=say, divisions=divisions)
            return replace(extracted, files_kept=count)
        except KeysMeetError as met:
            divisions = {**divisions, met.source: divisions[met.source].without(met.units)}
        except ReadAsAWholeError as why:
            say(f"{table.path}: all files are read, because {why}")
            divisions = {name: division.whole() for name, division in divisions.items()}


class _Kept:
    """What was kept of one table, as its note describes it."""

    def __init__(self, lake: Lake, table: Table, say: Say) -> None:
        self._lake, self._table, self._say = lake, table, say
        self._file = lake.root / "state" / "extracts" / f"{table.kind}__{table.name}.json"
        self._waited_for = self._file.with_suffix(".waited_for.parquet")
        self._is_refused = False

    def forget(self) -> None:
        """Removes the note: what is written from now on does not fit it."""
        self._file.unlink(missing_ok=True)

    def note(self, conditions: Mapping[str, Any], extracted: Extracted, units: Mapping[str, Any]) -> None:
        """Everything is written: the next run may go by it."""
        waited_for = find_waited_for(self._table, self._lake)
        if units and waited_for:
            with replacing(self._waited_for) as temporary:
                shutil.copyfile(waited_for, temporary)
        noted = {"conditions": conditions, "written": self._fingerprint_written(), "extracted": _to_plain(extracted),
                 "units": units}  # fmt: skip
        with replacing(self._file) as temporary:
            temporary.write_text(json.dumps(noted), encoding="utf-8")

    def read(self, conditions: Mapping[str, Any], as_of: date) -> Extracted | None:
        """What was extracted under the same ``conditions``, if it is there as a whole and holds for ``as_of``."""
        try:
            noted = json.loads(self._file.read_text(encoding="utf-8"))
            extracted = _from_plain(self._table, noted["extracted"])
            former, written = noted["conditions"], noted["written"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._refuse("the note of it cannot be read")
            return None
        if former != json.loads(json.dumps(conditions)):
            return None
        if not extracted.days.hold(as_of):
            return None
        if written != self._fingerprint_written():
            self._refuse(NOT_WRITTEN)
            return None
        return replace(extracted, is_unchanged=True)

    def keep_units(
        self,
        divisions: dict[str, Division],
        conditions: Mapping[str, Any],
        contents: Mapping[Path, str | None],
        as_of: date,
    ) -> dict[str, Division]:
        """``divisions`` with the units whose rows are in the lake as reading them again would give them."""
        try:
            noted = json.loads(self._file.read_text(encoding="utf-8"))
            former, written, units = noted["conditions"], noted["written"], noted["units"]
            if not divisions or not units or _of_table(former) != _of_table(json.loads(json.dumps(conditions))):
                return divisions
            if former["waits_for"] and fingerprint(self._waited_for) != former["waits_for"]:
                self._refuse(NOT_WRITTEN)
                return divisions
            found = self._fingerprint_written()
            if found != written:
                self._refuse(NOT_WRITTEN)
            beside = [self._name(file) for file in self._beside()]
            if any(found.get(name) != written[name] for name in beside):
                return divisions
            parts = [name for name in written if name not in beside]
            return by_file.keep_units(
                divisions,
                by_file.Noted(
                    units,
                    [found.get(name) == written[name] for name in parts],
                    self._waited_for if former["waits_for"] else None,
                ),
                contents,
                self._table,
                self._lake,
                as_of,
                find_waited_for(self._table, self._lake),
            )
        except duckdb.Error:
            self._refuse(NOT_WRITTEN)
            return divisions
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, zlib.error):
            return divisions  # Where it is missing or damaged, that has been told.

    def _refuse(self, why: str) -> None:
        if self._is_refused:
            return
        self._is_refused = True
        self._say(f"{self._table.path}: what was kept is read anew, because {why}")

    def _beside(self) -> list[Path]:
        """What is written beside the table: what did not fit, what was set apart, the counts of fields."""
        place = (self._table.kind, self._table.name)
        lake = self._lake
        return [lake.quarantine_path(*place), lake.set_apart_path(*place), lake.field_counts_path(*place)]

    def _name(self, file: Path) -> str:
        return file.relative_to(self._lake.root).as_posix()

    def _fingerprint_written(self) -> dict[str, str | None]:
        parts = self._lake.parts(self._table.kind, self._table.name)
        found = fingerprint_all([*self._beside(), *parts])
        return {self._name(file): content for file, content in found.items()}


def _of_table(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are asked of a table as a whole: not of its files, nor of single rows that its rows wait for."""
    return {name: said for name, said in conditions.items() if name not in ("exports", "waits_for")}


def _list_conditions(
    sources: Sources, table: Table, lake: Lake, exports: list[Export], contents: Mapping[Path, str | None]
) -> dict[str, Any]:
    """All on which it depends what ``table`` is, but for the day of the run."""
    waited_for = find_waited_for(table, lake)
    declared = [_describe(source, table) for source in sources.feeding(table)]
    settings = sources.model_dump(mode="json", exclude=NOT_DECIDING, warnings=False)
    return {
        "exports": [[export.source, export.shown, contents[export.path]] for export in exports],
        # Only compared: a digest tells no place, no name and no secret.
        "declared": hashlib.sha256(json.dumps([settings, declared]).encode()).hexdigest(),
        "waits_for": waited_for and fingerprint(waited_for),
        "code": _digest_code(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _describe(source: Source, table: Table) -> dict[str, Any]:
    whole = {"connector": source.connector, "table": source.tables[table.name]}
    named = {"name": source.name, "rows_of": source.rows_of}
    return {**named, **{name: each.model_dump(mode="json", warnings=False) for name, each in whole.items()}}


@cache
def _digest_code() -> str:
    return digest_modules(ROOT, DECIDING)


def _to_plain(extracted: Extracted) -> dict[str, Any]:
    days = extracted.days
    return {
        "per_source": {name: asdict(counts) for name, counts in extracted.per_source.items()},
        "reasons": [[column, reason, count] for (column, reason), count in extracted.reasons.items()],
        "files_read": list(extracted.files_read),
        "fields": [asdict(counted) for counted in extracted.fields],
        "shapes": {name: asdict(shape) for name, shape in extracted.shapes.items()},
        "days": [day and day.isoformat() for day in (days.first, days.end)],
    }


def _from_plain(table: Table, plain: Mapping[str, Any]) -> Extracted:
    return Extracted(
        table,
        {name: SourceCounts(**counts) for name, counts in plain["per_source"].items()},
        {(column, reason): count for column, reason, count in plain["reasons"]},
        tuple(plain["files_read"]),
        tuple(FieldCounts(**counted) for counted in plain["fields"]),
        {name: _shape(shape) for name, shape in plain["shapes"].items()},
        Days(*(day and date.fromisoformat(day) for day in plain["days"])),
    )


def _shape(plain: Mapping[str, Any]) -> SourceShape:
    files, beside = (tuple(FileShape(**each) for each in plain[name]) for name in ("files", "beside"))
    without, read, unread = (tuple(map(str, plain[name])) for name in ("without", "read", "unread"))
    return SourceShape(files, beside, bool(plain["is_whole"]), without, read, unread)
