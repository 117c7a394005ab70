"""Surges of shared values: a value that identified people and that dozens of names share overnight stops the run.

A value that too many names use is withdrawn silently (``standardisation.shared_values``), which is harmless while names
come one by one. Dozens at once, on published records, mean that a form, a till or a join has gone wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.shared_values import (
    LIMITED_COLUMNS,
    max_names_in_window,
    surname_prefix,
    use_day,
)

LISTED = "identity/value_surges.parquet in the lake"
SURGE_SCHEMA: dict[str, pl.DataType] = {"surge": pl.Int64(), "attribute": pl.String(), "record_id": pl.String()}
"""``identity/value_surges``: one row per record of a surge, in the order of the message, published ones first."""


@dataclass(frozen=True)
class ValueSurge:
    """A withdrawn value: its attribute, how many names and records share it, and their ids, published first."""

    attribute: str
    names: int
    records: int
    record_ids: tuple[str, ...]


def list_withdrawn_values(records: pl.DataFrame) -> pl.DataFrame:
    """One row per value withdrawn in ``identity/records``: digest (``email:<hex>``), sorted. Shows no value."""
    return _uses(records).select("digest").unique().sort("digest")


def find_surges(
    records: pl.DataFrame,
    attributes: Mapping[str, Attribute],
    withdrawn_before: pl.DataFrame | None = None,
    published: pl.Series | None = None,
) -> list[ValueSurge]:
    """The withdrawn values of more names at once than their attribute's surge_limit, most records first.

    Left out are those of ``withdrawn_before`` (from :func:`list_withdrawn_values`), and, where the record ids
    ``published`` are given, those that none of them has: no published id depended on them.
    """
    uses = _uses(records)
    if withdrawn_before is not None:
        uses = uses.join(withdrawn_before, on="digest", how="anti")
    known = pl.lit(value=True) if published is None else pl.col("record_id").is_in(published.implode())
    uses = uses.with_columns(known.alias("is_published"))
    surges = []
    for name, field in ((column.removesuffix("_key"), field) for column, field in LIMITED_COLUMNS.items()):
        of_field = uses.filter(pl.col("digest").str.starts_with(f"{name}:"))
        reaching = of_field.join(of_field.filter("is_published").select("digest").unique(), on="digest", how="semi")
        for digest, names in _count_surging_names(reaching, attributes[field]).iter_rows():
            ids = reaching.filter(pl.col("digest") == digest).sort(~pl.col("is_published"), "record_id")["record_id"]
            surges.append(ValueSurge(field, names, len(ids), tuple(ids)))
    return sorted(surges, key=lambda surge: (-surge.records, surge.attribute, surge.record_ids))


def list_surging_records(surges: Sequence[ValueSurge]) -> pl.DataFrame:
    """The records of each surge (SURGE_SCHEMA), to be looked at by who mends the export."""
    rows = [
        (number, surge.attribute, record_id)
        for number, surge in enumerate(surges, start=1)
        for record_id in surge.record_ids
    ]
    return pl.DataFrame(rows, schema=SURGE_SCHEMA, orient="row")


def describe_surges(surges: Sequence[ValueSurge]) -> str:
    """Tells of the surges, where their records are listed and what to do: no value, and no id of a record."""
    if not surges:
        return "No value is newly shared by a crowd."
    lines = [f"{each.attribute}: {each.names:,} names on {each.records:,} records share one value." for each in surges]
    fields = ", ".join(sorted({surge.attribute for surge in surges}))
    return "\n".join(
        [
            *lines,
            f"People were recognised by it, and so many cannot be one household. {LISTED} lists the records. "
            "Correct them at the source; or, "
            f"if the value is the shop's own, list it under `placeholders` ({fields}) in sources.yml. Then run again.",
        ]
    )


def _uses(records: pl.DataFrame) -> pl.DataFrame:
    """One row per record and withdrawn value: digest, record_id, name, day."""
    return (
        records.filter(pl.col("shared_digests").is_not_null())
        .select("record_id", surname_prefix(), use_day(), pl.col("shared_digests").str.split(",").alias("digest"))
        .explode("digest")
    )


def _count_surging_names(uses: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    """digest and names of the values beyond the attribute's surge_limit."""
    named = uses.drop_nulls("name").rename({"digest": "value"})
    if attribute.shared_window_days is None:
        counted = named.group_by("value").agg(pl.col("name").n_unique().cast(pl.Int64).alias("names"))
    else:
        counted = max_names_in_window(named, attribute.shared_window_days)
    if attribute.surge_limit is None:
        return counted.clear()
    return counted.filter(pl.col("names") > attribute.surge_limit)
