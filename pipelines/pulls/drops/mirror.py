"""The files of one source, mirrored: looked at twice, fetched, proved, and put in force at once.

What is in force changes in one rename, for all patterns of the source; a pattern of which a file is not taken stays as
it was, or goes on without that file, as is declared.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pipelines.config.connectors import FileOptions
from pipelines.config.drop_sources import DropConnector, DropSource
from pipelines.config.drops import Control
from pipelines.config.pulls import Taking
from pipelines.extracts.connectors import file_kinds
from pipelines.lake.landed import landed_folder
from pipelines.lake.mirror import Mirror, MirroredFile, MirroredPattern, read_mirror
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import Lake
from pipelines.pulls.drops import completeness, control
from pipelines.pulls.drops.fetch import Fetched, cannot_write, fetch
from pipelines.pulls.drops.patterns import Look, finds
from pipelines.pulls.drops.place import Entry, FileError, Place, is_name
from pipelines.pulls.drops.places.registry import PLACES
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.pull import Outcome, Settings, State, retry
from pipelines.pulls.reconciliation import Reconciled
from pipelines.pulls.system import ROWS
from pipelines.visible_text import make_one_line

MB = 10**6
SPARE_BYTES = 100 * MB  # What a night needs of the disk besides: a run's own tables are written there too.
MOST_NAMED = 5  # Files of one message.
STAGED_EVERY = 1000 * MB
MOST_OF_A_LOOK = 64 * MB  # For `parcours check`, which fetches one file of a pattern.


@dataclass(frozen=True)
class _Result:
    """What became of one pattern. ``refused``: why a file is not taken, by its name."""

    pattern: MirroredPattern | None
    refused: Mapping[str, str] = field(default_factory=dict)
    reconciled: tuple[Reconciled, ...] = ()
    notes: tuple[str, ...] = ()


def mirror_source(
    source: DropSource, lake: Lake, settings: Settings, only: Iterable[str] | None = None
) -> list[Outcome]:
    """Mirrors the files of one source, or those of ``only`` some patterns, and puts in force what is to be taken."""
    root = landed_folder(lake, source.name)
    make_folder(root)
    mirror = read_mirror(root)
    mirror.sweep()
    wanted = [pattern for pattern in source.wanted if only is None or pattern in set(only)]
    with lake.scratch(f"pull-{source.name}") as scratch:
        night = _Night(source, mirror, settings, scratch)
        try:
            results = retry(lambda: night.mirror(wanted), source, settings)
        except SourceError as error:
            night.stage()
            return [_not_taken(source, pattern, mirror, _Result(None), str(error)) for pattern in wanted]
        in_force = {pattern: taken for pattern, taken in mirror.patterns.items() if pattern in source.wanted}
        outcomes = []
        for pattern in wanted:
            outcome = _judge(source, pattern, mirror, results[pattern])
            taken = result.pattern if isinstance(result := results[pattern], _Result) else None
            if outcome.state in ("taken", "kept") and taken is not None:
                in_force[pattern] = taken
            outcomes.append(outcome)
        named = {file.file for taken in in_force.values() for file in taken.files}
        mirror = mirror.commit(in_force, [file for file in _list_usable(results) if file.file not in named])
    mirror.sweep()
    return outcomes


def _list_usable(results: Mapping[str, _Result | TableError]) -> list[MirroredFile]:
    """The files that a pattern could have, were nothing else wrong with it."""
    found = [result.pattern for result in results.values() if isinstance(result, _Result)]
    return [file for pattern in found if pattern is not None for file in pattern.files]


def _judge(source: DropSource, pattern: str, mirror: Mirror, result: _Result | TableError) -> Outcome:
    if isinstance(result, TableError):
        return _not_taken(source, pattern, mirror, _Result(None), str(result))
    if result.refused:
        return _not_taken(source, pattern, mirror, result, _list_refused(result.refused))
    assert result.pattern is not None
    return _describe(source, pattern, "taken", result)


def _describe(source: DropSource, pattern: str, state: State, result: _Result, message: str | None = None) -> Outcome:
    taken = result.pattern
    counted = next((each for each in result.reconciled if each.measure == ROWS), None)
    return Outcome(
        source.name,
        pattern,
        state,
        rows=None if counted is None else int(counted.landed),
        source_rows=None if counted is None else int(counted.source),
        taken_at=taken.taken_at if taken else None,
        notes=result.notes,
        message=message,
        reconciled=result.reconciled,
        mode="files",
    )


def _not_taken(source: DropSource, pattern: str, mirror: Mirror, result: _Result, message: str) -> Outcome:
    """The night goes on without what is missing where that is declared and there is anything to go on with."""
    taking: Taking = source.taking_of(pattern)
    before = mirror.patterns.get(pattern)
    usable = result.pattern if result.pattern is not None and result.pattern.files else before
    if usable is None or taking == "stop":
        return replace(_describe(source, pattern, "not taken", result, message), taken_at=None)
    kept = replace(result, pattern=usable)
    note = f"the files of {usable.taken_at[:10]} are used" if result.pattern is None else "the other files are used"
    return _describe(source, pattern, "kept", replace(kept, notes=(*result.notes, note)), message)


def _list_refused(refused: Mapping[str, str]) -> str:
    named = [f"{make_one_line(name)}: {why}" for name, why in list(refused.items())[:MOST_NAMED]]
    more = len(refused) - len(named)
    return (
        f"{_count(len(refused), 'file')} not taken: {'; '.join(named)}{f'; and {more:,} more' if more else ''}. "
        "Nothing of these is read; the next run looks again."
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what} is" if number == 1 else f"{number:,} {what}s are"


@dataclass
class _Night:
    """All tries of one night with one source: a file that was fetched is not fetched again by the next try."""

    source: DropSource
    mirror_before: Mirror
    settings: Settings
    scratch: Path
    fetched: list[MirroredFile] = field(default_factory=list)
    unstaged: int = 0

    def note(self, file: MirroredFile) -> None:
        """A file that has come and is proved; now and then that is written down, so that a kill loses no more."""
        self.fetched.append(file)
        self.unstaged += file.size
        if self.unstaged >= STAGED_EVERY:
            self.stage()

    def stage(self) -> None:
        """Writes down what was fetched; what is in force stays."""
        before = self.mirror_before
        before.commit(before.patterns, [*before.staged, *self.fetched])
        self.unstaged = 0

    def mirror(self, wanted: list[str]) -> dict[str, _Result | TableError]:
        connector = self.source.connector
        with PLACES[connector.type](connector, self.settings.base) as place:
            look = Look(place)
            found = {pattern: _try_pattern(look, pattern) for pattern in wanted}
            work = {
                pattern: _PatternWork(self, place, look, pattern, entries)
                for pattern, entries in found.items()
                if not isinstance(entries, TableError)
            }
            self._look_again(place, work.values())
            self._check_room([entry for each in work.values() for entry in each.coming.values()])
            results: dict[str, _Result | TableError] = {}
            for pattern in wanted:
                entries = found[pattern]
                results[pattern] = entries if isinstance(entries, TableError) else work[pattern].run()
            return results

    def known(self, place: Place, declared: str | None) -> dict[str, dict[tuple[object, ...], MirroredFile]]:
        """The files that are here already, by name and by what the place said of them."""
        known: dict[str, dict[tuple[object, ...], MirroredFile]] = {}
        earlier = [] if self.settings.full else self.mirror_before.files
        for file in [*earlier, *self.fetched]:
            if file.place == place.identity and file.control == declared and self.mirror_before.has(file):
                known.setdefault(file.name, {})[file.size, file.modified_at, file.etag] = file
        return known

    def _look_again(self, place: Place, works: Iterable["_PatternWork"]) -> None:
        """A second look at what is to come, after a while: what is still being written has moved by then."""
        connector, works = self.source.connector, list(works)
        if connector.complete != "stable" or not connector.pause_seconds or self.settings.most is not None:
            return
        if not any(each.coming for each in works):
            return
        self.settings.wait(connector.pause_seconds)
        look = Look(place)
        for each in works:
            again = look.find(each.pattern) if each.coming else {}
            for name, entry in list(each.coming.items()):
                why = completeness.has_moved(entry, again.get(name))
                if why is not None:
                    each.refuse(name, why)

    def _check_room(self, coming: list[Entry]) -> None:
        needed = sum({entry.name: entry.size for entry in coming}.values())
        free = shutil.disk_usage(self.scratch).free
        if needed and needed + SPARE_BYTES > free:
            raise SourceError(
                f"the disk of the lake has {free / MB:,.0f} MB free, and {needed / MB:,.0f} MB are to be fetched "
                f"(and {SPARE_BYTES / MB:,.0f} MB to spare). Make room; nothing was fetched."
            )

    @contextmanager
    def telling_writes(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise cannot_write(fault) from None


def _try_pattern(look: Look, pattern: str) -> dict[str, Entry] | TableError:
    try:
        return look.find(pattern)
    except TableError as error:
        return error


class _PatternWork:
    """One pattern: which files are to come, and what became of each."""

    def __init__(self, night: _Night, place: Place, look: Look, pattern: str, found: dict[str, Entry]) -> None:
        self._night, self._place, self._look, self.pattern = night, place, look, pattern
        self._connector: DropConnector = night.source.connector
        controlled = night.source.control_of(pattern)
        self._control: Control | None = controlled[0] if controlled else None
        self._options = controlled[1] if controlled else self._find_options()
        declared = None if self._control is None else _digest(self._control)
        self._declared = declared
        self._known = night.known(place, declared)
        self._found = completeness.leave_out_others(found, self._connector, self._control)
        self._refused: dict[str, str] = {}
        self._unfinished = self._find_unfinished()
        self._controls: dict[str, Entry | None] = {}
        self.coming: dict[str, Entry] = {}
        self._choose()

    def _find_options(self) -> FileOptions:
        return self._night.source.wanted[self.pattern][0].options

    def refuse(self, name: str, why: str) -> None:
        """A file that is not taken tonight."""
        self.coming.pop(name, None)
        self._refused[name] = why

    def _find_unfinished(self) -> list[str]:
        """Files under temporary names that the pattern would find under those they are to have."""
        if self._connector.complete == "marker":  # It says by itself when a file is there.
            return []
        names = (entry.name for entry in self._look.listed if completeness.is_temporary(entry.base))
        return sorted(make_one_line(name) for name in names if finds(self.pattern, completeness.final_name(name)))

    def _choose(self) -> None:
        for name, entry in self._found.items():
            if entry.fault is not None:
                self._refused[name] = entry.fault
            elif self._find_known(entry) is None:
                why = self._find_fault(entry)
                if why is not None:
                    self._refused[name] = why
                else:
                    self.coming[name] = entry
        if self._night.settings.most is not None:
            self.coming = _choose_one(self.coming)

    def _find_known(self, entry: Entry) -> MirroredFile | None:
        return self._known.get(entry.name, {}).get(entry.state)

    def _find_fault(self, entry: Entry) -> str | None:
        if entry.size > self._connector.largest_mb * MB:
            return f"it has {entry.size / MB:,.0f} MB, and `largest_mb` is {self._connector.largest_mb:,.0f}"
        if entry.size == 0 and not self._may_be_empty(entry):
            return "it is empty: 0 bytes"
        if self._connector.marker is not None:
            why = completeness.find_missing_marker(entry, self._connector.marker, self._look)
            if why is not None:
                return why
        if self._control is not None:
            try:
                self._controls[entry.name] = control.find_control(self._control, entry, self._look)
            except FileError as error:
                return str(error)
        return None

    def _may_be_empty(self, entry: Entry) -> bool:
        suffix = "." + entry.base.rpartition(".")[2].lower()
        is_lines = (self._options.format or file_kinds.FORMATS.get(suffix)) == "jsonl"
        return is_lines or bool(self._options.names)

    def run(self) -> _Result | TableError:
        """Fetches what is to come, and says which files the pattern has then."""
        before = self._night.mirror_before.patterns.get(self.pattern)
        earlier = {} if before is None else {file.name: file for file in before.files}
        files = self._collect(earlier)
        came = {name: file for name, file in files.items() if name not in self._refused}
        notes = self._follow_gone(earlier, files)
        if not files and not self._refused:  # A share that is not mounted shows an empty folder.
            return TableError(self._tell_nothing(bool(earlier)))
        repeated = self._find_repeated(files, earlier, notes)
        notes += self._list_notes()
        is_whole = self._night.settings.most is None or len(files) == len(self._found)
        pattern = MirroredPattern(_now(), tuple(files[name] for name in sorted(files)), repeated, is_whole)
        return _Result(pattern, self._refused, self._reconcile(came), tuple(notes))

    def _collect(self, earlier: Mapping[str, MirroredFile]) -> dict[str, MirroredFile]:
        """The files that are there and that may be read; those that are to come are fetched.

        One that may not be taken stays as it was taken ``earlier``.
        """
        files: dict[str, MirroredFile] = {}
        for name, entry in self._found.items():
            known = self._find_known(entry)
            if known is not None and name not in self._refused:
                files[name] = replace(known, gone_at=None)
            elif name in self.coming:
                try:
                    files[name] = self._take(entry)
                except FileError as error:
                    self._refused[name] = str(error)
            if name in self._refused and name in earlier and self._night.mirror_before.has(earlier[name]):
                files[name] = earlier[name]
        return files

    def _list_notes(self) -> Iterator[str]:
        odd = sorted({make_one_line(entry.name) for entry in self._look.listed if not is_name(entry.base)})
        if odd:
            yield f"names that are none of a file or folder, and not looked at: {_name_some(odd)}"
        if self._unfinished:
            yield f"still under a temporary name, and not taken: {_name_some(self._unfinished)}"

    def _tell_nothing(self, had_files: bool) -> str:
        shown, pattern = self._place.shown, make_one_line(self.pattern[:200])
        if had_files:
            return (
                f"no file matches {pattern} any more in {shown}. All that was taken stays; where such files are to go, "
                "take their table out of sources.yml."
            )
        hint = f" There is {_name_some(self._unfinished)}, under a temporary name." if self._unfinished else ""
        return f"no file matches {pattern} in {shown}.{hint} Correct `from` or `root`, or take the table out."

    def _take(self, entry: Entry) -> MirroredFile:
        said: dict[str, str] = {}
        beside = self._controls.get(entry.name)
        if self._control is not None:
            said = control.read_control(self._control, entry, beside, self._place, self._options)
        got = fetch(self._place, entry, self._night.scratch)
        file = MirroredFile(
            entry.name, got.sha256, self._place.identity, entry.size, entry.modified_at, entry.etag, _now(), got.lines,
            got.checked, said, control=self._declared,
        )  # fmt: skip
        try:
            file = self._prove(file, got)
            with self._night.telling_writes():
                self._night.mirror_before.keep(got.path, file)
        finally:
            got.path.unlink(missing_ok=True)
        self._night.note(file)
        return file

    def _prove(self, file: MirroredFile, got: Fetched) -> MirroredFile:
        if self._control is None:
            return file
        where = "its control file" if self._control.file else "its name"
        control.compare_digests(file.said, {"sha256": got.sha256, "md5": got.md5}, where)
        if not self._control.counts:
            return file
        folder = self._night.scratch / f"count-{got.path.name}"
        make_folder(folder)
        named = folder / file.file  # Readers go by the suffix.
        got.path.rename(named)
        try:
            counted = control.count_file(
                self._control, file.name, named, self._options, self._connector.shown_root, folder
            )
            control.refuse_short(control.reconcile(file.said, counted, self._control.tolerance))
        finally:
            named.rename(got.path)
            shutil.rmtree(folder, ignore_errors=True)
        return replace(file, counted=counted)

    def _follow_gone(self, earlier: Mapping[str, MirroredFile], files: dict[str, MirroredFile]) -> list[str]:
        """Adds to ``files`` those that are no longer there, where they are to be kept; what is to be noted of them."""
        if self._night.settings.most is not None:
            return []
        gone = [file for name, file in earlier.items() if name not in self._found]
        names = [make_one_line(file.name) for file in gone if file.gone_at is None]
        if self._connector.deletes == "follow":
            return [f"no longer there, and no longer read: {_name_some(names)}"] if names else []
        for file in gone:
            if self._night.mirror_before.has(file):
                files[file.name] = replace(file, gone_at=file.gone_at or _now())
            else:
                self._refused[file.name] = "it is no longer there, and what was kept of it is no longer whole"
        return []

    def _find_repeated(
        self, files: Mapping[str, MirroredFile], earlier: Mapping[str, MirroredFile], notes: list[str]
    ) -> tuple[str, ...]:
        """Files that have the content of another; of each content the first by name is read."""
        first: dict[str, str] = {}
        repeated: list[str] = []
        told: list[str] = []
        for name in sorted(files):
            file = files[name]
            other = first.setdefault(file.content, name)
            if other == name or not file.size:
                continue
            repeated.append(name)
            is_new = any(each not in earlier or earlier[each].content != file.content for each in (name, other))
            if is_new and file.lines > 1:  # A header alone is the same every quiet day.
                told.append(f"{make_one_line(name)} has the content of {make_one_line(other)}")
        if self._connector.duplicates == "each":
            return ()
        if told:
            notes.append(f"delivered twice, and read once: {_name_some(told)}")
        return tuple(repeated)

    def _reconcile(self, came: Mapping[str, MirroredFile]) -> tuple[Reconciled, ...]:
        """Files and bytes as they are listed there and as they lie here; rows and sums where there are controls."""
        if self._night.settings.most is not None:
            return ()
        mirror = self._night.mirror_before
        here = {name: mirror.path(file).stat().st_size for name, file in came.items()}
        measures = [
            ("files", Decimal(len(self._found)), Decimal(len(here))),
            ("bytes", Decimal(sum(entry.size for entry in self._found.values())), Decimal(sum(here.values()))),
        ]
        found = [Reconciled(None, name, one, other, one == other) for name, one, other in measures]
        if self._control is not None:
            sides: dict[str, list[Decimal]] = {}
            for file in came.values():
                for measure in sorted(file.said.keys() & file.counted.keys()):
                    both = sides.setdefault(measure, [Decimal(0), Decimal(0)])
                    both[0] += Decimal(file.said[measure])
                    both[1] += Decimal(file.counted[measure])
            found += [Reconciled(None, measure, one, other, True) for measure, (one, other) in sorted(sides.items())]
        return tuple(found)


def _choose_one(coming: Mapping[str, Entry]) -> dict[str, Entry]:
    """For a look: the newest file that is not large, else the smallest."""
    if not coming:
        return {}
    small = [entry for entry in coming.values() if entry.size <= MOST_OF_A_LOOK]
    if small:
        chosen = max(small, key=lambda entry: (entry.modified_at or "", entry.name))
    else:
        chosen = min(coming.values(), key=lambda entry: (entry.size, entry.name))
    return {chosen.name: chosen}


def _name_some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _digest(declared: Control) -> str:
    return hashlib.sha256(json.dumps(declared.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
