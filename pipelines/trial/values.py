"""What became of the values of every column of the tables tried: the field report, of their first rows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import polars as pl

from pipelines.config.sources import Sources
from pipelines.extracts.field_counts import SCHEMA
from pipelines.identity.monitoring.contact_fields import judge_contact_fields
from pipelines.identity.monitoring.field_report import merge_contact_fields
from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.placeholders import with_own_values
from pipelines.identity.standardisation.standardise import scan_records, standardise_records
from pipelines.lake.tables import Lake
from pipelines.trial.tables import TableTrial


def report_fields(sources: Sources, trials: Sequence[TableTrial], lake: Lake, as_of: date) -> pl.DataFrame:
    """One row per source, table and column, as ``identity/field_report`` has them.

    Writes ``identity/records`` of the rows tried to ``lake``.
    """
    counted = pl.DataFrame([asdict(counts) for trial in trials for counts in trial.fields], schema=SCHEMA, orient="row")
    attributes = with_own_values(load_attributes(), sources.placeholders, sources.country)
    records = standardise_records(lake, sources.country, as_of, attributes)
    lake.write("identity", "records", records)
    cleaned = judge_contact_fields(scan_records(lake, as_of), records.lazy(), sources.country)
    return merge_contact_fields(counted, cleaned)
