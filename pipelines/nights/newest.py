"""How new the rows are that were pulled: a system may answer every night with the rows of last week.

The newest is what the column of the cursor, or else of the day, says in the rows that were landed: the cursor itself is
where the next pull begins, which of a web API is when the last one did. Where a source lags, it is pulled again until
its rows are there or its time is over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from pipelines.config.connectors import PulledSource
from pipelines.config.pulls import Pull
from pipelines.config.sources import Sources
from pipelines.extracts import sandbox
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.landed import LandedTable, landed_folder, read_landed
from pipelines.lake.tables import Lake
from pipelines.nights.settings import Nights, list_dated, refuse_unknown_sources
from pipelines.nights.waiting import Expected, Late, Waiting, expect, wait_for

POLL_SECONDS = 300.0
"""Between two pulls of a source that lags: it is a system that others work with."""
MOMENTS = ("date", "timestamp", "timestamptz")

PullAgain = Callable[[PulledSource], object]


@dataclass(frozen=True)
class Newest:
    """One pull: the moment of its newest row (UTC), None where there is none, and the column that says so."""

    source: str
    name: str
    column: str
    moment: datetime | None


def find_newest(source: PulledSource, lake: Lake, zone: str, now: datetime) -> list[Newest]:
    """Of each pull with a cursor or a day of time, the newest row that is not of after ``now``.

    A day without a time counts as the end of that day; a time without a zone is of ``zone``.
    """
    landed = read_landed(landed_folder(lake, source.name))
    found = []
    for name in list_dated(source, None):
        pull, table = source.wanted[name], landed.tables.get(name)
        column = _choose_column(pull, table)
        if table is None or not table.columns:
            found.append(Newest(source.name, name, column, None))
        elif column:
            kind = table.columns[column]
            text = _ask_newest(table, column, kind, lake, source, zone, now)
            found.append(Newest(source.name, name, column, _read(text, kind, zone, now)))
    return found


def await_newest(
    sources: Sources, nights: Nights, day: date, lake: Lake, pull_again: PullAgain, how: Waiting
) -> list[Late]:
    """Waits for the pulled sources whose rows are not as new as declared, and returns those that are late for good.

    They have been pulled once when this is called; ``pull_again`` is called for one that lags, at most every
    :data:`POLL_SECONDS`. A replay waits for nobody. Raises ConfigurationError where ``freshness`` does not go with
    sources.yml.
    """
    refuse_unknown_sources(nights, sources)
    if how.is_replay(day):
        return []
    pulled = [source for source in sources.sources if isinstance(source, PulledSource)]
    expected = expect(pulled, nights.freshness, sources.timezone, how.clock())
    pulled_at: dict[str, datetime] = {}

    def find_lack(each: Expected, now: datetime) -> str:
        assert isinstance(each.source, PulledSource)
        name = each.source.name
        lack = _find_lack(each, lake, sources.timezone, now)
        if lack and name in pulled_at and now - pulled_at[name] >= timedelta(seconds=POLL_SECONDS):
            pull_again(each.source)
            pulled_at[name] = now
            lack = _find_lack(each, lake, sources.timezone, now)
        pulled_at.setdefault(name, now)
        return lack

    return wait_for(expected, find_lack, how, "newer rows", POLL_SECONDS)


def _find_lack(each: Expected, lake: Lake, zone: str, now: datetime) -> str:
    """In words, which table has no row as new as declared; empty where all have."""
    assert isinstance(each.source, PulledSource)
    looked_at = list_dated(each.source, each.freshness.tables)
    newest = [one for one in find_newest(each.source, lake, zone, now) if one.name in looked_at]
    lagging = [one for one in newest if one.moment is None or one.moment < each.since]
    if not lagging:
        return ""
    worst = min(lagging, key=lambda one: (one.moment is not None, one.moment or now, one.name))
    if worst.moment is None:
        return f"nothing has been pulled of {worst.name}, or no row says how new it is"
    moment = worst.moment.astimezone(ZoneInfo(zone))
    return f"the newest row of {worst.name} is of {moment:%Y-%m-%d %H:%M} ({worst.column})"


def _choose_column(pull: Pull, table: LandedTable | None) -> str:
    """The cursor where it is a time, else the day; before anything was pulled, whichever is declared."""
    for column in (pull.cursor, pull.day):
        if column and (table is None or table.columns.get(column) in MOMENTS):
            return column
    return ""


def _ask_newest(
    table: LandedTable, column: str, kind: str, lake: Lake, source: PulledSource, zone: str, now: datetime
) -> str | None:
    """The newest moment that was landed: of all batches, of which only the ends of the column are read."""
    folder = landed_folder(lake, source.name) / table.folder
    files = [folder / batch.file for batch in table.batches if batch.rows]
    if not files:
        return None
    here = now.astimezone(ZoneInfo(zone))
    last = now.isoformat() if kind == "timestamptz" else here.replace(tzinfo=None).isoformat()
    named, rows = quote_name(column), ", ".join(quote_text(str(file)) for file in files)
    bound = f"cast({quote_text(last)} as {'timestamptz' if kind == 'timestamptz' else 'timestamp'})"
    with lake.scratch("newest") as scratch, sandbox.connect("UTC", scratch, files, is_single=False) as connection:
        found = connection.execute(
            f"select cast(max({named}) filter (where {named} <= {bound}) as varchar) "
            f"from read_parquet([{rows}], union_by_name = true)"
        ).fetchone()
    return None if found is None or found[0] is None else str(found[0])


def _read(text: str | None, kind: str, zone: str, now: datetime) -> datetime | None:
    if text is None:
        return None
    if kind == "date":
        end = datetime.combine(date.fromisoformat(text[:10]) + timedelta(days=1), time_of_day(0), ZoneInfo(zone))
        return min(end.astimezone(UTC), now)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC if kind == "timestamptz" else ZoneInfo(zone))
    return moment.astimezone(UTC)
