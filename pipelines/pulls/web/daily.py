"""A report of a web API by day and what is told apart within one, of days that are over: past figures are restated.

Days are those of the account's time zone. The latest, as far as `overlap` reaches, are asked for again every night and
replaced as a whole. What is landed of any day is compared with what the API sums of it for the whole account.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.config.pulls import Pull
from pipelines.pulls.digits import has_at_most
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import Counted, Measures, Since, SourceColumn
from pipelines.pulls.web.rows import MOST_DIGITS
from pipelines.pulls.web.table import WebTable

DAY = "date"
"""The column of the day."""
MONTHS = 36  # Google Ads and Meta tell single days for 37 months, and refuse to be asked for more.
EARLIEST = date(2000, 1, 1)  # No web advertising that an API tells of is older.
LATEST = date(2100, 1, 1)

Totals = Mapping[date, Mapping[str, Decimal]]
"""What the account has in all, by day and by the name of the column that it is the sum of."""


class DailyReport(WebTable):
    """One row per day and what ``columns`` tell apart within it. ``zone`` is the account's time zone."""

    parent = (DAY,)

    def __init__(
        self, shown: str, columns: Sequence[SourceColumn], pull: Pull, moment: datetime, zone: ZoneInfo
    ) -> None:
        if pull.cursor not in (None, DAY):
            raise TableError(f"the cursor of {shown} must be {DAY}.")
        super().__init__(shown, columns, moment)
        today = moment.astimezone(zone).date()
        self.last = today - timedelta(days=1)
        self.reaches_back_to = self.first = _go_back(today)
        self._first_read = self.first
        self._before: Totals = {}
        self._key, self._read = pull.key, defaultdict[str, set[tuple[str, ...]]](set)

    @abstractmethod
    def read_rows(self, first: date, last: date, most: int | None) -> Iterator[Mapping[str, Any]]:
        """The rows of the days from ``first`` to ``last``, both included; about ``most`` are enough."""

    @abstractmethod
    def read_totals(self, first: date, last: date) -> Totals:
        """What the API sums of these days for the whole account; a day that is not in there has nothing."""

    def allow(self, name: str, rows: int | None) -> Decimal:  # noqa: ARG002
        """How far the sum of a column of a day may be from the account's, as figures are rounded.

        ``rows`` is how many the day has; None where it was not read tonight.
        """
        return Decimal(0)

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        first = max(self.first, since.date()) if since else self.first
        if most is None:
            self._before = self.read_totals(self.first, self.last)
        self._first_read = first
        for row in self.read_rows(first, self.last, most) if first <= self.last else ():
            self._read[str(row.get(DAY))].add(tuple(str(row.get(name)) for name in self._key))
            yield row

    def fetch_kept(self, names: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        """The days that are not asked for again: those before, which the API may have forgotten, and those that are not
        over by its clock, but were by that of another night."""
        first, day = max(self.first, since.date()), timedelta(days=1)
        for some in (_list_days(EARLIEST, first - day), _list_days(self.last + day, LATEST)):
            yield from ({DAY: each.isoformat()} for each in some)

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """The sums of every day that the API tells: the least and the most, of before the rows were read and after."""
        if since is not None or measures.day is None or not measures.amounts:
            return None
        after = self.read_totals(self.first, self.last)
        least: dict[tuple[str | None, str], Decimal] = {}
        most: dict[tuple[str | None, str], Decimal] = {}
        for day in _list_days(self.first, self.last):
            written = day.isoformat()
            rows = len(self._read.get(written, ())) if day >= self._first_read else None
            for name in (column.name for column in measures.amounts):
                sums = [totals.get(day, {}).get(name, Decimal(0)) for totals in (self._before, after)]
                allowed = self.allow(name, rows) if any(sums) else Decimal(0)
                least[written, name], most[written, name] = min(sums) - allowed, max(sums) + allowed
        return Counted(least, most, is_complete=False)

    def read_cursor(self, cursor: SourceColumn) -> str:  # noqa: ARG002
        """The last day that is over."""
        return self.last.isoformat()


def read_zone(name: object, told_by: str) -> ZoneInfo:
    """The time zone of an account by its name. Raises SourceError where it is none."""
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise SourceError(f"{told_by} names a time zone of the account that this machine does not know.") from None


def read_day(value: object, told_by: str, shown: str) -> date:
    """A day in ISO. Raises SourceError where it is none."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise SourceError(f"{told_by} sums {shown} by what is no day.", is_passing=True) from None


def read_amount(value: object, told_by: str, shown: str) -> Decimal:
    """A number, perhaps as text. Raises SourceError where it is none."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(str(value)) if is_number or _is_number(value) else None
    if number is None or not has_at_most(number, MOST_DIGITS):
        raise SourceError(f"{told_by} sums {shown} in what is no number.", is_passing=True)
    return number


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.removeprefix("-").replace(".", "", 1).isdigit()


def _list_days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _go_back(day: date) -> date:
    """The first day of the month :data:`MONTHS` before that of ``day``."""
    months = day.year * 12 + day.month - 1 - MONTHS
    return date(months // 12, months % 12 + 1, 1)
