"""What the dbt models read of the analysts' segments: `segments.yml` and the log of memberships, as tables.

They are written when the models are built, in the same step.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.asset import spec_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.segments.membership_log import KIND

FILES = {
    "segment_definitions": "definitions",
    "trait_definitions": "traits",
    "segment_stays": "stays",
    "segment_nights": "nights",
}
"""The table in the lake behind each asset, whose name says in the graph what it holds."""
DESCRIPTIONS = {
    "segment_definitions": "One row per segment that analysts define, or defined once: its words, and since when.",
    "trait_definitions": "One row per trait that analysts define: an aggregate per customer, for conditions to read.",
    "segment_stays": "One row per customer and stay in an analyst's segment, from the nights published before.",
    "segment_nights": "One row per analyst's segment and night published before: how many customers it held.",
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
        file = night.lake.path(KIND, FILES[spec.key.path[-1]])
        if spec.key in context.selected_asset_keys and file.exists():
            rows = pl.scan_parquet(file).select(pl.len()).collect().item()
            yield Result(asset_key=spec.key, metadata={"dagster/row_count": rows, **defined})
