"""Night after night from a real server: what is in the lake is what one full pull of the last state brings."""

import pytest

from pipelines.extracts import by_file
from tests.pulls.drops.conftest import PATTERN, Till, tickets

ONE = ("1,S1,2026-01-01 10:00,10.00", "2,S1,2026-01-01 11:00,20.00")
TWO = ("3,S1,2026-01-02 10:00,30.00",)


def test_three_nights_end_where_one_full_pull_of_the_last_state_ends(anywhere: Till) -> None:
    anywhere.connector = {"deletes": "follow", "if_not_taken": "keep"}
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.put("tickets_2.csv", *TWO)
    first = anywhere.pull()
    assert (first.state, first.message, first.notes) == ("taken", None, ())
    assert anywhere.extract()["ticket_id"].to_list() == ["1", "2", "3"]

    anywhere.put("tickets_3.csv", "4,S1,2026-01-03 10:00,40.00", "5,S1,2026-01-03 11:00,50.00")
    anywhere.put("tickets_1.csv", *ONE, "9,S1,2026-01-01 20:00,9.00")  # A late edit.
    anywhere.put("tickets_4.csv", *TWO)  # The same again under another name: one row, too few to be told.
    anywhere.put("notes.txt", "not ours")
    second = anywhere.pull()
    assert second.state == "taken"
    assert anywhere.sums(second)["files"] == (4, 4)
    assert anywhere.extract()["ticket_id"].to_list() == ["1", "2", "3", "4", "5", "9"]

    anywhere.store.remove("tickets_3.csv")
    anywhere.store.put("tickets_5.csv", b"")
    third = anywhere.pull()
    assert (third.state, third.message) == (
        "kept",
        "1 file is not taken: tickets_5.csv: it is empty: 0 bytes. Nothing of these is read; the next run looks again.",
    )
    assert "no longer there, and no longer read: tickets_3.csv" in third.notes
    rows = anywhere.extract()
    assert rows["ticket_id"].to_list() == ["1", "2", "3", "9"]
    assert rows.filter(ticket_id="9")["total_amount"].cast(float).to_list() == [9.0]

    [full] = anywhere.pull_all(full=True)
    assert anywhere.sums(full) == anywhere.sums(third)
    assert anywhere.extract().equals(rows)
    listed = {file.file for file in anywhere.mirror.files}
    assert {file.name for file in (anywhere.landed / "files").iterdir()} == listed
    assert list(anywhere.mirror.patterns) == [PATTERN]


def test_what_is_here_already_is_not_fetched_again(anywhere: Till) -> None:
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.pull()
    [before] = anywhere.mirror.files
    anywhere.waited.clear()
    assert anywhere.pull().state == "taken"
    assert anywhere.mirror.files == [before]
    assert anywhere.waited == []  # Nothing is new, so that nothing is to stand still.
    mode = anywhere.mirror.path(before).stat().st_mode
    assert mode & 0o777 == 0o400


def test_a_file_that_went_stays_where_that_is_declared(anywhere: Till) -> None:
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.pull()
    anywhere.store.remove("tickets_1.csv")
    anywhere.put("tickets_2.csv", *TWO)
    assert anywhere.pull().state == "taken"
    assert anywhere.extract()["ticket_id"].to_list() == ["1", "2", "3"]
    anywhere.store.remove("tickets_2.csv")
    anywhere.put("other.csv")  # The folder is still there.
    assert anywhere.pull(full=True).state == "taken"
    assert [file.gone_at is not None for file in anywhere.mirror.files] == [True, True]
    assert anywhere.extract().height == 3


def test_a_folder_that_is_suddenly_empty_takes_nothing_away(anywhere: Till) -> None:
    anywhere.connector = {"deletes": "follow"}
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.pull()
    anywhere.store.remove("tickets_1.csv")
    anywhere.put("other.csv")
    outcome = anywhere.pull()
    assert outcome.state == "not taken"
    assert "no file matches tickets_*.csv any more" in str(outcome.message)
    assert anywhere.extract().height == 2


def test_a_marker_says_when_a_file_is_whole(anywhere: Till) -> None:
    anywhere.connector = {"complete": "marker", "marker": "{name}.done", "if_not_taken": "keep"}
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.store.put("tickets_1.csv.done", b"")
    anywhere.put("tickets_2.csv", *TWO)
    outcome = anywhere.pull()
    assert outcome.state == "kept"
    assert "tickets_2.csv: its marker tickets_2.csv.done is not there" in str(outcome.message)
    assert anywhere.extract().height == 2
    anywhere.store.put("tickets_2.csv.done", b"")
    assert anywhere.pull().state == "taken"
    assert anywhere.extract().height == 3
    assert anywhere.waited == []


def test_one_marker_speaks_for_a_folder(anywhere: Till) -> None:
    anywhere.connector = {"complete": "marker", "marker": "_SUCCESS", "if_not_taken": "keep"}
    anywhere.table = {"from": "*/*.csv"}
    anywhere.put("day1/a.csv", *ONE)
    anywhere.store.put("day1/_SUCCESS", b"")
    anywhere.put("day2/a.csv", *TWO)
    assert "day2/a.csv: its marker _SUCCESS is not there" in str(anywhere.pull().message)
    anywhere.store.put("day2/_SUCCESS", b"")
    anywhere.pull()
    assert [file.name for file in anywhere.mirror.files] == ["day1/a.csv", "day2/a.csv"]


def test_a_control_file_proves_rows_and_sums(anywhere: Till) -> None:
    control = {"file": "{stem}.ctl", "rows": r"rows=(\d+)", "amounts": {"total": r"total=(\S+)"}}
    anywhere.table = {"control": control, "from": "*.csv"}
    anywhere.connector = {"if_not_taken": "keep"}
    anywhere.put("one.csv", *ONE)
    anywhere.store.put("one.ctl", b"rows=2\ntotal=30.00\n")
    anywhere.put("two.csv", *TWO)
    anywhere.store.put("two.ctl", b"rows=2\ntotal=30.00\n")
    anywhere.put("three.csv", *TWO, "7,S1,2026-01-02 10:00,1.00")
    anywhere.store.put("three.ctl", b"rows=2\ntotal=31.50\n")
    outcome = anywhere.pull()
    assert outcome.state == "kept"
    assert "two.csv: it is not what its control says: rows: 2 in the source, 1 here" in str(outcome.message)
    assert "three.csv: it is not what its control says: the sum of total differs" in str(outcome.message)
    assert anywhere.sums(outcome) == {
        "files": (3, 1),
        "bytes": anywhere.sums(outcome)["bytes"],
        "rows": (2, 2),
        "total": (30, 30),
    }
    assert anywhere.extract().height == 2
    written = anywhere.lake.read("landed", "reconciliation")
    assert set(written["measure"]) == {"files", "bytes", "rows", "total"}
    anywhere.store.put("two.ctl", b"rows=1\ntotal=30.00\n")
    anywhere.store.remove("three.csv")
    again = anywhere.pull()
    assert (again.state, again.rows, again.source_rows) == ("taken", 3, 3)


def test_the_number_of_rows_may_stand_in_the_name(anywhere: Till) -> None:
    anywhere.table = {"control": {"rows": r"_(\d+)rows\.csv$"}}
    anywhere.put("tickets_20260101_2rows.csv", *ONE)
    assert anywhere.pull().state == "taken"
    anywhere.put("tickets_20260102_3rows.csv", *TWO)
    outcome = anywhere.pull()
    assert outcome.state == "not taken"
    assert "rows: 3 in the source, 1 here" in str(outcome.message)
    assert anywhere.extract().height == 2


def test_the_same_delivery_under_another_name_is_told_and_read_once(anywhere: Till) -> None:
    anywhere.put("tickets_1.csv", *ONE)
    anywhere.pull()
    anywhere.put("tickets_1_again.csv", *ONE)
    outcome = anywhere.pull()
    assert outcome.state == "taken"
    assert outcome.notes == ("delivered twice, and read once: tickets_1_again.csv has the content of tickets_1.csv",)
    assert anywhere.mirror.patterns[PATTERN].repeated == ("tickets_1_again.csv",)
    assert anywhere.pull().notes == ()  # Once is enough.
    anywhere.connector = {"duplicates": "each"}
    anywhere.pull()
    assert anywhere.mirror.patterns[PATTERN].repeated == ()
    assert anywhere.store is not None
    assert tickets() == b"id,store,sold,total\n"


def test_files_of_one_content_are_told_apart_where_only_those_that_changed_are_read(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_file, "LEAST_BYTES", 0)
    till.connector = {"duplicates": "each"}
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_2.csv")  # A day on which nothing was sold.
    till.pull()
    assert till.extract()["ticket_id"].to_list() == ["1", "2"]
    till.put("tickets_3.csv")
    till.put("tickets_4.csv", *TWO)
    till.pull()
    assert till.extract()["ticket_id"].to_list() == ["1", "2", "3"]
    assert len(till.lake.parts("pos", "tickets")) == 4
