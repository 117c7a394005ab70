"""A night waits for the exports that are not there, each until its time, and then does as declared."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError
from pipelines.nights.arrivals import are_all_there, await_sources
from pipelines.nights.settings import Nights
from pipelines.nights.waiting import Late, Waiting

PARIS = ZoneInfo("Europe/Paris")
SOURCES = """
timezone: Europe/Paris
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: shop}
    tables: {orders: {from: "orders*.csv"}, customers: {from: customers.csv}}
  - name: till
    kind: pos
    connector: {type: files, root: till}
    tables: {tickets: {from: tickets.csv}}
"""
EARLIER, LATER = "orders_old.csv", "customers.csv"


class Clock:
    """A clock that goes on only while somebody sleeps; ``events`` happen at their moments."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self.events: list[tuple[datetime, Callable[[], object]]] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 15
        self.now += timedelta(seconds=seconds)
        for moment, event in [each for each in self.events if each[0] <= self.now]:
            event()
            self.events.remove((moment, event))


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "sources.yml").write_text(SOURCES)
    for folder in ("shop", "till"):
        (tmp_path / folder).mkdir()
    return load_sources(tmp_path / "sources.yml")


def at(hour: int, minute: int = 0, day: date = date(2027, 1, 12)) -> datetime:
    """A moment of a night to come: what the tests write has changed long before, and nobody writes to it any more."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def put(sources: Sources, place: str, moment: datetime, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """An export that arrived at ``moment``."""
    file = sources.base / place
    file.write_text("x")
    os.utime(file, (moment.timestamp(), moment.timestamp()))


@pytest.fixture(autouse=True)
def arrival_is_modification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a night to come have been made today: only when they were changed, as they say, counts here."""
    from pipelines.nights import arrivals

    def stat(path: Path) -> tuple[float, float] | None:
        return (path.stat().st_mtime, path.stat().st_mtime) if path.is_file() else None

    monkeypatch.setattr(arrivals, "_stat_file", stat)


def nights(text: dict[str, object]) -> Nights:
    return Nights.model_validate({"freshness": text})


def wait(
    sources: Sources, declared: dict[str, object], clock: Clock, day: date = date(2027, 1, 11)
) -> tuple[list[Late], list[tuple[str, datetime]], list[str]]:
    told: list[tuple[str, datetime]] = []
    said: list[str] = []
    how = Waiting(sources.timezone, said.append, lambda each: told.append((each.source, clock.now)), clock, clock.sleep)
    late = await_sources(sources, nights(declared), day, how)
    return late, told, said


EXPECTED = {"shop": {"expected_by": "05:00", "wait_until": "06:30", "then": "go_on"}}


def test_nobody_waits_for_exports_that_are_there(sources: Sources) -> None:
    put(sources, "shop/orders_1.csv", at(1))
    put(sources, "shop/orders_0.csv", at(1) - timedelta(days=3))
    put(sources, "shop/customers.csv", at(1, 30))
    clock = Clock(at(2))
    assert wait(sources, EXPECTED, clock) == ([], [], [])
    assert clock.now == at(2)


def test_exports_that_come_in_time_are_waited_for_in_silence(sources: Sources) -> None:
    put(sources, "shop/orders_1.csv", at(1))
    clock = Clock(at(2))
    clock.events.append((at(4, 40), lambda: put(sources, "shop/customers.csv", at(4, 39))))
    late, told, said = wait(sources, EXPECTED, clock)
    assert (late, told) == ([], [])
    assert at(4, 40) <= clock.now <= at(4, 41)
    assert said[0] == "waiting for the exports of shop, until 06:30 at most"
    assert 10 < len(said) < 20, "said every ten minutes"


def test_a_source_that_is_late_is_told_at_its_time_and_still_waited_for(sources: Sources) -> None:
    put(sources, "shop/orders_1.csv", at(1))
    put(sources, "shop/customers.csv", at(1) - timedelta(days=1))
    clock = Clock(at(2))
    clock.events.append((at(5, 50), lambda: put(sources, "shop/customers.csv", at(5, 49))))
    late, told, said = wait(sources, EXPECTED, clock)
    assert late == [], "it came, within the time that was left to it"
    assert told == [("shop", at(5))]
    assert said[-1] == "source shop has arrived, late"


@pytest.mark.parametrize("then", ["go_on", "stop"])
def test_a_source_that_never_comes_is_given_up_at_its_deadline(sources: Sources, then: str) -> None:
    put(sources, "shop/customers.csv", at(1) - timedelta(days=1))
    put(sources, "shop/orders_1.csv", at(1))
    clock = Clock(at(2))
    [late], told, _ = wait(sources, {"shop": {**EXPECTED["shop"], "then": then}}, clock)
    assert clock.now == at(6, 30)
    assert (late.source, late.then) == ("shop", then)
    assert late.what == "the newest file of table customers is of 2027-01-11 01:00"
    assert len(told) == 1


def test_a_table_without_a_file_is_late_even_where_the_others_are_there(sources: Sources) -> None:
    put(sources, "shop/orders_1.csv", at(1))
    [late], _, _ = wait(sources, {"shop": {"expected_by": "05:00"}}, Clock(at(7)))
    assert late.what == "table customers has no file"
    assert wait(sources, {"shop": {"expected_by": "05:00", "tables": "orders"}}, Clock(at(7)))[0] == []


def test_what_arrived_yesterday_in_time_does_not_count_for_today(sources: Sources) -> None:
    put(sources, "till/tickets.csv", at(23, 50) - timedelta(days=1))
    assert len(wait(sources, {"till": {"expected_by": "05:00"}}, Clock(at(6)))[0]) == 1
    since = {"till": {"expected_by": "05:00", "since": "22:00"}}
    assert wait(sources, since, Clock(at(6)))[0] == [], "of the evening before, where that is said"


def test_an_age_is_judged_when_the_night_begins(sources: Sources) -> None:
    put(sources, "till/tickets.csv", at(2) - timedelta(hours=27))
    declared: dict[str, object] = {"till": {"max_age_hours": 26, "then": "stop"}}
    [late], told, _ = wait(sources, declared, Clock(at(2)))
    assert (late.then, told) == ("stop", [("till", at(2))])
    assert wait(sources, {"till": {"max_age_hours": 28}}, Clock(at(2)))[0] == []


def test_a_file_that_is_still_written_has_not_arrived(sources: Sources) -> None:
    put(sources, "till/tickets.csv", at(4, 59))
    clock = Clock(at(4, 59))
    clock.events.append((at(4, 59) + timedelta(seconds=10), lambda: put(sources, "till/tickets.csv", clock.now)))
    late, _, _ = wait(sources, {"till": {"expected_by": "05:10"}}, clock)
    assert late == []
    assert clock.now >= at(4, 59) + timedelta(seconds=25), "fifteen seconds after it last changed"


def test_a_replay_of_an_earlier_day_waits_for_nobody(sources: Sources) -> None:
    assert wait(sources, EXPECTED, Clock(at(2)), day=date(2027, 1, 10)) == ([], [], [])


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_on_the_nights_of_the_change_of_clocks_it_is_the_clock_of_the_retailer_that_counts(
    sources: Sources, day: date
) -> None:
    clock = Clock(datetime(day.year, day.month, day.day, 0, 30, tzinfo=PARIS).astimezone(UTC))
    _, told, _ = wait(sources, {"till": {"expected_by": "05:00"}}, clock, day=day - timedelta(days=1))
    [(_, moment)] = told
    assert moment.astimezone(PARIS).strftime("%H:%M") == "05:00"
    hours = {date(2027, 3, 28): 3.5, date(2027, 10, 31): 5.5}[day]
    began = datetime(day.year, day.month, day.day, 0, 30, tzinfo=PARIS).astimezone(UTC)
    assert moment - began == timedelta(hours=hours)


def test_a_night_may_begin_once_every_source_has_sent_its_exports_whole(sources: Sources) -> None:
    everything = Nights.model_validate({})
    put(sources, "shop/orders_1.csv", at(1))
    put(sources, "shop/customers.csv", at(1))
    assert not are_all_there(sources, everything, at(2)), "the till is not there"
    assert are_all_there(sources, nights(EXPECTED), at(2)), "it need not be: it is not declared"
    put(sources, "till/tickets.csv", at(1, 59))
    assert are_all_there(sources, everything, at(2))
    put(sources, "till/tickets.csv", at(2))
    assert not are_all_there(sources, everything, at(2)), "somebody writes to it"
    assert not are_all_there(sources, everything, at(2) + timedelta(days=1)), "these are of the day before"


@pytest.mark.parametrize("declared", [{"shop": {"tables": "ordres"}}, {"shpo": {}}, {"till": {"tables": ["nobody"]}}])
def test_a_night_begins_by_no_name_that_sources_yml_has_not(
    sources: Sources, declared: dict[str, dict[str, object]]
) -> None:
    freshness: dict[str, object] = {name: {"expected_by": "05:00", **each} for name, each in declared.items()}
    with pytest.raises(ConfigurationError, match="does not go with"):
        are_all_there(sources, nights(freshness), at(2))
