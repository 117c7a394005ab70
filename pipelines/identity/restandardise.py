"""Records cleaned once: a row that the extracts still hold as it was keeps what cleaning made of it.

Which values are shared by a crowd is found anew each time, over all records; so are the hashes of what that changes.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines.identity.attributes import Attribute
from pipelines.identity.shared_values import withdraw_shared_values
from pipelines.identity.standardise import (
    MATCH_COLUMNS,
    OLDEST_LIVING_YEARS,
    RECORD_COLUMNS,
    clean_records,
    hash_content,
)


def hash_rows(gathered: pl.DataFrame) -> pl.DataFrame:
    """One row per record: record_id and ``row_hash`` (64 bits of all it holds, for one version of polars)."""
    ordered = gathered.select("record_id", *sorted(set(gathered.columns) - {"record_id"}))
    return ordered.select("record_id", ordered.hash_rows().alias("row_hash"))


def restandardise(
    gathered: pl.DataFrame,
    hashes: pl.DataFrame,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    before: pl.DataFrame,
    hashes_before: pl.DataFrame,
    earlier_as_of: date,
) -> tuple[pl.DataFrame, int]:
    """The same as ``standardise(gathered, country, as_of, attributes)``, and how many rows were cleaned for it.

    ``hashes`` are the :func:`hash_rows` of ``gathered``. ``before`` is ``identity/records`` of ``earlier_as_of`` under
    the same country and attributes, ``hashes_before`` the hashes of what it was made from.
    """
    same = hashes.join(hashes_before, on=["record_id", "row_hash"], how="semi").select("record_id")
    same = same.join(_depending_on_the_day(gathered, earlier_as_of, as_of), on="record_id", how="anti")
    # Where a value was withdrawn, the row does not say any more what it was. Frames this wide are filtered, not joined.
    is_kept = before["record_id"].is_in(same["record_id"].implode()) & before["shared_values"].is_null()
    kept = before.filter(is_kept).select(*RECORD_COLUMNS, *MATCH_COLUMNS, "content_hash")
    changed = gathered.filter(~gathered["record_id"].is_in(kept["record_id"].implode()))
    cleaned = clean_records(changed, country, as_of, attributes)
    everyone = pl.concat([kept, cleaned], how="diagonal").sort("record_id")
    withdrawn = withdraw_shared_values(everyone, attributes)
    news = withdrawn.filter(pl.col("content_hash").is_null() | pl.col("shared_values").is_not_null())
    hashed = hash_content(news.drop("content_hash")).select("record_id", pl.col("content_hash").alias("new_hash"))
    new_hash = withdrawn.select("record_id").join(hashed, on="record_id", how="left", maintain_order="left")["new_hash"]
    records = withdrawn.with_columns(
        pl.coalesce(new_hash, "content_hash").alias("content_hash"), pl.lit(False).alias("is_decided")
    ).select(*RECORD_COLUMNS, *MATCH_COLUMNS, "shared_values", "shared_digests", "content_hash", "is_decided")
    return records, changed.height


def _depending_on_the_day(gathered: pl.DataFrame, earlier: date, later: date) -> pl.DataFrame:
    """The records whose birth date may be cleaned differently on the two days: to come, or of the very old."""
    first, last = min(earlier, later), max(earlier, later)
    oldest = date(first.year - OLDEST_LIVING_YEARS - 1, 1, 1)
    youngest = date(last.year - OLDEST_LIVING_YEARS + 1, 12, 31)
    born = pl.col("birth_date")
    return gathered.filter((born >= first) | born.is_between(oldest, youngest)).select("record_id")
