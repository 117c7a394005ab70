"""How a night waits for sources that are not there: until when, and what is said of those that never come.

The clock is asked here and nowhere else in a run: whether a source is late is a fact of the night, and no mart says it.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from pipelines.config.connectors import Source
from pipelines.nights.settings import Freshness

SAID_EVERY_SECONDS = 600.0


@dataclass(frozen=True)
class Late:
    """A source that is not there in time: what is known of it, when it was due, and what is done without it."""

    source: str
    what: str
    due: datetime
    then: str
    is_waited_for: bool


@dataclass(frozen=True)
class Expected:
    """One source as this night expects it: what is older than ``since`` is an older delivery."""

    source: Source
    freshness: Freshness
    since: datetime
    due: datetime
    given_up_at: datetime


@dataclass(frozen=True)
class Waiting:
    """How it is waited: ``say`` is told what goes on, ``tell`` once of each source at the moment it turns late."""

    zone: str
    say: Callable[[str], object]
    tell: Callable[[Late], object]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] = time.sleep

    def is_replay(self, day: date) -> bool:
        """Whether ``day`` is one before yesterday: nobody waits for what is long there."""
        return day < self.clock().astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)


def expect(sources: Iterable[Source], declared: dict[str, Freshness], zone: str, now: datetime) -> list[Expected]:
    """Those of ``sources`` whose freshness is declared, with the moments of the night that begins at ``now``."""
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()

    def at(moment: time_of_day, days: int = 0) -> datetime:
        return datetime.combine(today + timedelta(days=days), moment, here).astimezone(UTC)

    expected = []
    for source in sources:
        freshness = declared.get(source.name)
        if freshness is None:
            continue
        if freshness.expected_by is not None:
            since = at(freshness.since, -1 if freshness.since > freshness.expected_by else 0)
            due = at(freshness.expected_by)
        else:
            assert freshness.max_age_hours is not None
            since, due = now - timedelta(hours=freshness.max_age_hours), now
        until = due if freshness.wait_until is None else max(due, at(freshness.wait_until))
        expected.append(Expected(source, freshness, since, due, until))
    return expected


def wait_for(
    expected: Iterable[Expected],
    find_lack: Callable[[Expected, datetime], str],
    how: Waiting,
    what: str,
    poll_seconds: float,
) -> list[Late]:
    """Waits for each until its time, and returns those that are late for good, by name.

    ``find_lack`` says in words what a source lacks at a moment, nothing where it is there; ``what`` is waited for.
    """
    waiting, zone = list(expected), ZoneInfo(how.zone)
    late: dict[str, Late] = {}
    said_at = how.clock() - timedelta(seconds=SAID_EVERY_SECONDS)
    while True:
        now = how.clock()
        for each in list(waiting):
            name, lack = each.source.name, find_lack(each, now)
            if not lack:
                waiting.remove(each)
                if late.pop(name, None) is not None:
                    how.say(f"source {name} has arrived, late")
                continue
            if now >= each.due and name not in late:
                late[name] = Late(name, lack, each.due, each.freshness.then, each.given_up_at > now)
                how.tell(late[name])
            if now >= each.given_up_at:
                waiting.remove(each)
        if not waiting:
            return [late[name] for name in sorted(late)]
        if (now - said_at).total_seconds() >= SAID_EVERY_SECONDS:
            until = max(each.given_up_at for each in waiting).astimezone(zone)
            names = ", ".join(each.source.name for each in waiting)
            how.say(f"waiting for {what} of {names}, until {until:%H:%M} at most")
            said_at = now
        moments = [moment for each in waiting for moment in (each.due, each.given_up_at) if moment > now]
        how.sleep(min([poll_seconds, *((moment - now).total_seconds() for moment in moments)]))
