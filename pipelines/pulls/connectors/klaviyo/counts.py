"""How many events of a metric Klaviyo counts by day.

Klaviyo does not promise that these are just the events that it lists: a count may lag, and may hold those of people who
were deleted since.
"""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from pipelines.pulls.connectors.klaviyo.api import KlaviyoApi
from pipelines.pulls.errors import TableError
from pipelines.pulls.system import ROWS, Counts
from pipelines.pulls.web.rows import read_moment
from pipelines.pulls.web.shapes import reach, read_count


def count_days(api: KlaviyoApi, metrics: Iterable[str], days: Sequence[date], shown: str) -> Counts:
    """Events of ``metrics``, by their ids, on each of ``days``, which follow one another: those of UTC.

    Raises SourceError, TableError.
    """
    counts = dict.fromkeys(days, Decimal(0))
    for metric in metrics:
        asked = {
            "metric_id": metric,
            "measurements": ["count"],
            "interval": "day",
            "timezone": "UTC",
            "filter": [
                f"greater-or-equal(datetime,{days[0].isoformat()}T00:00:00)",
                f"less-than(datetime,{(days[-1] + timedelta(days=1)).isoformat()}T00:00:00)",
            ],
        }
        found = api.query("metric-aggregates", shown, asked)
        counted = _read_days(reach(found, "data", "attributes"), shown)
        if not counts.keys() <= counted.keys():
            raise _tell_shape(shown)
        for day in counts:
            counts[day] += counted[day]
    return {(day.isoformat(), ROWS): count for day, count in counts.items()}


def _read_days(found: Any, shown: str) -> dict[date, Decimal]:
    dates, rows = reach(found, "dates"), reach(found, "data")
    if not isinstance(dates, list) or not isinstance(rows, list):
        raise _tell_shape(shown)
    days = [_read_midnight(written, shown) for written in dates]
    counted = dict.fromkeys(days, Decimal(0))
    for row in rows:
        values = reach(row, "measurements", "count")
        if not isinstance(values, list) or len(values) != len(days):
            raise _tell_shape(shown)
        for day, value in zip(days, map(read_count, values), strict=True):
            if value is None:
                raise _tell_shape(shown)
            counted[day] += value
    return counted


def _read_midnight(written: Any, shown: str) -> date:
    moment = read_moment(written) if isinstance(written, str) else None
    if moment is None or moment.time() != time.min:
        raise _tell_shape(shown)
    return moment.date()


def _tell_shape(shown: str) -> TableError:
    return TableError(f"Klaviyo counts {shown} by day in another shape than Parcours knows.")
