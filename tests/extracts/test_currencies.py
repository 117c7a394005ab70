"""Amounts of another currency: read by every name of it, refused by name where they have no rate."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines import contracts
from pipelines.extracts.conform import extract_table

COLUMNS = {"order_id": "id", "channel": "'web'", "fulfilment": "'delivery'", "status": "'paid'"} | {
    "ordered_at": "moment",
    "total_amount": "total",
    "currency": "currency",
    "updated_at": "moment",
}
MOMENT = "2026-03-10 12:00:00"


def orders(*rows: str) -> str:
    return "id,moment,total,currency\n" + "".join(f"{row}\n" for row in rows)


def extract(exports: Any, content: str) -> Any:
    exports.write("orders.csv", content)
    return exports.extract("orders", {"from": "orders.csv", "columns": COLUMNS})


@pytest.mark.parametrize("written", ["EUR", "eur", " Eur ", "€", "euro", "Euros", "978", ""])
def test_the_retailers_currency_is_known_by_each_of_its_names(exports: Any, written: str) -> None:
    extracted = extract(exports, orders(f"1,{MOMENT},10,{written}"))
    assert extracted.rows_kept == 1
    assert exports.rows()["currency"].to_list() == [None if written == "" else "EUR"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("usd", "currency is USD, not EUR: declare under exchange_rates what one USD is in EUR"),
        ("US$", "currency is USD, not EUR: declare under exchange_rates what one USD is in EUR"),
        ("£", "currency is GBP, not EUR: declare under exchange_rates what one GBP is in EUR"),
        ("756", "currency is CHF, not EUR: declare under exchange_rates what one CHF is in EUR"),
        ("$", "currency is no currency: write its code of ISO 4217, such as EUR"),
        ("kr", "currency is no currency: write its code of ISO 4217, such as EUR"),
        ("bitcoin", "currency is no currency: write its code of ISO 4217, such as EUR"),
    ],
)
def test_what_has_no_rate_is_quarantined_with_its_currency(exports: Any, written: str, reason: str) -> None:
    extracted = extract(exports, orders(f"1,{MOMENT},10,EUR", f"2,{MOMENT},10,{written}"))
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (2, 1, 1)
    [row] = exports.quarantine().to_dicts()
    assert (row["line"], row["column_name"], row["kind"], row["reason"]) == (3, "currency", "implausible", reason)
    assert not row["is_kept"]


def test_a_sign_of_several_currencies_is_the_retailers_own_if_it_is_one_of_them(exports: Any) -> None:
    exports.head = "currency: CAD\nreject_limit: 1\n"
    extract(exports, orders(f"1,{MOMENT},10,$", f"2,{MOMENT},10,cad", f"3,{MOMENT},10,US$"))
    assert exports.rows()["currency"].to_list() == ["CAD", "CAD"]


def test_a_dated_rate_holds_from_the_begin_of_its_day_in_the_retailers_time_zone(exports: Any) -> None:
    exports.head = "reject_limit: 1\nexchange_rates:\n  SEK:\n    - {from: 2026-03-10, rate: 0.09}\n  CHF: 1.05\n"
    before, after = "2026-03-09 23:59:59", "2026-03-10 00:00:00"
    extract(exports, orders(f"1,{before},10,SEK", f"2,{after},10,SEK", f"3,{before},10,CHF"))
    assert exports.rows()["order_id"].to_list() == ["2", "3"]
    [row] = exports.quarantine().to_dicts()
    expected = "currency is SEK of before 2026-03-10: declare under exchange_rates what one SEK is in EUR then"
    assert row["reason"] == expected


@pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Tokyo"])
def test_a_dated_rate_holds_for_what_was_spent_on_its_day_wherever_the_retailer_is(exports: Any, timezone: str) -> None:
    rates = "exchange_rates:\n  SEK:\n    - {from: 2026-03-10, rate: 0.09}\n"
    exports.head = f"timezone: {timezone}\nreject_limit: 1\n{rates}"
    head = "date,utm_source,utm_medium,amount,currency"
    days = ("2026-03-09", "2026-03-10")
    exports.write("spend.csv", "\n".join([head, *(f"{day},google,cpc,10,SEK" for day in days), ""]))
    exports.extract("ad_spend", {"from": "spend.csv"})
    assert exports.rows("ad_spend").select("date", "currency").rows() == [(date(2026, 3, 10), "SEK")]
    [row] = exports.quarantine("ad_spend").to_dicts()
    assert row["reason"].startswith("currency is SEK of before 2026-03-10")


def test_lines_and_returns_of_a_refused_order_go_with_it(exports: Any) -> None:
    """Their own rows say nothing of a currency: summed as the retailer's, they would be wrong in silence."""
    exports.head = "reject_limit: 1\nexchange_rates: {CHF: 1.05}\n"
    exports.write(
        "orders.csv",
        orders(f"1,{MOMENT},10,EUR", f"2,{MOMENT},90,JPY", "3,2026-09-09 12:00,10,EUR", f"5,{MOMENT},x,CHF"),
    )
    exports.write("lines.csv", "id,line,product,units,price\n1,1,P,1,10\n2,1,P,1,90\n3,1,P,1,10\n")
    exports.write(
        "returns.csv",
        f"ret,id,units,paid,moment\n1,1,1,10,{MOMENT}\n2,2,1,90,{MOMENT}\n4,4,1,7,{MOMENT}\n5,5,1,8,{MOMENT}\n",
    )
    line = {"order_id": "id", "line_no": "line", "product_id": "product", "quantity": "units", "unit_price": "price"}
    back = {"return_id": "ret", "order_id": "id", "quantity": "units", "refund_amount": "paid", "returned_at": "moment"}
    sources = exports.configure(
        orders={"from": "orders.csv", "columns": COLUMNS},
        order_lines={"from": "lines.csv", "columns": line | {"line_amount": "price"}},
        returns={"from": "returns.csv", "columns": back | {"returned_via": "'post'"}},
    )
    counted = {}
    for name in ("orders", "order_lines", "returns"):
        table = contracts.table("ecommerce", name)
        counted[name] = extract_table(sources, table, exports.lake, exports.as_of)
    assert exports.rows("order_lines")["order_id"].to_list() == ["1"]
    assert exports.rows("returns")["return_id"].to_list() == ["1", "4"]
    for name in ("order_lines", "returns"):
        reasons = exports.quarantine(name).filter(kind="implausible")["reason"].to_list()
        assert reasons == ["order_id is of a row in another currency, which is in quarantine"] * len(reasons)
        assert len(reasons) == (1 if name == "order_lines" else 2)
    for extracted in counted.values():
        kept_and_gone = extracted.rows_kept + extracted.rows_rejected + extracted.rows_set_apart
        assert extracted.rows_read == kept_and_gone
    assert counted["order_lines"].rows_set_apart == 1


def test_the_largest_amount_is_one_of_the_retailers_currency(exports: Any) -> None:
    """Two million yen are a coat's wardrobe, two million euros a barcode."""
    extract(exports, orders(f"1,{MOMENT},2000000,EUR"))
    assert exports.rows().is_empty()
    exports.head = "reject_limit: 1\nexchange_rates: {JPY: 0.006}\n"
    extract(exports, orders(f"1,{MOMENT},2000000,JPY", f"2,{MOMENT},3760123456789,EUR"))
    assert exports.rows()["total_amount"].to_list() == [Decimal("2000000.00")]
