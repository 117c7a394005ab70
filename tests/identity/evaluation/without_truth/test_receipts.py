import polars as pl
import pytest

from pipelines.identity.evaluation.without_truth.file_of_customers import count_pairs, read_customers
from pipelines.identity.evaluation.without_truth.receipts import estimate_receipt_errors
from pipelines.identity.scoring.profiles import profile_records


def read(standardised, rows: list[dict], customers: list[str]):
    records = standardised(*rows).sort("record_id")
    of = dict(zip([row["record_id"] for row in rows], customers, strict=True))
    return read_customers(profile_records(records), records["record_id"].replace_strict(of))


def name(row, key: str, first: str, email: str | None, **fields):
    return row(key, first_name=first, last_name="Martin", email=email, birth_date="1980-02-03", **fields)


def test_receipts_count_where_their_mailbox_is_used(standardised, row, receipt):
    file = read(
        standardised,
        [
            name(row, "1", "Ada", "ada@free.fr"),
            name(row, "2", "Ada", None, city="Lyon"),
            receipt("7", "ada@free.fr"),
            receipt("8", "ada@free.fr"),
        ],
        ["a"] * 4,
    )
    assert file.sizes.tolist() == [4]
    assert sorted(file.placed.tolist()) == [1, 3]
    assert count_pairs(file.sizes) == 6


def test_a_receipt_of_a_mailbox_that_two_customers_use_misses_its_customer(standardised, row, receipt):
    file = read(
        standardised,
        [
            name(row, "1", "Ada", "martin@free.fr"),
            name(row, "2", "Léo", "martin@free.fr"),
            name(row, "3", "Léo", "leo@free.fr"),
            receipt("7", "martin@free.fr"),
        ],
        ["a", "b", "b", "receipts"],
    )
    errors = estimate_receipt_errors(file)
    assert errors.missed_between == pytest.approx(1.5), "one record of Ada's or two of Léo's, as likely"
    assert errors.wrong == 0.0


def test_a_receipt_of_an_unknown_mailbox_misses_what_records_of_a_lone_mailbox_would_miss(standardised, row, receipt):
    file = read(
        standardised,
        [
            name(row, "1", "Ada", "ada@free.fr"),
            name(row, "2", "Ada", "ada.martin@work.fr"),
            name(row, "3", "Léo", "leo@free.fr"),
            receipt("7", "who@free.fr"),
            receipt("8", "who.else@free.fr"),
        ],
        ["a", "a", "b", "r", "s"],
    )
    # Of three records with a mailbox of their own, two would have missed one other record each: .67 a receipt.
    errors = estimate_receipt_errors(file)
    assert errors.missed_alone + errors.missed_alone_spread == pytest.approx(2 * 2 / 3)


def test_without_receipts_there_are_no_errors_of_receipts(retailer):
    records = retailer.records.filter(pl.col("table_name") == "members")
    errors = estimate_receipt_errors(read_customers(profile_records(records), records.sort("record_id")["record_id"]))
    assert (errors.missed_alone, errors.missed_between, errors.wrong) == (0.0, 0.0, 0.0)
