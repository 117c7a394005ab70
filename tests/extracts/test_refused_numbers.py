"""What is said of a number that is written with other marks than `options` declares."""

from decimal import Decimal
from typing import Any

import pytest

# Per `decimal` and `thousands` declared: values, and those of both that would read them, as they are to be written.
CLUES: dict[tuple[str, str | None], dict[str, str]] = {
    (".", None): {
        "12,50": '`decimal: ","`',
        "-12,51": '`decimal: ","`',
        "(12,52)": '`decimal: ","`',
        "12,53-": '`decimal: ","`',
        "12,54 €": '`decimal: ","`',
        ",5": '`decimal: ","`',
        "1 234": '`thousands: " "`',
        "1\u202f235": '`thousands: " "`',
        "1\u00a0236.50": '`thousands: " "`',
        "1'234.50": """`thousands: "'"`""",
        "1’235": """`thousands: "'"`""",
        "1_234": '`thousands: "_"`',
        "1,234.50": '`thousands: ","`',
        "1,234,567": '`thousands: ","`',
        "1.234,50": '`decimal: ","` and `thousands: "."`',
        "1.234.567": '`decimal: ","` and `thousands: "."`',
        "1 234,50": '`decimal: ","` and `thousands: " "`',
        "1'234,50": """`decimal: ","` and `thousands: "'"`""",
    },
    (",", None): {
        "12.50": '`decimal: "."`',
        "1.234.567,5": '`thousands: "."`',
        "1,234.5": '`decimal: "."` and `thousands: ","`',
        "1 234.5": '`decimal: "."` and `thousands: " "`',
    },
    (".", ","): {
        "12,5": '`decimal: ","` and `thousands: null`',
        "1.234,5": '`decimal: ","` and `thousands: "."`',
    },
    (",", "."): {"12.5": '`decimal: "."` and `thousands: null`'},
    (".", " "): {"9 876,5": '`decimal: ","`', "9'876": """`thousands: "'"`"""},
}
COMMA = {"decimal": ","}


def extract(exports: Any, values: list[str], options: dict[str, str | None], **columns: str) -> dict[str, str]:
    """Why orders of the amounts ``values`` are in quarantine, by amount; those that were read are not in it."""
    lines = [f'{number};2024-01-01;"{value}"\n' for number, value in enumerate(values)]
    exports.write("orders.csv", "id;moment;total\n" + "".join(lines))
    exports.extract_orders(
        options={"delimiter": ";", **options},
        columns={**exports.order_columns, **columns},
        plausible={"total_amount": {"max": 10_000_000}},
    )
    told = exports.quarantine().sort("line")
    assert told.height + exports.rows().height == len(values)
    return {values[row["line"] - 2]: row["reason"].removeprefix("total_amount ") for row in told.iter_rows(named=True)}


@pytest.mark.parametrize("declared", CLUES, ids=str)
def test_a_number_in_other_marks_is_refused_with_what_would_read_it(
    exports: Any, declared: tuple[str, str | None]
) -> None:
    clues = CLUES[declared]
    assert extract(exports, list(clues), dict(zip(("decimal", "thousands"), declared, strict=True))) == {
        value: f"is not an amount; {told} under `options` would read it" for value, told in clues.items()
    }


def test_what_it_says_does_read_the_number(exports: Any) -> None:
    by_setting: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
    for (decimal, thousands), clues in CLUES.items():
        for value, told in clues.items():
            settings = dict(part.strip("`").split(": ") for part in told.split(" and "))
            changed = {option: None if text == "null" else text[1:-1] for option, text in settings.items()}
            setting = {"decimal": decimal, "thousands": thousands} | changed
            by_setting.setdefault(tuple(setting.items()), []).append(value)
    for setting, values in by_setting.items():
        assert extract(exports, values, dict(setting)) == {}
        read = {int(row["order_id"]): row["total_amount"] for row in exports.rows().iter_rows(named=True)}
        for number, value in enumerate(values):
            digits = "".join(filter(str.isdecimal, value))
            assert str(abs(read[number])).replace(".", "").strip("0") == digits.strip("0"), value


@pytest.mark.parametrize(
    ("value", "options", "fraction", "grouped"),
    [
        ("1,234", {}, '`decimal: ","`', '`thousands: ","`'),
        ("1.234", COMMA, '`decimal: "."`', '`thousands: "."`'),
        ("1,234", {"thousands": " "}, '`decimal: ","`', '`thousands: ","`'),
    ],
)
def test_what_may_be_a_fraction_or_thousands_is_told_as_both(
    exports: Any, value: str, options: dict[str, str | None], fraction: str, grouped: str
) -> None:
    told = f"is not an amount; {fraction} under `options` would read it as a fraction, {grouped} as thousands"
    assert extract(exports, [value], options) == {value: told}


def test_what_no_marks_would_read_is_told_without_any(exports: Any) -> None:
    values = ["much", "12,34,5", "1.2.3", "--5", "1 23", "12,5,", "9" * 40 + ",5"]
    assert extract(exports, values, {}) == dict.fromkeys(values, "is not an amount")


def test_an_amount_in_another_currency_is_told_as_that(exports: Any) -> None:
    values = ["12,50 USD", "£12,50"]
    assert extract(exports, values, {}) == dict.fromkeys(values, "is not an amount in the retailer's currency")


def test_an_integer_is_no_fraction_in_any_marks(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("footfall.csv", "store_id;date;visitors\n1;2024-01-01;1,234\n1;2024-01-02;12,5\n1;2024-01-03;1,0\n")
    exports.extract("footfall", {"from": "footfall.csv", "options": {"delimiter": ";"}})
    assert exports.quarantine("footfall").sort("line")["reason"].to_list() == [
        'visitors is not an integer; `thousands: ","` under `options` would read it',
        "visitors is not an integer",
        'visitors is not an integer; `decimal: ","` under `options` would read it',
    ]


@pytest.mark.parametrize("sql", ["amount(total)", "amount( coalesce(total, '0') ) * 2"])
def test_an_amount_that_sql_cannot_read_is_told_with_the_options(exports: Any, sql: str) -> None:
    told = "is not an amount; do `decimal` and `thousands` under `options` say how it is written?"
    assert extract(exports, ["12,50"], {}, total_amount=sql) == {"12,50": told}
    assert extract(exports, ["12,50"], COMMA, total_amount=sql) == {}


def test_the_options_are_not_blamed_for_what_sql_reckons_wrongly(exports: Any) -> None:
    assert extract(exports, ["12"], {}, total_amount="'nan'::double") == {"12": "is not an amount"}


def test_an_optional_amount_is_emptied_and_told_with_the_option(exports: Any) -> None:
    exports.write("orders.csv", "id;moment;total;tax\n1;2024-01-01;12;2,50\n2;2024-01-01;12;2.50\n3;2024-01-01;12;\n")
    columns = {**exports.order_columns, "tax_amount": "tax"}
    extracted = exports.extract_orders(options={"delimiter": ";"}, columns=columns)
    (tax,) = [field for field in extracted.fields if field.column_name == "tax_amount"]
    assert (tax.filled_count, tax.unreadable_count) == (1, 1)
    assert tax.reason == 'is not an amount; `decimal: ","` under `options` would read it'
    assert exports.rows()["tax_amount"].to_list() == [None, Decimal("2.50"), None]
