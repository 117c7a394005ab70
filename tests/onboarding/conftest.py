"""A folder of exports, the command on it, and what an extract makes of the file that it writes."""

import importlib.util
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest

from pipelines import contracts
from pipelines.cli.main import main
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.lake.tables import Lake

AS_OF = date(2026, 3, 1)


def _load_workbook_maker() -> Callable[..., bytes]:
    """The maker of workbooks that the tests of the spreadsheet reader have."""
    path = Path(__file__).parents[1] / "extracts" / "connectors" / "conftest.py"
    spec = importlib.util.spec_from_file_location("workbooks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    maker: Callable[..., bytes] = module.make_workbook
    return maker


class Onboarding:
    """A folder of exports, to be looked at by ``parcours init``."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = root / "exports"
        self.folder.mkdir()
        self.file = self.folder / "sources.yml"
        self.lake = Lake(root / "lake")
        self.said = ""
        self.capsys = capsys

    def write(self, name: str, content: str | bytes, encoding: str = "utf-8") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))

    def write_workbook(self, name: str, sheets: dict[str, list[list[Any]]]) -> None:
        self.write(name, _load_workbook_maker()(sheets))

    def init(self, *options: object, expect: int = 0) -> str:
        """Runs the command; the text of the file. What was said stands in ``said``."""
        code = main(["init", str(self.folder), *map(str, options)])
        captured = self.capsys.readouterr()
        self.said = captured.out + captured.err
        assert code == expect, self.said
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""

    def load(self) -> Sources:
        return load_sources(self.file)

    def extract(self, path: str) -> Extracted:
        """What an extract of ``<kind>/<table>`` counts."""
        return extract_table(self.load(), contracts.table(*path.split("/")), self.lake, AS_OF)  # type: ignore[arg-type]

    def rows(self, path: str, *columns: str, rejected: int = 0) -> list[tuple[Any, ...]]:
        """The rows of ``<kind>/<table>`` as the written file gives them; times are texts."""
        extracted = self.extract(path)
        assert extracted.rows_rejected == rejected, extracted.reasons
        kind, name = path.split("/")
        frame = pl.read_parquet(self.lake.path(kind, name))
        return frame.select(columns).with_columns(cs.datetime().dt.to_string("%Y-%m-%d %H:%M:%S")).rows()

    def columns(self, path: str) -> dict[str, str | None]:
        """What the first source that fills a table maps its columns to."""
        sources = self.load()
        source = sources.feeding(contracts.table(*path.split("/")))[0]  # type: ignore[arg-type]
        return dict(source.tables[path.split("/")[1]].columns)


@pytest.fixture
def onboarding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Onboarding:
    return Onboarding(tmp_path, capsys)
