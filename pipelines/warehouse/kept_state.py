"""What a home keeps from publication to publication and cannot make anew, and whether all of it is still there.

``lake/state/kept.json`` is written with each publication and names what belongs together: the ledger of customer ids,
the memory of the analysts' segments, what the next night is compared with, each by its fingerprint, and which files of
its own the home had. A run first looks whether that is what it finds. A ledger that is gone must not be begun anew in
silence: every customer would get another id.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from pipelines.config.home import Home
from pipelines.config.repository import BUNDLED_SAMPLE
from pipelines.config.sources import Sources
from pipelines.errors import ParcoursError
from pipelines.identity.customer_ids.ledger import LEDGER_SCHEMA
from pipelines.lake.fingerprints import fingerprint, fingerprint_all
from pipelines.lake.tables import Lake, replacing
from pipelines.segments import membership_log
from pipelines.segments.definitions import BUNDLED, FILE_NAME

FORMAT = 1
COMPARED_WITH = ("withdrawn_values", "record_contents", "run_metrics")
"""Tables of ``identity`` that are the next run's yardstick once they are published."""

ACCEPT = "parcours run --accept-loss"
UNFINISHED = "restore.tmp-"  # How the folder in a home begins in which a restore lays the files down.


class KeptStateError(ParcoursError):
    """What earlier publications left is not there, or is not what they left; nothing was started."""


@dataclass(frozen=True)
class Kept:
    """The content of ``kept.json``.

    ``files`` has, for each file of ``lake/state``, the fingerprints that it may have: one, and two from the beginning
    of a publication until its end, so that a kill in between leaves no state that is refused; null is for no file.
    ``own`` are the files of decisions and configuration that the home had. Before the first publication
    ``is_published`` is false, and nothing is asked for.
    """

    is_published: bool = False
    files: dict[str, list[str | None]] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Loss:
    """Something kept that is not as it was left. ``file`` is within the home; ``accepting`` is what going on means.

    What ``is_damaged`` is set aside, where somebody accepts the loss.
    """

    file: str
    what: str
    accepting: str
    is_damaged: bool = False


def kept_path(lake: Lake) -> Path:
    return lake.root / "state" / "kept.json"


def list_files(lake: Lake) -> list[Path]:
    """The files of ``lake/state`` that belong together; not all need exist."""
    return [
        lake.committed_ledger,
        membership_log.log_in_force(lake),
        *(lake.published_path(name) for name in COMPARED_WITH),
    ]


def check(home: Home, retailer: Sources, sources_file: Path, segments_file: Path) -> None:
    """:func:`require_whole`, before a run; notes of a new home that it is new."""
    require_whole(home, retailer, sources_file, segments_file)
    lake = Lake(home.lake)
    if read_kept(lake) is None and not lake.committed_ledger.exists():
        _write(lake, Kept())


def require_whole(home: Home, retailer: Sources, sources_file: Path, segments_file: Path) -> None:
    """Looks whether all that was kept is there and what it was.

    Raises KeptStateError that names every file at fault, and the ways out.
    """
    kept = read_kept(Lake(home.lake))
    losses = [*_find_losses(home, kept), *_find_lost_files(home, kept, retailer, sources_file, segments_file)]
    if losses:
        raise KeptStateError(_describe(home, losses))


def find_losses(home: Home) -> list[Loss]:
    """What of the state is lost or exchanged, whatever the configuration."""
    return list(_find_losses(home, read_kept(Lake(home.lake))))


def accept_losses(home: Home, retailer: Sources, sources_file: Path, segments_file: Path) -> None:
    """Goes on with what is there: what is damaged is set aside in ``lake/state/set_aside``, what is gone begins anew.

    With the ledger goes all that names its ids.
    """
    lake, kept = Lake(home.lake), read_kept(Lake(home.lake))
    losses = [*_find_losses(home, kept), *_find_lost_files(home, kept, retailer, sources_file, segments_file)]
    if not losses:
        return
    ledger = lake.committed_ledger
    is_anew = not ledger.exists() or any(loss.is_damaged and home.root / loss.file == ledger for loss in losses)
    aside = [home.root / loss.file for loss in losses if loss.is_damaged]
    if is_anew:
        aside = [*list_files(lake), *lake.published_path("segments").parent.glob("segments.*.parquet")]
    for file in filter(Path.exists, aside):
        target = _free_name(lake.root / "state" / "set_aside" / file.name)
        target.parent.mkdir(exist_ok=True)
        file.replace(target)
    if is_anew:
        _write(lake, Kept())
    else:
        end_publication(home)


def begin_publication(lake: Lake, coming: Mapping[Path, Path]) -> None:
    """Notes what the files kept are about to become: beside what each is, the file that will take its place."""
    kept = read_kept(lake) or Kept(is_published=lake.committed_ledger.exists())
    found = fingerprint_all({*list_files(lake), *coming.values()})
    files = {
        file.name: list(dict.fromkeys([found[file], *([found[coming[file]]] if file in coming else [])]))
        for file in list_files(lake)
    }
    _write(lake, Kept(**{**asdict(kept), "files": files}))


def end_publication(home: Home) -> None:
    """Notes what is kept from now on, as it is."""
    lake = Lake(home.lake)
    found = fingerprint_all(list_files(lake))
    files: dict[str, list[str | None]] = {file.name: [digest] for file, digest in found.items()}
    own = [name for name in _own_names(home) if (home.root / name).is_file()]
    _write(lake, Kept(is_published=True, files=files, own=own))


def read_kept(lake: Lake) -> Kept | None:
    """What was noted last; None where there is no note, as before the first run, or none that can be read."""
    try:
        noted = json.loads(kept_path(lake).read_text(encoding="utf-8"))
        if noted.pop("format") != FORMAT:
            return None
        kept = Kept(**noted)
        valid = isinstance(kept.files, dict) and all(isinstance(known, list) for known in kept.files.values())
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
    return kept if valid and isinstance(kept.own, list) else None


def _write(lake: Lake, kept: Kept) -> None:
    with replacing(kept_path(lake)) as temporary:
        temporary.write_text(json.dumps({"format": FORMAT, **asdict(kept)}, indent=1) + "\n", encoding="utf-8")


def _own_names(home: Home) -> tuple[str, ...]:
    return home.decisions.name, FILE_NAME, "sources.yml"


def _find_losses(home: Home, kept: Kept | None) -> Iterator[Loss]:
    lake = Lake(home.lake)
    if lake.committed_ledger.exists() or _was_published(home, kept):
        yield from _find_ledger_loss(home, kept)
        yield from _find_memory_loss(home, kept)
    for name in COMPARED_WITH:
        file = lake.published_path(name)
        if file.exists() and not _is_as_noted(file, kept) and not _can_be_read(file):
            yield Loss(_name(home, file), "cannot be read", "the next run has nothing to compare itself with", True)


def _find_ledger_loss(home: Home, kept: Kept | None) -> Iterator[Loss]:
    file = Lake(home.lake).committed_ledger
    anew = "every customer gets a new id, and what was told to other systems under the ids of before is lost"
    if not file.exists():
        yield Loss(_name(home, file), "is missing, although customer ids have been published", anew)
    elif not _is_as_noted(file, kept):
        if not _can_be_read(file, LEDGER_SCHEMA):
            yield Loss(_name(home, file), "cannot be read", anew, True)
        elif kept is not None and kept.files.get(file.name):
            yield Loss(
                _name(home, file),
                "is not the one that the last publication left",
                "customers whose ids it does not know get other ones",
            )


def _find_memory_loss(home: Home, kept: Kept | None) -> Iterator[Loss]:
    file = membership_log.log_in_force(Lake(home.lake))
    anew = "who was in the analysts' segments before is forgotten"
    if _is_as_noted(file, kept):
        return
    if not file.exists():
        if kept is not None and kept.files.get(file.name):
            yield Loss(_name(home, file), "is missing", anew)
    elif not _can_be_read(file):
        yield Loss(_name(home, file), "cannot be read", anew, True)
    elif kept is not None and kept.files.get(file.name):
        yield Loss(
            _name(home, file),
            "is not the one that the last publication left",
            "the nights that it does not know are missing in the history of the analysts' segments",
        )


def _find_lost_files(
    home: Home, kept: Kept | None, retailer: Sources, sources_file: Path, segments_file: Path
) -> Iterator[Loss]:
    """The home's own files that are gone without another in their place, so that something else would be used."""
    others = {
        home.decisions.name: (retailer.decisions is None, "what people decided no longer holds"),
        FILE_NAME: (segments_file == BUNDLED, "the segments that are shipped as examples take the analysts' place"),
        "sources.yml": (sources_file == BUNDLED_SAMPLE, "the bundled sample is read"),
    }
    for name in kept.own if kept else ():
        is_without, accepting = others.get(name, (False, ""))
        if is_without and not (home.root / name).exists():
            yield Loss(name, "is missing", accepting)


def _was_published(home: Home, kept: Kept | None) -> bool:
    """Whether customer ids were published from the home.

    Where no note says, as in a home of which only parts were restored, its traces do. A model may be older than the
    first publication, but then the note of a new home is there.
    """
    if kept is not None:
        return kept.is_published
    lake = Lake(home.lake)
    publications = lake.published_path("publications").with_suffix(".jsonl")
    traces = home.warehouse, publications, *list_files(lake), lake.models / "in_force"
    others = (file for pattern in ("warehouse.previous.duckdb*", f"{UNFINISHED}*") for file in home.root.glob(pattern))
    found = (*lake.models.glob("*/model.json"), *others)
    return any(map(Path.exists, (*traces, *found)))


def _is_as_noted(file: Path, kept: Kept | None) -> bool:
    return kept is not None and fingerprint(file) in kept.files.get(file.name, ())


def _can_be_read(file: Path, schema: Mapping[str, pl.DataType] | None = None) -> bool:
    try:
        columns = pl.read_parquet(file, glob=False).schema
    except (OSError, pl.exceptions.PolarsError):
        return False
    return schema is None or list(columns) == list(schema)


def _describe(home: Home, losses: Iterable[Loss]) -> str:
    losses = list(losses)
    lines = [f"{loss.file} {loss.what}." for loss in losses]
    accepting = dict.fromkeys(loss.accepting for loss in losses)
    return "\n".join(
        [
            f"What {home.root} keeps from earlier nights, and cannot make anew, is not as it was left:",
            *(f"  {line}" for line in lines),
            "Restore all of it from one backup: `parcours restore FILE --home DIR --replace`. Where there is no "
            f"backup, `{ACCEPT}` goes on without: {'; '.join(accepting)}.",
        ]
    )


def _name(home: Home, file: Path) -> str:
    return file.relative_to(home.root).as_posix()


def _free_name(file: Path) -> Path:
    number = 1
    while os.path.lexists(file):
        number += 1
        file = file.with_name(f"{file.stem.partition('~')[0]}~{number}{file.suffix}")
    return file
