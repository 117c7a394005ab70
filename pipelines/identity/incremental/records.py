"""Records cleaned once: a row that the extracts still hold as it was keeps what cleaning made of it.

Which values are shared by a crowd is found anew for every value that a cleaned row bears. A record carries a hash of
the row that it was made of (``row_hash``), so that the table itself says what may be kept of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.frames.hash_columns import mark_common_hashes
from pipelines.frames.nearly_sorted import argsort_nearly_sorted
from pipelines.identity.clustering.link_constraints import mark_decided, name_decided
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.shared_values import LIMITED_COLUMNS, bears_any, find_shared_values
from pipelines.identity.standardisation.standardise import (
    MATCH_COLUMNS,
    OLDEST_LIVING_YEARS,
    clean_records,
    complete_records,
)

COMPARED_COLUMNS = (
    "record_id", "source", "kind", "table_name", "created_at", "updated_at", *MATCH_COLUMNS, "shared_values",
    "shared_digests", "content_hash", "is_decided",
)  # fmt: skip
"""The columns of ``identity/records`` that recognition works on: all but those that are only shown."""

_USED = ("last_key", "created_at", "updated_at", *LIMITED_COLUMNS)  # What tells how widely a value is used.


@dataclass(frozen=True)
class Cleaned:
    """``records`` are ``identity/records``. ``withheld`` are those of them with a value withdrawn, as
    :func:`clean_records` gave them: when it is widely shared no more, nobody else remembers it."""

    records: pl.DataFrame
    withheld: pl.DataFrame


@dataclass(frozen=True)
class Changes:
    """What a night changed in ``identity/records``.

    ``rows`` are the records that are new or other than they were, ``gone`` the record_ids that are no more. ``anew``
    counts the rows cleaned for it. ``everyone`` is today's ``identity/records``, its COMPARED_COLUMNS, and ``withheld``
    today's of :class:`Cleaned`.
    """

    rows: pl.DataFrame
    gone: pl.Series
    anew: int
    everyone: pl.DataFrame
    withheld: pl.DataFrame


def hash_rows(gathered: pl.DataFrame) -> pl.Series:
    """``row_hash``: 64 bits of all that a row holds, its record_id among it; they hold for one version of polars.

    Among a million records and ten thousand changes, one night in two billion takes a changed row for unchanged.
    """
    told = sorted(set(gathered.columns) - {"source", "kind", "table_name", "source_key"})  # By the record_id.
    hashes = gathered.select(told).hash_rows()
    return hashes.reinterpret(signed=True).alias("row_hash")  # Not every engine knows numbers without a sign.


def clean_all(
    gathered: pl.DataFrame, country: str, as_of: date, attributes: Mapping[str, Attribute], decisions: pl.DataFrame
) -> Cleaned:
    """``identity/records`` of what was gathered: ``standardise``, with decisions marked, and ``row_hash``."""
    cleaned = _clean(gathered, hash_rows(gathered), country, as_of, attributes)
    records = _complete(cleaned, find_shared_values(cleaned, attributes), decisions)
    return Cleaned(records, _withhold(cleaned, records))


def clean_changed(
    gathered: pl.DataFrame,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    decisions: pl.DataFrame,
    before: pl.LazyFrame,
    withheld: pl.DataFrame,
    cleaned_on: date,
) -> Changes:
    """What makes :func:`clean_all` of ``before``: that of the day ``cleaned_on``, country and attributes alike.

    ``before`` may be in any order; one that is nearly sorted is quicker. ``withheld`` is that of ``before``.
    """
    hashes = hash_rows(gathered)
    known = before.select(*COMPARED_COLUMNS, "row_hash").collect()
    stands, lasts = mark_common_hashes(known["row_hash"], hashes)
    of_the_day = _depends_on_the_day(gathered, cleaned_on, as_of)
    if of_the_day.any():
        stands &= ~known["row_hash"].is_in(hashes.filter(of_the_day).implode())
    is_withheld = known["shared_values"].is_not_null()
    is_kept = stands & ~is_withheld
    kept = known.select("record_id", "row_hash", "is_decided", *_USED).filter(is_kept)
    is_new = ~lasts | of_the_day
    news = _clean(gathered.filter(is_new), hashes.filter(is_new), country, as_of, attributes)
    as_before = withheld.filter(pl.col("row_hash").is_in(known["row_hash"].filter(stands & is_withheld).implode()))
    cleaned = pl.concat([news, as_before])
    # A value that nobody new bears is shared by no more names than before, but those withdrawn may be by fewer.
    suspects = {column: cleaned[column].drop_nulls().unique() for column in LIMITED_COLUMNS}
    shared = find_shared_values(pl.concat([kept.select(_USED), cleaned.select(_USED)]), attributes, suspects)
    is_named = kept["record_id"].is_in(name_decided(decisions).implode())
    is_turned = bears_any(kept, shared) | (kept["is_decided"] != is_named)
    if is_turned.any():  # Of these, the columns that are only shown were not read: it takes longer than cleaning them.
        theirs = hashes.is_in(kept["row_hash"].filter(is_turned).implode())
        turned = _clean(gathered.filter(theirs), hashes.filter(theirs), country, as_of, attributes)
        cleaned = pl.concat([cleaned, turned])
    cleaned = cleaned.sort("record_id")
    changed = _complete(cleaned, shared, decisions)
    others = known.filter(~is_kept)
    # The same row, and the same of its values withdrawn: nothing changed.
    same = changed.join(
        others.filter(stands.filter(~is_kept)),
        on=["record_id", "row_hash", "shared_digests", "is_decided"], how="semi", nulls_equal=True,
    )  # fmt: skip
    kept_rows = is_kept.arg_true().filter(~is_turned).to_numpy()
    # Rows are taken out of one chunk in half the time that it takes out of several, even with making it one.
    everyone = pl.concat([known.select(COMPARED_COLUMNS), changed.select(COMPARED_COLUMNS)], rechunk=True)
    rows = np.concatenate([kept_rows, np.arange(known.height, everyone.height)])
    return Changes(
        changed.filter(~pl.col("record_id").is_in(same["record_id"].implode())),
        others["record_id"].filter(~others["record_id"].is_in(cleaned["record_id"].implode())),
        cleaned.height - as_before.height,
        everyone[rows[argsort_nearly_sorted(everyone["record_id"].gather(rows))]],
        _withhold(cleaned, changed),
    )


def _clean(
    gathered: pl.DataFrame, hashes: pl.Series, country: str, as_of: date, attributes: Mapping[str, Attribute]
) -> pl.DataFrame:
    """:func:`clean_records`, and the ``row_hash`` of each row (``hashes``)."""
    hashed = gathered.select("record_id", hashes).sort("record_id", maintain_order=True)
    return clean_records(gathered, country, as_of, attributes).with_columns(hashed["row_hash"])


def _complete(cleaned: pl.DataFrame, shared: Mapping[str, pl.Series], decisions: pl.DataFrame) -> pl.DataFrame:
    """``identity/records`` of :func:`_clean`: without the values that are ``shared``, and with decisions marked."""
    return mark_decided(complete_records(cleaned, shared).with_columns(cleaned["row_hash"]), decisions)


def _withhold(cleaned: pl.DataFrame, complete: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``cleaned`` that :func:`_complete` withdrew a value of."""
    return cleaned.filter(complete["shared_values"].is_not_null())


def _depends_on_the_day(gathered: pl.DataFrame, earlier: date, later: date) -> pl.Series:
    """For each row, whether its birth date may be cleaned differently on the two days: to come, or of the very old."""
    first, last = min(earlier, later), max(earlier, later)
    oldest = date(first.year - OLDEST_LIVING_YEARS - 1, 1, 1)
    youngest = date(last.year - OLDEST_LIVING_YEARS + 1, 12, 31)
    born = gathered["birth_date"]
    return ((born >= first) | born.is_between(oldest, youngest)).fill_null(False)
