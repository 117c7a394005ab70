"""The published file opens in the DuckDB that analysts' tools are built on, years older than the one that writes it."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from pipelines.config.home import Home

AskOldest = Callable[[Path, Sequence[str]], list[list[list[str]]]]


def test_every_mart_reads_the_same_in_the_oldest_client(
    first_night: tuple[Home, str], ask_oldest_client: AskOldest
) -> None:
    home, _ = first_night
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
        ).fetchall()
        queries = [f"select * from marts.{mart} order by all limit 500" for (mart,) in marts]
        expected = [
            [[str(value) for value in row] for row in connection.execute(query).fetchall()] for query in queries
        ]
    assert len(queries) > 30
    for (mart,), told, right in zip(marts, ask_oldest_client(home.warehouse, queries), expected, strict=True):
        assert told == right, mart


def test_the_newest_client_of_node_reads_every_column(first_night: tuple[Home, str], node_client: Path) -> None:
    home, _ = first_night
    query = "select table_name, column_name from information_schema.columns where table_schema = 'marts' order by all"
    asked = subprocess.run(
        ["node", node_client / "ask.mjs", home.warehouse, query], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        columns = connection.execute(query).fetchall()
    assert [tuple(row) for row in json.loads(asked.stdout)] == columns
