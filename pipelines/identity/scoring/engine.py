"""The engine on which profiles are compared: its tables, SQL over them, and Splink's access to it."""

from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import polars as pl
from splink import DuckDBAPI

from pipelines.identity.model.dialects import WRITTEN_IN


class Engine(Protocol):
    """What a linker asks of an engine. Queries are in DuckDB's dialect; another engine translates them."""

    @property
    def dialect(self) -> str:
        """The dialect of its SQL, as Splink and sqlglot call it."""

    def open_splink(self) -> Any:
        """Splink's database API over the tables of this engine, in which nothing is registered under a name yet."""

    def load(self, table: str, rows: pl.DataFrame) -> None:
        """Makes, or makes anew, a table of ``rows``."""

    def make(self, table: str, query: str) -> None:
        """Makes, or makes anew, a table of what ``query`` returns."""

    def read(self, query: str) -> pl.DataFrame:
        """What ``query`` returns."""


@dataclass(frozen=True)
class DuckDBEngine:
    """DuckDB, through a connection that this engine alone uses."""

    connection: duckdb.DuckDBPyConnection
    dialect: str = WRITTEN_IN

    def open_splink(self) -> DuckDBAPI:
        return DuckDBAPI(self.connection)

    def load(self, table: str, rows: pl.DataFrame) -> None:
        self.connection.register("rows_to_load", rows.to_arrow(compat_level=pl.CompatLevel.newest()))
        self.make(table, "select * from rows_to_load")
        self.connection.unregister("rows_to_load")

    def make(self, table: str, query: str) -> None:
        self.connection.execute(f"create or replace table {table} as {query}")

    def read(self, query: str) -> pl.DataFrame:
        frame: pl.DataFrame = pl.from_arrow(self.connection.sql(query).to_arrow_table())  # type: ignore[assignment]
        return frame
