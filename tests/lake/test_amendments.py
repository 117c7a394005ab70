"""A table that is amended is what it would be, had it been written anew; most nights, little of it is written."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.lake import tables as lake_module
from pipelines.lake.tables import Lake

NAME = ("identity", "people")


def people(**names: str) -> pl.DataFrame:
    rows = {"id": list(names), "name": list(names.values()), "length": [len(name) for name in names.values()]}
    return pl.DataFrame(rows, schema={"id": pl.String, "name": pl.String, "length": pl.Int64})


def ids(*names: str) -> pl.Series:
    return pl.Series("id", names, dtype=pl.String)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(lake_module, "MAX_AMENDED_SHARE", 10.0)  # These tables are small: they would be written anew.
    return Lake(tmp_path)


def test_rows_come_change_and_go(lake: Lake) -> None:
    lake.write_amendable(*NAME, people(a="Ana", b="Bea", d="Dora"))
    assert lake.read(*NAME).equals(people(a="Ana", b="Bea", d="Dora"))
    lake.amend(*NAME, people(b="Beata", c="Cleo"), ids("d"))
    assert lake.read(*NAME).equals(people(a="Ana", b="Beata", c="Cleo"))
    lake.amend(*NAME, people(d="Dorothée"), ids("a", "c"))
    assert lake.read(*NAME).equals(people(b="Beata", d="Dorothée"))


def test_random_nights_end_where_tables_written_anew_do(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "MAX_AMENDED_SHARE", 0.5)
    rng = np.random.default_rng(5)
    everyone = {f"{number:03}": "first" for number in range(60)}
    lake.write_amendable(*NAME, people(**everyone))
    for night in range(40):
        came, went = (rng.choice(90, 4, replace=False) for _ in range(2))
        news = {f"{number:03}": f"night {night}" for number in sorted(came)}
        gone = {f"{number:03}" for number in went} - set(news)
        everyone = {key: name for key, name in sorted((everyone | news).items()) if key not in gone}
        lake.amend(*NAME, people(**news), ids(*sorted(gone)))
        assert lake.read(*NAME).equals(people(**everyone)), f"night {night}"


def test_only_amendments_are_written_until_they_are_many(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "MAX_AMENDED_SHARE", 0.05)
    lake.write_amendable(*NAME, people(**{f"{number:03}": "first" for number in range(100)}))
    written = lake.path(*NAME).stat().st_ino
    lake.amend(*NAME, people(**{f"{number:03}": "second" for number in range(5)}), ids())
    assert lake.path(*NAME).stat().st_ino == written
    lake.amend(*NAME, people(), ids("007"))
    assert lake.path(*NAME).stat().st_ino != written, "six of a hundred are more than 5%"
    assert pl.read_parquet(lake.amendments_path(*NAME)).is_empty()
    assert lake.read(*NAME).height == 99


def test_columns_rows_and_counts_can_be_asked_for_alone(lake: Lake) -> None:
    lake.write_amendable(*NAME, people(a="Ana", b="Bea"))
    lake.amend(*NAME, people(b="Beata", c="Cleo"), ids("a"))
    table = lake.scan(*NAME)
    assert table.select("length").collect()["length"].to_list() == [5, 4]
    assert table.select(pl.len()).collect().item() == 2
    assert table.filter(pl.col("name") == "Bea").collect().is_empty()
    assert table.filter(pl.col("id").is_in(["a", "c"])).select("name").collect()["name"].to_list() == ["Cleo"]


def test_a_table_written_anew_forgets_its_amendments(lake: Lake) -> None:
    lake.write_amendable(*NAME, people(a="Ana"))
    lake.amend(*NAME, people(a="Anna"), ids())
    lake.write(*NAME, people(a="Ava"))
    assert lake.read(*NAME).equals(people(a="Ava"))
    assert lake.files(*NAME) == [lake.path(*NAME)]
