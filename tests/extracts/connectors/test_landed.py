"""Rows that were pulled, through the same extract as files: the latest version of each, whatever batch it came in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.lake.landed import Batch, LandedSource, LandedTable
from pipelines.lake.tables import Lake

NOW = "2026-01-01T00:00:00+00:00"
MAPPED = {
    "order_id": "id",
    "channel": "'web'",
    "fulfilment": "'delivery'",
    "status": "'paid'",
    "ordered_at": "placed",
    "total_amount": "total",
    "updated_at": "placed",
}
Row = tuple[int, int | None, float, str]


class Landed:
    """A source called `shop` of which batches lie in the lake."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, Lake(folder / "lake")
        self.root = folder / "lake" / "landed" / "shop"

    def land(self, name: str, *batches: list[Row] | list[int]) -> None:
        """Each batch is rows of id, day of January 2026, total and note, or ids that are gone; later wins."""
        made = []
        for number, batch in enumerate(batches, start=1):
            are_gone = bool(batch) and isinstance(batch[0], int)
            rows, gone = (0, len(batch)) if are_gone else (len(batch), 0)
            made.append(Batch(number, "changes" if number > 1 else "full", NOW, rows, gone))
            file = self.root / name / (made[-1].gone_file if are_gone else made[-1].file)
            file.parent.mkdir(parents=True, exist_ok=True)
            (pl.DataFrame({"id": batch}) if are_gone else _frame(batch)).write_parquet(file)
        columns = {"id": "integer", "placed": "timestamptz", "total": "decimal", "note": "text"}
        table = LandedTable(name, "asked", ("id",), columns, tuple(made), 0, NOW)
        source = LandedSource(self.root, {})
        self.tables = {**getattr(self, "tables", {}), name: table}
        source.commit(self.tables)

    def extract(self, **mapping: Any) -> Extracted:
        connector = {"type": "postgresql", "host": "unreachable.invalid", "database": "shop", "user": "nobody"}
        table = {"from": "orders", "columns": MAPPED, **mapping}
        source = {"name": "shop", "kind": "ecommerce", "connector": connector, "tables": {"orders": table}}
        file = self.folder / "sources.yml"
        file.write_text("reject_limit: 1\ncurrency: EUR\n" + yaml.safe_dump({"sources": [source]}))
        return extract_table(load_sources(file), contracts.table("ecommerce", "orders"), self.lake, date(2026, 6, 30))

    def orders(self) -> list[tuple[str, float]]:
        rows = self.lake.read("ecommerce", "orders").select("order_id", pl.col("total_amount").cast(float))
        return [(str(order), float(total)) for order, total in rows.rows()]


def _frame(rows: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": [row[0] for row in rows],
            "placed": [None if row[1] is None else datetime(2026, 1, row[1], 9, tzinfo=UTC) for row in rows],
            "total": [Decimal(str(row[2])) for row in rows],
            "note": [row[3] for row in rows],
        },
        schema={"id": pl.Int64, "placed": pl.Datetime("us", "UTC"), "total": pl.Decimal(12, 2), "note": pl.String},
    )


@pytest.fixture
def landed(tmp_path: Path) -> Landed:
    return Landed(tmp_path)


def test_the_latest_version_of_each_row_is_read_and_what_is_gone_is_not(landed: Landed) -> None:
    landed.land(
        "orders",
        [(1, 1, 10, ""), (2, 1, 20, ""), (3, 1, 30, ""), (4, 1, 40, "")],
        [(2, 2, 22, ""), (5, 2, 50, "")],
        [3, 5],
        [(2, 3, 23, ""), (3, 3, 33, "")],
    )
    extracted = landed.extract()
    assert landed.orders() == [("1", 10), ("2", 23), ("3", 33), ("4", 40)]
    assert (extracted.rows_read, extracted.files_read) == (4, ("shop: orders",))


def test_a_row_that_does_not_fit_is_found_again_in_its_batch(landed: Landed) -> None:
    landed.land("orders", [(1, 1, 10, "a"), (2, None, 20, "b")], [(1, 2, 11, "c"), (3, None, 30, "d"), (4, 2, 40, "e")])
    extracted = landed.extract()
    assert (extracted.rows_kept, extracted.rows_rejected) == (2, 2)
    rejects = pl.read_parquet(landed.lake.quarantine_path("ecommerce", "orders"))
    assert rejects["file"].unique().to_list() == ["orders"]
    assert ['"note":"b"' in raw.replace(" ", "") or '"note":"d"' in raw.replace(" ", "") for raw in rejects["raw"]] == [
        True,
        True,
    ]


def test_a_query_joins_what_was_pulled_beside(landed: Landed) -> None:
    landed.land("orders", [(1, 1, 10, "a"), (2, 1, 20, "b")])
    landed.land("refunds", [(1, 1, 4, "")], [(2, 1, 5, "")], [1])
    total = "source.total - coalesce(back.total, 0)"
    query = f"select source.* replace ({total} as total) from source left join back using (id)"
    landed.extract(query=query, **{"with": {"back": "refunds"}})
    assert landed.orders() == [("1", 10), ("2", 15)]


def test_headers_and_conditions_are_those_of_files(landed: Landed) -> None:
    landed.land("orders", [(1, 1, 10, "a"), (2, 1, 20, "b")])
    columns = {**MAPPED, "order_id": "number"}
    landed.extract(headers={"number": "id"}, where="note <> 'b'", columns=columns)
    assert landed.orders() == [("1", 10)]


def test_a_table_that_was_emptied_is_empty(landed: Landed) -> None:
    landed.land("orders", [], [])
    landed.extract()
    assert landed.orders() == []


def test_nothing_is_read_before_the_first_pull(landed: Landed) -> None:
    with pytest.raises(ExtractError, match="nothing has been pulled of 'orders' yet"):
        landed.extract()
