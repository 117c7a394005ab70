"""How much memory DuckDB may take before it spills to disk, and what is said where that is too little."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import duckdb

from pipelines.errors import ConfigurationError, ParcoursError

VARIABLE = "PARCOURS_MEMORY_LIMIT"
DEFAULT = "60%"
"""Of the memory of the machine or of its container, whichever is less; the rest is Python's, which holds the records
that are compared, and the system's."""
PER_THREAD = 64 * 2**20
"""Bytes below which a further thread does more harm than good: each fills blocks of its own for every join and group
of a query, about 8 MB for each of them, and the largest models have six to eight."""
FOR_TWO_MODELS = 6 * 10**9
"""Bytes from which two models are built at a time: below, the largest gets all there is. Of a million records, two of
the largest do not fit 4 GB together, and take 1.6 and 2.8 GB alone."""
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_NO_ROOM = os.strerror(errno.ENOSPC)


class MemoryShortageError(ParcoursError):
    """Work that needs more memory than DuckDB may take, or more room on disk for what it puts aside."""


@dataclass(frozen=True)
class Allowance:
    """What one process's DuckDB may take: bytes of memory, and threads."""

    memory: int
    threads: int

    @property
    def models_at_once(self) -> int:
        """How many models of the warehouse are built at a time."""
        return 2 if self.memory >= FOR_TWO_MODELS else 1


def memory_limit() -> str:
    """The limit as DuckDB understands it, such as `4GB` or `60%`: ``PARCOURS_MEMORY_LIMIT``, else :data:`DEFAULT`.

    Raises ConfigurationError where it is neither a size nor a share.
    """
    written = os.environ.get(VARIABLE, "").strip() or DEFAULT
    size = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(?:[KMGT]i?B|%)", written, re.IGNORECASE)
    share_is_possible = not written.endswith("%") or (size is not None and float(size[1]) <= 100)
    if size is None or float(size[1]) == 0 or not share_is_possible:
        raise ConfigurationError(f"{VARIABLE} is '{written}': write a size such as 4GB, or a share such as 60%.")
    return written


def is_set() -> bool:
    """Whether somebody chose the limit."""
    return bool(os.environ.get(VARIABLE, "").strip())


def allowance() -> Allowance:
    """What :func:`memory_limit` comes to on this machine. Raises ConfigurationError where it is not understood."""
    return _measure(memory_limit())


@cache
def _measure(limit: str) -> Allowance:
    memory, threads = _ask_duckdb(limit)
    return Allowance(memory, max(1, min(threads, memory // PER_THREAD)))


def _ask_duckdb(limit: str) -> tuple[int, int]:
    """The bytes of a limit and the threads of this machine: DuckDB knows what its container leaves it of both."""
    with duckdb.connect(config={"memory_limit": limit}) as connection:
        [(size, threads)] = connection.execute(
            "select current_setting('memory_limit'), current_setting('threads')"
        ).fetchall()
    amount, unit = size.split(" ")
    return int(float(amount) * _UNITS[unit]), int(threads)


def is_shortage(text: str) -> bool:
    """Whether DuckDB's message, or one of a tool that quotes it, says that memory ran out, or the disk to spill to."""
    return "Out of Memory Error" in text or "OutOfMemoryException" in text or _NO_ROOM in text


def explain_shortage(work: str, text: str = "") -> str:
    """What is said instead of DuckDB's message ``text``, which is advice on its own settings.

    ``work`` is the subject of the sentence, such as `The build of customer_360`.
    """
    if _NO_ROOM in text or "max_temp_directory_size" in text:
        return (
            f"{work} found no room left on the disk: what does not fit into memory is put aside there until the work "
            f"is done. Free room on the disk of the home, or set {VARIABLE} higher, so that less is put aside."
        )
    limit = memory_limit()
    named = f"{VARIABLE}={limit}" if is_set() else VARIABLE
    what = f"{limit} of {tell_size(_measure('100%').memory)}" if limit.endswith("%") else ""
    known = [*([what] if what else []), *([] if is_set() else ["the default"])]
    told = f" ({', '.join(known)})" if known else ""
    return (
        f"{work} needs more memory than {named}{told} allows: set it higher, to a size such as 4GB or a share of the "
        "machine's memory such as 80%, or run on a machine with more memory."
    )


@contextmanager
def tell_shortage(work: str) -> Iterator[None]:
    """Raises MemoryShortageError in place of DuckDB's error where memory ran out in the block."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException) or _NO_ROOM in str(error):
            raise MemoryShortageError(explain_shortage(work, str(error))) from error
        raise


def tell_size(size: int) -> str:
    """A number of bytes as people say it: `150 MB`, `1.5 GB`, `24 GB`."""
    if size < 10**9:
        return f"{size / 10**6:.0f} MB"
    return f"{size / 10**9:.1f}".removesuffix(".0") + " GB" if size < 10**10 else f"{size / 10**9:.0f} GB"
