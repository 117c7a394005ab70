"""Which exports have arrived, which are late, and how long a night waits for them.

A delivery has arrived when each of the source's tables has a file of today's, and none of these is still being written.
The clock is asked here and nowhere else in a run: whether an export is late is a fact of the night, and no mart says
it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.config.connectors import DropConnector, DropSource, FilesConnector, Source
from pipelines.config.sources import Sources
from pipelines.nights.settings import Freshness, Nights, refuse_unknown_sources
from pipelines.pulls.drops.arrivals import look_for_arrivals
from pipelines.pulls.errors import SourceError, TableError

POLL_SECONDS = 15.0
POLL_SECONDS_ELSEWHERE = 60.0  # Each look at another machine is a log-in there.
SAID_EVERY_SECONDS = 600.0


@dataclass(frozen=True)
class Delivery:
    """What is there of one source: when its oldest table arrived (UTC), None where one has no file at all.

    ``table`` is that table. Not ``is_settled``, a file of it is still being written. ``fault``: why nobody knows.
    """

    source: str
    table: str
    arrived_at: datetime | None
    is_settled: bool
    fault: str | None = None


@dataclass(frozen=True)
class Late:
    """A source that is not there in time: what is known of it, when it was due, and what is done without it."""

    source: str
    what: str
    due: datetime
    then: str
    is_waited_for: bool


@dataclass(frozen=True)
class _Expected:
    """One source as this night expects it: what is older than ``since`` is an older delivery."""

    source: Source
    freshness: Freshness
    since: datetime
    due: datetime
    given_up_at: datetime

    def is_there(self, base: Path, now: datetime) -> bool:
        found = look(self.source, self.freshness, base, now)
        return found.arrived_at is not None and found.is_settled and found.arrived_at >= self.since


class _Looks:
    """Looks at what a night waits for: at another machine no more often than is fair to it."""

    def __init__(self) -> None:
        self._looked: dict[str, datetime] = {}

    def find(self, each: _Expected, base: Path, now: datetime) -> bool:
        """Whether it is there, as far as that was to be asked."""
        name = each.source.name
        since = (now - self._looked[name]).total_seconds() if name in self._looked else POLL_SECONDS_ELSEWHERE
        if isinstance(each.source, DropSource) and since < POLL_SECONDS_ELSEWHERE and now < each.given_up_at:
            return False
        self._looked[name] = now
        return each.is_there(base, now)


def look(source: Source, freshness: Freshness, base: Path, now: datetime) -> Delivery:
    """The delivery of ``source`` that lies there at ``now``."""
    if isinstance(source, DropSource):
        return _look_elsewhere(source, freshness, base, now)
    assert isinstance(source.connector, FilesConnector)
    folder = source.connector.folder(base)
    found = []
    for table, declared in sorted(source.tables.items()):
        if freshness.tables is None or table in freshness.tables:
            states = [state for path in folder.glob(declared.from_) if (state := _stat_file(path)) is not None]
            # A clock elsewhere may be ahead: nothing arrived later than it was last changed here.
            arrived = max((min(mtime, ctime) for mtime, ctime in states), default=None)
            settled = all(now.timestamp() - ctime >= freshness.stable_seconds for _, ctime in states)
            found.append((table, arrived, settled))
    # A table without any file first, then the one that has waited longest for a newer one.
    table, oldest, _ = min(found, key=lambda each: (each[1] is not None, each[1] or 0.0, each[0]))
    moment = None if oldest is None else datetime.fromtimestamp(oldest, UTC)
    return Delivery(source.name, table, moment, all(settled for _, _, settled in found))


def _look_elsewhere(source: DropSource, freshness: Freshness, base: Path, now: datetime) -> Delivery:
    """By the dates that the place itself gives. One that does not answer has nothing that anybody could read."""
    try:
        found = look_for_arrivals(source, base, freshness.tables, freshness.stable_seconds, now)
    except (SourceError, TableError) as error:
        return Delivery(source.name, "", None, is_settled=True, fault=str(error))
    oldest = min(found, key=lambda each: (each.newest is not None, each.newest or now, each.table))
    return Delivery(source.name, oldest.table, oldest.newest, all(each.is_settled for each in found))


def _are_files(source: Source) -> bool:
    """Whether what comes of ``source`` arrives: it does not where the night itself asks for rows."""
    return isinstance(source.connector, (FilesConnector, DropConnector))


def are_all_there(sources: Sources, nights: Nights, now: datetime) -> bool:
    """Whether today's delivery is there whole, of every source under ``freshness``; of all of files if none is."""
    declared = nights.freshness or {
        source.name: Freshness(expected_by=time_of_day(23, 59)) for source in sources.sources if _are_files(source)
    }
    expected = _expect(sources, declared, now)
    return bool(expected) and all(each.is_there(sources.base, now) for each in expected)


def await_sources(
    sources: Sources,
    nights: Nights,
    day: date,
    say: Callable[[str], object],
    tell: Callable[[Late], object],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], object] = time.sleep,
) -> list[Late]:
    """Waits for the sources that are not there, each until its time, and returns those that are late for good.

    ``tell`` is called at the moment in which one turns late, once. A night of a day before yesterday, which is a
    replay, waits for nobody. Raises ConfigurationError where ``freshness`` does not go with sources.yml.
    """
    refuse_unknown_sources(nights, sources)
    began = clock()
    if day < began.astimezone(ZoneInfo(sources.timezone)).date() - timedelta(days=1):
        return []
    waiting = _expect(sources, nights.freshness, began)
    late: dict[str, Late] = {}
    looks = _Looks()
    said_at = began - timedelta(seconds=SAID_EVERY_SECONDS)
    while True:
        now = clock()
        for each in list(waiting):
            name = each.source.name
            if looks.find(each, sources.base, now):
                waiting.remove(each)
                if late.pop(name, None) is not None:
                    say(f"source {name} has arrived, late")
                continue
            if now >= each.due and name not in late:
                late[name] = _describe(each, sources, now)
                tell(late[name])
            if now >= each.given_up_at:
                waiting.remove(each)
        if not waiting:
            return [late[name] for name in sorted(late)]
        if (now - said_at).total_seconds() >= SAID_EVERY_SECONDS:
            until = max(each.given_up_at for each in waiting).astimezone(ZoneInfo(sources.timezone))
            names = ", ".join(each.source.name for each in waiting)
            say(f"waiting for the exports of {names}, until {until:%H:%M} at most")
            said_at = now
        moments = [moment for each in waiting for moment in (each.due, each.given_up_at) if moment > now]
        sleep(min([POLL_SECONDS, *((moment - now).total_seconds() for moment in moments)]))


def _expect(sources: Sources, declared: dict[str, Freshness], now: datetime) -> list[_Expected]:
    zone = ZoneInfo(sources.timezone)
    today = now.astimezone(zone).date()

    def at(moment: time_of_day, days: int = 0) -> datetime:
        return datetime.combine(today + timedelta(days=days), moment, zone).astimezone(UTC)

    expected = []
    for source in sources.sources:
        freshness = declared.get(source.name)
        if freshness is None or not _are_files(source):
            continue
        if freshness.expected_by is not None:
            since = at(freshness.since, -1 if freshness.since > freshness.expected_by else 0)
            due = at(freshness.expected_by)
        else:
            assert freshness.max_age_hours is not None
            since, due = now - timedelta(hours=freshness.max_age_hours), now
        until = due if freshness.wait_until is None else max(due, at(freshness.wait_until))
        expected.append(_Expected(source, freshness, since, due, until))
    return expected


def _describe(each: _Expected, sources: Sources, now: datetime) -> Late:
    zone = ZoneInfo(sources.timezone)
    found = look(each.source, each.freshness, sources.base, now)
    if found.fault is not None:
        what = found.fault
    elif found.arrived_at is None:
        what = f"table {found.table} has no file"
    elif found.arrived_at < each.since:
        what = f"the newest file of table {found.table} is of {found.arrived_at.astimezone(zone):%Y-%m-%d %H:%M}"
    else:
        what = "a file is still being written"
    return Late(each.source.name, what, each.due, each.freshness.then, each.given_up_at > now)


def _stat_file(path: Path) -> tuple[float, float] | None:
    """When its content and when anything of it changed, in seconds since 1970; None for what is no file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return (state.st_mtime, state.st_ctime) if path.is_file() else None
