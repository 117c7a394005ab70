"""A retailer whose shop stands in a database: a server of each kind, a sources.yml over it, nights of pulls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.connectors import PulledSource
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Outcome, Settings
from tests.database_servers import SERVERS, Server, SqlServer

ORDERS = {
    "postgresql": "create table orders (id bigint primary key, buyer text, placed timestamptz, total numeric(12, 2), "
    "changed timestamptz)",
    "mariadb": "create table orders (id bigint primary key, buyer text, placed timestamp null, total decimal(12, 2), "
    "changed timestamp(6) null)",
    "mssql": "create table orders (id bigint primary key, buyer nvarchar(50), placed datetimeoffset, "
    "total decimal(12, 2), changed datetimeoffset)",
}
COLUMNS = {
    "order_id": "id",
    "channel": "'web'",
    "fulfilment": "'delivery'",
    "status": "'paid'",
    "ordered_at": "placed",
    "total_amount": "total",
    "updated_at": "changed",
}
INCREMENTAL = {"key": "id", "cursor": "changed", "day": "placed", "amounts": "total"}


@dataclass
class Shop:
    """A source called `shop` over one server, and a home that its rows are pulled into."""

    server: Server | SqlServer
    folder: Path
    connector: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def landed(self) -> Path:
        return self.folder / "lake" / "landed" / "shop"

    def make_orders(self, *rows: str) -> None:
        """The table `orders`, anew, with rows such as ``1, 'Ada', '2026-01-01 10:00:00', 12.50, null``."""
        self.server.run("drop table if exists orders", ORDERS[self.server.type])
        self.add(*rows)

    def add(self, *rows: str) -> None:
        if rows:
            self.server.run(f"insert into orders values {', '.join(f'({row})' for row in rows)}")

    def configure(self, pulls: dict[str, Any] | None = None, tables: dict[str, Any] | None = None) -> Sources:
        source = {
            "name": "shop",
            "kind": "ecommerce",
            "connector": {**self.server.connector, **self.connector},
            "pulls": {"orders": INCREMENTAL} if pulls is None else pulls,
            "tables": tables or {"orders": {"from": "orders", "columns": COLUMNS}},
        }
        path = self.folder / "sources.yml"
        path.write_text("reject_limit: 1\n" + yaml.safe_dump({"sources": [source]}), encoding="utf-8")
        return load_sources(path)

    def pull(self, pulls: dict[str, Any] | None = None, *, full: bool = False, **more: Any) -> list[Outcome]:
        sources = self.configure(pulls, more.pop("tables", None))
        assert all(isinstance(source, PulledSource) for source in sources.sources)
        settings = Settings(self.folder, full=full, say=self.said.append, wait=lambda _: None, **more)
        return pull_sources(sources, self.lake, settings)

    def extract(self, pulls: dict[str, Any] | None = None) -> pl.DataFrame:
        extract_table(self.configure(pulls), contracts.table("ecommerce", "orders"), self.lake, date(2026, 6, 30))
        return self.lake.read("ecommerce", "orders")


@pytest.fixture(scope="session", params=list(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[Server | SqlServer]:
    with SERVERS[request.param]() as started:
        yield started


@pytest.fixture
def shop(server: Server | SqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Shop(server, tmp_path)
