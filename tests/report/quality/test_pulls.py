"""The reconciliation on the page for data engineers: what the lake has of it, the tables at fault first."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.pulls.changes import Changes
from pipelines.pulls.pull import Outcome, tell_outcomes, tell_reconciliation
from pipelines.pulls.reconciliation import Reconciled
from pipelines.report.page import Origin
from pipelines.report.quality.page import draw_quality

Change = Callable[..., Home]


def counted(day: str | None, measure: str, source: str, landed: str, is_taken: bool = True) -> Reconciled:
    return Reconciled(day, measure, Decimal(source), Decimal(landed), is_taken)


OUTCOMES = [
    Outcome("crm", "consents", "taken", rows=7),
    Outcome("crm", "contacts", "taken", rows=3, source_rows=3, reconciled=(
        counted("2026-03-26", "rows", "1", "1"), counted("2026-03-27", "rows", "2", "2"),
        counted("2026-03-26", "total", "10.25", "10.25"), counted("2026-03-27", "total", "4", "3.99"),
    ), changes=Changes(("tone",), (), ())),
    Outcome("crm", "tickets", "taken", rows=5, source_rows=5, reconciled=(counted(None, "rows", "5", "5"),)),
    Outcome("shop", "orders", "kept", rows=9, source_rows=4, taken_at="2026-03-25T02:00:00+00:00", message="short.",
            reconciled=(counted("2026-03-27", "rows", "4", "3", is_taken=False),)),
]  # fmt: skip


@pytest.fixture
def home(change_marts: Change) -> Home:
    home = change_marts()
    lake = Lake(home.lake)
    lake.write("landed", "pulls", tell_outcomes(OUTCOMES))
    lake.write("landed", "reconciliation", tell_reconciliation(OUTCOMES))
    return home


def draw(home: Home, read_report: Any, language: str = "en") -> Any:
    return read_report(draw_quality(home, language, Origin("run-1", "model-1"), "report.html"))


def test_both_sides_of_every_table_are_there_and_the_differences_first(home: Home, read_report: Any) -> None:
    report = draw(home, read_report)
    rows = [
        tuple(row[name][0] for name in ("origin", "table_name", "measure", "source_value", "landed_value", "beyond"))
        for row in report.tables["pulls"]
    ]
    assert rows == [
        ("shop", "orders", "rows", "4.0", "3.0", "1"),
        ("crm", "contacts", "rows", "3.0", "3.0", "0"),
        ("crm", "contacts", "total", "14.25", "14.24", "0"),
        ("crm", "consents", "rows", "", "7", ""),
        ("crm", "tickets", "rows", "5.0", "5.0", "0"),
    ]
    assert [row["days_compared"][0] for row in report.tables["pulls"]] == ["1", "2", "2", "", "0"]
    differences = [(row["day"][0], row["measure"][0]) for row in report.tables["pulls_differences"]]
    assert differences == [("2026-03-27", "rows"), ("2026-03-27", "total")]
    assert report.titles["pulls"] == "4 tables pulled: 1 as its source counts it, 3 to be looked at"
    told = " ".join(report.texts)
    for words in (
        "not counted by the source",
        "rows of 25 March 2026",
        "new columns: tone",
        "differs beyond tolerance",
    ):
        assert words in told


def test_it_is_told_in_french(home: Home, read_report: Any) -> None:
    told = " ".join(draw(home, read_report, "fr").texts)
    for words in ("non comptée par la source", "lignes du 25 mars 2026", "écart au-delà de la tolérance"):
        assert words in told


def test_what_an_older_release_has_pulled_is_drawn_all_the_same(home: Home, read_report: Any) -> None:
    lake = Lake(home.lake)
    pulls, reconciliation = lake.read("landed", "pulls"), lake.read("landed", "reconciliation")
    lake.write("landed", "pulls", pulls.drop([name for name in pulls.columns if name.startswith("columns_")]))
    lake.write("landed", "reconciliation", reconciliation.drop("is_tolerated"))
    assert len(draw(home, read_report).tables["pulls"]) == 5


def test_a_home_that_pulls_nothing_says_so(home: Home, read_report: Any) -> None:
    Lake(home.lake).write("landed", "pulls", pl.DataFrame(schema=tell_outcomes(OUTCOMES).schema))
    assert draw(home, read_report).titles["pulls"] == "No source is pulled."
