"""A system that answers with the rows of last week is late, and is pulled again until its time is over."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipelines.config.connectors import PulledSource
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError
from pipelines.lake.landed import Batch, LandedTable, landed_folder, read_landed
from pipelines.lake.tables import Lake
from pipelines.nights.arrival_table import note_files, note_pulled
from pipelines.nights.newest import await_newest, find_newest
from pipelines.nights.settings import Nights
from pipelines.nights.waiting import Late, Waiting

PARIS = ZoneInfo("Europe/Paris")
SOURCES = """
timezone: Europe/Paris
sources:
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me}
    pulls:
      orders: {key: id, cursor: changed}
      refunds: {day: refunded}
    tables:
      orders: {from: orders}
      returns: {from: refunds}
      products: {from: product}
  - name: till
    kind: pos
    connector: {type: files, root: till}
    tables: {tickets: {from: tickets.csv}}
"""


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "sources.yml").write_text(SOURCES)
    (tmp_path / "till").mkdir()
    return load_sources(tmp_path / "sources.yml")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def shop(sources: Sources) -> PulledSource:
    found = sources.sources[0]
    assert isinstance(found, PulledSource)
    return found


def at(hour: int, minute: int = 0, day: date = date(2027, 1, 12)) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def land(
    lake: Lake, name: str, *, kind: str = "timestamptz", cursor: str | None = None, days: tuple[Any, ...] = ()
) -> None:
    """One batch of ``name``, with a row at the cursor up to which nothing is missing, or the days of its rows."""
    landed = read_landed(landed_folder(lake, "shop"))
    column = "changed" if cursor else "refunded"
    if cursor and not days:
        days = (int(cursor) if kind == "integer" else datetime.fromisoformat(cursor),)
    batch = Batch(1, "full", "2027-01-12T01:00:00+00:00", rows=len(days), cursor_to=cursor)
    table = LandedTable(name, "asked", (), {"id": "integer", column: kind}, (batch,), len(days), batch.pulled_at)
    landed.folder(name).mkdir(parents=True, exist_ok=True)
    if days:
        pl.DataFrame({column: days}).write_parquet(landed.folder(name) / batch.file)
    landed.commit({**landed.tables, name: table})


def newest(shop: PulledSource, lake: Lake, now: datetime) -> dict[str, tuple[str, datetime | None]]:
    return {one.name: (one.column, one.moment) for one in find_newest(shop, lake, "Europe/Paris", now)}


def test_the_newest_row_is_told_by_the_cursor_or_else_the_day(shop: PulledSource, lake: Lake) -> None:
    land(lake, "orders", cursor="2027-01-11 22:10:00.000000+00:00")
    land(lake, "refunds", kind="date", days=(date(2027, 1, 9), date(2027, 1, 11), date(2031, 1, 1), None))
    assert newest(shop, lake, at(2)) == {
        "orders": ("changed", datetime(2027, 1, 11, 22, 10, tzinfo=UTC)),
        "refunds": ("refunded", at(0)),  # The end of the eleventh; what is of days to come says nothing.
    }


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("timestamp", datetime.fromisoformat("2027-01-11 23:10")),  # By the clock of the retailer.
        ("timestamptz", datetime(2027, 1, 11, 22, 10, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_of_the_clock_of_the_retailer(
    shop: PulledSource, lake: Lake, kind: str, row: datetime
) -> None:
    land(lake, "refunds", kind=kind, days=(row - timedelta(days=3), row, row + timedelta(days=30)))
    assert newest(shop, lake, at(2))["refunds"] == ("refunded", datetime(2027, 1, 11, 22, 10, tzinfo=UTC))


def test_a_cursor_that_is_a_number_says_nothing_and_the_others_do(shop: PulledSource, lake: Lake) -> None:
    land(lake, "orders", kind="integer", cursor="4711")
    assert newest(shop, lake, at(2)) == {"refunds": ("refunded", None)}


def test_a_cursor_that_is_when_the_pull_began_makes_no_row_new(shop: PulledSource, lake: Lake) -> None:
    newest_row = datetime(2027, 1, 5, 22, 10, tzinfo=UTC)
    land(lake, "orders", cursor="2027-01-12 01:00:00.000000+00:00", days=(newest_row - timedelta(days=1), newest_row))
    assert newest(shop, lake, at(2))["orders"] == ("changed", newest_row)


class Clock:
    """A clock that goes on only while somebody sleeps; a pull at a moment of ``arrivals`` or later brings its rows."""

    def __init__(self, lake: Lake, start: datetime, arrivals: dict[datetime, str]) -> None:
        self.lake, self.now, self.arrivals, self.pulls = lake, start, arrivals, 0

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 300
        self.now += timedelta(seconds=seconds)

    def pull(self, source: PulledSource) -> None:
        assert source.name == "shop"
        self.pulls += 1
        for moment, cursor in self.arrivals.items():
            if moment <= self.now:
                land(self.lake, "orders", cursor=cursor)


def wait(
    sources: Sources, clock: Clock, declared: dict[str, Any], day: date = date(2027, 1, 11)
) -> tuple[list[Late], list[str]]:
    told: list[str] = []
    how = Waiting(sources.timezone, lambda _: None, lambda each: told.append(each.what), clock, clock.sleep)
    nights = Nights.model_validate({"freshness": {"shop": {"tables": "orders", **declared}}})
    return await_newest(sources, nights, day, clock.lake, clock.pull, how), told


OLD, NEW = "2027-01-10 22:10:00+00:00", "2027-01-12 00:10:00+00:00"
UNTIL = {"expected_by": "05:00", "wait_until": "06:30"}


def test_rows_that_are_new_enough_are_pulled_once(sources: Sources, lake: Lake) -> None:
    land(lake, "orders", cursor=NEW)
    clock = Clock(lake, at(2), {})
    assert wait(sources, clock, UNTIL) == ([], [])
    assert (clock.now, clock.pulls) == (at(2), 0)


def test_a_source_that_lags_is_pulled_again_until_its_rows_are_there(sources: Sources, lake: Lake) -> None:
    land(lake, "orders", cursor=OLD)
    clock = Clock(lake, at(4), {at(5, 40): NEW})
    late, told = wait(sources, clock, UNTIL)
    assert late == []
    assert told == ["the newest row of orders is of 2027-01-10 23:10 (changed)"]
    assert at(5, 40) <= clock.now <= at(5, 45)
    assert clock.pulls <= 21, "a system that others work with is not asked every second"


@pytest.mark.parametrize("then", ["go_on", "stop"])
def test_a_source_that_never_comes_is_given_up_at_its_deadline(sources: Sources, lake: Lake, then: str) -> None:
    land(lake, "orders", cursor=OLD)
    clock = Clock(lake, at(4), {})
    [late], _ = wait(sources, clock, {**UNTIL, "then": then})
    assert (clock.now, late.then, late.source) == (at(6, 30), then, "shop")


def test_an_age_is_judged_when_the_night_begins(sources: Sources, lake: Lake) -> None:
    land(lake, "orders", cursor=OLD)
    [late], _ = wait(sources, Clock(lake, at(2), {}), {"max_age_hours": 26})
    assert "2027-01-10 23:10" in late.what
    assert wait(sources, Clock(lake, at(2), {}), {"max_age_hours": 28})[0] == []


def test_a_source_of_which_nothing_was_ever_pulled_is_late(sources: Sources, lake: Lake) -> None:
    [late], _ = wait(sources, Clock(lake, at(2), {}), {"max_age_hours": 26})
    assert "nothing has been pulled of orders" in late.what


def test_a_replay_waits_for_nobody(sources: Sources, lake: Lake) -> None:
    assert wait(sources, Clock(lake, at(2), {}), {"max_age_hours": 26}, day=date(2027, 1, 10)) == ([], [])


def test_tables_that_nothing_dates_cannot_be_declared(sources: Sources, lake: Lake) -> None:
    with pytest.raises(ConfigurationError, match="none of the pulls of source 'shop' has a `cursor` or a `day`"):
        wait(sources, Clock(lake, at(2), {}), {"max_age_hours": 26, "tables": "products"})


def test_how_new_everything_is_stands_in_the_lake(sources: Sources, lake: Lake) -> None:
    (sources.base / "till" / "tickets.csv").write_text("x")
    now = datetime.now(UTC)
    land(lake, "orders", cursor="2026-01-10 22:10:00+00:00")
    note_files(sources, lake, [], now)
    note_pulled(sources, lake, [Late("shop", "it lags", at(5), "go_on", False)], now)
    note_files(sources, lake, [], now)
    table = lake.read("sources", "arrivals")
    columns = ("source", "kind", "table_name", "said_by", "is_late")
    assert table.select(columns).rows() == [
        ("shop", "pulled", "orders", "changed", True),
        ("shop", "pulled", "refunds", "refunded", True),
        ("till", "files", "tickets", "file", False),
    ]
    assert table["newest_at"][0] == datetime.fromisoformat("2026-01-10 22:10")
    assert table["newest_at"][1] is None
    assert abs(table["newest_at"][2] - now.replace(tzinfo=None)) < timedelta(minutes=5)
