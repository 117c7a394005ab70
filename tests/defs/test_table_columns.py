"""The columns that Dagster shows of the tables that Python makes are those that a night writes."""

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.defs.table_columns import load_columns


@pytest.mark.run
def test_the_declared_columns_are_those_of_the_tables_of_a_night(first_night: tuple[Home, str]) -> None:
    lake = first_night[0].lake
    found = {}
    for key in load_columns():
        rows = (
            lake / "quarantine" / "rows" / "*.parquet"
            if key == "quarantine/quarantined_rows"
            else lake / f"{key}.parquet"
        )
        described = duckdb.sql(f"describe select * from read_parquet('{rows}')").fetchall()
        found[key] = [(name, kind) for name, kind, *_ in described]
    declared = {
        key: [(column.name, column.type) for column in schema.columns] for key, schema in load_columns().items()
    }
    assert declared == found


def test_a_column_that_a_staging_model_reads_is_described_there() -> None:
    [confidence] = [each for each in load_columns()["identity/customers"].columns if each.name == "identity_confidence"]
    assert confidence.description == "How sure it is that the records are one person, 0 to 1."
