"""Records cleaned once: a row that the extracts still hold as it was keeps what cleaning made of it.

Which values are shared by a crowd is found anew for every value that a cleaned row bears. A record carries a hash of
the row that it was made of (``row_hash``), so that the table itself says what may be kept of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.identity.attributes import Attribute
from pipelines.identity.decided import mark_decided, name_decided
from pipelines.identity.shared_values import (
    LIMITED_COLUMNS,
    bears_any,
    find_shared_values,
    withdraw_shared_values,
)
from pipelines.identity.standardise import (
    MATCH_COLUMNS,
    OLDEST_LIVING_YEARS,
    clean_records,
    hash_content,
    in_order,
    standardise,
)

COMPARED_COLUMNS = (
    "record_id", "source", "kind", "table_name", "created_at", "updated_at", *MATCH_COLUMNS, "shared_values",
    "shared_digests", "content_hash", "is_decided",
)  # fmt: skip
"""The columns of ``identity/records`` that recognition works on: all but those that are only shown."""

_USED = ("last_key", "created_at", "updated_at", *LIMITED_COLUMNS)  # What tells how widely a value is used.


@dataclass(frozen=True)
class Changes:
    """What a night changed in ``identity/records``.

    ``rows`` are the records that are new or other than they were, ``gone`` the record_ids that are no more. ``anew``
    counts the rows cleaned for it. ``everyone`` is today's ``identity/records``, its COMPARED_COLUMNS.
    """

    rows: pl.DataFrame
    gone: pl.Series
    anew: int
    everyone: pl.DataFrame


def hash_rows(gathered: pl.DataFrame) -> pl.Series:
    """``row_hash``: 64 bits of all that a row holds, its record_id among it; they hold for one version of polars.

    Among a million records and ten thousand changes, one night in two billion takes a changed row for unchanged.
    """
    told = sorted(set(gathered.columns) - {"source", "kind", "table_name", "source_key"})  # By the record_id.
    hashes = gathered.select(told).hash_rows()
    return hashes.reinterpret(signed=True).alias("row_hash")  # Not every engine knows numbers without a sign.


def clean_all(
    gathered: pl.DataFrame, country: str, as_of: date, attributes: Mapping[str, Attribute], decisions: pl.DataFrame
) -> pl.DataFrame:
    """``identity/records`` of what was gathered: ``standardise``, with decisions marked, and ``row_hash``."""
    hashed = gathered.select("record_id", hash_rows(gathered)).sort("record_id", maintain_order=True)
    records = standardise(gathered, country, as_of, attributes).with_columns(hashed["row_hash"])
    return mark_decided(records, decisions)


def clean_changed(
    gathered: pl.DataFrame,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    decisions: pl.DataFrame,
    before: pl.LazyFrame,
    cleaned_on: date,
) -> Changes:
    """What makes :func:`clean_all` of ``before``: that of the day ``cleaned_on``, country and attributes alike.

    ``before`` may be in any order.
    """
    hashes = hash_rows(gathered)
    lasting = hashes.filter(~_depends_on_the_day(gathered, cleaned_on, as_of))
    known = before.select(*COMPARED_COLUMNS, "row_hash").collect()
    # Where a value was withdrawn, the row does not say any more what it was.
    is_kept = known["row_hash"].is_in(lasting.implode()) & known["shared_values"].is_null()
    kept = known.filter(is_kept)
    is_new = ~hashes.is_in(kept["row_hash"].implode())
    fresh = gathered.filter(is_new).select("record_id", hashes.filter(is_new)).sort("record_id", maintain_order=True)
    cleaned = clean_records(gathered.filter(is_new), country, as_of, attributes).with_columns(fresh["row_hash"])
    # A value that nobody new bears is shared by no more names than before; who bore a withdrawn one was cleaned.
    suspects = {column: cleaned[column].drop_nulls().unique() for column in LIMITED_COLUMNS}
    shared = find_shared_values(pl.concat([kept.select(_USED), cleaned.select(_USED)]), attributes, suspects)
    is_named = kept["record_id"].is_in(name_decided(decisions).implode())
    is_turned = bears_any(kept, shared) | (kept["is_decided"] != is_named)
    rows = [cleaned]
    if is_turned.any():
        turned = kept["record_id"].filter(is_turned)
        rows.append(before.filter(pl.col("record_id").is_in(turned.implode())).select(cleaned.columns).collect())
    withdrawn = withdraw_shared_values(pl.concat(rows), shared)
    changed = in_order(withdrawn.with_columns(hash_content(withdrawn))).with_columns(withdrawn["row_hash"])
    changed = mark_decided(changed.sort("record_id", maintain_order=True), decisions)
    left = known["record_id"].filter(~is_kept)
    # The same row, and the same of its values withdrawn: cleaned again only to find that nothing changed.
    is_lasting = changed["row_hash"].is_in(lasting.implode())
    as_before = ["record_id", "row_hash", "shared_digests", "is_decided"]
    same = changed.filter(is_lasting).join(known.filter(~is_kept), on=as_before, how="semi", nulls_equal=True)
    return Changes(
        changed.filter(~pl.col("record_id").is_in(same["record_id"].implode())),
        left.filter(~left.is_in(cleaned["record_id"].implode())),
        cleaned.height,
        pl.concat([kept.filter(~is_turned).select(COMPARED_COLUMNS), changed.select(COMPARED_COLUMNS)]).sort(
            "record_id"
        ),
    )


def _depends_on_the_day(gathered: pl.DataFrame, earlier: date, later: date) -> pl.Series:
    """For each row, whether its birth date may be cleaned differently on the two days: to come, or of the very old."""
    first, last = min(earlier, later), max(earlier, later)
    oldest = date(first.year - OLDEST_LIVING_YEARS - 1, 1, 1)
    youngest = date(last.year - OLDEST_LIVING_YEARS + 1, 12, 31)
    born = gathered["birth_date"]
    return ((born >= first) | born.is_between(oldest, youngest)).fill_null(False)
