"""A table that changes little from night to night: its changes since it was written stand in a table beside it.

Writing a million rows takes longer than finding the one in a hundred that changed. So the table stays as it is, and its
amendments are a table of their own: the rows that were added or changed since and, marked ``is_gone``, the keys of rows
that were removed. Both tables are sorted by their key, the first column, and so is what they amount to together.
"""

import polars as pl

IS_GONE = "is_gone"

MAX_AMENDED_SHARE = 0.05
"""Share of a table's rows beyond which it is written anew: by then its readers lose more than the night gains."""


def no_amendments(table: pl.DataFrame) -> pl.DataFrame:
    """The amendments of a ``table`` just written: none, with its columns and ``is_gone``."""
    return table.clear().with_columns(pl.lit(None, dtype=pl.Boolean).alias(IS_GONE))


def add_amendments(earlier: pl.DataFrame, rows: pl.DataFrame, gone: pl.Series) -> pl.DataFrame:
    """The ``earlier`` amendments with those of a night: ``rows`` added or changed, and the keys that are ``gone``."""
    key = rows.columns[0]
    removed = pl.DataFrame({key: gone.unique()}).join(rows, on=key, how="anti")
    superseded = pl.concat([rows[key], removed[key]])
    return pl.concat(
        [
            earlier.filter(~pl.col(key).is_in(superseded.implode())),
            rows.with_columns(pl.lit(value=False).alias(IS_GONE)),
            removed.with_columns(pl.lit(value=True).alias(IS_GONE)),
        ],
        how="diagonal",
    ).sort(key, maintain_order=True)


def apply_amendments(table: pl.LazyFrame, amendments: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The rows of ``table`` that its ``amendments`` leave as they are, and the rows that they add; each sorted."""
    key = table.collect_schema().names()[0]
    amended = amendments.select(key).collect()[key]
    added = amendments.filter(~pl.col(IS_GONE)).drop(IS_GONE)
    return table.filter(~pl.col(key).is_in(amended.implode())), added


def merge_by_key(kept: pl.LazyFrame, added: pl.LazyFrame) -> pl.LazyFrame:
    """The two parts that :func:`apply_amendments` gives as one table, sorted by its key."""
    return kept.merge_sorted(added, key=kept.collect_schema().names()[0])
