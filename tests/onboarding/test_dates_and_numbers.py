"""Formats are told from values, and asked about where values leave them open."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.cli.main import main
from pipelines.onboarding.values.date_formats import find_date_format, find_time_format
from pipelines.onboarding.values.number_marks import NumberMarks, find_number_marks

HEADER = "N° commande;Date commande;Total TTC\n"


def test_days_that_could_be_months_are_asked_about(onboarding: Any) -> None:
    onboarding.write("commandes.csv", HEADER + "1;03/01/2026;5,00\n2;04/02/2026;6,00\n")
    text = onboarding.init()
    assert onboarding.columns("ecommerce/orders")["ordered_at"] == "TODO"
    assert "'%d/%m/%Y'" in text
    assert "'%m/%d/%Y'" in text
    assert "TODO" in onboarding.said


def test_a_check_refuses_a_question_and_names_its_line(onboarding: Any) -> None:
    onboarding.write("commandes.csv", HEADER + "1;03/01/2026;5,00\n2;04/02/2026;6,00\n")
    lines = onboarding.init("--lang", "en").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "ordered_at: TODO" in text)
    assert main(["check", "--sources", str(onboarding.file), "--as-of", "2026-03-01"]) == 2
    said = onboarding.capsys.readouterr().out
    assert f"sources.yml:{line}: " in said
    assert "is still to be answered" in said


def test_the_end_of_a_long_export_is_looked_at_too(onboarding: Any) -> None:
    early = "".join(f"{n};{1 + n // 5000:02}/01/2026 10:00;5,00;{'x' * 40}\n" for n in range(40_000))
    onboarding.write(
        "commandes.csv", "N° commande;Date commande;Total TTC;Note\n" + early + "A;28/01/2026 10:00;5,00;\n"
    )
    onboarding.init()
    assert onboarding.columns("ecommerce/orders")["ordered_at"] == "strptime(\"Date commande\", '%d/%m/%Y %H:%M')"


def test_another_column_of_the_system_tells_which_comes_first(onboarding: Any) -> None:
    onboarding.write("commandes.csv", HEADER + "1;03/01/2026;5,00\n2;04/02/2026;6,00\n")
    onboarding.write("clients_web.csv", "Id client;Nom;Prénom;Email;Créé le\n1;A;B;a@exemple.fr;28/01/2026\n")
    onboarding.init()
    assert onboarding.rows("ecommerce/orders", "ordered_at") == [
        ("2026-01-02 23:00:00",),
        ("2026-02-03 23:00:00",),
    ]


def test_american_dates_have_the_month_first(onboarding: Any) -> None:
    onboarding.write("orders.csv", "Order ID,Order date,Total\n1,1/28/2026 3:05 PM,$5.00\n2,2/3/2026 9:05 AM,$6.00\n")
    onboarding.init()
    assert (
        onboarding.rows("ecommerce/orders", "ordered_at", "total_amount")
        == [
            ("2026-01-28 20:05:00", Decimal("5.00")),
            ("2026-02-03 14:05:00", Decimal("6.00")),
        ]
        or onboarding.load().timezone != "America/New_York"
    )


@pytest.mark.parametrize(
    ("values", "patterns"),
    [
        (["28/01/2026", "01/02/2026"], ("%d/%m/%Y",)),
        (["01/28/2026", "01/02/2026"], ("%m/%d/%Y",)),
        (["28/01/2026 10:05", "01/02/2026 10:05:09"], ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")),
        (["28.01.26"], ("%d.%m.%y",)),
        (["20260128", "20260201"], ("%Y%m%d",)),
        (["2026-01-28", "2026-01-28 10:00:00"], ()),
        (["2026-01-28T10:00:00Z"], ()),
        (["Jan 28, 2026"], ("%b %d, %Y",)),
    ],
)
def test_the_format_of_dates_is_that_of_their_values(values: list[str], patterns: tuple[str, ...]) -> None:
    found = find_date_format(values)
    assert found is not None
    assert found.patterns == patterns
    assert not found.is_open


@pytest.mark.parametrize("values", [["12,50", "3"], ["28/01/2026", "01/28/2026"], ["99/99/2026"], ["Lyon"], []])
def test_what_is_no_date_has_no_format(values: list[str]) -> None:
    assert find_date_format(values) is None


def test_epochs_are_told_by_their_length() -> None:
    seconds, milliseconds = find_date_format(["1769594400"]), find_date_format(["1769594400123"])
    assert seconds is not None
    assert milliseconds is not None
    assert (seconds.epoch, milliseconds.epoch) == ("seconds", "milliseconds")


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["9:05", "14:05"], "%H:%M"),
        (["140509"], "%H%M%S"),
        (["9:05 PM"], "%I:%M %p"),
        (["14h05"], "%Hh%M"),
        (["25:00"], None),
    ],
)
def test_times_of_day_have_a_format(values: list[str], pattern: str | None) -> None:
    assert find_time_format(values) == pattern


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["1 234,50", "3,00"], NumberMarks(",", " ")),
        (["1.234,50"], NumberMarks(",", ".")),
        (["1,234.50"], NumberMarks(".", ",")),
        (["1'234.50"], NumberMarks(".", "'")),
        (["12", "13"], NumberMarks()),
        (["1,000", "0,250"], NumberMarks(",", is_open=True)),
        (["1,000", "12.5"], NumberMarks(".", ",")),
        (["12,5", "12.5"], None),
        (["(12,50 €)", "-3,00"], NumberMarks(",")),
    ],
)
def test_the_marks_of_numbers_are_those_of_their_values(values: list[str], marks: NumberMarks | None) -> None:
    assert find_number_marks([values]) == marks
