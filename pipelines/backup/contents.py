"""What belongs in a backup, and under which name: all that the exports cannot give back, and the configuration.

``home/...`` are files of the home, by their place in it; ``outside/...`` are files that lie elsewhere and are named by
the configuration, or are the configuration. The exports, and what is made of them, are no part of it.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pipelines.config.connectors import PulledSource
from pipelines.config.home import Home
from pipelines.config.repository import BUNDLED_SAMPLE
from pipelines.config.sources import Sources
from pipelines.lake.landed import landed_folder, read_landed
from pipelines.lake.tables import Lake
from pipelines.nights.settings import FILE_NAME, find_nights
from pipelines.segments.definitions import BUNDLED
from pipelines.warehouse import kept_state

HOME, OUTSIDE = "home", "outside"
DAGSTER_SETTINGS = "dagster/dagster.yaml"
STATE, MODELS, LANDED = "lake/state", "lake/models", "lake/landed"
LONGEST_NAME = 1_000
RESERVED = (
    "build", "charts", "dagster", "docs", "lake", "last_night", "logs", "morning.html", "page.lock", "publication.lock",
    "quality.html", "replaced", "report.html", "reports", "restore", "restored", "run.lock", "warehouse",
)  # fmt: skip
"""How names begin that Parcours gives in a home itself: no file of a user's can have one."""
_IN_LANDED = re.compile(r"[^/]+/(?:manifest\.json|[^/]+/[0-9]{6,}(?:\.gone)?\.parquet)")


def list_contents(
    home: Home, retailer: Sources, sources_file: Path, segments_file: Path, dagster_default: str
) -> dict[str, Path]:
    """The files that there are, by their names in the backup, in the order of these names.

    Of Dagster's settings, those that differ from ``dagster_default``.
    """
    files = {**dict(_list_state(home)), **dict(_list_landed(home, retailer))}
    settings = home.root / DAGSTER_SETTINGS
    if settings.is_file() and settings.read_text(encoding="utf-8", errors="replace") != dagster_default:
        files[f"{HOME}/{DAGSTER_SETTINGS}"] = settings
    for name, file in (
        ("decisions.csv", retailer.decisions_of(home)),
        (FILE_NAME, find_nights(home, sources_file)),
        ("segments.yml", segments_file),
        ("sources.yml", sources_file),
    ):
        if file is not None and file.is_file() and file not in (BUNDLED, BUNDLED_SAMPLE):
            files[_name_file(home, name, file)] = file
    return dict(sorted(files.items()))


def list_own_files(home: Home) -> Iterator[Path]:
    """The home's own files of decisions and configuration, whose place those of a backup take."""
    for name in ("decisions.csv", FILE_NAME, "segments.yml", "sources.yml"):
        if (home.root / name).exists():
            yield home.root / name


def is_allowed(name: str) -> bool:
    """Whether a backup may hold a file of that ``name``: a relative path of plain words, to a place that it fills."""
    if len(name) > LONGEST_NAME or "\\" in name or any(unicodedata.category(letter)[0] == "C" for letter in name):
        return False
    top, *parts = name.split("/")
    if not parts or any(part in ("", ".", "..") or ".tmp-" in part for part in parts):
        return False
    return (top == HOME and _may_be_in_home("/".join(parts))) or (top == OUTSIDE and len(parts) == 1)


def _may_be_in_home(place: str) -> bool:
    folder, _, name = place.rpartition("/")
    if folder == STATE:
        return name in _state_names()
    if place.startswith(f"{MODELS}/"):
        return True
    if place.startswith(f"{LANDED}/"):
        return _IN_LANDED.fullmatch(place.removeprefix(f"{LANDED}/")) is not None
    return place == DAGSTER_SETTINGS or not place.split("/")[0].lower().startswith(RESERVED)


def _state_names() -> list[str]:
    lake = Lake(Path("lake"))
    return [
        kept_state.kept_path(lake).name,
        "publications.jsonl",
        "readers.json",
        *(file.name for file in kept_state.list_files(lake)),
    ]


def _list_state(home: Home) -> Iterator[tuple[str, Path]]:
    for name in _state_names():
        file = home.lake / "state" / name
        if file.is_file():
            yield f"{HOME}/{STATE}/{name}", file
    for file in Lake(home.lake).models.rglob("*"):
        place = file.relative_to(home.lake / "models").as_posix()
        if file.is_file() and ".tmp-" not in place:
            yield f"{HOME}/{MODELS}/{place}", file


def _list_landed(home: Home, retailer: Sources) -> Iterator[tuple[str, Path]]:
    """What was pulled of sources of which some table keeps rows that the system may have deleted since.

    All of such a source, whose tables are of one moment; of the others a run can pull everything again.
    """
    for source in retailer.sources:
        if isinstance(source, PulledSource) and any(pull.deletes == "none" for pull in source.wanted.values()):
            landed = read_landed(landed_folder(Lake(home.lake), source.name))
            files = [
                landed.folder(name) / file
                for name, table in landed.tables.items()
                for batch in table.batches
                for file in batch.files
            ]
            for file in [landed.root / "manifest.json", *files] if landed.tables else []:
                yield f"{HOME}/{LANDED}/{file.relative_to(home.lake / 'landed').as_posix()}", file


def _name_file(home: Home, name: str, file: Path) -> str:
    """Where in the backup a file of configuration goes: by its place in the home, or under its usual ``name``."""
    if file.is_relative_to(home.root):
        place = file.relative_to(home.root).as_posix()
        if is_allowed(f"{HOME}/{place}") and not place.startswith("lake/"):
            return f"{HOME}/{place}"
    return f"{OUTSIDE}/{name}"
