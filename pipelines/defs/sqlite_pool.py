"""Dagster's run records in SQLite, written through pooled connections: docs/adr/0010 says why, and what it saves.

Dagster makes a new SQLAlchemy engine, several times, for each of some thousand events of a run: the engine opens the
database and compiles the same dozen statements; SQLite then reads the schema, syncs each commit to disk and cleans up
at each close. Connections that stay open and a shared statement cache save that. A power cut may then lose the last
events of a run's history, but not corrupt it; a kill loses nothing. Nothing published depends on it.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine


class SharedDialect(SQLiteDialect_pysqlite):
    """SQLite's dialect, equal to any other instance of itself: the statements one engine compiled serve all others."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class PooledConnection(sqlite3.Connection):
    """Goes back to the pool where others close. SQLAlchemy has rolled back its open transaction by then."""

    give_back: Callable[["PooledConnection"], None]

    def close(self) -> None:
        self.give_back(self)


@dataclass
class Pool:
    """The open connections to databases under ``folder`` that are not in use, by file."""

    folder: Path
    idle: defaultdict[str, list[PooledConnection]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(
        self, dialect: Dialect, _: Any, arguments: list[Any], options: dict[str, Any]
    ) -> PooledConnection | None:
        """The answer to SQLAlchemy's ``do_connect``: a connection, or None for SQLAlchemy to make one itself."""
        if dialect.name != "sqlite" or not arguments or self.folder not in Path(file := str(arguments[0])).parents:
            return None
        with self.lock:
            if self.idle[file]:
                return self.idle[file].pop()
        opened: PooledConnection = sqlite3.connect(
            file, **options | {"factory": PooledConnection, "check_same_thread": False}
        )
        opened.give_back = partial(self._take_back, file)
        opened.execute("pragma synchronous = normal")
        return opened

    def _take_back(self, file: str, connection: PooledConnection) -> None:
        with self.lock:
            self.idle[file].append(connection)

    def clear(self) -> None:
        for connection in [one for kept in self.idle.values() for one in kept]:
            sqlite3.Connection.close(connection)


_POOLED_FOLDERS: set[Path] = set()


@contextmanager
def pooled_sqlite(folder: Path) -> Iterator[None]:
    """While the block runs, connections to SQLite databases under ``folder`` are pooled, and sync at checkpoints only.

    Nested blocks for the same folder share the outermost one's pool.
    """
    if folder in _POOLED_FOLDERS:
        yield
        return
    pool, statements = Pool(folder), dict[Any, Any]()

    def share(connection: Connection) -> None:
        if isinstance(connection.dialect, SharedDialect):
            connection.execution_options(compiled_cache=statements)

    if not _POOLED_FOLDERS:
        registry.register("sqlite", __name__, SharedDialect.__name__)
    _POOLED_FOLDERS.add(folder)
    event.listen(Engine, "do_connect", pool.connect)
    event.listen(Engine, "engine_connect", share)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", share)
        event.remove(Engine, "do_connect", pool.connect)
        _POOLED_FOLDERS.remove(folder)
        if not _POOLED_FOLDERS:
            registry.deregister("sqlite")
        pool.clear()
