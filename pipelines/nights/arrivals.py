"""Which exports have arrived, which are late, and how long a night waits for them.

A delivery has arrived when each of the source's tables has a file of today's, and none of these is still being written.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.config.connectors import FilesConnector, FilesSource, Source
from pipelines.config.drop_sources import DropSource
from pipelines.config.sources import Sources
from pipelines.nights.settings import Freshness, Nights, refuse_unknown_sources
from pipelines.nights.waiting import Expected, Late, Waiting, expect, wait_for
from pipelines.pulls.drops.arrivals import look_for_arrivals
from pipelines.pulls.errors import SourceError, TableError

POLL_SECONDS = 15.0
POLL_SECONDS_ELSEWHERE = 60.0  # Each look at another machine is a log-in there.


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


class _Looks:
    """What sources lack; at another machine it is looked no more often than is fair to it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._looked: dict[str, tuple[datetime, str]] = {}

    def find_lack(self, each: Expected, now: datetime) -> str:
        """As :func:`_find_lack`, or as it was a moment ago."""
        name = each.source.name
        if name in self._looked and isinstance(each.source, DropSource) and now < each.given_up_at:
            looked_at, lack = self._looked[name]
            if (now - looked_at).total_seconds() < POLL_SECONDS_ELSEWHERE:
                return lack
        lack = _find_lack(each, self._sources, now)
        self._looked[name] = (now, lack)
        return lack


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
    ahead = f"the files of table {oldest.table} are dated after now: have the clock of their machine corrected"
    fault = ahead if oldest.is_ahead else None
    return Delivery(source.name, oldest.table, oldest.newest, all(each.is_settled for each in found), fault)


def are_all_there(sources: Sources, nights: Nights, now: datetime) -> bool:
    """Whether today's delivery is there whole, of every source under ``freshness``; of all of files if none is.

    Raises ConfigurationError as :func:`await_sources` does.
    """
    refuse_unknown_sources(nights, sources)
    declared = nights.freshness or {
        source.name: Freshness(expected_by=time_of_day(23, 59)) for source in _of_files(sources)
    }
    expected = expect(_of_files(sources), declared, sources.timezone, now)
    return bool(expected) and not any(_find_lack(each, sources, now) for each in expected)


def await_sources(sources: Sources, nights: Nights, day: date, how: Waiting) -> list[Late]:
    """Waits for the sources of files that are not there, each until its time, and returns those that are late for good.

    A night of a day before yesterday, which is a replay, waits for nobody. Raises ConfigurationError where
    ``freshness`` does not go with sources.yml.
    """
    refuse_unknown_sources(nights, sources)
    if how.is_replay(day):
        return []
    expected = expect(_of_files(sources), nights.freshness, sources.timezone, how.clock())
    return wait_for(expected, _Looks(sources).find_lack, how, "the exports", POLL_SECONDS)


def _of_files(sources: Sources) -> list[Source]:
    return [source for source in sources.sources if isinstance(source, FilesSource | DropSource)]


def _find_lack(each: Expected, sources: Sources, now: datetime) -> str:
    """In words, what is not there of today's delivery; empty where all is."""
    found = look(each.source, each.freshness, sources.base, now)
    if found.fault is not None:
        return found.fault
    if found.arrived_at is None:
        return f"table {found.table} has no file"
    if found.arrived_at < each.since:
        arrived = found.arrived_at.astimezone(ZoneInfo(sources.timezone))
        return f"the newest file of table {found.table} is of {arrived:%Y-%m-%d %H:%M}"
    return "" if found.is_settled else "a file is still being written"


def _stat_file(path: Path) -> tuple[float, float] | None:
    """When its content and when anything of it changed, in seconds since 1970; None for what is no file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return (state.st_mtime, state.st_ctime) if path.is_file() else None
