"""Files of decisions as large as a machine makes them: read in one pass, refused in a message of a few lines."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.identity.decisions.file import COLUMNS
from pipelines.identity.decisions.read import decisions_in_force, read_decisions
from tests.steps import count_steps

DAY = date(2026, 6, 30)


def decide(verdict: str, one: int, other: int, day: str = "2026-01-05", end: str = "") -> str:
    return f"{verdict},crm:contacts:{one},crm:contacts:{other},anne,called,{day},{end}\n"


def chain(count: int) -> str:
    """One group of all, and pairs of it that are no one person."""
    links = "".join(decide("must_link", number, number + 1) for number in range(count))
    return links + "".join(decide("cannot_link", number, number + 2) for number in range(count - 2))


def repeated(count: int) -> str:
    return decide("must_link", 1, 2) * count


def of_a_day(count: int) -> str:
    days = [f"20{year:02}-{month:02}-{day:02}" for year in range(26) for month in range(1, 13) for day in range(1, 29)]
    return "".join(decide("must_link", 1, 2, day, day) for day in days[:count])


SHAPES: dict[str, Callable[[int], str]] = {"one group": chain, "the same": repeated, "a day each": of_a_day}


def read(folder: Path, text: str) -> str:
    (folder / "decisions.csv").write_text(",".join(COLUMNS) + "\n" + text)
    try:
        decisions_in_force(read_decisions(folder / "decisions.csv"), DAY)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_decisions_are_twice_the_work(shape: str, tmp_path: Path) -> None:
    def work(count: int) -> int:
        return count_steps(lambda: read(tmp_path, SHAPES[shape](count)))

    assert work(800) < 2.2 * work(400)


@pytest.mark.parametrize("shape", ["one group", "the same"])
def test_faults_by_the_thousand_are_counted(shape: str, tmp_path: Path) -> None:
    message = read(tmp_path, SHAPES[shape](2_000))
    assert "more" in message.splitlines()[-1]
    assert len(message) < 20_000


def test_of_a_long_chain_that_is_contradicted_the_first_links_are_told(tmp_path: Path) -> None:
    links = "".join(decide("must_link", number, number + 1) for number in range(1_000))
    message = read(tmp_path, links + decide("cannot_link", 0, 1_000))
    assert "keeps two records apart" in message
    assert message.splitlines()[-1] == "    and 900 more"


def test_two_lines_in_force_on_one_day_are_told_by_both(tmp_path: Path) -> None:
    text = decide("must_link", 1, 2, "2026-02-01", "2026-02-10") + decide(
        "cannot_link", 1, 2, "2026-01-01", "2026-02-01"
    )
    assert "decisions.csv:3: contradicts line 2" in read(tmp_path, text)
    text = decide("must_link", 1, 2, "2026-02-02", "2026-02-10") + decide(
        "cannot_link", 1, 2, "2026-01-01", "2026-02-01"
    )
    assert read(tmp_path, text) == ""


def test_a_value_of_megabytes_is_cut_in_the_message(tmp_path: Path) -> None:
    assert len(read(tmp_path, decide("x" * 100_000, 1, 2))) < 1_000
    assert len(read(tmp_path, decide("must_link", 1, 2, "9" * 100_000))) < 1_000
    assert len(read(tmp_path, decide("must_link", 1, 2) + "x" * 1_000_000)) < 1_000
