"""What the parts of a home take: every byte of its own once, and nothing of what others have put there."""

import os
from pathlib import Path

from pipelines.config.home_sizes import measure_home


def lay_down(root: Path, name: str, size: int) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    return file


def test_each_file_counts_in_its_part_and_that_of_two_names_once(tmp_path: Path) -> None:
    published = lay_down(tmp_path, "warehouse.duckdb", 100)
    os.link(published, tmp_path / "warehouse.previous.duckdb")
    lay_down(tmp_path, "lake/crm/contacts.parquet", 10)
    lay_down(tmp_path, "lake/state/ledger/map.arrow", 7)
    lay_down(tmp_path, "build/dbt/run/model.sql", 3)
    lay_down(tmp_path, "photographs/of/holidays", 1000)
    (tmp_path / "logs").symlink_to(tmp_path / "nowhere")
    expected = {"published": 100, "previous": 0, "lake": 10, "state": 7, "build": 3, "pages": 0, "records": 0}
    assert measure_home(tmp_path) == expected


def test_a_home_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert set(measure_home(tmp_path / "none").values()) == {0}
