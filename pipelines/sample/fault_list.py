"""The list of what was made wrong on purpose, with the right value of each: the truth that extracts are judged by."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipelines.contracts import TABLES
from pipelines.sample.columns import Ints

SCHEMA = pl.Schema(
    {name: pl.String() for name in ("kind", "table_name", "key", "column_name", "written", "right_value")}
)
"""One row per faulty value. ``key`` is the row's, its columns joined by `|`; ``written`` is what the export says, null
where the value itself is in order; ``right_value`` what it must become, null for nothing or for a row that goes."""

KEYS = {table.path: table.key for table in TABLES}


def key_of(table: str) -> pl.Expr:
    """The key of each row of ``table`` as one text, a null in it as an empty one."""
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in KEYS[table]], separator="|")


def list_faults(
    kind: str,
    table: str,
    rows: pl.DataFrame,
    column: str,
    *,
    written: pl.Expr | None = None,
    right: pl.Expr | None = None,
) -> pl.DataFrame:
    """A fault for each of ``rows``; ``written`` and ``right`` are expressions over them."""
    nothing = pl.lit(None, pl.String)
    return rows.select(
        pl.lit(kind).alias("kind"),
        pl.lit(table).alias("table_name"),
        key_of(table).alias("key"),
        pl.lit(column).alias("column_name"),
        (nothing if written is None else written).cast(pl.String).alias("written"),
        (nothing if right is None else right).cast(pl.String).alias("right_value"),
    )


def join_faults(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All of them, in one order."""
    return pl.concat([SCHEMA.to_frame(), *parts]).sort(SCHEMA.names(), nulls_last=True)


class Untouched:
    """Which rows of each table have no fault yet, so that every fault can be judged by itself."""

    def __init__(self) -> None:
        self._touched: dict[str, set[str]] = {}

    def draw(
        self, rng: np.random.Generator, table: str, frame: pl.DataFrame, wanted: pl.Expr, count: int
    ) -> pl.DataFrame:
        """Up to ``count`` rows of ``frame`` that are ``wanted`` and have no fault, in the order of their keys."""
        touched = self._touched.setdefault(table, set())
        free = frame.filter(wanted.fill_null(False) & ~key_of(table).is_in(sorted(touched))).sort(KEYS[table])
        chosen: Ints = np.sort(rng.permutation(free.height)[:count])
        found = free[chosen]
        self.touch(table, found)
        return found

    def touch(self, table: str, rows: pl.DataFrame) -> None:
        self._touched.setdefault(table, set()).update(rows.select(key_of(table)).to_series())


def few(size: int, share: float, least: int) -> int:
    """A small share of ``size``, and never fewer than ``least``."""
    return max(least, round(size * share))


def is_among(table: str, rows: pl.DataFrame) -> pl.Expr:
    """Whether a row of ``table`` is one of ``rows``."""
    return key_of(table).is_in(rows.select(key_of(table)).to_series().to_list())
