"""What is told of a table while the extracts of a run are at work."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.defs import extract_pace
from pipelines.defs.extract_pace import Pace, pace_of
from pipelines.extracts.counts import Extracted
from pipelines.lake.tables import Lake

SOURCES = """
sources:
  - name: till
    kind: pos
    connector: {type: files, root: .}
    tables:
      stores: {from: "stores*.csv"}
      stockouts: {from: stockouts.csv}
"""
STORES = contracts.table("pos", "stores")


@pytest.fixture
def pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pace:
    monkeypatch.setattr(extract_pace, "MB", 10)
    monkeypatch.setattr(extract_pace, "LEAST", 0)
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    for name in ("stores_1.csv", "stores_2.csv", "stockouts.csv"):
        (tmp_path / name).write_text("1234567890\n", encoding="utf-8")
    return pace_of(load_sources(tmp_path / "sources.yml"), Lake(tmp_path / "lake"), str(tmp_path))


def test_a_table_is_told_with_its_files_before_and_its_rows_and_what_is_left_after(pace: Pace) -> None:
    said: list[str] = []
    with pace.reading(STORES, said.append):
        pass
    said.append(pace.tell(STORES, Extracted(STORES)))
    assert said[0] == "pos/stores: 2 files, 2.2 MB"
    assert said[1].startswith("pos/stores: 0 rows read in 0.0 s; about ")


def test_a_table_that_was_kept_is_told_as_unchanged(pace: Pace) -> None:
    assert pace.tell(STORES, replace(Extracted(STORES), is_unchanged=True)) == (
        "pos/stores: unchanged, 0 rows kept from an earlier run"
    )
