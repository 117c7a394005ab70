"""Extract assets: what each system sent, typed and otherwise untouched.

Reading belongs in ``pipelines.extracts``; meaning belongs in dbt.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg
import polars as pl

from pipelines.contracts import TABLES, Table
from pipelines.contracts.reference import describe_column, describe_table
from pipelines.defs import arrivals
from pipelines.defs.asset import asset_of
from pipelines.defs.extract_pace import pace_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.defs.table_columns import COLUMN_SCHEMA
from pipelines.extracts.counts import Extracted, RejectLimitExceeded
from pipelines.extracts.unchanged import extract_if_changed


def extract_assets() -> list[dg.AssetsDefinition]:
    """The arrivals, one asset per canonical table, and the quarantine of what did not fit."""
    return [arrivals.arrivals, *map(_extract_asset, TABLES), quarantined_rows]


def _extract_asset(table: Table) -> dg.AssetsDefinition:
    @asset_of(
        "extracts",
        table.path,
        after=["landed/pulls", arrivals.KEY, *([f"{table.kind}/{table.part_of[0]}"] if table.part_of else [])],
        description=f"{describe_table(table)}\n\nFrom every {table.kind} source; empty if none has it.",
        metadata={COLUMN_SCHEMA: _column_schema(table), "key": ", ".join(table.key)},
        checks={
            "rejects_stay_under_the_limit": "The share of rows that went to quarantine is at most reject_limit of "
            "sources.yml. Where more did, nothing is published: the check's result names the commonest reasons, "
            "quarantined_rows the rows. Mend the mapping or the export, or raise reject_limit."
        },
    )
    def extract(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.AssetCheckResult | Result]:
        say, pace = context.log.info, pace_of(night.retailer, night.lake, night.run_id)
        try:
            with pace.reading(table, say):
                extracted = extract_if_changed(night.retailer, table, night.lake, night.day, full=night.full, say=say)
        except RejectLimitExceeded as error:
            yield dg.AssetCheckResult(passed=False, description=str(error))
            raise
        if extracted.files_read:  # Most tables have no exports where a retailer begins.
            say(pace.tell(table, extracted))
        yield Result(
            metadata=_metadata(extracted), check_results=[dg.AssetCheckResult(passed=True, metadata=_counts(extracted))]
        )

    return extract


@asset_of(
    "extracts",
    "quarantine/quarantined_rows",
    after=[*(table.path for table in TABLES), "quarantine/references"],
    description="One row per row of an export that did not fit its table, with file, line, column and reason, or that "
    "names what is not there.",
)
def quarantined_rows(night: Night) -> Result:
    """Written table by table by the extracts; counted here."""
    places = [*((table.kind, table.name) for table in TABLES), ("told", "references")]
    files = [night.lake.quarantine_path(*place) for place in places]
    told = pl.scan_parquet([file for file in files if file.exists()], glob=False)
    by_table, by_kind = (told.group_by(column).len().sort(column).collect() for column in ("table_name", "kind"))
    return Result(
        metadata={
            "dagster/row_count": int(by_table["len"].sum()),
            "rows_by_table": dg.MetadataValue.json(dict(by_table.iter_rows())),
            "rows_by_kind": dg.MetadataValue.json(dict(by_kind.iter_rows())),
        }
    )


def _column_schema(table: Table) -> dg.TableSchema:
    columns = [dg.TableColumn("source", "VARCHAR", description="Name of the source in sources.yml.")]
    columns += [
        dg.TableColumn(
            column.name,
            column.duckdb_type,
            description=describe_column(table, column),
            constraints=dg.TableColumnConstraints(nullable=not column.required),
        )
        for column in table.columns
    ]
    return dg.TableSchema(columns=columns)


def _counts(extracted: Extracted) -> dict[str, int]:
    return {
        "rows_read": extracted.rows_read,
        "rows_rejected": extracted.rows_rejected,
        "rows_set_apart": extracted.rows_set_apart,
        "rows_filtered": extracted.rows_filtered,
        "rows_repeated": extracted.rows_repeated,
    }


def _metadata(extracted: Extracted) -> dict[str, Any]:
    reasons = {f"{column or 'row'}: {reason}": count for (column, reason), count in extracted.reasons.items()}
    return {
        "dagster/row_count": extracted.rows_kept,
        **_counts(extracted),
        "files_read": 0 if extracted.is_unchanged else len(extracted.files_read) - extracted.files_kept,
        "files_of": len(extracted.files_read),
        "is_unchanged": extracted.is_unchanged,
        "rows_by_source": dg.MetadataValue.json({name: asdict(of) for name, of in extracted.per_source.items()}),
        "rejection_reasons": dg.MetadataValue.json(reasons),
        "columns_not_in_the_export": dg.MetadataValue.json(
            {name: list(shape.without) for name, shape in extracted.shapes.items() if shape.without}
        ),
    }
