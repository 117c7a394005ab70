"""A trial as data, as docs/schemas/check.schema.json describes it. No value of a row is in it."""

from dataclasses import asdict
from datetime import date
from typing import Any

from pipelines.config.sources import Sources
from pipelines.trial.tables import TableTrial
from pipelines.trial.trial import Trial

COUNTED = ("read", "kept", "rejected", "set_apart", "filtered", "repeated")
FIELD = (
    "row_count", "filled_count", "distinct_count", "unreadable_count", "implausible_count", "later_than_as_of_count",
    "placeholder_count", "reason", "example_file", "example_line", "example_record_id",
)  # fmt: skip

RECORD = "example_record_id"  # An id may be somebody's mailbox.


def write_document(
    trial: Trial, sources: Sources, as_of: date, rows: int, *, with_values: bool = False
) -> dict[str, Any]:
    """The trial of the first ``rows`` rows of ``sources``; ``with_values``: what may be one is named too."""
    return {
        "sources": sources.file,
        "as_of": as_of.isoformat(),
        "rows": rows,
        "exit_code": trial.exit_code,
        "tables": [_write_table(each, trial, with_values) for each in trial.tables],
        "references": [
            {
                "source": finding.source,
                "table": finding.table,
                "column": finding.column,
                "targets": finding.targets,
                "rows": finding.rows,
                "unmatched": finding.unmatched,
                "mend": finding.mend,
                "stops": finding.stops,
            }
            for finding in trial.references.findings
        ],
        "references_not_judged": list(trial.references.not_judged),
        "unread_columns": [
            {
                "source": source,
                "file": file,
                "columns": list(columns),
                "others": len(trial.unread[source, file]) - len(columns),
            }
            for (source, file), columns in trial.list_unread(with_values).items()
        ],
        "unfilled_tables": [{"table": table.path, "loses": table.loses} for table in trial.unfed],
    }


def _write_table(tried: TableTrial, trial: Trial, with_values: bool) -> dict[str, Any]:
    shape, counts = tried.shape, tried.counts
    return {
        "source": tried.source,
        "table": tried.table.path,
        "preset": tried.preset,
        "exit_code": tried.exit_code,
        "files": [asdict(file) for file in (*shape.files, *shape.beside)] if shape else [],
        "is_whole": shape.is_whole if shape else None,
        "rows": {name: getattr(counts, f"rows_{name}") for name in COUNTED} if counts else None,
        "empty_columns": list(shape.without) if shape else [],
        "faults": [asdict(fault) for fault in tried.faults],
        "fields": [
            {
                "column": row["column_name"],
                **{name: row[name] if with_values or name != RECORD else None for name in FIELD},
            }
            for row in trial.fields_of(tried).iter_rows(named=True)
        ],
    }
