"""Dagster's run records, kept in SQLite: written without opening the file, or waiting for the disk, at every event.

Dagster opens the database anew, several times, for each of some thousand events of a run; SQLite then reads its schema,
syncs it to the disk at each commit and tidies up at each close. Connections that stay open save that. A power cut may
then lose the last events of a run's history, never tear it; a kill loses nothing. Nothing published depends on it.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def unhurried(folder: Path) -> Iterator[None]:
    """While the block runs, connections to SQLite databases under ``folder`` stay open, and sync seldom."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    idle: defaultdict[str, list[sqlite3.Connection]] = defaultdict(list)
    lock = threading.Lock()

    class Kept(sqlite3.Connection):
        """Waits for the next who wants its file where others close. SQLAlchemy has rolled back what was left open."""

        file: str

        def close(self) -> None:
            with lock:
                idle[self.file].append(self)

    def connect(dialect: Any, _: Any, arguments: list[Any], options: dict[str, Any]) -> sqlite3.Connection | None:
        if dialect.name != "sqlite" or not arguments or folder not in Path(file := str(arguments[0])).parents:
            return None
        with lock:
            if idle[file]:
                return idle[file].pop()
        opened: Kept = sqlite3.connect(file, **options | {"factory": Kept, "check_same_thread": False})
        opened.file = file
        opened.execute("pragma synchronous = normal")
        return opened

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)
        for connection in [one for kept in idle.values() for one in kept]:
            sqlite3.Connection.close(connection)
