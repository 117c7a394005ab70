"""What SQL of sources.yml sees of a source's texts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

LINE = '"{}",x\n'


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def see(exports: Any, value: str, sql: str = "value", **options: Any) -> str | None:
    """The text that ``sql`` over a column ``value`` holding ``value`` gives: that of a nullable text column."""
    exports.kind = "pos"
    quoted = value.replace('"', '""')
    exports.write("in.csv", f'value,other\n"{quoted}",x\n')
    columns = {"store_id": "'1'", "name": "'x'", "city": sql}
    exports.extract("stores", {"from": "in.csv", "columns": columns, "options": options})
    return exports.rows("stores")["city"][0] if exports.rows("stores").height else "rejected"


def amount(exports: Any, value: str, sql: str = "value", currency: str = "EUR", **options: Any) -> Any:
    exports.head = f"reject_limit: 1\ncurrency: {currency}\n"
    exports.kind = "pos"
    exports.write("in.csv", f'value,other\n"{value}",x\n')
    columns = {"ticket_id": "'1'", "store_id": "'1'", "sold_at": "timestamp '2026-01-05'", "total_amount": sql}
    exports.extract("tickets", {"from": "in.csv", "columns": columns, "options": options})
    return exports.rows("tickets")["total_amount"].to_list()


def test_nulls_hold_in_coalesce_where_and_strptime(exports: Any) -> None:
    exports.kind = "crm"
    exports.write("c.csv", "id,gsm,home,born,gone\n1,n/a,0472001122,-,n/a\n2,0688112233,-,14/09/1979,2025-03-01\n")
    columns = {
        "contact_id": "id",
        "phone": "coalesce(gsm, home)",
        "birth_date": "strptime(born, '%d/%m/%Y')",
        "updated_at": "timestamp '2026-01-01'",
    }
    mapping: dict[str, Any] = {"from": "c.csv", "options": {"nulls": ["n/a", "-"]}, "columns": columns}
    exports.extract("contacts", {**mapping, "where": "gone is null"})
    assert exports.rows("contacts").select("contact_id", "phone", "birth_date").rows() == [("1", "0472001122", None)]
    exports.extract("contacts", mapping)
    assert exports.rows("contacts")["birth_date"].to_list() == [None, date(1979, 9, 14)]


def test_nulls_hold_within_nested_json(exports: Any) -> None:
    """`coalesce` over the members of an object is how the address of a contact is chosen."""
    exports.kind = "crm"
    exports.write(
        "c.json",
        '[{"id": 1, "tel": {"mobile": "n/a", "home": "0472001122"}}, {"id": 2, "tel": {"mobile": " ", "home": "n/a"}},'
        ' {"id": 3, "tel": {"mobile": "say \\":\\"n/a\\",", "home": null}}]',
    )
    columns = {"contact_id": "id", "phone": "coalesce(tel ->> '$.mobile', tel ->> '$.home')"}
    columns["updated_at"] = "timestamp '2026-01-01'"
    exports.extract("contacts", {"from": "c.json", "options": {"nulls": ["n/a"]}, "columns": columns})
    assert exports.rows("contacts").select("contact_id", "phone").rows() == [
        ("1", "0472001122"),
        ("2", None),
        ("3", 'say ":"n/a",'),
    ]


def test_nulls_hold_in_a_query_and_in_parquet_and_json(exports: Any) -> None:
    exports.kind = "pos"
    frame = pl.DataFrame({"store_id": ["1", "2", "2"], "name": ["a", "NULL", "b"], "city": ["NULL", " ", "Lyon"]})
    frame.write_parquet(exports.write("stores.parquet", b""))
    frame.write_ndjson(exports.write("stores.jsonl", b""))
    query = "select store_id, max(name) as name, count(city) as city from source group by store_id"
    for name in ("stores.parquet", "stores.jsonl"):
        exports.extract("stores", {"from": name, "query": query, "options": {"nulls": ["NULL"]}})
        assert exports.rows("stores").select("store_id", "name", "city").rows() == [("1", "a", "0"), ("2", "b", "1")]


@pytest.mark.parametrize("value", ["", " ", "\t", "\u00a0 ", "\ufeff", "\u200b", "''"[:0], " \n "])
def test_a_text_in_which_nothing_is_seen_is_null_for_sql(exports: Any, value: str) -> None:
    assert see(exports, value, "coalesce(value, 'none')") == "none"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("'250987654321", "250987654321"),
        ("'+33 6 10 82 64 99", "+33 6 10 82 64 99"),
        ("'+33610826499", "+33610826499"),
        ("'=cmd", "=cmd"),
        ("'-Anne", "-Anne"),
        ("'C-00777", "C-00777"),
        ("'a@b.fr", "a@b.fr"),
        ("'01/02/2026", "01/02/2026"),
        ('="0123"', "0123"),
        ("'t Hart", "'t Hart"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("'quoted'", "'quoted'"),
        ("L'Haÿ", "L'Haÿ"),
        ("'68 Vintage", "'68 Vintage"),
        ("O'", "O'"),
    ],
)
def test_an_apostrophe_of_a_spreadsheet_goes_and_that_of_a_name_stays(exports: Any, value: str, seen: str) -> None:
    assert see(exports, value, "value || '|'") == seen + "|"
    assert see(exports, value) == seen


def test_an_apostrophe_before_nothing_is_nothing(exports: Any) -> None:
    assert see(exports, "'", "coalesce(value, 'nothing')") == "nothing"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("\ufeffLyon\u200b", "Lyon"),
        ("Le\u00a0Havre\u202f", "Le Havre"),
        ("\u202a+33610\u202c", "+33610"),
        ("a\u00adb", "ab"),
        ("a\u200db@c.fr", "ab@c.fr"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("a\x0bb\x7f", "ab"),
        ("d\u0092Arc \u0080", "d’Arc €"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_nobody_sees_is_gone_and_blanks_are_blanks(exports: Any, value: str, seen: str) -> None:
    assert see(exports, value, "'<' || value || '>'") == f"<{seen}>"


@pytest.mark.parametrize(
    ("value", "currency", "options", "expected"),
    [
        ("$1,042.90", "USD", {"thousands": ","}, "1042.90"),
        ("12,50 €", "EUR", {"decimal": ","}, "12.50"),
        ("12,50\u00a0€", "EUR", {"decimal": ","}, "12.50"),
        ("€ 1.234,50", "EUR", {"decimal": ",", "thousands": "."}, "1234.50"),
        ("EUR 12.50", "EUR", {}, "12.50"),
        ("12.50 eur", "EUR", {}, "12.50"),
        ("-€12.50", "EUR", {}, "-12.50"),
        ("€-12.50", "EUR", {}, "-12.50"),
        ("(€12.50)", "EUR", {}, "-12.50"),
        ("($8.90)", "USD", {}, "-8.90"),
        ("12.50- €", "EUR", {}, "-12.50"),
        ("US$ 12.50", "USD", {}, "12.50"),
        ("£.50", "GBP", {}, "0.50"),
        ("249:-", "SEK", {}, "249.00"),
        ("-249:-", "SEK", {}, "-249.00"),
        ("CHF 15.-", "CHF", {}, "15.00"),
        ("Fr. 15.––", "CHF", {}, "15.00"),
        ("79,- €", "EUR", {"decimal": ","}, "79.00"),
        ("€ 1.299,--", "EUR", {"decimal": ",", "thousands": "."}, "1299.00"),
        ("–79,00 €", "EUR", {"decimal": ","}, "-79.00"),
        ("79,00- €", "EUR", {"decimal": ","}, "-79.00"),
        ("CHF 1'234.50", "CHF", {"thousands": "'"}, "1234.50"),
        ("Fr. 1’234.50", "CHF", {"thousands": "'"}, "1234.50"),
        ("1 234,50 zł", "PLN", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1 250 kr.", "DKK", {"thousands": " "}, "1250.00"),
        ("(12.00)", "EUR", {}, "-12.00"),
        ("12.50-", "EUR", {}, "-12.50"),
        ("−12.50", "EUR", {}, "-12.50"),
        ("- 12.50", "EUR", {}, "-12.50"),
        ("+12.50", "EUR", {}, "12.50"),
    ],
)
def test_an_amount_beside_the_retailers_currency_is_that_amount(
    exports: Any, value: str, currency: str, options: dict[str, Any], expected: str
) -> None:
    assert amount(exports, value, currency=currency, **options) == [Decimal(expected)]


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("£12.50", "EUR"),
        ("12.50 USD", "EUR"),
        ("12,50 €", "USD"),
        ("US$12.50", "CAD"),
        ("$12.50 USD", "CAD"),
        ("12.50 CHF", "EUR"),
        ("12.50 €/kg", "EUR"),
        ("12-15 €", "EUR"),
        ("(12.50", "EUR"),
        ("-(12.50)-", "EUR"),
        ("€", "EUR"),
    ],
)
def test_an_amount_of_another_currency_or_of_no_shape_is_no_amount(exports: Any, value: str, currency: str) -> None:
    assert amount(exports, value, currency=currency) == []


@pytest.mark.parametrize("value", ["£12.50", "12.50 USD", "CHF 12.50", "12.50 kr", "12.50 zł"])
def test_an_amount_of_another_currency_is_unreadable_with_that_reason(exports: Any, value: str) -> None:
    exports.write("orders.csv", f"id,moment,total\n1,2026-01-05 10:00,{value}\n2,2026-01-05 10:00,-x-\n")
    exports.extract_orders()
    assert exports.quarantine().select("line", "kind", "reason").rows() == [
        (2, "unreadable", "total_amount is not an amount in the retailer's currency"),
        (3, "unreadable", "total_amount is not an amount"),
    ]


def test_expressions_of_amounts_see_no_currency(exports: Any) -> None:
    assert amount(exports, "$12.50", "cast(value as decimal(18, 2)) * 2", "USD") == [Decimal("25.00")]
    assert amount(exports, "12,50 €", "cast(replace(value, ',', '.') as double) / 2") == [Decimal("6.25")]


def test_a_query_that_reckons_with_an_amount_sees_no_currency_and_texts_keep_theirs(exports: Any) -> None:
    exports.write("in.csv", "no;montant;code\n1;10,00 €;10 €\n1;-2,50 €;10 €\n")
    query = (
        "select no as product_id, sum(cast(replace(montant, ',', '.') as decimal(18, 2))) as list_price, "
        "any_value(code) as name, 'x' as category from source group by no"
    )
    exports.extract("products", {"from": "in.csv", "query": query})
    assert exports.rows("products").select("list_price", "name").rows() == [(Decimal("7.50"), "10 €")]


def test_sql_that_speaks_of_the_sign_deals_with_it(exports: Any) -> None:
    sql = "case when value like '%€' then cast(replace(value, '€', '') as decimal(18, 2)) end"
    assert amount(exports, "12.50 €", sql) == [Decimal("12.50")]


def test_a_coupon_keeps_its_sign(exports: Any) -> None:
    assert see(exports, "10 €") == "10 €"
    assert see(exports, "$10", "upper(value)") == "$10"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-05 10:00:00 +0100", utc(2026, 1, 5, 9)),
        ("2026-01-05T09:50:26.000+0000", utc(2026, 1, 5, 9, 50, 26)),
        ("2026-01-05 10:00 UTC", utc(2026, 1, 5, 10)),
        ("2026-01-05T10:00:00 Z", utc(2026, 1, 5, 10)),
        ("2026-01-05 10:00:00\u00a0-05:00", utc(2026, 1, 5, 15)),
        ("2026-01-05 10:00 +01", utc(2026, 1, 5, 9)),
    ],
)
@pytest.mark.parametrize("sql", ["value", "cast(value as timestamptz)", "split_part(value, ';', 1)"])
def test_a_blank_before_an_offset_is_understood(exports: Any, value: str, expected: datetime, sql: str) -> None:
    exports.kind = "pos"
    exports.write("in.csv", f"value\n{value}\n")
    columns = {"member_id": "'1'", "updated_at": sql, "birth_date": "value"}
    exports.extract("members", {"from": "in.csv", "columns": columns})
    assert exports.rows("members").select("updated_at", "birth_date").rows() == [(expected, date(2026, 1, 5))]


def test_sql_that_reads_offsets_itself_sees_the_blank(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("in.csv", "value\n2026-01-05 10:00:00 +0100\n")
    columns = {"member_id": "'1'", "updated_at": "strptime(value, '%Y-%m-%d %H:%M:%S %z')"}
    exports.extract("members", {"from": "in.csv", "columns": columns})
    assert exports.rows("members")["updated_at"].to_list() == [utc(2026, 1, 5, 9)]


def test_the_quarantine_holds_the_row_as_it_came(exports: Any) -> None:
    exports.head = "reject_limit: 1\n"
    exports.write("orders.csv", "id,moment,total\n,NULL,'12.50\u00a0£\n")
    exports.extract_orders(options={"nulls": ["NULL"]})
    assert exports.quarantine()["raw"].to_list() == ['{"id":null,"moment":"NULL","total":"\'12.50\u00a0£"}']


def test_hidden_columns_are_not_among_those_of_source(exports: Any) -> None:
    exports.write("products.csv", "product_id,name,category\n1,a,x\n,b,x\n")
    exports.head = "reject_limit: 1\n"
    exports.extract("products", {"from": "products.csv", "query": "select *, _row as n from source"})
    assert exports.rows("products").height == 1
    assert exports.quarantine("products")["raw"].to_list() == ['{"product_id":null,"name":"b","category":"x","n":2}']


def receipts(exports: Any, currency: str = "EUR", **mapping: Any) -> list[Any]:
    """Two tickets, summed by a `query` from lines whose amounts are written as ``exports.written`` has them."""
    exports.head = f"reject_limit: 1\ncurrency: {currency}\n"
    exports.kind = "pos"
    query = (
        "select no, any_value(day) as day, sum(amount(net) + amount(tax)) as total, sum(amount(off)) as off "
        "from source group by no"
    )
    columns = {"ticket_id": "no", "store_id": "'1'", "sold_at": "day", "total_amount": "total", "gross_amount": "off"}
    exports.extract("tickets", {"from": "in.csv", "query": query, "columns": columns, **mapping})
    return exports.rows("tickets").select("ticket_id", "total_amount", "gross_amount").rows()


@pytest.mark.parametrize(
    ("lines", "currency", "options"),
    [
        ('1,"$1,042.90","($0.90)",\n1,($8.90),$0.90,-$2.00\n', "USD", {"thousands": ","}),
        ('1,"1 042,90 €","-0,90 €",\n1,"(8,90) €","0,90","- 2,00 €"\n', "EUR", {"decimal": ",", "thousands": " "}),
        ("1,1042.90,-0.90,\n1,-8.90,.90,-2\n", "EUR", {}),
    ],
)
def test_amount_reads_in_a_query_what_columns_read(
    exports: Any, lines: str, currency: str, options: dict[str, str]
) -> None:
    exports.write("in.csv", "no,net,tax,off,day\n" + lines.replace("\n", ",2026-01-05\n"))
    assert receipts(exports, currency, options=options) == [("1", Decimal("1034.00"), Decimal("-2.00"))]


def test_amount_of_what_is_none_leaves_no_sum_of_the_others(exports: Any) -> None:
    """`sum` leaves nulls out: the ticket would be too cheap, and nobody told."""
    exports.write(
        "in.csv", "no,net,tax,off,day\n1,5.00,1.00,,2026-01-05\n2,5.00,1.00,x,2026-01-05\n2,4,x,1,2026-01-05\n"
    )
    assert receipts(exports) == [("1", Decimal("6.00"), None)]
    assert exports.quarantine("tickets")["reason"].to_list() == [
        "; ".join(
            f"{column} is not an amount; do `decimal` and `thousands` under `options` say how it is written?"
            for column in ("gross_amount", "total_amount")
        )
    ]


@pytest.mark.parametrize(
    ("value", "sql", "seen"),
    [
        ("2026-01-05 10:00:00", "utc(value)", "2026-01-05 10:00:00Z"),
        ("2026-01-05T10:00:00.000", "utc(value)", "2026-01-05T10:00:00.000Z"),
        ("2026-01-05T10:00:00+02:00", "utc(value)", "2026-01-05T10:00:00+02:00"),
        ("2026-01-05", "utc(value)", "2026-01-05"),
        ("2026-07-05 10:00:00", "in_zone(value, 'America/New_York')", "2026-07-05T14:00:00Z"),
        ("2026-07-05T10:00:00+02:00", "in_zone(value, 'America/New_York')", "2026-07-05T10:00:00+02:00"),
        ("2026-07-05 10:00:00", "in_zone(value, null)", "2026-07-05 10:00:00"),
        ("soon", "in_zone(value, 'America/New_York')", "soon"),
        ("12/31/2026, 9:05 pm", "slashed(value, true)", "2026-12-31 21:05:00"),
        ("31/12/2026 21:05", "slashed(value, false)", "2026-12-31 21:05:00"),
        ("31/12/2026", "slashed(value, true)", "31/12/2026"),
        ("2026-12-31", "slashed(value, true)", "2026-12-31"),
        ("12/31/2026", "second_number(value)", "31"),
        ("2026-12-31", "coalesce(second_number(value), 0)", "0"),
    ],
)
def test_times_that_do_not_say_their_zone_or_order_are_read_by_functions(
    exports: Any, value: str, sql: str, seen: str
) -> None:
    assert see(exports, value, sql) == seen
