"""The visits of one day, page by page.

A visit is of the day of its last action. Pages follow that moment: each begins at the last one of the page before, so
that what is added or deleted meanwhile moves no visit out of sight, as it would with pages by number. Matomo does not
say how many follow: a page that is not full is the end once just as many came as it has counted, or the second time.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from typing import Any

from pipelines.pulls.connectors.matomo.api import MatomoApi
from pipelines.pulls.errors import SourceError

PAGE = 200  # With 500 actions at most in each, some megabytes as a rule.
LARGEST_PAGE = 16  # Times that, where so many visits end in one second.


def read_day(
    api: MatomoApi, day: date, zone: tzinfo, shown: str, *, expected: int, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """The visits of ``day`` in the time zone of the site; some come more than once. Raises SourceError, TableError."""
    size = min(PAGE, limit or PAGE)
    seen: set[str] = set()
    latest: int | None = None
    is_last = False
    while True:
        place = {} if latest is None else {"minTimestamp": latest - 1}
        page = api.list_visits(shown, period="day", date=day.isoformat(), filter_limit=size, **place)
        kept = [visit for visit in page if _is_of(visit, day, zone, shown)]
        yield from kept
        fresh = {str(visit["idVisit"]) for visit in kept} - seen
        seen |= fresh
        if fresh:
            latest = max(int(visit["lastActionTimestamp"]) for visit in kept)
        if len(page) >= size:
            is_last = False
            if not fresh and size >= PAGE * LARGEST_PAGE:
                raise SourceError(f"Matomo leads from page to page of {shown} in a circle.", is_passing=True)
            size *= 1 if fresh else 2
        elif is_last or len(seen) == expected:
            return
        else:
            is_last = True


def moment_of(visit: dict[str, Any], shown: str) -> datetime:
    """When the last action of a visit was. Raises SourceError where that is no moment."""
    with suppress(ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(int(visit["lastActionTimestamp"]), UTC)
        if moment.year < MAXYEAR:  # The calendar ends earlier in some time zones.
            return moment
    raise SourceError(f"Matomo lists {shown} in another shape than Parcours knows: `lastActionTimestamp` is no moment.")


def _is_of(visit: dict[str, Any], day: date, zone: tzinfo, shown: str) -> bool:
    """Whether a visit is of ``day``; Matomo lists those of midnight with both days.

    Raises SourceError for one of any other moment: then Matomo did not heed what was asked.
    """
    moment = moment_of(visit, shown)
    if moment.astimezone(zone).date() == day:
        return True
    if (moment - timedelta(seconds=1)).astimezone(zone).date() == day:
        return False
    raise SourceError(f"Matomo lists {shown} of other days than those that are asked for.", is_passing=True)
