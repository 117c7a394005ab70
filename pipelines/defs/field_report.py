"""The field report: what became of the values of every column of every source."""

import dagster as dg
import polars as pl

from pipelines.contracts import TABLES
from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.extracts.field_counts import SCHEMA
from pipelines.identity.monitoring.contact_fields import judge_contact_fields
from pipelines.identity.monitoring.field_report import find_noteworthy, merge_contact_fields, tell_example
from pipelines.identity.standardisation.standardise import scan_records
from pipelines.lake.tables import Lake

KEY = "identity/field_report"
SHOWN = ("row_count", "filled_count", "unreadable_count", "implausible_count", "placeholder_count", "shared_count")
MOST_SHOWN = 500  # Columns in the interface; all are in the mart.


@asset_of("identity", KEY, after=[*(table.path for table in TABLES), "identity/records"])
def field_report(night: Night) -> Result:
    """One row per source, table and column: how many values there are, and how many are none, and why.

    No value of a row is in it. A mistaken mapping shows the first night, as a column that is empty or unreadable.
    """
    contact_fields = judge_contact_fields(
        scan_records(night.lake, night.day), night.lake.scan("identity", "records"), night.retailer.country
    )
    fields = merge_contact_fields(_read_counts(night.lake), contact_fields)
    night.lake.write("identity", "field_report", fields)
    noteworthy = find_noteworthy(fields)
    return describe_table(
        fields,
        {
            "noteworthy": dg.MetadataValue.json(noteworthy.drop("example_record_id").to_dicts()),
            "noteworthy_columns": dg.MetadataValue.md(_as_markdown(noteworthy)),
            "all_columns": dg.MetadataValue.md(_as_markdown(fields.head(MOST_SHOWN))),
        },
    )


def _read_counts(lake: Lake) -> pl.DataFrame:
    files = [lake.field_counts_path(table.kind, table.name) for table in TABLES]
    counted = [pl.read_parquet(file, glob=False) for file in files if file.exists()]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *counted])


def _as_markdown(fields: pl.DataFrame) -> str:
    heads = ["source", "table", "column", *(name.removesuffix("_count") for name in SHOWN), "reason", "example"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for row in fields.iter_rows(named=True):
        cells = [row["source"], row["table_name"], row["column_name"], *(f"{row[name]:,}" for name in SHOWN)]
        lines.append(f"| {' | '.join([*cells, row['reason'] or '', tell_example(row)])} |")
    return "\n".join(lines)
