"""A folder into which an export of a system is written, and the tables that its shipped preset makes of it."""

import runpy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.lake.tables import Lake
from pipelines.presets.preset import load_preset
from pipelines.presets.recognise import recognise


@dataclass
class Export:
    """Files of one export, read by one preset and nothing else that a user would write."""

    folder: Path
    head: dict[str, Any] = field(default_factory=lambda: {"reject_limit": 1, "timezone": "Europe/Paris"})
    as_of: date = date(2026, 6, 30)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def extract(self, preset: str, table: str, files: str, **written: Any) -> Extracted:
        """The table of the ``files``, with what is ``written`` beside the preset."""
        kind = load_preset(preset).kind
        connector = {"type": "files", "root": "exports"}
        tables = {table: {"from": files, "preset": preset, **written}}
        source = {"name": "own", "kind": kind, "connector": connector, "tables": tables}
        path = self.folder / "sources.yml"
        path.write_text(yaml.safe_dump({**self.head, "sources": [source]}, allow_unicode=True), encoding="utf-8")
        return extract_table(load_sources(path), contracts.table(kind, table), self.lake, self.as_of)

    def rows(self, preset: str, table: str, files: str, *columns: str, **written: Any) -> list[tuple[Any, ...]]:
        """The rows that the preset makes, none of which may be refused, in the order of their key."""
        extracted = self.extract(preset, table, files, **written)
        assert extracted.rows_rejected == 0, self.reasons(preset, table)
        return self.frame(preset, table).select(*columns).rows()

    def frame(self, preset: str, table: str) -> pl.DataFrame:
        return self.lake.read(load_preset(preset).kind, table)

    def reasons(self, preset: str, table: str) -> list[str]:
        """Why rows went to quarantine."""
        quarantine = pl.read_parquet(self.lake.quarantine_path(load_preset(preset).kind, table))
        return quarantine["reason"].to_list()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """Writes an .xlsx, as the tests of connectors do."""
    connectors = Path(__file__).parents[2] / "extracts" / "connectors" / "conftest.py"
    return cast("Callable[..., bytes]", runpy.run_path(str(connectors))["make_workbook"])


@pytest.fixture
def recognised() -> Callable[..., str]:
    """The preset that a file with a header is taken for first; the file must lack nothing that it needs."""

    def name(header: str, delimiter: str = ",") -> str:
        found = recognise([column.strip('"') for column in header.split(delimiter)])
        assert found, "nothing"
        assert found[0].is_certain, [(each.preset.name, each.missing) for each in found[:3]]
        return found[0].preset.name

    return name
