"""Which days a run can be as of."""

from datetime import date

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The days that a run may be as of: windows count back a hundred years and ages more, and times in nanoseconds, which
some readers of Parquet take them for, reach from 1677 to 2262."""


def refuse_odd_day(day: date) -> date:
    """Raises ValueError for a day that no run can be as of."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"'{day}' is no day of a run: from {FIRST_DAY} to {LAST_DAY}")
    return day
