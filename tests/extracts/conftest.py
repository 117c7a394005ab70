"""A retailer's exports in a folder: files written, a sources.yml around them, a table extracted into a lake."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.lake.tables import Lake

ORDER_COLUMNS = {
    "order_id": "id",
    "channel": "'web'",
    "fulfilment": "'delivery'",
    "status": "'paid'",
    "ordered_at": "moment",
    "total_amount": "total",
    "updated_at": "moment",
}


@dataclass
class Exports:
    """One source called `shop` over the files of a folder; `parts`, which belongs to it, fills the tables ``apart``."""

    folder: Path
    kind: str = "ecommerce"
    head: str = "reject_limit: 1\n"
    as_of: date = date(2026, 6, 30)
    apart: frozenset[str] = frozenset()
    order_columns = MappingProxyType(ORDER_COLUMNS)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def configure(self, **tables: dict[str, Any]) -> Sources:
        connector = {"type": "files", "root": "exports"}
        known = {"kind": self.kind, "connector": connector}
        own = {name: mapping for name, mapping in tables.items() if name not in self.apart}
        parts = {name: mapping for name, mapping in tables.items() if name in self.apart}
        sources = [{**known, "name": "shop", "tables": own}]
        sources += [{**known, "name": "parts", "belongs_to": "shop", "tables": parts}] if parts else []
        path = self.folder / "sources.yml"
        path.write_text(self.head + yaml.safe_dump({"sources": sources}, allow_unicode=True), encoding="utf-8")
        return load_sources(path)

    def extract(self, table: str, mapping: dict[str, Any]) -> Extracted:
        return extract_table(
            self.configure(**{table: mapping}), contracts.table(self.kind, table), self.lake, self.as_of
        )

    def extract_orders(self, **mapping: Any) -> Extracted:
        return self.extract("orders", {"from": "orders*", "columns": {**ORDER_COLUMNS}, **mapping})

    def rows(self, table: str = "orders") -> pl.DataFrame:
        return self.lake.read(self.kind, table)

    def quarantine(self, table: str = "orders") -> pl.DataFrame:
        return pl.read_parquet(self.lake.quarantine_path(self.kind, table))


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)
