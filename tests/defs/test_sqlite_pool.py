"""Dagster's records are written by connections that stay open while a night runs, and by no others."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, create_engine, event, insert, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from pipelines.defs.sqlite_pool import pooled_sqlite

FULL, NORMAL = 2, 1


def visit(file: Path) -> tuple[int, sqlite3.Connection]:
    """As Dagster does, by an engine of its own: how thoroughly SQLite syncs, and the connection that was used."""
    with create_engine(f"sqlite:///{file}", poolclass=NullPool).connect() as connection:
        used = connection.connection.dbapi_connection
        assert isinstance(used, sqlite3.Connection)
        return int(connection.execute(text("pragma synchronous")).scalar_one()), used


def test_engines_of_one_folder_share_a_connection_until_the_outermost_block_ends(tmp_path: Path) -> None:
    (tmp_path / "dagster").mkdir()
    ours, other = tmp_path / "dagster" / "runs.db", tmp_path / "other.db"
    with pooled_sqlite(tmp_path / "dagster"):
        first = visit(ours)
        with pooled_sqlite(tmp_path / "dagster"), pooled_sqlite(tmp_path / "elsewhere"):
            assert visit(ours) == first
        assert visit(ours) == first
        assert first[0] == NORMAL
        assert (visit(other)[0], visit(other)[1] is visit(other)[1]) == (FULL, False)
    assert visit(ours)[0] == FULL
    assert type(create_engine("sqlite://").dialect).__module__.startswith("sqlalchemy.")


def test_a_statement_is_turned_into_sql_once_for_all_engines_of_a_folder(tmp_path: Path) -> None:
    events = Table("events", MetaData(), Column("number", Integer))
    executed: list[Any] = []

    def note(*arguments: Any) -> None:
        executed.append(arguments[4].compiled)

    def write_and_read(number: int) -> list[Any]:
        engine = create_engine(f"sqlite:///{tmp_path / 'runs.db'}", poolclass=NullPool)
        events.metadata.create_all(engine)
        executed.clear()
        with engine.begin() as connection:
            connection.execute(insert(events).values(number=number))
            assert connection.execute(select(events.c.number)).scalars().all() == list(range(number + 1))
        return list(executed)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pooled_sqlite(tmp_path):
            first, *later = [write_and_read(number) for number in range(3)]
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(first) == 2
    assert all(now is then for again in later for now, then in zip(again, first, strict=True))
