"""What became of the pulls of a night, in words that a person reads in the morning."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.defs.pulls import describe_accounts
from pipelines.nights.outcome import Outcome
from pipelines.nights.pulled import CHECK, read_accounts, tell_pulls, tell_table
from pipelines.pulls import pull
from pipelines.pulls.account import account_for, sort_accounts
from pipelines.pulls.changes import Changes
from pipelines.pulls.reconciliation import Reconciled
from pipelines.texts.texts import open_texts


def counted(day: str | None, measure: str, source: str, landed: str, is_taken: bool = True) -> Reconciled:
    return Reconciled(day, measure, Decimal(source), Decimal(landed), is_taken)


AGREED = (
    counted("2026-03-26", "rows", "1", "1"), counted("2026-03-26", "total", "65.40", "65.40"),
    counted("2026-03-27", "rows", "1199", "1199"), counted("2026-03-27", "total", "98700", "98700"),
)  # fmt: skip
SHORT = (
    counted("2026-03-26", "rows", "500", "480", is_taken=False),
    counted("2026-03-27", "rows", "700", "690", is_taken=False),
)
TABLES = [
    pull.Outcome("shop", "orders", "taken", rows=1200, source_rows=1200, reconciled=AGREED),
    pull.Outcome("shop", "lines", "kept", rows=9000, source_rows=1200, taken_at="2026-03-26T02:00:00+00:00",
                 message="what arrived is not what the source has.", reconciled=SHORT),
    pull.Outcome("crm", "contacts", "kept", rows=10, taken_at="2026-03-25T02:00:00+00:00",
                 message="crm.internal does not answer."),
    pull.Outcome("crm", "consents", "taken", rows=7),
    pull.Outcome("crm", "tickets", "taken", rows=5, source_rows=5, reconciled=(counted(None, "rows", "5", "5"),),
                 changes=Changes(("tone",), (), ())),
    pull.Outcome("till", "returns", "absent", rows=0),
]  # fmt: skip


def tell(language: str) -> list[str]:
    accounts = sort_accounts(map(account_for, TABLES))
    return [re.sub("[\u00a0\u202f]", " ", line) for line in tell_pulls(accounts, language)]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", [
            "6 tables pulled: 2 agree with their source in every row and sum; 1 differs beyond tolerance; of 2 the "
            "rows of an earlier night are used; 1 is not counted by its source",
            "shop lines: rows of 26 March 2026: 500 in the source, 480 arrived; and 1 more that differs; the 9,000 "
            "rows of 26 March 2026 are used; 2 days compared",
            "crm contacts: the 10 rows of 25 March 2026 are used; crm.internal does not answer",
            "crm tickets: 5 rows on both sides; new columns: tone",
            "crm consents: 7 rows, not counted by the source",
            "shop orders: 1,200 rows on both sides; total 98,765.40 on both sides; 2 days compared",
            "till returns: the source does not have it",
        ]),
        ("fr", [
            "6 tables importées : 2 conformes à leur source, lignes et montants ; 1 avec un écart au-delà de la "
            "tolérance ; 2 reprises d’une nuit précédente ; 1 non comptée par la source",
            "shop lines : lignes du 26 mars 2026 : 500 dans la source, 480 à l’arrivée ; et 1 autre écart ; les "
            "9 000 lignes du 26 mars 2026 sont utilisées ; 2 jours comparés",
            "crm contacts : les 10 lignes du 25 mars 2026 sont utilisées ; crm.internal does not answer",
            "crm tickets : 5 lignes des deux côtés ; nouvelles colonnes : tone",
            "crm consents : 7 lignes, non comptées par la source",
            "shop orders : 1 200 lignes des deux côtés ; total 98 765,40 des deux côtés ; 2 jours comparés",
            "till returns : absente de la source",
        ]),
    ],
)  # fmt: skip
def test_both_sides_of_every_table_are_told_and_what_differs_before_all_else(language: str, lines: list[str]) -> None:
    assert tell(language) == lines


def test_sums_that_differ_by_less_than_a_cent_do_not_look_the_same() -> None:
    account = account_for(
        pull.Outcome("shop", "orders", "taken", rows=1, reconciled=(counted(None, "price", "1.2345", "1.2344"),))
    )
    assert "price 1.2344, 1.2345 in the source" in tell_table(account, open_texts("en", "pulled"))


def test_a_day_that_no_calendar_has_is_told_as_the_source_writes_it() -> None:
    account = account_for(
        pull.Outcome("shop", "orders", "not taken", reconciled=(counted("20231-05-01", "rows", "2", "1", False),))
    )
    assert "rows of 20231-05-01: 2 in the source, 1 arrived" in tell_table(account, open_texts("en", "pulled"))


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "the sum of total of 26 March 2026 differs"), ("fr", "la somme de total du 26 mars 2026 diffère")],
)
def test_the_sum_of_a_day_is_not_told_since_it_may_be_that_of_one_order(language: str, words: str) -> None:
    short = (counted("2026-03-26", "total", "12.34", "0", False), counted("2026-03-26", "rows", "1", "1"))
    for state in ("not taken", "taken"):
        account = account_for(pull.Outcome("shop", "orders", state, rows=1, reconciled=short))  # type: ignore[arg-type]
        told = re.sub("[\u00a0\u202f]", " ", tell_table(account, open_texts(language, "pulled")))
        assert words in told
        for text in (told, repr(account), repr(describe_accounts([pull.Outcome("s", "o", "taken", reconciled=short)]))):
            assert not re.search("12[.,]34", text)


def test_a_night_that_a_pull_has_stopped_has_its_accounts_too() -> None:
    told: dict[str, Any] = {"pulled": [{"source": "shop"}]}
    stopped = Outcome(False, Path("log"), check_metadata={CHECK: told})
    assert read_accounts(stopped) == told["pulled"]
    assert read_accounts(Outcome(True, Path("log"), assets={"landed/pulls": {"pulled": []}}, check_metadata={})) == []
    assert tell_pulls([], "en") == []
