"""What the models are told of the analysts' segments: written when they are built, from `segments.yml` and the log."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

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
    dg.AssetSpec(
        key=[KIND, name],
        deps=[dg.AssetKey(["identity", "ledger"])],
        group_name=KIND,
        owners=["team:customer-data"],
        kinds={"python", "parquet"},
        description=description,
    )
    for name, description in DESCRIPTIONS.items()
)


def results(context: dg.AssetExecutionContext, night: Night) -> Iterator[Result]:
    """The materialisations of what was written."""
    for spec in SPECS:
        file = night.lake.path(KIND, FILES[spec.key.path[-1]])
        if spec.key in context.selected_asset_keys and file.exists():
            rows = pl.scan_parquet(file).select(pl.len()).collect().item()
            yield Result(asset_key=spec.key, metadata={"dagster/row_count": rows, **_defined_in(night)})


def _defined_in(night: Night) -> dict[str, Any]:
    return {
        "file": dg.MetadataValue.path(night.segments_file),
        "segments": len(night.segments.segments),
        "traits": len(night.segments.traits),
    }
