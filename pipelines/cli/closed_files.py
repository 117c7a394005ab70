"""What is told where a file or folder is closed to who runs a command, or its disk is read only."""

import errno
import os
import re
from pathlib import Path

from pipelines.config.repository import DBT_PROJECT
from pipelines.lake.owner_only import name_user

_WORDS = re.compile(r"Permission denied|Read-only file system|attempt to write a readonly database", re.IGNORECASE)
"""How DuckDB, Polars and SQLite say so, which raise errors of their own."""
_PATH = re.compile(r"[\"'](/[^\"']+)[\"']|: (/\S+)$", re.MULTILINE)


def explain_closed(error: BaseException | None) -> str | None:
    """What is closed and to whom, if ``error`` or one of its causes says so; else None."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            file = None if error.filename is None else Path(os.fsdecode(error.filename))
            return _tell(file, error.errno == errno.EROFS)
        if (words := _WORDS.search(str(error))) is not None:
            named = _PATH.search(str(error))
            file = None if named is None else Path(named.group(1) or named.group(2))
            return _tell(file, not words.group().startswith("P"))
        error = error.__cause__ or error.__context__
    return None


def _tell(file: Path | None, is_read_only: bool) -> str:
    if is_read_only:
        return (
            f"{file or 'The home folder'} cannot be written: it lies on a disk that is mounted read only. Mount it for "
            "writing, or copy the home to another disk and name that with --home."
        )
    if file is None:
        return "A file of the home is closed to who runs this. `parcours doctor` tells which."
    place, me = _nearest(file), name_user(os.geteuid())
    if place is None:
        return f"{file} is in a folder that is closed to {me}. Run this as the user who may read and write there."
    owner = name_user(place.stat().st_uid)
    if file.is_relative_to(DBT_PROJECT):
        return (
            f"{file} is closed to {me}: dbt writes there what it has parsed. Give it to {me}, as {owner}: "
            f"install -d -o {me} {DBT_PROJECT / 'target'}"
        )
    if owner == me:
        return f"{file}: {place} is yours and closed all the same. Open it to yourself: chmod u+rwX {place}"
    return (
        f"{file}: {place} belongs to {owner} and is closed to {me}. Run this as {owner}; who only reads opens "
        "warehouse.duckdb, where `readers` of sources.yml lets them (docs/security.md)."
    )


def _nearest(file: Path) -> Path | None:
    """The file itself, or what is nearest above it of what can be seen."""
    for place in (file, *file.parents):
        try:
            place.stat()
        except OSError:
            continue
        return place
    return None
