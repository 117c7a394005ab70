"""What has arrived in a place, without fetching any of it: for whoever waits for it, or asks whether it answers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.config.drop_sources import DropSource
from pipelines.pulls.drops import completeness
from pipelines.pulls.drops.patterns import Look
from pipelines.pulls.drops.place import Entry
from pipelines.pulls.drops.places.registry import PLACES

AHEAD = timedelta(days=1)
"""A clock that is wrong, or of another time zone, is so by no more: a later date is no date."""


@dataclass(frozen=True)
class Arrival:
    """The newest file of one table that is whole, by the place's own date; not ``is_settled``, one may not be.

    A date after now is none of an arrival; ``is_ahead``: all have such.
    """

    table: str
    newest: datetime | None
    is_settled: bool
    is_ahead: bool = False


def look_for_arrivals(
    source: DropSource, base: Path, tables: Collection[str] | None, stable_seconds: float, now: datetime
) -> list[Arrival]:
    """One for each of the source's ``tables``, or all. Raises SourceError where the place cannot be asked, TableError
    where a pattern is none."""
    found = []
    with PLACES[source.connector.type](source.connector, base) as place:
        look = Look(place)
        for name, mapping in sorted(source.tables.items()):
            if tables is not None and name not in tables:
                continue
            controlled = source.control_of(mapping.from_)
            listed = look.find(mapping.from_)
            entries = completeness.leave_out_others(listed, source.connector, controlled and controlled[0])
            found.append(_judge(name, list(entries.values()), source, look, stable_seconds, now))
    return found


def _judge(
    table: str, entries: list[Entry], source: DropSource, look: Look, stable_seconds: float, now: datetime
) -> Arrival:
    marker = source.connector.marker
    if marker is not None:
        entries = [entry for entry in entries if completeness.find_missing_marker(entry, marker, look) is None]
    dates = [datetime.fromisoformat(entry.modified_at) for entry in entries if entry.modified_at]
    newest = max((each for each in dates if each <= now), default=None)
    settled = marker is not None or all(
        (now - each).total_seconds() >= stable_seconds for each in dates if each <= now + AHEAD
    )
    return Arrival(table, newest, settled, is_ahead=newest is None and bool(dates))


def find_missing(source: DropSource, base: Path) -> list[str]:
    """The patterns that find no file in the place. Raises as :func:`look_for_arrivals` does."""
    with PLACES[source.connector.type](source.connector, base) as place:
        look = Look(place)
        return [pattern for pattern in source.wanted if not look.find(pattern)]
