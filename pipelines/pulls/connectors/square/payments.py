"""Payments and refunds as Square's other books: which orders they say were paid or paid back.

They are kept and listed by another API than orders are, so that an order that its search lost is found by its payment.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pipelines.pulls.connectors.square.api import SquareApi, write_moment

PAGE = 100
LISTS = ("payments", "refunds")


def list_paid_orders(
    api: SquareApi, locations: Sequence[str], first: datetime, last: datetime, shown: str
) -> Iterator[str]:
    """The ids of the orders of all payments and refunds that were made in between and went through, some repeatedly."""
    for location in locations:
        for name in LISTS:
            asked = {
                "location_id": location,
                "begin_time": write_moment(first),
                "end_time": write_moment(last),
                "sort_order": "ASC",
                "limit": PAGE,
            }
            for page in api.read_pages("GET", name, name, f"{name}, by which {shown} is proved,", asked):
                for each in page:
                    if each.get("status") == "COMPLETED" and isinstance(each.get("order_id"), str):
                        yield each["order_id"]
