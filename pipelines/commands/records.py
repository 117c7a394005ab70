"""Dagster's run records, kept in SQLite, written without waiting for the disk at every event.

Dagster opens the database anew for each of some thousand events of a run, and SQLite then syncs it to the disk at each
commit and tidies up at each close. Without that, a power cut may lose the last events of a run's history, never tear
it; a kill loses nothing. Nothing that is published depends on it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def unhurried(folder: Path) -> Iterator[None]:
    """While the block runs, SQLite databases under ``folder`` sync only when they tidy up, and that seldom."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    kept: dict[str, sqlite3.Connection] = {}
    with ExitStack() as closers:

        def relax(connection: Any, _: Any) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return
            [(_, _, file), *_rest] = connection.execute("pragma database_list").fetchall()
            if not file or folder not in Path(file).parents:
                return
            connection.execute("pragma synchronous = normal")
            if file not in kept:  # As long as one connection stays, the others close without tidying up.
                kept[file] = closers.enter_context(closing(sqlite3.connect(file, check_same_thread=False)))
                kept[file].execute("select count(*) from sqlite_master").fetchall()

        event.listen(Engine, "connect", relax)
        try:
            yield
        finally:
            event.remove(Engine, "connect", relax)
