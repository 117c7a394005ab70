"""The file of human decisions: every fault reported at once, contradictions with their chain, verdicts in and out."""

import stat
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.identity.decisions.read import (
    DECISION_SCHEMA,
    LinkedRecords,
    decisions_in_force,
    no_decisions,
    read_decisions,
    refuse_contradictions,
)
from pipelines.identity.decisions.write import record_verdict, take_back

HEADER = "verdict,record_a,record_b,author,reason,decided_on,expires_on"
A, B, C, D = (f"crm:contacts:{letter}" for letter in "ABCD")
DAY = date(2026, 2, 28)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "decisions.csv"


def write(file: Path, *lines: str, header: str = HEADER) -> Path:
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return file


def line(
    verdict: str, one: str, other: str, decided: str = "2026-01-01", expires: str = "", author: str = "Ada"
) -> str:
    return f"{verdict},{one},{other},{author},same card,{decided},{expires}"


def read_fault(file: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        decisions_in_force(read_decisions(file), DAY)
    return str(raised.value)


def test_a_line_becomes_a_decision_with_its_records_in_order(file: Path) -> None:
    write(file, line("must_link", B, A, expires="2026-12-31"))
    everything = read_decisions(file)
    assert everything["place"].to_list() == ["decisions.csv:2"]
    held = decisions_in_force(everything, DAY)
    assert held.schema == pl.Schema(DECISION_SCHEMA)
    assert held.row(0) == ("must_link", A, B, "Ada", "same card", date(2026, 1, 1), date(2026, 12, 31))


def test_no_file_is_no_decision_but_one_that_is_promised_must_be_there(file: Path) -> None:
    assert decisions_in_force(read_decisions(file), DAY).equals(no_decisions())
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_decisions(file, must_exist=True)


@pytest.mark.parametrize("content", ["", "\n\n", HEADER, f"{HEADER}\n", f"# our verdicts\n\n{HEADER}\n\n# none yet\n"])
def test_an_empty_file_holds_no_decision(file: Path, content: str) -> None:
    file.write_text(content)
    assert read_decisions(file).is_empty()


def test_a_file_from_a_french_spreadsheet_is_read(file: Path) -> None:
    rows = [HEADER.replace(",", ";"), f'must_link;{A};{B};Zoé;"même carte; vue en magasin";2026-01-01;']
    file.write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())
    assert read_decisions(file).select("author", "reason").row(0) == ("Zoé", "même carte; vue en magasin")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([f"perhaps,{A},{B},Ada,why,2026-01-01,"], [":2: verdict: is not one of must_link, cannot_link"]),
        ([f"must_link,{A},{B},,why,2026-01-01,"], [":2: author: is missing"]),
        ([f"must_link,{A},{B},Ada, ,2026-01-01,"], [":2: reason: is missing"]),
        ([f"must_link,{A},{B},Ada,why,,"], [":2: decided_on: is missing"]),
        ([f"must_link,{A},,Ada,why,2026-01-01,"], [":2: record_b: is missing"]),
        ([f"must_link,{A},{A},Ada,why,2026-01-01,"], [":2: record_b: is the same record as record_a"]),
        ([f"must_link,{A},cus_22cq2ii2bwvd,Ada,why,2026-01-01,"], [":2: record_b: is not a record id"]),
        ([f"must_link,{A},{B},Ada,why,1/3/2026,"], [":2: decided_on: is not a date"]),
        ([f"must_link,{A},{B},Ada,why,2026-02-30,"], [":2: decided_on: is not a date"]),
        ([line("must_link", A, B, expires="2025-12-31")], [":2: expires_on: 2025-12-31 is before decided_on"]),
        ([line("must_link", A, B), line("must_link", B, A)], [":3: repeats line 2"]),
        ([line("must_link", A, B), line("cannot_link", A, B)], [":3: contradicts line 2"]),
        ([f"must_link,{A},{B},Ada,two, three,2026-01-01,"], [":2: has 8 fields where 7 are expected"]),
        ([f'must_link,{A},{B},Ada,"two', 'lines",2026-01-01,'], [":2: a quote is not closed", ":3: "]),
    ],
)
def test_a_faulty_line_is_reported_with_its_number(file: Path, rows: list[str], words: list[str]) -> None:
    message = read_fault(write(file, *rows))
    for word in words:
        assert word in message


def test_all_faults_are_reported_at_once(file: Path) -> None:
    rows = [f"perhaps,{A},{B},,why,2026-01-01,", line("must_link", A, C), f"cannot_link,{B},{C},Ada,why,soon,"]
    message = read_fault(write(file, *rows))
    assert "has 3 faults" in message
    for place in (":2: verdict", ":2: author", ":4: decided_on"):
        assert f"decisions.csv{place}" in message


def test_a_header_with_other_columns_is_reported(file: Path) -> None:
    message = read_fault(write(file, header="verdict,a,b,author,reason,decided_on"))
    assert f"decisions.csv:1: the header must be {HEADER}" in message


@pytest.mark.parametrize("spoil", [lambda file: file.mkdir(), lambda file: file.write_bytes(b"verdict;\xe9\n")])
def test_a_file_that_cannot_be_read_is_reported(file: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    spoil(file)
    assert "cannot be read" in read_fault(file)


@pytest.mark.parametrize(
    ("decided", "expires", "day", "holds"),
    [
        ("2026-02-01", "", "2026-01-31", False),
        ("2026-02-01", "", "2026-02-01", True),
        ("2026-02-01", "2026-02-28", "2026-02-28", True),
        ("2026-02-01", "2026-02-28", "2026-03-01", False),
    ],
)
def test_a_decision_holds_from_its_day_to_the_end_of_its_last(
    file: Path, decided: str, expires: str, day: str, holds: bool
) -> None:
    write(file, line("must_link", A, B, decided, expires))
    assert decisions_in_force(read_decisions(file), date.fromisoformat(day)).height == holds


@pytest.mark.parametrize("order", [1, -1])
def test_a_verdict_may_follow_the_opposite_one_that_has_ended(file: Path, order: int) -> None:
    rows = [line("must_link", A, B, "2025-01-01", "2025-06-30"), line("cannot_link", A, B, "2025-07-01")]
    write(file, *rows[::order])
    assert decisions_in_force(read_decisions(file), DAY)["verdict"].to_list() == ["cannot_link"]


def test_a_contradiction_is_refused_with_the_chain_that_contradicts(file: Path) -> None:
    write(
        file,
        line("must_link", A, B, author="Ada"),
        line("must_link", D, C, author="Bob", decided="2026-01-05"),
        line("must_link", B, D, author="Cleo"),
        line("cannot_link", A, C, author="Dora", decided="2026-02-01"),
        line("must_link", "crm:contacts:X", "crm:contacts:Y"),
    )
    message = read_fault(file)
    expected = [
        "decisions.csv:5 keeps two records apart",
        "decisions.csv:2 says that the first is a third one",
        "decisions.csv:4 says that that is a further one",
        "decisions.csv:3 says that that is the second",
    ]
    positions = [message.index(words) for words in expected]
    assert positions == sorted(positions)
    for told_to_nobody in ("crm:contacts:X", A, B, C, D, "Ada"):
        assert told_to_nobody not in message
    assert "same card" not in message, "reasons may hold personal data"


def test_a_chain_one_link_of_which_has_ended_contradicts_nothing(file: Path) -> None:
    write(
        file,
        line("must_link", A, B),
        line("must_link", B, C, expires="2026-02-27"),
        line("cannot_link", A, C),
    )
    assert decisions_in_force(read_decisions(file), DAY).height == 2


def test_the_shortest_chain_is_reported_where_several_lead_there(file: Path) -> None:
    write(file, line("must_link", A, B), line("must_link", B, C), line("must_link", C, D), line("must_link", A, D))
    chain = LinkedRecords(read_decisions(file)).find_chain(A, C)
    assert chain is not None
    assert [link["place"] for link in chain] == ["decisions.csv:2", "decisions.csv:3"]


def test_decisions_without_contradiction_pass(file: Path) -> None:
    write(file, line("must_link", A, B), line("cannot_link", B, C), line("cannot_link", A, C), line("must_link", C, D))
    refuse_contradictions(read_decisions(file))


# ---- Writing ----


def decide(file: Path, verdict: str, one: str, other: str, **more: object) -> str:
    return record_verdict(file, verdict, (one, other), "Ada", "same card", DAY, **more)  # type: ignore[arg-type]


def test_the_first_verdict_begins_the_file(file: Path) -> None:
    assert decide(file, "must_link", B, A, expires_on=date(2026, 12, 31)) == "decisions.csv:2"
    assert decide(file, "cannot_link", A, C) == "decisions.csv:3"
    assert file.read_text().splitlines() == [
        HEADER,
        f"must_link,{B},{A},Ada,same card,2026-02-28,2026-12-31",
        f"cannot_link,{A},{C},Ada,same card,2026-02-28,",
    ]


def test_a_verdict_leaves_everything_else_in_the_file_as_it_was(file: Path) -> None:
    header = "reason;author;verdict;record_a;record_b;expires_on;decided_on"
    before = f"\ufeff# ours\r\n{header}\r\n\r\nwhy;Zoé;must_link;{A};{B};;2026-01-01".encode()
    file.write_bytes(before)
    file.chmod(0o640)
    record_verdict(file, "cannot_link", (A, C), "Léo", "two people; met both\nin store", DAY)
    added = f'"two people; met both in store";Léo;cannot_link;{A};{C};;2026-02-28\r\n'
    assert file.read_bytes() == before + b"\r\n" + added.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert read_decisions(file).height == 2


def test_a_verdict_goes_through_a_link_to_the_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    real = write(tmp_path / "repository" / "ours.csv", line("must_link", A, B))
    file.symlink_to(real)
    decide(file, "cannot_link", A, C)
    assert file.is_symlink()
    assert read_decisions(real).height == 2


@pytest.mark.parametrize(
    ("verdict", "one", "other", "words"),
    [
        ("cannot_link", A, C, ["Not recorded", "decisions.csv:2 says", "decisions.csv:5 keeps two records apart"]),
        ("must_link", A, D, ["Not recorded", "decisions.csv:4 keeps two records apart"]),
        ("must_link", B, A, ["Not recorded", "repeats line 2"]),
        ("must_link", A, A, ["Not recorded", "the same record"]),
        ("must_link", A, "Anna", ["Not recorded", "not a record id"]),
    ],
)
def test_a_verdict_that_the_next_run_would_refuse_is_not_written(
    file: Path, verdict: str, one: str, other: str, words: list[str]
) -> None:
    write(file, line("must_link", A, B), line("must_link", B, C), line("cannot_link", C, D))
    before = file.read_bytes()
    with pytest.raises(ConfigurationError) as raised:
        decide(file, verdict, one, other)
    for word in words:
        assert word in str(raised.value)
    assert file.read_bytes() == before


def test_what_is_taken_back_is_no_decision_any_more_and_still_on_record(file: Path) -> None:
    write(file, line("must_link", A, B), line("cannot_link", A, C))
    assert take_back(file, (C, A), "Bob", "they are one", DAY) == ["decisions.csv:3"]
    assert read_decisions(file)["verdict"].to_list() == ["must_link"]
    kept = f"# taken back on 2026-02-28 by Bob: they are one | {line('cannot_link', A, C)}"
    assert file.read_text().splitlines() == [HEADER, line("must_link", A, B), kept]
    decide(file, "must_link", A, C)


def test_what_has_ended_or_was_never_decided_cannot_be_taken_back(file: Path) -> None:
    write(file, line("must_link", A, B, expires="2026-02-27"))
    before = file.read_bytes()
    for pair in ((A, B), (A, C)):
        with pytest.raises(ConfigurationError, match="no decision"):
            take_back(file, pair, "Bob", "", DAY)
    assert file.read_bytes() == before
