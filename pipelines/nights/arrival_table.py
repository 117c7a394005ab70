"""``sources/arrivals`` of the lake: how new what the night read is, by source and table, and what of it was late.

What lies in files is noted once it was waited for, what is pulled once that was pulled; each leaves the rows of the
other as they are.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from pipelines.config.connectors import FilesConnector, FilesSource, PulledSource
from pipelines.config.sources import Sources
from pipelines.lake.tables import Lake
from pipelines.nights.arrivals import look
from pipelines.nights.newest import find_newest
from pipelines.nights.settings import Freshness
from pipelines.nights.waiting import Late

Kind = Literal["files", "pulled"]
SCHEMA = {
    "source": pl.String(), "kind": pl.String(), "table_name": pl.String(), "newest_at": pl.Datetime("us"),
    "said_by": pl.String(), "is_late": pl.Boolean(), "due_at": pl.Datetime("us"), "then": pl.String(),
}  # fmt: skip


def note_files(sources: Sources, lake: Lake, late: Iterable[Late], now: datetime) -> pl.DataFrame:
    """One row per table of a source of files: when its newest file arrived (UTC)."""
    rows = []
    for source in sources.sources:
        if isinstance(source, FilesSource) and isinstance(source.connector, FilesConnector):
            for table in sorted(source.tables):
                looked = Freshness(max_age_hours=1, tables=(table,))
                found = look(source, looked, sources.base, now)
                rows.append({"source": source.name, "table_name": table, "newest_at": found.arrived_at})
    return _note("files", [{**row, "said_by": "file"} for row in rows], lake, late)


def note_pulled(sources: Sources, lake: Lake, late: Iterable[Late], now: datetime) -> pl.DataFrame:
    """One row per pull that says how new its rows are: the moment of the newest (UTC)."""
    found = [
        one
        for source in sources.sources
        if isinstance(source, PulledSource)
        for one in find_newest(source, lake, sources.timezone, now)
    ]
    rows: list[dict[str, Any]] = [
        {"source": one.source, "table_name": one.name, "newest_at": one.moment, "said_by": one.column} for one in found
    ]
    return _note("pulled", rows, lake, late)


def _note(kind: Kind, rows: list[dict[str, Any]], lake: Lake, late: Iterable[Late]) -> pl.DataFrame:
    by_source = {each.source: each for each in late}
    for row in rows:
        each = by_source.get(row["source"])
        moment: datetime | None = row["newest_at"]
        row["newest_at"] = moment and moment.astimezone(UTC).replace(tzinfo=None)
        row |= {"kind": kind, "is_late": each is not None, "then": each and each.then}
        row["due_at"] = each and each.due.astimezone(UTC).replace(tzinfo=None)
    noted = pl.DataFrame(rows, schema=SCHEMA)
    place = lake.path("sources", "arrivals")
    others = [pl.read_parquet(place, glob=False).filter(pl.col("kind") != kind)] if place.exists() else []
    lake.write("sources", "arrivals", pl.concat([*others, noted]).sort("source", "kind", "table_name"))
    return noted
