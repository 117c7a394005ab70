"""Dagster's run records, kept in SQLite: written without opening the file, or waiting for the disk, at every event.

Dagster makes an engine of SQLAlchemy's anew, several times, for each of some thousand events of a run: the engine opens
the database and turns the same dozen statements into SQL; SQLite then reads its schema, syncs it to the disk at each
commit and tidies up at each close. Connections that stay open, and statements that are kept, save that. A power cut may
then lose the last events of a run's history, never tear it; a kill loses nothing. Nothing published depends on it.
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


class AlikeDialect(SQLiteDialect_pysqlite):
    """SQLite as every engine speaks it: what one of them made of a statement serves the others."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class KeptConnection(sqlite3.Connection):
    """Waits for the next who wants its file where others close. SQLAlchemy has rolled back what was left open."""

    keep: Callable[["KeptConnection"], None]

    def close(self) -> None:
        self.keep(self)


@dataclass
class Shelf:
    """The open connections to databases under ``folder`` that nobody uses at the moment, by file."""

    folder: Path
    idle: defaultdict[str, list[KeptConnection]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, dialect: Dialect, _: Any, arguments: list[Any], options: dict[str, Any]) -> KeptConnection | None:
        """A connection where SQLAlchemy is about to make one; None where it shall make its own."""
        if dialect.name != "sqlite" or not arguments or self.folder not in Path(file := str(arguments[0])).parents:
            return None
        with self.lock:
            if self.idle[file]:
                return self.idle[file].pop()
        opened: KeptConnection = sqlite3.connect(
            file, **options | {"factory": KeptConnection, "check_same_thread": False}
        )
        opened.keep = partial(self._keep, file)
        opened.execute("pragma synchronous = normal")
        return opened

    def _keep(self, file: str, connection: KeptConnection) -> None:
        with self.lock:
            self.idle[file].append(connection)

    def clear(self) -> None:
        for connection in [one for kept in self.idle.values() for one in kept]:
            sqlite3.Connection.close(connection)


_AT_WORK: set[Path] = set()


@contextmanager
def pooled_sqlite(folder: Path) -> Iterator[None]:
    """While the block runs, connections to SQLite databases under ``folder`` stay open, and sync seldom.

    A block within another one for the same folder changes nothing.
    """
    if folder in _AT_WORK:
        yield
        return
    shelf, statements = Shelf(folder), dict[Any, Any]()

    def share(connection: Connection) -> None:
        if isinstance(connection.dialect, AlikeDialect):
            connection.execution_options(compiled_cache=statements)

    if not _AT_WORK:
        registry.register("sqlite", __name__, AlikeDialect.__name__)
    _AT_WORK.add(folder)
    event.listen(Engine, "do_connect", shelf.connect)
    event.listen(Engine, "engine_connect", share)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", share)
        event.remove(Engine, "do_connect", shelf.connect)
        _AT_WORK.remove(folder)
        if not _AT_WORK:
            registry.deregister("sqlite")
        shelf.clear()
