"""Before any file is fetched: whether a delivery is there, and whether the place answers at all."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.config.home import Home
from pipelines.doctor.examinations import configuration
from pipelines.doctor.findings import Case
from pipelines.nights.arrival_table import note_files
from pipelines.nights.arrivals import are_all_there, await_sources
from pipelines.nights.settings import Nights
from pipelines.nights.waiting import Late, Waiting
from pipelines.trial.trial import try_sources
from tests.drop_servers import FolderStore, ScriptedStore
from tests.pulls.drops.conftest import Till

ONE = ("1,S1,2026-01-01 10:00,10.00", "2,S1,2026-01-01 11:00,20.00")
TONIGHT = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)


def arrive(till: Till, name: str, moment: datetime) -> None:
    till.put(name, *ONE)
    assert isinstance(till.store, FolderStore)
    os.utime(till.store.folder / name, (moment.timestamp(), moment.timestamp()))


class Night:
    """A night that waits until six in the morning, by a clock that goes on only while it sleeps."""

    def __init__(self, till: Till, **freshness: object) -> None:
        self.till, self.now = till, TONIGHT
        declared = {"expected_by": "06:30", "wait_until": "07:00", **freshness}
        self.nights = Nights.model_validate({"freshness": {"till": declared}})
        self.told: list[Late] = []
        self.slept = lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.slept()

    def wait(self) -> list[Late]:
        sources = self.till.configure()
        how = Waiting(sources.timezone, lambda _: None, self.told.append, lambda: self.now, self.sleep)
        return await_sources(sources, self.nights, date(2026, 1, 11), how)


def test_a_night_waits_for_files_on_another_machine(till: Till) -> None:
    arrive(till, "tickets_1.csv", TONIGHT - timedelta(days=1))
    night = Night(till)

    def deliver() -> None:
        if night.now >= TONIGHT + timedelta(minutes=10):
            arrive(till, "tickets_2.csv", TONIGHT + timedelta(minutes=9))

    night.slept = deliver
    assert night.wait() == []
    assert night.told == []
    assert timedelta(minutes=10) <= night.now - TONIGHT <= timedelta(minutes=12)
    assert isinstance(till.store, ScriptedStore)
    assert len(till.store.listed) <= 13  # Once a minute, and not more.


def test_files_that_do_not_come_are_late(till: Till) -> None:
    arrive(till, "tickets_1.csv", TONIGHT - timedelta(days=1))
    [late] = Night(till, then="stop").wait()
    assert (late.source, late.then) == ("till", "stop")
    assert late.what == "the newest file of table tickets is of 2026-01-11 06:00"


def test_a_file_without_its_marker_has_not_arrived(till: Till) -> None:
    till.connector = {"complete": "marker", "marker": "{name}.done"}
    arrive(till, "tickets_1.csv", TONIGHT)
    [late] = Night(till).wait()
    assert late.what == "table tickets has no file"
    arrive(till, "tickets_1.csv.done", TONIGHT)
    assert Night(till).wait() == []


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=27_000)])
@pytest.mark.parametrize("connector", [{}, {"complete": "marker", "marker": "{name}.done"}])
def test_a_file_that_is_dated_after_now_has_not_arrived(
    till: Till, connector: dict[str, str], ahead: timedelta
) -> None:
    till.connector = connector
    arrive(till, "tickets_1.csv", TONIGHT + ahead)
    arrive(till, "tickets_1.csv.done", TONIGHT + ahead)
    [late] = Night(till).wait()
    assert late.what == "the files of table tickets are dated after now: have the clock of their machine corrected"
    assert note_files(till.configure(), till.lake, [], TONIGHT)["newest_at"].to_list() == [None]
    arrive(till, "tickets_0.csv", TONIGHT - timedelta(days=1))
    arrive(till, "tickets_0.csv.done", TONIGHT - timedelta(days=1))
    [late] = Night(till).wait()
    assert late.what == "the newest file of table tickets is of 2026-01-11 06:00"
    arrive(till, "tickets_2.csv", TONIGHT)
    arrive(till, "tickets_2.csv.done", TONIGHT)
    is_a_clock = ahead < timedelta(days=1) and not connector  # It may be written right now.
    assert [each.what for each in Night(till).wait()] == (["a file is still being written"] if is_a_clock else [])


def test_a_place_that_does_not_answer_is_late_and_says_why(till: Till) -> None:
    till.connector = {"port": 1}
    [late] = Night(till).wait()
    assert "the SFTP server 127.0.0.1:1 does not answer" in late.what


def test_a_sensor_sees_whether_all_is_there(till: Till) -> None:
    night = Night(till)
    assert not are_all_there(till.configure(), night.nights, TONIGHT)
    arrive(till, "tickets_1.csv", TONIGHT)
    assert not are_all_there(till.configure(), night.nights, TONIGHT)  # Of this very second.
    assert are_all_there(till.configure(), night.nights, TONIGHT + timedelta(minutes=1))
    assert are_all_there(till.configure(), Nights.model_validate({}), TONIGHT + timedelta(minutes=1))


def test_what_arrived_is_noted_for_the_page(till: Till) -> None:
    arrive(till, "tickets_1.csv", TONIGHT)
    noted = note_files(till.configure(), till.lake, [], TONIGHT)
    assert noted.select("source", "table_name", "newest_at").rows() == [
        ("till", "tickets", TONIGHT.replace(tzinfo=None))
    ]
    till.connector = {"port": 1}
    assert note_files(till.configure(), till.lake, [], TONIGHT)["newest_at"].to_list() == [None]


def test_doctor_says_whether_the_place_answers(till: Till) -> None:
    till.configure()
    case = Case(Home(till.folder / "home"), till.folder / "sources.yml")
    [finding] = configuration.examine(case).findings
    assert "source till: no file matches tickets_*.csv there" in finding.what
    assert not finding.is_grave
    till.put("tickets_1.csv", *ONE)
    assert configuration.examine(case).findings == ()
    till.connector = {"port": 1}
    till.configure()
    [finding] = configuration.examine(case).findings
    assert "source till: the SFTP server 127.0.0.1:1 does not answer" in finding.what
    assert finding.is_grave


def test_check_fetches_one_file_and_says_what_is_wrong(till: Till) -> None:
    for number in range(5):
        till.put(f"tickets_{number}.csv", *ONE)
    trial = try_sources(till.configure(), date(2026, 6, 30), 500)
    [table] = trial.tables
    assert (table.exit_code, table.faults) == (0, ())
    assert table.shape is not None
    assert [file.file for file in table.shape.files] == ["tickets_4.csv"]
    assert not table.is_whole
    assert isinstance(till.store, ScriptedStore)
    assert till.store.opened == ["tickets_4.csv"]
    assert till.waited == []
    till.connector = {"port": 1}
    [table] = try_sources(till.configure(), date(2026, 6, 30), 500).tables
    assert table.exit_code == 1
    [fault] = table.faults
    assert fault.message.startswith("the SFTP server 127.0.0.1:1 does not answer")
    assert fault.line is not None
