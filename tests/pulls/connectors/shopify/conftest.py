"""A retailer whose shop is one of Shopify's, five lines of sources.yml over it, nights of pulls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.connectors.landed import select_live
from pipelines.lake.landed import read_landed
from pipelines.lake.tables import Lake
from pipelines.pulls.pull import Outcome, Settings, pull_sources
from tests.pulls.connectors.shopify.server import TOKEN, ShopifyServer, serve


@dataclass
class Shop:
    """A source called `shop`, and a home that its rows are pulled into."""

    server: ShopifyServer
    folder: Path
    connector: dict[str, Any] = field(default_factory=lambda: {"token": "${SHOP_TOKEN}"})
    more: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def landed(self) -> Path:
        return self.folder / "lake" / "landed" / "shop"

    def configure(self) -> Sources:
        source = {
            "name": "shop",
            "kind": "ecommerce",
            "connector": {
                "type": "shopify",
                "shop": "ada.myshopify.com",
                "address": f"http://127.0.0.1:{self.server.port}",
                "wait_seconds": 0,
                **self.connector,
            },
            **self.more,
        }
        path = self.folder / "sources.yml"
        path.write_text("reject_limit: 1\n" + yaml.safe_dump({"sources": [source]}), encoding="utf-8")
        return load_sources(path)

    def pull(self, *, full: bool = False, **more: Any) -> dict[str, Outcome]:
        """A night; the next begins a day later."""
        self.server.pages.clear()
        settings = Settings(self.folder, full=full, say=self.said.append, wait=self.server.sleep, **more)
        outcomes = {each.name: each for each in pull_sources(self.configure(), self.lake, settings)}
        self.server.now += timedelta(days=1)
        return outcomes

    def read(self, name: str) -> pl.DataFrame:
        """What is live of a pull, in order."""
        landed = read_landed(self.landed)
        table = landed.tables[name]
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            found = connection.sql(select_live(table, landed.folder(name), list(table.columns)))
            frame = pl.from_arrow(found.to_arrow_table())
            assert isinstance(frame, pl.DataFrame)
            return frame.sort("id")

    def read_all(self) -> dict[str, pl.DataFrame]:
        return {name: self.read(name) for name in read_landed(self.landed).tables}

    def extract(self, table: str) -> pl.DataFrame:
        extract_table(self.configure(), contracts.table("ecommerce", table), self.lake, date(2026, 6, 30))
        return self.lake.read("ecommerce", table)


@pytest.fixture
def api() -> Iterator[ShopifyServer]:
    with serve(ShopifyServer()) as server:
        yield server


@pytest.fixture
def shop(api: ShopifyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    monkeypatch.setattr("pipelines.pulls.web.client.sleep", api.sleep)
    monkeypatch.setattr("pipelines.pulls.web.client.PATIENCE", (2.0, 0.3))
    return Shop(api, tmp_path)


def fill(server: ShopifyServer, orders: int = 60) -> None:
    """Some customers, orders of three days, refunds and products."""
    server.now -= timedelta(days=3)
    for number in range(1, orders + 1):
        if number % (orders // 3 or 1) == 0:
            server.now += timedelta(days=1)
        server.add_customer(number, state=("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED")[number % 3])
        server.add_order(number, lines=1 + number % 3, price=f"{number}.25")
    for number in (7, 8):
        server.add_product(number)
    server.add_refund(3, 300, amount="3.25")
    server.now += timedelta(hours=12)
