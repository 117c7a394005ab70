"""What is said of an exception that nobody expected: what kind it is and where it arose, and never its text.

A library's message repeats the value that it could not handle, and that value is a customer's. It is shown to who asks
for it on a terminal (`--debug`), and goes nowhere else: no log, no record of Dagster, no summary.
"""

import errno
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent

# How SQLite and DuckDB report a full disk.
DISK_FULL_WORDS = ("disk I/O error", "database or disk is full", "No space left on device", "File too large")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_NAME_ANOTHER = "Name another folder, or put what it holds elsewhere."
REFUSALS = {
    errno.EACCES: "Run this as the user whom it belongs to, or name another folder.",
    errno.EPERM: "Run this as the user whom it belongs to, or name another folder.",
    errno.EROFS: "It can only be read: name another folder.",
    errno.ENAMETOOLONG: _NAME_ANOTHER,
    errno.ELOOP: "A link leads back to itself: correct it.",
    errno.ENOTDIR: _NAME_ANOTHER,
    errno.EISDIR: _NAME_ANOTHER,
    errno.ENODEV: _NAME_ANOTHER,
    errno.EINVAL: _NAME_ANOTHER,
    errno.ENXIO: _NAME_ANOTHER,
    errno.EMFILE: "Raise the number of files that this user may open (`ulimit -n`).",
}
"""Of what the system may refuse a command, the way out: no fault of the program."""


class _Tracebacks:
    """What somebody asked to see on a terminal; None where nobody did."""

    kept: list[str] | None = None


_TRACEBACKS = _Tracebacks()


def keep_tracebacks() -> None:
    """From now on what :func:`note` is told of is kept, to be shown on a terminal."""
    _TRACEBACKS.kept = []


def are_kept() -> bool:
    """Whether somebody has asked to see tracebacks on a terminal."""
    return _TRACEBACKS.kept is not None


def note(error: BaseException) -> None:
    """Keeps the traceback of ``error`` where somebody asked for it; forgets it otherwise."""
    if _TRACEBACKS.kept is not None:
        _TRACEBACKS.kept.append("".join(traceback.format_exception(error)))


def take_tracebacks() -> list[str]:
    """The tracebacks kept so far, which are kept no longer."""
    taken, _TRACEBACKS.kept = _TRACEBACKS.kept or [], None
    return taken


def describe(error: BaseException) -> str:
    """One line about ``error``: a full disk or a refusal by name, else its types, its causes and the line of ours."""
    full = find_full_disk(error)
    if full is not None:
        return f"{full}. Free some space, then run again; it continues from a consistent state."
    refused = find_refusal(error)
    if refused is not None:
        return refused
    kinds = " from ".join(_name(each) for each in _causes(error))
    place = next(filter(None, map(_find_place, reversed(list(_causes(error))))), None)
    at = f" at {place}" if place else ""
    return (
        f"unexpected {kinds}{at}. What it says may hold values of an export, and is told on a terminal only: add "
        "--debug. This is a bug in Parcours."
    )


def find_full_disk(error: BaseException) -> str | None:
    """The disk's message, if ``error`` or one of its causes comes from a full disk."""
    for each in _causes(error):
        if isinstance(each, OSError) and each.errno in DISK_FULL:
            return f"{each.strerror}: {each.filename}" if each.filename else str(each.strerror)
        if any(words in str(each) for words in DISK_FULL_WORDS):
            return "The disk of the home folder is full"
    return None


def find_refusal(error: BaseException) -> str | None:
    """What the system refused, if ``error`` or one of its causes is a refusal, and what to do."""
    for each in _causes(error):
        if isinstance(each, OSError) and each.errno in REFUSALS:
            of = f" ({each.filename})" if each.filename else ""
            return f"the system refuses: {os.strerror(each.errno)}{of}. {REFUSALS[each.errno]}"
        if isinstance(each, UnicodeEncodeError) and each.encoding == "utf-8":
            return "a path or an argument is not UTF-8, which DuckDB and Dagster need. Rename the folder or the file."
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error``, what it came from, and so on."""
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _name(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} ({os.strerror(error.errno)})"
    return name


def _find_place(error: BaseException) -> str | None:
    """The innermost line of this package on the way to ``error``."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE):
            place = f"{file.relative_to(PACKAGE.parent).as_posix()}:{line}"
    return place
