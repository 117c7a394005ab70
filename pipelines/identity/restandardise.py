"""Records cleaned once: a row that the extracts still hold as it was keeps what cleaning made of it.

Which values are shared by a crowd is found anew for every value that a cleaned row bears; so are the hashes of what
that changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.identity.attributes import Attribute
from pipelines.identity.shared_values import LIMITED_COLUMNS, withdraw_shared_values
from pipelines.identity.standardise import (
    MATCH_COLUMNS,
    OLDEST_LIVING_YEARS,
    RECORD_COLUMNS,
    clean_records,
    hash_content,
    in_order,
    standardise,
)


@dataclass(frozen=True)
class Cleaned:
    """Records made comparable, and what they were made of.

    ``records`` is ``identity/records`` of ``as_of`` but for ``is_decided``; ``row_hashes`` are, row by row, the
    :func:`hash_rows` of what was gathered. ``anew`` counts the rows cleaned for it.
    """

    records: pl.DataFrame
    row_hashes: pl.Series
    as_of: date
    anew: int


def hash_rows(gathered: pl.DataFrame) -> pl.Series:
    """For each row, 64 bits of all it holds, its record_id among it; they hold for one version of polars.

    Among a million records and ten thousand changes, one night in two billion takes a changed row for unchanged.
    """
    return gathered.select(sorted(gathered.columns)).hash_rows().alias("row_hash")


def clean_all(gathered: pl.DataFrame, country: str, as_of: date, attributes: Mapping[str, Attribute]) -> Cleaned:
    """``standardise``, with what the next night needs to clean only what changed."""
    hashed = gathered.select("record_id", hash_rows(gathered)).sort("record_id", maintain_order=True)
    return Cleaned(standardise(gathered, country, as_of, attributes), hashed["row_hash"], as_of, gathered.height)


def clean_changed(
    gathered: pl.DataFrame, country: str, as_of: date, attributes: Mapping[str, Attribute], before: Cleaned
) -> Cleaned:
    """The same as :func:`clean_all`. ``before`` was cleaned under the same country and attributes."""
    hashes = hash_rows(gathered)
    lasting = hashes.filter(~_depends_on_the_day(gathered, before.as_of, as_of))
    # Where a value was withdrawn, the row does not say any more what it was.
    is_kept = before.row_hashes.is_in(lasting.implode()) & before.records["shared_values"].is_null()
    kept_hashes = before.row_hashes.filter(is_kept)
    is_new = ~hashes.is_in(kept_hashes.implode())
    fresh = gathered.filter(is_new).select("record_id", hashes.filter(is_new)).sort("record_id", maintain_order=True)
    cleaned = clean_records(gathered.filter(is_new), country, as_of, attributes).with_columns(
        pl.lit(None, dtype=pl.String).alias("content_hash"), fresh["row_hash"]
    )
    columns = [*RECORD_COLUMNS, *MATCH_COLUMNS, "content_hash"]
    kept = before.records.filter(is_kept).select(columns).with_columns(kept_hashes)
    everyone = pl.concat([kept, cleaned]).sort("record_id", maintain_order=True)
    # A value that nobody new bears is shared by no more names than before; who bore a withdrawn one was cleaned.
    suspects = {column: cleaned[column].drop_nulls().unique() for column in LIMITED_COLUMNS}
    withdrawn = withdraw_shared_values(everyone, attributes, suspects)
    is_unhashed = (withdrawn["content_hash"].is_null() | withdrawn["shared_values"].is_not_null()).arg_true()
    hashed = hash_content(withdrawn[is_unhashed])
    records = in_order(withdrawn.with_columns(withdrawn["content_hash"].scatter(is_unhashed, hashed)))
    return Cleaned(records, everyone["row_hash"], as_of, cleaned.height)


def _depends_on_the_day(gathered: pl.DataFrame, earlier: date, later: date) -> pl.Series:
    """For each row, whether its birth date may be cleaned differently on the two days: to come, or of the very old."""
    first, last = min(earlier, later), max(earlier, later)
    oldest = date(first.year - OLDEST_LIVING_YEARS - 1, 1, 1)
    youngest = date(last.year - OLDEST_LIVING_YEARS + 1, 12, 31)
    born = gathered["birth_date"]
    return ((born >= first) | born.is_between(oldest, youngest)).fill_null(False)
