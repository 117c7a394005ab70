"""Dagster's run records, kept in SQLite: written without opening the file, or waiting for the disk, at every event.

Dagster makes an engine of SQLAlchemy's anew, several times, for each of some thousand events of a run: the engine opens
the database and turns the same dozen statements into SQL; SQLite then reads its schema, syncs it to the disk at each
commit and tidies up at each close. Connections that stay open, and statements that are kept, save that. A power cut may
then lose the last events of a run's history, never tear it; a kill loses nothing. Nothing published depends on it.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine


class AlikeDialect(SQLiteDialect_pysqlite):
    """SQLite as every engine speaks it: what one of them made of a statement serves the others."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


_AT_WORK: set[Path] = set()


@contextmanager
def unhurried(folder: Path) -> Iterator[None]:
    """While the block runs, connections to SQLite databases under ``folder`` stay open, and sync seldom.

    A block within another one for the same folder changes nothing.
    """
    if folder in _AT_WORK:
        yield
        return
    idle: defaultdict[str, list[sqlite3.Connection]] = defaultdict(list)
    statements: dict[Any, Any] = {}
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

    def share(connection: Connection) -> None:
        if isinstance(connection.dialect, AlikeDialect):
            connection.execution_options(compiled_cache=statements)

    if not _AT_WORK:
        registry.register("sqlite", __name__, AlikeDialect.__name__)
    _AT_WORK.add(folder)
    event.listen(Engine, "do_connect", connect)
    event.listen(Engine, "engine_connect", share)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", share)
        event.remove(Engine, "do_connect", connect)
        _AT_WORK.remove(folder)
        if not _AT_WORK:
            registry.deregister("sqlite")
        for connection in [one for kept in idle.values() for one in kept]:
            sqlite3.Connection.close(connection)
