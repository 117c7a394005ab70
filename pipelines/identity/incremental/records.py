"""Cleans only the rows that changed in the extracts; the result equals that of cleaning all of them.

Whether too many names share a value is decided again for every value of a cleaned row, whether a crowd goes by one name
among all records. A record carries a hash of the
row that it was made of (``row_hash``), so that the table itself says what may be kept of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.frames.hash_columns import mark_common_hashes
from pipelines.frames.nearly_sorted import argsort_nearly_sorted
from pipelines.identity.clustering.link_constraints import list_decided_records, mark_decided
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.crowds import CROWD_COLUMNS, Crowds, add_mailboxes, find_crowds, is_in_crowd
from pipelines.identity.standardisation.nobody import SAYS_NOBODY
from pipelines.identity.standardisation.shared_values import LIMITED_COLUMNS, find_shared_values, has_shared_value
from pipelines.identity.standardisation.standardise import (
    MATCH_COLUMNS,
    OLDEST_LIVING_YEARS,
    clean_records,
    complete_records,
    leave_out_nobody,
)

COMPARED_COLUMNS = (
    "record_id", "source", "kind", "table_name", "created_at", "updated_at", *MATCH_COLUMNS, "shared_values",
    "shared_digests", "content_hash", "is_decided",
)  # fmt: skip
"""The columns of ``identity/records`` that recognition works on: all but those for display only."""

_USE_COLUMNS = tuple(dict.fromkeys(("last_key", "created_at", "updated_at", *LIMITED_COLUMNS, *CROWD_COLUMNS)))
"""The columns by which the use of a value is counted."""


@dataclass(frozen=True)
class CleanedRecords:
    """``records`` are ``identity/records``; ``before_withdrawal`` the rows that lost a value, before they did.

    The latter are as :func:`clean_records` returned them: when fewer names share the value, it is taken from here. They
    include the rows that are nobody's, and so not among the records.
    """

    records: pl.DataFrame
    before_withdrawal: pl.DataFrame


@dataclass(frozen=True)
class RecordChanges:
    """What a night changed in ``identity/records``.

    ``rows`` are the records that are new or changed, ``removed_ids`` the record_ids that are gone; ``cleaned_count``
    counts the rows cleaned for it. ``records`` are the COMPARED_COLUMNS of today's ``identity/records``, and
    ``before_withdrawal`` is today's of :class:`CleanedRecords`.
    """

    rows: pl.DataFrame
    removed_ids: pl.Series
    cleaned_count: int
    records: pl.DataFrame
    before_withdrawal: pl.DataFrame


def hash_rows(gathered: pl.DataFrame) -> pl.Series:
    """``row_hash``: 64 bits of all that a row holds, its record_id included; valid for one version of polars.

    Among a million records and ten thousand changes, one night in two billion takes a changed row for unchanged.
    """
    columns = sorted(set(gathered.columns) - {"source", "kind", "table_name", "source_key"})  # In the record_id.
    hashes = gathered.select(columns).hash_rows()
    return hashes.reinterpret(signed=True).alias("row_hash")  # Not every engine has unsigned numbers.


def clean_all(
    gathered: pl.DataFrame, country: str, as_of: date, attributes: Mapping[str, Attribute], decisions: pl.DataFrame
) -> CleanedRecords:
    """``identity/records`` from the gathered rows: ``standardise``, with decisions marked and ``row_hash`` added."""
    cleaned = _clean(gathered, hash_rows(gathered), country, as_of, attributes)
    records = _complete(cleaned, find_shared_values(cleaned, attributes), find_crowds(cleaned, attributes), decisions)
    return CleanedRecords(records, _keep_before_withdrawal(cleaned, records))


def clean_changed(
    gathered: pl.DataFrame,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    decisions: pl.DataFrame,
    before: pl.LazyFrame,
    before_withdrawal: pl.DataFrame,
    cleaned_on: date,
) -> RecordChanges:
    """The changes that turn ``before`` into what :func:`clean_all` returns.

    ``before`` is ``identity/records`` as cleaned on the day ``cleaned_on`` with the same country and attributes, in any
    order; nearly sorted is quicker. ``before_withdrawal`` is that of ``before``.
    """
    hashes = hash_rows(gathered)
    known = before.select(*COMPARED_COLUMNS, "row_hash").collect()
    is_current, is_known = mark_common_hashes(known["row_hash"], hashes)
    is_known |= hashes.is_in(before_withdrawal["row_hash"].implode())
    of_the_day = _depends_on_the_day(gathered, cleaned_on, as_of)
    if of_the_day.any():
        is_current &= ~known["row_hash"].is_in(hashes.filter(of_the_day).implode())
    has_withdrawn = known["shared_values"].is_not_null()
    is_kept = is_current & ~has_withdrawn
    kept = known.select("row_hash", "is_decided", *_USE_COLUMNS).filter(is_kept)
    is_new = ~is_known | of_the_day
    new_rows = _clean(gathered.filter(is_new), hashes.filter(is_new), country, as_of, attributes)
    as_before = before_withdrawal.filter(pl.col("row_hash").is_in(hashes.filter(~of_the_day).implode()))
    cleaned = pl.concat([new_rows, as_before])
    # A value that no new row has is shared by no more names than before, but a withdrawn one may be by fewer.
    suspects = {column: cleaned[column].drop_nulls().unique() for column in LIMITED_COLUMNS}
    used = pl.concat([kept.select(_USE_COLUMNS), cleaned.select(_USE_COLUMNS)])
    shared, crowds = find_shared_values(used, attributes, suspects), find_crowds(used, attributes)
    is_named = kept["record_id"].is_in(list_decided_records(decisions).implode())
    has_lost = has_shared_value(kept, add_mailboxes(shared, crowds)) | is_in_crowd(kept, crowds)
    has_changed = has_lost | (kept["is_decided"] != is_named)
    if has_changed.any():  # Their display columns were not read: cleaning them again is quicker.
        is_theirs = hashes.is_in(kept["row_hash"].filter(has_changed).implode())
        recleaned = _clean(gathered.filter(is_theirs), hashes.filter(is_theirs), country, as_of, attributes)
        cleaned = pl.concat([cleaned, recleaned])
    cleaned = cleaned.sort("record_id")
    changed = _complete(cleaned, shared, crowds, decisions)
    others = known.filter(~is_kept)
    # The same row with the same values withdrawn is unchanged.
    same = changed.join(
        others.filter(is_current.filter(~is_kept)),
        on=["record_id", "row_hash", "shared_digests", "is_decided"], how="semi", nulls_equal=True,
    )  # fmt: skip
    kept_rows = is_kept.arg_true().filter(~has_changed).to_numpy()
    # Gathering rows from one chunk takes half the time that it takes from several, rechunking included.
    records = pl.concat([known.select(COMPARED_COLUMNS), changed.select(COMPARED_COLUMNS)], rechunk=True)
    rows = np.concatenate([kept_rows, np.arange(known.height, records.height)])
    return RecordChanges(
        changed.filter(~pl.col("record_id").is_in(same["record_id"].implode())),
        others["record_id"].filter(~others["record_id"].is_in(changed["record_id"].implode())),
        cleaned.height - as_before.height,
        records[rows[argsort_nearly_sorted(records["record_id"].gather(rows))]],
        _keep_before_withdrawal(cleaned, changed),
    )


def _clean(
    gathered: pl.DataFrame, hashes: pl.Series, country: str, as_of: date, attributes: Mapping[str, Attribute]
) -> pl.DataFrame:
    """:func:`clean_records`, and the ``row_hash`` of each row (``hashes``)."""
    hashed = gathered.select("record_id", hashes).sort("record_id", maintain_order=True)
    return clean_records(gathered, country, as_of, attributes).with_columns(hashed["row_hash"])


def _complete(
    cleaned: pl.DataFrame, shared: Mapping[str, pl.Series], crowds: Crowds, decisions: pl.DataFrame
) -> pl.DataFrame:
    """``identity/records`` of :func:`_clean`: without what was withdrawn, and who is nobody, with decisions marked."""
    complete = complete_records(cleaned, shared, crowds, ("row_hash", SAYS_NOBODY))
    return mark_decided(leave_out_nobody(complete), decisions)


def _keep_before_withdrawal(cleaned: pl.DataFrame, complete: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``cleaned`` from which :func:`_complete` withdrew a value, or which it left out."""
    is_whole = complete["shared_values"].is_null()
    if complete.height == cleaned.height:
        return cleaned.filter(~is_whole)
    return cleaned.join(complete.filter(is_whole), on="record_id", how="anti", maintain_order="left")


def _depends_on_the_day(gathered: pl.DataFrame, earlier: date, later: date) -> pl.Series:
    """Whether each row's birth date may be cleaned differently on the two days: in the future, or of the very old."""
    first, last = min(earlier, later), max(earlier, later)
    oldest = date(first.year - OLDEST_LIVING_YEARS - 1, 1, 1)
    youngest = date(last.year - OLDEST_LIVING_YEARS + 1, 12, 31)
    born = gathered["birth_date"]
    return ((born >= first) | born.is_between(oldest, youngest)).fill_null(False)
