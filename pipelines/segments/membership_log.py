"""Where the log of memberships lies, what dbt reads of it, and how it changes hands with the published warehouse.

The log (:mod:`pipelines.segments.memberships`) lies in ``lake/state/segments.parquet``, that of the previous warehouse
beside it. A publication and a rollback each stage the log that will be in force, swap the warehouses, and only then
commit what is staged; after a kill, whether the warehouses were swapped decides whether the logs are. A run that
publishes nothing stages nothing.
"""

import io
import json
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.identity.customer_ids.ledger import absorbed_ids, empty_ledger
from pipelines.lake.tables import Lake, replacing
from pipelines.segments import memberships
from pipelines.segments.definitions import ZERO_WHERE_NOTHING, Definitions

KIND = "segments"
TRAITS: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("trait", "description", "owner", "mart", "aggregate", "measured_column", "filter"), pl.String),
    "window_days": pl.Int64,
    "is_zero_without_rows": pl.Boolean,
}
FAMILY = "custom"
MARTS = ("customer_segments", "segment_sizes", "segments")
"""What is read from a build that is about to be published."""


def write_dbt_inputs(lake: Lake, definitions: Definitions, as_of: date) -> None:
    """Writes the tables that dbt reads: the definitions, and the memberships on nights before ``as_of``."""
    log = read_log(log_in_force(lake))
    ledger = lake.read("identity", "ledger") if lake.path("identity", "ledger").exists() else empty_ledger()
    lake.write(KIND, "definitions", memberships.list_definitions(log, as_of, definitions))
    lake.write(KIND, "membership_intervals", memberships.intervals_before(log, as_of, absorbed_ids(ledger)))
    lake.write(KIND, "published_sizes", memberships.sizes_before(log, as_of))
    traits = [
        {
            **trait.model_dump(include={"description", "owner", "aggregate", "window_days"}),
            "trait": trait.name,
            "mart": trait.from_,
            "measured_column": trait.column,
            "filter": trait.where,
            "is_zero_without_rows": trait.aggregate in ZERO_WHERE_NOTHING,
        }
        for trait in definitions.traits
    ]
    lake.write(KIND, "traits", pl.DataFrame(traits, schema=TRAITS).sort("trait"))


def log_in_force(lake: Lake) -> Path:
    """The log that belongs to the published warehouse."""
    return lake.published_path(KIND)


def read_log(file: Path) -> pl.DataFrame:
    """The log, or an empty one where nothing has been published yet."""
    return pl.read_parquet(file, glob=False) if file.exists() else memberships.empty_log()


def stage_publication(lake: Lake, database: Path, as_of: date) -> None:
    """Stages the log with the memberships in the marts of ``database``, about to be published for ``as_of``."""
    with duckdb.connect(database, read_only=True) as connection:
        night, members, computed = _read_marts(connection, as_of)
    _stage(lake, memberships.record_night(read_log(log_in_force(lake)), night, members, computed))


def stage_rollback(lake: Lake) -> None:
    """Stages the log of the previous warehouse; an empty one where that is older than the first segment."""
    _stage(lake, read_log(_previous(lake)))


def discard_staged(lake: Lake) -> None:
    """Drops the staged log, as the warehouses were not swapped: the log in force stays."""
    staged_log(lake).unlink(missing_ok=True)


def commit_staged(lake: Lake) -> None:
    """Puts the staged log in force, as the warehouses are swapped, and keeps the former one. Safe to repeat."""
    if not staged_log(lake).exists():
        return
    if log_in_force(lake).exists():
        log_in_force(lake).replace(_previous(lake))
    staged_log(lake).replace(log_in_force(lake))


def _stage(lake: Lake, log: pl.DataFrame) -> None:
    content = io.BytesIO()  # Of a full disk, Python says so; Polars, writing itself, speaks of a faulty file.
    log.write_parquet(content, compression="snappy")
    with replacing(staged_log(lake)) as temporary:
        temporary.write_bytes(content.getvalue())


def staged_log(lake: Lake) -> Path:
    """The log that a publication or a rollback is about to put in force."""
    return lake.published_path(f"{KIND}.staged")


def _previous(lake: Lake) -> Path:
    return lake.published_path(f"{KIND}.previous")


def _read_marts(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[date, pl.DataFrame, pl.DataFrame]:
    """The night that the segments were built for, who is in them, and the segments that are defined."""
    members = connection.execute(
        "select segment, customer_id from marts.customer_segments where family = ? and is_current", [FAMILY]
    ).fetchall()
    computed = connection.execute(
        """
        select
            sizes.computed_on, sizes.segment, sizes.member_count, sizes.entered_count, sizes.left_count,
            sizes.definition_digest, segments.description, segments.owner, segments.rule, segments.reason
        from marts.segment_sizes as sizes
        inner join marts.segments as segments
            on segments.family = ? and segments.segment = sizes.segment and segments.removed_on is null
        qualify sizes.computed_on = max(sizes.computed_on) over ()
        order by sizes.segment
        """,
        [FAMILY],
    ).fetchall()
    rows = []
    for _, segment, members_now, entered, left, *definition in computed:
        texts = dict(zip(("digest", *memberships.TEXTS), definition, strict=True))
        rows.append((segment, json.dumps(texts, ensure_ascii=False), members_now, entered, left))
    # In a build of some models only, these may still be those of an earlier night.
    night = computed[0][0] if computed else as_of
    return (
        night,
        pl.DataFrame(members, schema=memberships.MEMBERS, orient="row"),
        pl.DataFrame(rows, schema=memberships.COMPUTED, orient="row"),
    )
