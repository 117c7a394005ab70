"""Shared values: an e-mail, phone or card that too many names use identifies nobody and is withdrawn from matching.

Which values are withdrawn follows from the records alone, so that a rerun and a full run withdraw the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from pipelines.identity.standardisation.attributes import Attribute

NAME_LETTERS = 3  # Letters of a surname by which the users of a value are counted.
LIMITED_COLUMNS: dict[str, str] = {
    "email_key": "email", "mobile_key": "phone", "landline_key": "phone", "card_key": "loyalty_card_id",
}  # fmt: skip
"""The match columns whose values may be withdrawn, and the attribute whose limits apply to them."""


def find_shared_values(
    records: pl.DataFrame, attributes: Mapping[str, Attribute], suspects: Mapping[str, pl.Series] | None = None
) -> dict[str, pl.Series]:
    """By match column, the values that more names use within the window than their attribute allows; sorted.

    ``suspects`` are, by match column, the values to look at; by default, all.
    """

    def find(column: str) -> pl.Series:
        attribute = attributes[LIMITED_COLUMNS[column]]
        return _shared_values(records, column, attribute, None if suspects is None else suspects[column])

    with ThreadPoolExecutor() as threads:
        return dict(zip(LIMITED_COLUMNS, threads.map(find, LIMITED_COLUMNS), strict=True))


def has_shared_value(records: pl.DataFrame, shared: Mapping[str, pl.Series]) -> pl.Series:
    """Whether each record has one of the ``shared`` values (:func:`find_shared_values`)."""
    has_one = (records[column].is_in(values.implode()).fill_null(False) for column, values in shared.items())
    return pl.Series(np.logical_or.reduce([mask.to_numpy() for mask in has_one]), dtype=pl.Boolean)


def withdraw_shared_values(records: pl.DataFrame, shared: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Match columns set to null where they hold one of the ``shared`` values (:func:`find_shared_values`).

    The display columns keep the value: it may be true, it only does not tell people apart. Added: ``shared_values``,
    the match columns withdrawn (``email,mobile``; null for none), and ``shared_digests``, each with the SHA-256 of the
    value (``email:<hex>,mobile:<hex>``), by which records that share a value are found without showing it.
    """
    has_one = has_shared_value(records, shared)
    named, digested = [], []
    for column, values in shared.items():
        name = column.removesuffix("_key")
        digests = [f"{name}:{hashlib.sha256(value.encode()).hexdigest()}" for value in values]
        digest = pl.col(column).replace_strict(list(values), digests, default=None, return_dtype=pl.String)
        digested.append(digest)
        named.append(pl.when(digest.is_not_null()).then(pl.lit(name)))
    # Few records have such a value: only for them is it worked out which.
    details = records.filter(has_one).select(
        _join_texts(named).alias("shared_values"), _join_texts(digested).alias("shared_digests")
    )
    row = pl.Series(np.where(has_one, np.cumsum(has_one) - 1, -1)).replace(-1, None)
    return records.with_columns(
        *(
            pl.when(~pl.col(column).is_in(values.implode()).fill_null(False)).then(pl.col(column)).alias(column)
            for column, values in shared.items()
        ),
        *(details[name].gather(row).alias(name) for name in details.columns),
    )


def _join_texts(texts: Sequence[pl.Expr]) -> pl.Expr:
    joined = pl.concat_str(texts, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _shared_values(records: pl.DataFrame, column: str, attribute: Attribute, suspects: pl.Series | None) -> pl.Series:
    """The values of ``column`` (the ``suspects``, or all) seen with more names than the attribute's limit, sorted."""
    if attribute.shared_limit is None:
        return pl.Series(column, [], dtype=pl.String)
    users = records.lazy()
    if suspects is not None:
        users = users.filter(pl.col(column).is_in(suspects.implode()))
    used = users.select(pl.col(column).alias("value"), surname_prefix(), use_day()).drop_nulls(["value", "name"])
    counted = used.group_by("value").agg(pl.col("name").n_unique().alias("names"))
    # A window has at most the names of all time: only the few values over the limit are counted by date.
    over = counted.filter(pl.col("names") > attribute.shared_limit).select("value").collect()
    if attribute.shared_window_days is not None:
        widely_used = used.join(over.lazy(), on="value", how="semi").collect()
        busiest = max_names_in_window(widely_used, attribute.shared_window_days)
        over = busiest.filter(pl.col("names") > attribute.shared_limit)
    return over["value"].sort()


def surname_prefix() -> pl.Expr:
    """``name``: the start of the surname, so that typing errors behind it do not count as another person."""
    return pl.col("last_key").str.slice(0, NAME_LETTERS).alias("name")


def use_day() -> pl.Expr:
    """``day``: when the record was made, else last changed; null where it has no date."""
    return pl.coalesce("created_at", "updated_at").dt.date().alias("day")


def max_names_in_window(used: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """The most distinct names that any ``window_days`` consecutive days saw: value, names, sorted by value.

    ``used`` has one row per use: value, name, day. A use without a day counts in every window.
    """
    undated = used.filter(pl.col("day").is_null()).select("value", "name").unique()
    always = undated.group_by("value").agg(pl.len().cast(pl.Int64).alias("always"))
    dated = used.drop_nulls("day").select("value", "name", "day").unique()
    dated = dated.join(undated, on=["value", "name"], how="anti").sort("value", "name", "day")
    # A name is in the windows that end on the day of a use or up to window_days - 1 later; from its next use on, that
    # one counts. So the window that ends on a day holds the names that have entered and not yet left.
    leaves_on = pl.min_horizontal(
        pl.col("day").shift(-1).over("value", "name"), pl.col("day") + pl.duration(days=window_days)
    )
    moves = pl.concat(
        [
            dated.select("value", "day", pl.lit(1, dtype=pl.Int64).alias("move")),
            dated.select("value", leaves_on.alias("day"), pl.lit(-1, dtype=pl.Int64).alias("move")),
        ]
    )
    busiest = (
        moves.group_by("value", "day")
        .agg(pl.col("move").sum())
        .sort("value", "day")
        .with_columns(pl.col("move").cum_sum().over("value").alias("present"))
        .group_by("value")
        .agg(pl.col("present").max())
    )
    return (
        busiest.join(always, on="value", how="full", coalesce=True)
        .select("value", (pl.col("present").fill_null(0) + pl.col("always").fill_null(0)).alias("names"))
        .sort("value")
    )
