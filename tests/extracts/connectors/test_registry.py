"""A second connector, which reads a table of a SQLite database, through the same extract as files."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import contracts
from pipelines.config.connectors import Connector, Source, TableMapping
from pipelines.config.environment_text import FromEnvironment
from pipelines.config.source_models import SOURCE_MODELS
from pipelines.config.sources import load_sources
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.connectors.registry import CONNECTORS

SOURCES = """
sources:
  - name: till
    kind: pos
    connector: {type: sqlite, database: till.db}
    tables:
      stores:
        from: shops
        where: "not is_closed"
        options: {nulls: ["?"]}
        columns: {store_id: code}
      stockouts: {from: missing}
"""


class SqliteConnector(Connector):
    database: FromEnvironment


class SqliteSource(Source):
    connector: SqliteConnector


class FetchedRows:
    """The rows of a database table, fetched into one Parquet file."""

    def __init__(self, frame: pl.DataFrame, table: str, scratch: Path) -> None:
        self._parquet, self._table = scratch / "fetched.parquet", table
        frame.write_parquet(self._parquet)
        self.columns = tuple(frame.columns)
        self.lacking: dict[str, list[str]] = {}
        self.files = (table,)
        self.paths = (self._parquet,)
        self.shapes, self.is_whole = (), True
        self.malformed = scratch / "malformed.jsonl"

    def select(self, *, numbered: bool) -> str:
        rows = f"read_parquet('{self._parquet}', file_row_number = true)"
        numbers = ', 0 as _file_number, file_row_number + 1 as "_row"' if numbered else ""
        return f"select * exclude (file_row_number), '{self._table}' as _file{numbers} from {rows}"

    def find_changed(self) -> list[str]:
        return []

    def set_aside_malformed(self) -> bool:
        return False

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:  # noqa: ARG002
        return {}


def open_rows(
    connector: SqliteConnector, mapping: TableMapping, base: Path, scratch: Path, most: int | None = None
) -> FetchedRows:
    with sqlite3.connect(connector.database.resolve_path(base)) as database:
        try:
            found = database.execute(f"select * from {mapping.from_}")
        except sqlite3.OperationalError as fault:
            raise ExtractError(f"`from` names {mapping.from_}: {fault}.") from None
        names = [column[0] for column in found.description]
        frame = pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None)
    database.close()
    return FetchedRows(frame, mapping.from_, scratch)


@pytest.fixture(autouse=True)
def sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCE_MODELS, "sqlite", SqliteSource)
    monkeypatch.setitem(CONNECTORS, "sqlite", open_rows)


def configure(exports: Any) -> Any:
    with sqlite3.connect(exports.folder / "till.db") as database:
        database.execute("create table shops (code text, name text, city text, latitude real, is_closed integer)")
        database.executemany(
            "insert into shops values (?, ?, ?, ?, ?)",
            [
                ("S2", "Lille", "Lille", 50.6, 0),
                ("S1", "Lyon", "?", 45.7, 0),
                ("S3", None, "Nice", 43.7, 0),
                ("S4", "Metz", "Metz", 49.1, 1),
            ],
        )
    database.close()
    path = exports.folder / "sources.yml"
    path.write_text("reject_limit: 1" + SOURCES, encoding="utf-8")
    return load_sources(path)


def test_a_source_is_read_by_the_connector_that_its_type_names(exports: Any) -> None:
    sources = configure(exports)
    extracted = extract_table(sources, contracts.table("pos", "stores"), exports.lake, exports.as_of)
    stores = exports.lake.read("pos", "stores").select("source", "store_id", "name", "city", "latitude")
    assert stores.rows() == [("till", "S1", "Lyon", None, 45.7), ("till", "S2", "Lille", "Lille", 50.6)]
    assert (extracted.rows_read, extracted.rows_filtered, extracted.rows_rejected) == (4, 1, 1)
    assert extracted.files_read == ("till: shops",)
    exports.kind = "pos"
    [reject] = exports.quarantine("stores").rows(named=True)
    assert (reject["file"], reject["line"], reject["reason"]) == ("shops", None, "name is missing")


def test_a_fault_of_a_connector_is_placed_in_sources_yml(exports: Any) -> None:
    sources = configure(exports)
    with pytest.raises(ExtractError) as raised:
        extract_table(sources, contracts.table("pos", "stockouts"), exports.lake, exports.as_of)
    assert "source till, table pos/stockouts: `from` names missing" in str(raised.value)


def test_a_type_that_sources_may_name_has_something_that_reads_it() -> None:
    assert set(CONNECTORS) == set(SOURCE_MODELS)
