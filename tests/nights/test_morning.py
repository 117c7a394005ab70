"""The morning report: what it says of a good night and of a bad one, in each language, as text and as a page."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.home import Home
from pipelines.nights import record
from pipelines.nights.alert import Alert
from pipelines.nights.morning import compose_morning, write_page
from pipelines.nights.outcome import Failure, Outcome
from pipelines.nights.settings import load_nights
from tests.browser import CHROMIUM, Browser

BEGAN = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
CHURN = {
    "published_records": 10, "kept": 1000, "created": 12, "absorbed": 3, "split": 1, "retired": 0, "restored": 0,
}  # fmt: skip
ASSETS: dict[str, dict[str, Any]] = {
    "sources/arrivals": {"late": [{"source": "shop", "what": "table orders has no file", "due": ""}]},
    "crm/contacts": {"rows_by_source": {"crm": {"rows_read": 12345, "rows_kept": 12300, "rows_rejected": 45}}},
    "pos/tickets": {"rows_by_source": {"<b>till": {"rows_read": 5, "rows_kept": 5, "rows_rejected": 0}}},
    "identity/customers": {"dagster/row_count": 4321},
    "identity/records": {"dagster/row_count": 9876},
    "identity/drift": {"churn": CHURN, "verdicts": {"ok": 10, "warning": 2}},
    "quarantine/quarantined_rows": {"dagster/row_count": 45},
    "published/warehouse": {},
}


def report(home: Home, language: str, outcome: Outcome, minutes: int = 12) -> Alert:
    times = BEGAN, BEGAN + timedelta(minutes=minutes)
    return compose_morning(outcome, load_nights(None), home, "r9", "2026-03-28", times, language)


@pytest.fixture
def good() -> Outcome:
    return Outcome(
        True, Path("log"), assets=ASSETS, checks_passed=300, checks_warned=["x on y"],
        check_descriptions={"x on y": "look at y"},
    )  # fmt: skip


@pytest.fixture
def before(home: Home) -> Home:
    """A home whose nights took ten minutes."""
    for number in range(4):
        began = BEGAN - timedelta(days=number + 1)
        record.end_night(home, f"r{number}", "2026-03-27", "published", began, began + timedelta(minutes=10))
    home.warehouse.touch()
    return home


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", [
            "Published, as of 28 March 2026", "shop: table orders has no file", "4,321 people found in 9,876 records",
            "1,000 kept, 12 created, 3 absorbed, 1 split", "crm: 12,345 rows read, 12,300 kept, 45 rejected",
            "300 checks passed, 1 warned, 0 failed", "look at y", "45 rows are in quarantine",
            "2 metrics are beyond what is usual", "12 min; 10 min are usual",
        ]),
        ("fr", [
            "Publié, au 28 mars 2026", "12 345 lignes lues, 12 300 retenues, 45 rejetées", "300 contrôles réussis",
            "2 indicateurs sortent de l’ordinaire", "12 min, pour 10 min d’ordinaire", "45 lignes en quarantaine",
        ]),
    ],
)  # fmt: skip
def test_a_good_night_says_what_changed(before: Home, good: Outcome, language: str, lines: list[str]) -> None:
    told = report(before, language, good)
    plain = re.sub(r"[\u00a0\u202f]", " ", told.text)
    for line in lines:
        assert line in plain
    assert told.html is not None
    assert "&lt;b&gt;till" in told.html
    assert "<b>till" not in told.html
    assert told.instead_of is None


def test_a_bad_night_says_which_warehouse_stands_and_goes_to_those_who_had_no_alert(before: Home) -> None:
    failed = Outcome(False, Path("log"), failures=[Failure("crm/contacts", "No file matches c.csv.", 1)])
    told = report(before, "en", failed, minutes=1)
    assert "Not published for 28 March 2026: the warehouse of 27 March 2026 stands" in told.subject
    assert "crm/contacts: No file matches c.csv." in told.text
    assert "60 s, much shorter than the usual 10 min" in told.text
    assert told.instead_of == "failed"
    assert (told.html or "").count('class="stands"') == 1


def test_without_nights_before_nothing_is_usual(home: Home, good: Outcome) -> None:
    assert "usual" not in report(home, "en", good).text.partition("Duration")[2]
    bad = Outcome(False, Path("log"))
    assert "there is no warehouse yet" in report(home, "en", bad).subject


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_loads_nothing_and_fits_a_telephone(before: Home, good: Outcome, tmp_path: Path, scheme: str) -> None:
    file = write_page(before, report(before, "fr", good))
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(file, 360, scheme)
        assert browser.complaints == []
        assert browser.ask("document.documentElement.scrollWidth <= window.innerWidth")
        assert browser.ask("document.querySelector('h1').textContent").startswith("Publié")
        colours = browser.ask(
            "[document.body, document.querySelector('h1')].map(e => getComputedStyle(e).backgroundColor).join(';')"
        )
        assert colours.split(";")[0] == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 23, 23)")
    finally:
        browser.close()
