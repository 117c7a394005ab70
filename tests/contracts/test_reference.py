"""What is said of canonical columns to those who map a source: whole, true of the examples, and one text."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.contracts import TABLES, Column, Table, reference, table
from pipelines.contracts.reference import Use, describe_column, describe_loss, describe_use, load_uses, name_column

COLUMNS = [(each, column) for each in TABLES for column in each.columns]


def example(table_path: str, column: str) -> Decimal:
    kind, name = table_path.split("/")
    return Decimal(table(kind, name).column(column).example or "")  # type: ignore[arg-type]


def test_each_column_has_an_example() -> None:
    assert [name_column(*each) for each in COLUMNS if not each[1].example] == []


@pytest.mark.parametrize("kind", sorted({column.type for _, column in COLUMNS}))
def test_an_example_is_of_the_type_and_among_the_values_of_its_column(kind: str) -> None:
    read = {
        "date": date.fromisoformat, "timestamp": datetime.fromisoformat, "integer": int, "number": float,
        "quantity": Decimal, "money": Decimal, "price": Decimal, "boolean": ["no", "yes"].index, "text": str,
    }[kind]  # fmt: skip
    for _, column in COLUMNS:
        if column.type == kind:
            read(column.example or "")
            assert column.values is None or column.example in column.values


def test_what_is_lost_is_said_of_each_optional_column_that_is_read_and_of_each_table() -> None:
    unsaid = [
        name_column(*each)
        for each in COLUMNS
        if not each[1].required and not each[1].loses and load_uses()[name_column(*each)].is_read
    ]
    assert unsaid == [], "say in pipelines/contracts what is lost without them (loses)"
    losses = [each.loses for each in TABLES] + [column.loses for _, column in COLUMNS if column.loses]
    assert [text for text in losses if not (text[:1] in "`" or text[:1].isupper()) or not text.endswith(".")] == []


def test_a_needed_column_says_no_loss() -> None:
    assert [name_column(*each) for each in COLUMNS if each[1].required and each[1].loses] == []


def test_the_identities_hold_of_the_examples() -> None:
    order = {column.name: column.example for column in table("ecommerce", "orders").columns}
    of_order = {name: Decimal(value) for name, value in order.items() if name.endswith("_amount") and value}
    assert of_order["total_amount"] == (
        of_order["gross_amount"]
        - of_order["discount_amount"]
        + of_order["shipping_amount"]
        + of_order["tip_amount"]
        + of_order["gift_card_amount"]
    )
    assert example("ecommerce/order_lines", "line_amount") == (
        example("ecommerce/order_lines", "quantity") * example("ecommerce/order_lines", "unit_price")
        - example("ecommerce/order_lines", "discount_amount")
    )
    assert example("pos/tickets", "total_amount") == (
        example("pos/tickets", "gross_amount")
        - example("pos/tickets", "discount_amount")
        + example("pos/tickets", "tip_amount")
        + example("pos/tickets", "gift_card_amount")
    )
    assert example("pos/ticket_lines", "line_amount") == (
        example("pos/ticket_lines", "quantity") * example("pos/ticket_lines", "unit_price")
    )


@pytest.mark.parametrize(
    ("path", "amount"),
    [(each.path, column.name) for each, column in COLUMNS if column.type in ("money", "price")],
)
def test_an_amount_says_whether_tax_is_in_it(path: str, amount: str) -> None:
    kind, name = path.split("/")
    described = table(kind, name).column(amount).description.lower()  # type: ignore[arg-type]
    assert "tax" in described or amount in ("tip_amount", "gift_card_amount")


def test_a_text_says_meaning_unit_example_need_and_where_it_goes() -> None:
    orders = table("ecommerce", "orders")
    assert describe_column(orders, orders.column("shipping_amount")) == (
        "Shipping that the customer paid, with tax. In the currency of the row. Example: 4.90. Without it: `orders` "
        "cannot say what shipping brought in; it is in the total all the same. Feeds orders."
    )
    assert "Needed: a row without it goes to quarantine." in describe_column(orders, orders.column("total_amount"))


def test_a_column_whose_loss_nobody_says_is_read_by_no_mart() -> None:
    column = Column("shoe_size", "Shoe size.")
    assert describe_loss(column) == "Nothing: no mart reads it."
    assert describe_use(Table("crm", "feet", "foot", ("foot_id",), (column,)), column) == "Feeds no mart."
    # Which of two versions of a row is kept is decided before any mart.
    lost = {name_column(*each) for each in COLUMNS if each[1].loses and not load_uses()[name_column(*each)].is_read}
    assert lost <= {"pos/tickets.updated_at"}


def test_a_column_that_names_rows_of_a_table_says_of_which() -> None:
    lines, interactions = table("pos", "ticket_lines"), table("crm", "interactions")
    assert describe_use(lines, lines.column("product_id")).startswith("Names a row of ecommerce/products. Feeds ")
    assert describe_use(interactions, interactions.column("order_id")) == (
        "Names a row of ecommerce/orders or pos/tickets."
    )


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (Use(feeds=("a",)), "Feeds a."),
        (Use(feeds=("a", "b"), joins=True), "Feeds a and b."),
        (Use(feeds=tuple("abcde")), "Feeds a, b, c, d and e."),
        (Use(feeds=tuple("abcdef")), "Feeds a, b, c, d and 2 more marts."),
        (Use(recognises=True, joins=True), "Says who is one person. Rows are joined on it."),
        (Use(recognises=True), "Says who is one person."),
        (Use(decides=("a",), joins=True), "A condition of a."),
    ],
)
def test_of_many_marts_the_first_are_named(use: Use, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    column = Column("shoe_size", "Shoe size.")
    monkeypatch.setattr(reference, "load_uses", lambda: {"crm/feet.shoe_size": use})
    assert describe_use(Table("crm", "feet", "foot", ("foot_id",), (column,)), column) == text
