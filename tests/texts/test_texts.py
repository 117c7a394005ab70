"""How each language writes numbers, dates and plurals."""

from datetime import date
from typing import Any

import pytest

from pipelines.texts.texts import Kind, open_texts

VALUES: list[tuple[Kind, Any]] = [
    ("count", 1234567), ("money", 1234.56), ("money_short", 1234.56), ("money_short", 12_345_678), ("money", -5),
    ("share", 0.1234), ("percent", 0.1234), ("percent", 0.0134), ("signed_share", 0.04), ("score", -50.0),
    ("count", -0.2), ("bits", -3.456), ("bits", 12.0), ("bits", -0.001), ("decimal", 0.5), ("fine_share", 0.12345),
    ("probability", 0.5), ("probability", 0.99999), ("day", date(2026, 2, 28)), ("day", date(2026, 3, 1)),
    ("month", date(2026, 8, 1)), ("month_short", date(2026, 7, 1)), ("about_days", 0.4), ("about_days", 1),
]  # fmt: skip
WRITTEN = {
    "en": [
        "1,234,567", "€1,234.56", "€1,235", "€12.3M", "−€5.00", "12.3%", "12%", "1.3%", "+4.0%", "−50.0", "0", "−3.46",
        "+12.00", "+0.00", "0.50", "12.35%", "50.00%", "> 99.99%", "28 February 2026", "1 March 2026", "August 2026",
        "Jul 2026", "less than a day", "1 day",
    ],
    "fr": [
        "1\u202f234\u202f567", "1\u202f234,56\u00a0€", "1\u202f235\u00a0€", "12,3\u00a0M€", "−5,00\u00a0€",
        "12,3\u202f%", "12\u202f%", "1,3\u202f%", "+4,0\u202f%", "−50,0", "0", "−3,46", "+12,00", "+0,00", "0,50",
        "12,35\u202f%", "50,00\u202f%", "> 99,99\u202f%", "28 février 2026", "1er mars 2026", "août 2026",
        "juil. 2026", "moins d’un jour", "1\u00a0jour",
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", WRITTEN)
def test_values_are_written_as_the_language_writes_them(language: str) -> None:
    texts = open_texts(language, "report", "EUR")
    assert [texts.write(kind, value) for kind, value in VALUES] == WRITTEN[language]
    francs = open_texts(language, "report", "CHF").write("money", 1)
    assert francs.replace("\u00a0", " ") in ("CHF 1.00", "1,00 CHF")
    assert texts.write("money", None) == "–"


def test_one_is_counted_as_one() -> None:
    counted = {
        language: [open_texts(language, "report").count("page.customers", count) for count in (0, 1, 2)]
        for language in ("en", "fr")
    }
    assert counted == {"en": ["0 customers", "1 customer", "2 customers"], "fr": ["0 client", "1 client", "2 clients"]}


def test_a_value_of_the_retailers_own_is_called_by_itself() -> None:
    texts = open_texts("fr", "report")
    assert [texts.name("channel", value) for value in ("app", "vending_machine")] == ["Application", "vending machine"]
