"""What a mirror asks of another machine: which files there are, what is said of one, and what is in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pipelines.errors import ParcoursError

MOST_LISTED = 2_000_000  # Names that one night holds in memory: about a gigabyte.


class FileError(ParcoursError):
    """One file that is not taken; the others are. The message goes on after the file's name."""


@dataclass(frozen=True)
class Entry:
    """A file or folder, by its name below the root. ``size`` in bytes; ``modified_at`` in ISO, UTC.

    ``etag`` is what a store says of a version, ``md5`` the digest of the content where it says that. ``fault`` is why
    it can never be taken, such as a link that leads elsewhere.
    """

    name: str
    is_folder: bool = False
    is_link: bool = False
    size: int = 0
    modified_at: str | None = None
    etag: str | None = None
    md5: str | None = None
    fault: str | None = None

    @property
    def base(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def state(self) -> tuple[int, str | None, str | None]:
        """By which a version of the file is told from another."""
        return (self.size, self.modified_at, self.etag)


class Place(Protocol):
    """A folder on another machine, open. All methods raise SourceError; about a single file, FileError."""

    shown: str
    """What messages call it; no secret is in it."""

    identity: str
    """By which it is told from another place, where the same size and date mean nothing."""

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:
        """What lies in ``folder`` (the root is empty) and has a name that starts with ``beginning``; of a folder that
        is not there, nothing."""

    def look_up(self, name: str) -> Entry | None:
        """The file or folder of that name, if there is one."""

    def read(self, name: str) -> Iterator[bytes]:
        """The content of a file, in pieces of some megabytes."""


def is_name(base: str) -> bool:
    """Whether a place may call something so: a name that leads elsewhere is never followed."""
    return bool(base) and base not in (".", "..") and "/" not in base and "\0" not in base
