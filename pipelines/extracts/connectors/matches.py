"""The files that a pattern finds below a folder, and no others: none that lies elsewhere, none that is no file.

A link below the folder, or `..` in the pattern, may lead anywhere on the machine; only where `sources.yml` names the
place under `outside` is it read.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.errors import ExtractError
from pipelines.visible_text import make_one_line

DEEPEST = 100  # Folders that a pattern may name; a path of Linux has 4,096 letters.
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class State:
    """By which a file is known for the one that was opened: its place on the disk, its size, when it was written to."""

    path: Path
    written: tuple[int, int, int] | None

    @classmethod
    def of(cls, path: Path) -> "State":
        try:
            state = path.stat()
        except OSError:
            return cls(path, None)
        return cls(path, (state.st_ino, state.st_size, state.st_mtime_ns))

    def has_changed(self) -> bool:
        return State.of(self.path) != self


def find_files(root: Path, shown_root: str, pattern: str, outside: Sequence[Path]) -> list[Path]:
    """The files below ``root`` that ``pattern`` finds, by name.

    ``outside``: folders elsewhere that links, and `..`, may lead to. Raises ExtractError where there is none, where one
    lies elsewhere, or is a pipe, a device or a link to nothing: what was meant to be read is not passed over.
    """
    _look_at_root(root, shown_root)
    parts = PurePosixPath(pattern).parts
    if not parts or parts[0] == "/" or len(parts) > DEEPEST:
        raise ExtractError(
            f"`from` cannot be '{make_one_line(pattern[:200])}': write it relative to `root` ({shown_root}), such as "
            "orders_*.csv.",
            at=("from",),
        )
    try:
        found = sorted(root.glob(pattern))
    except (NotImplementedError, ValueError, OSError, RecursionError) as fault:
        why = getattr(fault, "strerror", None) or "it is no pattern"
        raise ExtractError(
            f"`from` cannot be '{make_one_line(pattern[:200])}' ({why}): write it relative to `root` ({shown_root}), "
            "such as orders_*.csv.",
            at=("from",),
        ) from None
    allowed = [folder.resolve() for folder in (root, *outside)]
    matches = [path for path in found if _is_export(path, f"{shown_root}/{show_name(path, root)}", allowed)]
    if not matches:
        raise ExtractError(
            f"No file matches {shown_root}/{make_one_line(pattern[:200])}. Correct `from`, or take the table out of "
            "sources.yml.",
            at=("from",),
        )
    return matches


def show_name(path: Path, root: Path) -> str:
    """A file by its name below ``root``, on one line, as messages and the quarantine call it."""
    return make_one_line(path.relative_to(root).as_posix())


def _look_at_root(root: Path, shown_root: str) -> None:
    way_out = "Correct `root` under the source's `connector`."
    try:
        is_folder = root.is_dir()
        if is_folder:
            os.scandir(root).close()  # Where it may not be listed, a pattern would find nothing and say no more.
    except PermissionError:
        raise ExtractError(
            f"The folder {shown_root} may not be read by this user. Grant the right to read it.",
            at=("..", "connector", "root"),
        ) from None
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is no path"
        raise ExtractError(
            f"The folder {make_one_line(shown_root[:200])} cannot be read: {why}. {way_out}",
            at=("..", "connector", "root"),
        ) from None
    if not is_folder:
        raise ExtractError(
            f"The folder {make_one_line(shown_root)} does not exist. {way_out}", at=("..", "connector", "root")
        )


def _is_export(path: Path, shown: str, allowed: Sequence[Path]) -> bool:
    """Whether ``path`` is a file; a folder that a pattern happens to find is none, and no fault."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (FileNotFoundError, RuntimeError):
        raise ExtractError(f"{shown} is a link to nothing. Correct the link, or take it away.", at=("from",)) from None
    except OSError as fault:
        raise ExtractError(f"{shown} cannot be read: {fault.strerror}. Grant the right to read it.") from None
    if not any(real.is_relative_to(folder) for folder in allowed):
        raise ExtractError(
            f"{shown} lies outside of `root`, in {make_one_line(str(real.parent))}. If it is to be read, say so under "
            f"the source's `connector`: `outside: [{make_one_line(str(real.parent))}]`.",
            at=("from",),
        )
    for is_of_kind, what in _KINDS:
        if is_of_kind(mode):
            raise ExtractError(f"{shown} is {what}, not a file. Write the export into a file.", at=("from",))
    return stat.S_ISREG(mode)
