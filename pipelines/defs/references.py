"""The references asset: which columns name rows that are not there, counted by source, table and column."""

from collections.abc import Iterable
from dataclasses import asdict

import dagster as dg
import polars as pl

from pipelines.contracts import TABLES
from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.extracts.references import Finding, check_references


@asset_of(
    "extracts",
    "quarantine/references",
    after=[*(table.path for table in TABLES), "identity/loyalty_cards", "identity/merged_records"],
    checks={
        "references_stay_under_the_limit": "No column of a source names rows that are not there in a larger share than "
        "`stop` of its reference_limits allows. Where one does, nothing is published: mend its mapping or the export, "
        "as the check's result says, or raise `stop`."
    },
    warnings={
        "references_match": "No column of a source names rows that are not there in a larger share than `warn` of its "
        "reference_limits allows. Where one does, those rows count as anonymous: the check's result says which, and "
        "how the ids would match where they are only written otherwise."
    },
)
def references(night: Night) -> Result:
    """One row per source and column that names rows of other tables: how many, and how many match nothing.

    The rows themselves stay, as anonymous; quarantined_rows lists them.
    """
    findings = check_references(night.retailer, night.lake)
    told = [finding for finding in findings if finding.unmatched]
    stopping = [finding for finding in told if finding.stops]
    warning = [finding for finding in told if finding.warns]
    table: pl.DataFrame = night.lake.read("quarantine", "references")
    return describe_table(
        table,
        {
            "rows_matching_nothing": sum(finding.unmatched for finding in told),
            "unmatched": dg.MetadataValue.json([asdict(finding) for finding in told]),
            "not_checked": dg.MetadataValue.json(
                sorted({f"{each.table}.{each.column}" for each in findings if not each.is_checked})
            ),
        },
        dg.AssetCheckResult(
            check_name="references_stay_under_the_limit",
            passed=not stopping,
            description=_describe(stopping, "Mend the mapping or the export, or raise `stop` of reference_limits:"),
        ),
        dg.AssetCheckResult(
            check_name="references_match",
            passed=not warning,
            severity=dg.AssetCheckSeverity.WARN,
            description=_describe(
                warning, "What matches nothing counts as anonymous, and marts.quarantined_rows lists it:"
            ),
        ),
    )


def _describe(findings: Iterable[Finding], lead: str) -> str:
    lines = [
        finding.describe() for finding in sorted(findings, key=lambda each: (-each.share, each.table, each.column))
    ]
    return "\n".join([lead, *lines]) if lines else ""
