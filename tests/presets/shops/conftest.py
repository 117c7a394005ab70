"""Exports as systems write them, in a folder, and what becomes of them by their presets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import SourceCounts
from pipelines.lake.tables import Lake
from pipelines.presets.preset import load_preset


@dataclass
class Exported:
    """A folder of exports. Each table is read by the preset alone, as somebody does who writes no SQL."""

    folder: Path
    currency: str = "EUR"
    as_of: date = date(2026, 6, 30)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def write(self, name: str, text: str, encoding: str = "utf-8") -> None:
        path = self.folder / "exports" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode(encoding))

    def read(self, preset: str, table: str, files: str, **beside: Any) -> list[dict[str, Any]]:
        """The rows of ``table`` in the order of its key, as the preset makes them of ``files``."""
        self.extract(preset, table, files, **beside)
        return self.rows(preset, table).rows(named=True)

    def extract(self, preset: str, table: str, files: str, **beside: Any) -> SourceCounts:
        """What became of the rows."""
        kind = load_preset(preset).kind
        source = {
            "name": "shop",
            "kind": kind,
            "connector": {"type": "files", "root": "exports"},
            "tables": {table: {"from": files, "preset": preset, **beside}},
        }
        path = self.folder / "sources.yml"
        written = {"reject_limit": 1, "currency": self.currency, "sources": [source]}
        path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
        sources = load_sources(path)
        return extract_table(sources, contracts.table(kind, table), self.lake, self.as_of).per_source["shop"]

    def rows(self, preset: str, table: str) -> pl.DataFrame:
        return self.lake.read(load_preset(preset).kind, table)

    def quarantine(self, preset: str, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.lake.quarantine_path(load_preset(preset).kind, table))


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    return Exported(tmp_path)


@pytest.fixture(scope="module")
def exported_once(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A folder that the tests of a module share, who only look at what becomes of it."""
    return Exported(tmp_path_factory.mktemp("exports"))


def _pick(rows: Sequence[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    """The values of ``columns``, an amount as the text of it."""

    def show(value: object) -> object:
        return f"{value:f}" if isinstance(value, Decimal) else value

    return [tuple(show(row[column]) for column in columns) for row in rows]


@pytest.fixture(scope="session")
def pick() -> Any:
    return _pick
