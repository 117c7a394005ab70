"""The files that a pattern of `sources.yml` finds in a place, by asking for no folder that it cannot reach.

The same patterns find the same files as below a folder of this machine: `*`, `?`, `[a-z]` within a name, `**` for any
folders.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pipelines.pulls.drops.place import MOST_LISTED, Entry, Place, is_name
from pipelines.pulls.errors import SourceError, TableError
from pipelines.visible_text import make_one_line

DEEPEST = 100  # Folders that a pattern may name, or `**` go down.
_WILD = re.compile(r"[*?\[]")


class Look:
    """One look at a place: what was listed is remembered, so that files that belong to others are not asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._seen: dict[str, Entry | None] = {}
        self._listed: dict[tuple[str, str], list[Entry]] = {}
        self._count = 0

    def find(self, pattern: str) -> dict[str, Entry]:
        """The files that ``pattern`` finds, by name. Raises TableError where it is none."""
        parts = PurePosixPath(pattern).parts
        if not parts or parts[0] == "/" or ".." in parts or len(parts) > DEEPEST:
            raise TableError(
                f"`from` cannot be '{make_one_line(pattern[:200])}': write it relative to `root`, without '..', such "
                "as orders_*.csv."
            )
        found = {entry.name: entry for entry in self._descend("", parts, 0)}
        return dict(sorted(found.items()))

    @property
    def listed(self) -> list[Entry]:
        """All files that were listed, whether or not a pattern finds them."""
        return [entry for entries in self._listed.values() for entry in entries if not entry.is_folder]

    def look_up(self, name: str) -> Entry | None:
        """The file of that name, from what was listed if it would be there."""
        if name in self._seen:
            return self._seen[name]
        folder, _, base = name.rpartition("/")
        if any(listed == folder and base.startswith(beginning) for listed, beginning in self._listed):
            return None
        self._seen[name] = self._place.look_up(name)
        return self._seen[name]

    def _list(self, folder: str, beginning: str) -> list[Entry]:
        for (listed, shorter), entries in self._listed.items():
            if listed == folder and beginning.startswith(shorter):
                return entries
        entries = []
        for entry in self._place.list_folder(folder, beginning):
            self._count += 1
            if self._count > MOST_LISTED:
                raise SourceError(
                    f"{self._place.shown} lists more than {MOST_LISTED:,} names. Name the folder or the beginning of "
                    "the files in `from`."
                )
            self._seen[entry.name] = entry
            entries.append(entry)
        self._listed[folder, beginning] = entries
        return entries

    def _descend(self, folder: str, parts: tuple[str, ...], depth: int) -> Iterator[Entry]:
        head, rest = parts[0], parts[1:]
        if head == "**":
            if rest and depth <= DEEPEST:
                yield from self._descend_anywhere(folder, parts, depth)
        elif not _WILD.search(head):
            name = f"{folder}/{head}" if folder else head
            if rest:
                yield from self._descend(name, rest, depth + 1)
            elif (named := self.look_up(name)) is not None and not named.is_folder:
                yield named
        else:
            for entry in self._list(folder, _WILD.split(head, maxsplit=1)[0]):
                if not fnmatchcase(entry.base, head):
                    continue
                if rest and entry.is_folder and is_name(entry.base):
                    yield from self._descend(entry.name, rest, depth + 1)
                elif not rest and not entry.is_folder:
                    yield entry

    def _descend_anywhere(self, folder: str, parts: tuple[str, ...], depth: int) -> Iterator[Entry]:
        yield from self._descend(folder, parts[1:], depth)
        for entry in self._list(folder, ""):
            if entry.is_folder and not entry.is_link and is_name(entry.base):  # A link may lead back up.
                yield from self._descend(entry.name, parts, depth + 1)


def finds(pattern: str, name: str) -> bool:
    """Whether ``pattern`` finds a file of that name."""
    return _finds(PurePosixPath(pattern).parts, tuple(name.split("/")))


def _finds(pattern: tuple[str, ...], name: tuple[str, ...]) -> bool:
    if not pattern or not name:
        return not pattern and not name
    if pattern[0] == "**":
        return _finds(pattern[1:], name) or _finds(pattern, name[1:])
    return fnmatchcase(name[0], pattern[0]) and _finds(pattern[1:], name[1:])
