"""Until when the orders of each source go: an export that stops early makes every figure since then a zero."""

from datetime import date
from pathlib import Path

import duckdb

LONGEST_SILENCE = 31
"""Days without an order; a whole month without any is nothing in the report, and looks like a fall."""

_QUERY = "select source, max(ordered_on) from marts.orders group by source order by source"


def find_newest_orders(warehouse: Path) -> dict[str, date]:
    """The day of the newest order or ticket of each source that has any, in the retailer's time zone."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return dict(connection.execute(_QUERY).fetchall())


def are_silent(newest: date, as_of: date) -> bool:
    """Whether orders that end on ``newest`` end long before ``as_of``."""
    return (as_of - newest).days > LONGEST_SILENCE
