"""What dbt reads about the analysts' segments, written when it builds, from `segments.yml` and the membership log."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.asset import spec_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.segments.membership_log import KIND

DESCRIPTIONS = {
    "definitions": "One row per segment that analysts define, or once defined: its texts, and since when it is so.",
    "traits": "One row per trait that analysts define: an aggregate per customer, for conditions to read.",
    "membership_intervals": "One row per customer and stay in an analyst's segment, from the nights published before.",
    "published_sizes": "One row per analyst's segment and night published before: how many customers it held.",
}
SPECS = tuple(
    spec_of(
        "analyst_segments",
        f"{KIND}/{name}",
        after=["identity/ledger"],
        kinds=["python", "parquet"],
        description=description,
    )
    for name, description in DESCRIPTIONS.items()
)


def input_results(context: dg.AssetExecutionContext, night: Night) -> Iterator[Result]:
    """The materialisations of the tables that were written."""
    defined: dict[str, Any] = {
        "file": dg.MetadataValue.path(night.segments_file),
        "segments": len(night.segments.segments),
        "traits": len(night.segments.traits),
    }
    for spec in SPECS:
        file = night.lake.path(*spec.key.path)
        if spec.key in context.selected_asset_keys and file.exists():
            rows = pl.scan_parquet(file, glob=False).select(pl.len()).collect().item()
            yield Result(asset_key=spec.key, metadata={"dagster/row_count": rows, **defined})
