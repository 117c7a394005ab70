"""The marts of a published warehouse, opened for reading, and the months that the report is about."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import ParcoursError
from pipelines.extracts.duckdb_errors import explain
from pipelines.report.small_groups import About, screen

MONTHS = 12
"""Months that flows (visits, orders, incidents) are summed over: each season once."""

Row = dict[str, Any]

_MONTHS = """
select max(month) filter (where is_complete) as complete, max(month) as latest, min(month) as earliest
from marts.kpis
"""
_AS_OF = "select max(day) as as_of from marts.journey_stage_daily"
_CURRENCY = "select min(unit) as currency from marts.kpis where headline = 'average_basket'"


class _QueryError(Exception):
    """What DuckDB says of a query of ours, in which stands whatever it names."""


@dataclass(frozen=True)
class Period:
    """Whole months from ``first`` to ``last`` (their first days); ``end`` is the first day after them."""

    first: date
    last: date

    @property
    def end(self) -> date:
        return shift(self.last, 1)


@dataclass(frozen=True)
class Marts:
    """The only way to the marts: a query, and whom its rows are about, give rows that tell nothing about a few.

    One row per fact as a dictionary by column, for each query. Sums of counts are whole, of money exact; what is hidden
    is None.
    """

    _connection: duckdb.DuckDBPyConnection
    as_of: date | None
    period: Period | None
    currency: str

    def ask(self, query: str, about: About, **parameters: object) -> list[Row]:
        return screen(_ask(self._connection, query, parameters), about)

    def ask_period(self, query: str, about: About, **parameters: object) -> list[Row]:
        """The rows of a query over days or months from ``$first`` until before ``$end``; none without a period."""
        if self.period is None:
            return []
        return self.ask(query, about, first=self.period.first, end=self.period.end, **parameters)


@contextmanager
def open_marts(warehouse: Path) -> Iterator[Marts]:
    """The marts of ``warehouse``. Raises ParcoursError where it cannot be read or lacks a mart."""
    if not warehouse.exists():
        raise ParcoursError(f"There is no published warehouse at {warehouse}. `parcours run` publishes one.")
    try:
        with duckdb.connect(warehouse, read_only=True) as connection:
            [months] = _ask(connection, _MONTHS, {})
            [day] = _ask(connection, _AS_OF, {})
            [currency] = _ask(connection, _CURRENCY, {})
            last = months["complete"] or months["latest"]
            period = Period(max(months["earliest"], shift(last, 1 - MONTHS)), last) if last else None
            yield Marts(connection, day["as_of"], period, currency["currency"] or "")
    except (duckdb.Error, _QueryError) as error:
        said = explain(error) if isinstance(error, duckdb.Error) else str(error)
        raise ParcoursError(
            f"The report cannot be drawn from {warehouse}: {said}. "
            "If another release of Parcours built it, run `parcours run` again."
        ) from error


def shift(month: date, by: int) -> date:
    """The first day of the month so many months later."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def _ask(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, object]) -> list[Row]:
    try:
        found = connection.execute(query, parameters)
    except duckdb.Error as error:
        raise _QueryError(explain(error, [query])) from error
    columns: Sequence[str] = [column[0] for column in found.description or ()]
    return [dict(zip(columns, values, strict=True)) for values in found.fetchall()]
