"""A table that changes little from night to night: what came, changed or went since stands beside it.

Writing a million rows takes longer than finding the one in a hundred that is not what it was. So the table stays as it
is, and its amendments are a table of their own: the rows that are new or other than they were, and, with ``is_gone``,
the keys of those that are no more. Both are sorted by their key, the first column, and so is what they make together.
"""

import polars as pl

IS_GONE = "is_gone"

MOST_AMENDED = 0.05
"""Share of a table's rows beyond which it is written anew: by then its readers lose more than the night gains."""


def no_amendments(table: pl.DataFrame) -> pl.DataFrame:
    """The amendments of a ``table`` just written."""
    return table.clear().with_columns(pl.lit(None, dtype=pl.Boolean).alias(IS_GONE))


def add_amendments(earlier: pl.DataFrame, rows: pl.DataFrame, gone: pl.Series) -> pl.DataFrame:
    """All amendments of a table, after ``earlier`` ones: ``rows`` that are new or other, keys that are ``gone``."""
    key = rows.columns[0]
    absent = pl.DataFrame({key: gone.unique()}).join(rows, on=key, how="anti")
    named = pl.concat([rows[key], absent[key]])
    return pl.concat(
        [
            earlier.filter(~pl.col(key).is_in(named.implode())),
            rows.with_columns(pl.lit(value=False).alias(IS_GONE)),
            absent.with_columns(pl.lit(value=True).alias(IS_GONE)),
        ],
        how="diagonal",
    ).sort(key, maintain_order=True)


def amend(table: pl.LazyFrame, amendments: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The rows of the ``table`` that its ``amendments`` leave as they are, and those that they add; both sorted."""
    key = table.collect_schema().names()[0]
    named = amendments.select(key).collect()[key]
    rows = amendments.filter(~pl.col(IS_GONE)).drop(IS_GONE)
    return table.filter(~pl.col(key).is_in(named.implode())), rows


def put_in_order(kept: pl.LazyFrame, added: pl.LazyFrame) -> pl.LazyFrame:
    """What :func:`amend` gives, as one table sorted by its key."""
    return kept.merge_sorted(added, key=kept.collect_schema().names()[0])
