"""Every row is accounted for, whatever stands in it, and what is kept can be true."""

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)
END_OF_DAY = datetime(2026, 2, 28, 23, 0)  # noqa: DTZ001 - of Paris, as the lake holds it.
EARLIEST = datetime(1989, 12, 31, 23, 0)  # noqa: DTZ001

BROKEN = (
    "", " ", "NULL", "nan", "NaN", "inf", "-infinity", "1e308", "-1e308", "1e400", "-0", "0", "-1", "-7.25", "3,5",
    "1.234.567", "1 000", "12.50 €", "50%", "0x1F", "9223372036854775808", "-9223372036854775809",
    "99999999999999999.99", "3760123456789", "45678",
    "0000-00-00", "0000-05-02", "0001-01-01", "1753-01-01", "1899-12-30", "1900-01-01",
    "1970-01-01T00:00:00Z", "2026-02-28T23:30:00Z", "2026-03-01", "2038-01-19 03:14:07", "2062-01-01", "9999-12-31",
    "9999-12-31 23:59:59", "+10000-01-01", "294247-01-10", "2026-02-31", "31/02/2025", "12/05/53", "P1D", "01:30:00",
    "1700000000", "1700000000000", "infinity", "epoch", "today", "oui", "peut-être", "[deleted]", "a'b\"c", "💥", "\t",
)  # fmt: skip
GOOD = {
    "text": ("a", "b", "c"),
    "integer": ("1", "2", "12"),
    "number": ("1", "4.5"),
    "quantity": ("1", "1.5", "-2"),
    "money": ("10.00", "19.9"),
    "price": ("9.99", "0.0014"),
    "boolean": ("true", "false"),
    "date": ("2026-01-10", "1990-01-01", "2026-02-28"),
    "timestamp": ("2026-01-10 10:00", "2026-02-28T22:59:59Z", "2025-06-01T10:00:00+02:00"),
}


def values_of(column: contracts.Column) -> st.SearchStrategy[str]:
    usual = column.values or GOOD[column.type]
    return st.one_of(st.sampled_from(usual), st.sampled_from(usual), st.sampled_from(usual), st.sampled_from(BROKEN))


def rows_of(table: contracts.Table) -> st.SearchStrategy[list[tuple[str, ...]]]:
    return st.lists(st.tuples(*map(values_of, table.columns)), min_size=10, max_size=40)


def write_source(folder: Path, table: contracts.Table, rows: list[tuple[str, ...]]) -> Path:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([[column.name for column in table.columns], *rows])
    (folder / "in.csv").write_text(written.getvalue(), encoding="utf-8")
    source = {"name": "x", "kind": table.kind, "connector": {"type": "files", "root": "."}}
    source["tables"] = {table.name: {"from": "in.csv"}}
    (folder / "sources.yml").write_text(yaml.safe_dump({"reject_limit": 1, "sources": [source]}), encoding="utf-8")
    return folder / "sources.yml"


def check_times(kept: pl.DataFrame, table: contracts.Table) -> None:
    for column in table.columns:
        if column.type == "date" and column.limit != "birth_date" and column.least is None:
            assert kept[column.name].drop_nulls().is_between(date(1990, 1, 1), AS_OF).all(), column.name
        elif column.type == "date":
            assert (kept[column.name].drop_nulls() <= AS_OF).all(), column.name
        elif column.type == "timestamp":
            values = kept[column.name].drop_nulls()
            assert ((values >= EARLIEST) & (values < END_OF_DAY)).all(), column.name


def check_numbers(kept: pl.DataFrame, table: contracts.Table) -> None:
    largest = {"amount": 1e6, "quantity": 1e5, "points": 1e6, "count": 1e9}
    for column in table.columns:
        values = kept[column.name].drop_nulls()
        if column.limited_by in largest:
            assert (values.abs() <= largest[column.limited_by]).all(), column.name
        if column.sign == "never negative":
            assert (values >= 0).all(), column.name


@pytest.mark.parametrize("table", contracts.TABLES, ids=lambda table: table.path)
def test_rows_in_are_rows_kept_quarantined_set_apart_repeated_and_filtered(
    table: contracts.Table, tmp_path: Path
) -> None:
    # Whole files at a time: what costs is the extract, not the row.
    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(rows=rows_of(table))
    def check(rows: list[tuple[str, ...]]) -> None:
        # An empty line of a single column is no row, so a table is written with all of its columns.
        lake, sources = Lake(tmp_path / "lake"), load_sources(write_source(tmp_path, table, rows))
        extracted = extract_table(sources, table, lake, AS_OF)
        kept = lake.read(table.kind, table.name)
        told = pl.read_parquet(lake.quarantine_path(table.kind, table.name))
        assert extracted.rows_read == len(rows)
        assert kept.height == extracted.rows_kept
        gone = extracted.rows_rejected + extracted.rows_set_apart
        assert told.height == gone
        assert len(rows) == kept.height + gone + extracted.rows_repeated + extracted.rows_filtered
        assert (told["kind"] == "later_than_as_of").sum() == extracted.rows_set_apart
        assert told["line"].is_not_null().all()
        assert kept.select("source", *table.key).is_unique().all()
        for name in table.required:
            assert kept[name].null_count() == 0, name
        check_times(kept, table)
        check_numbers(kept, table)
        check_fields(extracted.fields, len(rows) - extracted.rows_set_apart)

    check()


def check_fields(fields: Any, rows: int) -> None:
    for field in fields:
        assert field.row_count == rows
        lost = field.unreadable_count + field.implausible_count
        assert 0 <= field.distinct_count <= rows
        assert 0 <= field.filled_count <= rows
        assert field.example_line is not None or not lost, field
