"""Files of another machine as they were taken: each content once, never changed, and a manifest of those in force.

``lake/landed/<source>/files/<digest>.csv`` holds what a file had in it; its own name stands in the manifest only, so
that no name of others becomes one of ours. ``lake/landed/<source>/manifest.json`` says which files each pattern of
`sources.yml` has found, and is replaced in one rename: a kill leaves the files of before, or these. What it does not
name is what a killed pull left.
"""

import json
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.lake.landed import LandedError
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import replacing, sync

FORMAT = "files-1"
CLOSED = stat.S_IRUSR
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,12}")


@dataclass(frozen=True)
class MirroredFile:
    """One file as it was taken. ``name`` is below the root there, ``content`` the SHA-256 of its bytes.

    ``place``, ``size``, ``modified_at`` and ``etag`` are where it was and what was said of it there: as long as they
    are the same, it is not fetched again. ``lines`` are line feeds. ``said`` and ``counted``: what its control says and
    what is in it. ``gone_at``: since when it is no longer there.
    """

    name: str
    content: str
    place: str
    size: int
    modified_at: str | None
    etag: str | None
    taken_at: str
    lines: int
    checked: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    counted: Mapping[str, str] = field(default_factory=dict)
    control: str | None = None
    gone_at: str | None = None

    @property
    def file(self) -> str:
        """What its content is called on the disk: readers go by the suffix."""
        return f"{self.content}{_suffix_of(self.name)}"


@dataclass(frozen=True)
class MirroredPattern:
    """The files of one pattern that are in force; ``repeated`` are those among them that another has the content of.

    Not ``is_whole``, there are more in the place than were fetched for a look.
    """

    taken_at: str
    files: tuple[MirroredFile, ...]
    repeated: tuple[str, ...] = ()
    is_whole: bool = True

    @property
    def read(self) -> list[MirroredFile]:
        """The files that are read, by name."""
        repeated = set(self.repeated)
        return [each for each in self.files if each.name not in repeated]


@dataclass(frozen=True)
class Mirror:
    """All that has been taken of one source. ``staged``: files that were fetched and are not in force yet."""

    root: Path
    patterns: Mapping[str, MirroredPattern] = field(default_factory=dict)
    staged: tuple[MirroredFile, ...] = ()

    def path(self, file: MirroredFile) -> Path:
        """Where the content of ``file`` lies."""
        return self.root / "files" / file.file

    @property
    def files(self) -> list[MirroredFile]:
        """All files, those that are staged last."""
        return [*(file for pattern in self.patterns.values() for file in pattern.files), *self.staged]

    def has(self, file: MirroredFile) -> bool:
        """Whether the content of ``file`` is there as a whole."""
        try:
            return self.path(file).stat().st_size == file.size
        except OSError:
            return False

    def keep(self, made: Path, file: MirroredFile) -> None:
        """Gives ``made``, the content of ``file``, its place."""
        target = self.path(file)
        make_folder(target.parent)
        sync(made)
        made.chmod(CLOSED)
        made.replace(target)

    def commit(self, patterns: Mapping[str, MirroredPattern], staged: Iterable[MirroredFile] = ()) -> "Mirror":
        """Puts ``patterns`` in force in place of all there were, at once; their contents are on the disk already."""
        if (self.root / "files").is_dir():
            sync(self.root / "files")
        mirror = replace(self, patterns=dict(patterns), staged=tuple(staged))
        content = {
            "format": FORMAT,
            "patterns": {pattern: asdict(taken) for pattern, taken in sorted(mirror.patterns.items())},
            "staged": [asdict(file) for file in mirror.staged],
        }
        with replacing(self.root / "manifest.json") as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")
        return mirror

    def sweep(self) -> int:
        """Removes the contents that the manifest does not name; how many. Call it only while nobody reads or pulls."""
        named = {file.file for file in self.files}
        left = [file for file in (self.root / "files").glob("*") if file.name not in named]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)


def read_mirror(root: Path) -> Mirror:
    """What the manifest in the folder ``root`` says; of a source of which nothing was taken yet, nothing.

    Raises LandedError where it cannot be read.
    """
    manifest = root / "manifest.json"
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise LandedError(f"{manifest} was written by another version, or for another type of source. {_REMEDY}")
        patterns = {pattern: _read_pattern(written) for pattern, written in content["patterns"].items()}
        return Mirror(root, patterns, tuple(MirroredFile(**written) for written in content["staged"]))
    except FileNotFoundError:
        return Mirror(root)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LandedError(f"{manifest} is damaged. {_REMEDY}") from None


_REMEDY = (
    "Move the folder of the source away: the next run takes all files anew that are there, but not those that only "
    "`deletes: keep` has kept."
)


def _read_pattern(written: dict[str, Any]) -> MirroredPattern:
    files = tuple(MirroredFile(**file) for file in written["files"])
    return MirroredPattern(**{**written, "files": files, "repeated": tuple(written["repeated"])})


def _suffix_of(name: str) -> str:
    """The last two suffixes, as far as they are plain: `.csv.gz`."""
    suffixes = PurePosixPath(name).suffixes[-2:]
    while suffixes and not all(_SUFFIX.fullmatch(each) for each in suffixes):
        suffixes = suffixes[1:]
    return "".join(suffixes)
