"""Exports of tills as they come: titles above the header, cp1252, decimal commas, tickets repeated on their lines."""

from decimal import Decimal
from typing import Any

import pytest

LINES = """Édition du 01/02/2026;;;;;;;;;;;
Magasins : tous;;;;;;;;;;;

Magasin;N° ticket;Date;Heure;Carte;Code article;Désignation;Qté;PU TTC;Remise;Montant TTC;Mode de règlement
Lyon;1;28/01/2026;09:05;250100000001;A1;Écharpe;1;1 249,00 €;0,00 €;1 249,00 €;CB
Lyon;1;28/01/2026;09:05;250100000001;A2;"Gants ""cuir""; doublés";2;19,50 €;4,00 €;35,00 €;CB
Lyon;2;28/01/2026;11:30;;A1;Écharpe;-1;1 249,00 €;0,00 €;-1 249,00 €;Espèces
Paris;1;28/01/2026;10:00;250100000002;A2;Gants;1;19,50 €;0,00 €;19,50 €;CB
Paris;1;28/01/2026;10:00;250100000002;A3;Bonnet;1;9,90 €;0,00 €;9,90 €;CB
Lyon;1;29/01/2026;15:45;;A3;Bonnet;3;9,90 €;0,00 €;29,70 €;CB
Lyon;1;29/01/2026;15:45;;A2;Gants;1;19,50 €;0,00 €;19,50 €;CB
Paris;2;29/01/2026;16:00;;A3;Bonnet;1;9,90 €;0,00 €;9,90 €;Chèque
Paris;2;29/01/2026;16:00;;A1;Écharpe;1;1 249,00 €;0,00 €;1 249,00 €;Chèque
;;;;;;Total;;;;1 392,50 €;
"""


def test_tickets_come_out_of_their_lines_with_the_right_sums_and_times(onboarding: Any) -> None:
    onboarding.write("caisse/Ventes détail janvier.csv", LINES, "cp1252")
    onboarding.init()
    columns = ("ticket_id", "store_id", "loyalty_card_id", "sold_at", "discount_amount", "total_amount", "payment_kind")
    assert onboarding.rows("pos/tickets", *columns, rejected=1) == [
        ("Lyon-28/01/2026-1", "Lyon", "250100000001", "2026-01-28 08:05:00", None, Decimal("1284.00"), "CB"),
        ("Lyon-28/01/2026-2", "Lyon", None, "2026-01-28 10:30:00", None, Decimal("-1249.00"), "Espèces"),
        ("Lyon-29/01/2026-1", "Lyon", None, "2026-01-29 14:45:00", None, Decimal("49.20"), "CB"),
        ("Paris-28/01/2026-1", "Paris", "250100000002", "2026-01-28 09:00:00", None, Decimal("29.40"), "CB"),
        ("Paris-29/01/2026-2", "Paris", None, "2026-01-29 15:00:00", None, Decimal("1258.90"), "Chèque"),
    ]  # fmt: skip
    lines = onboarding.rows(
        "pos/ticket_lines", "ticket_id", "line_no", "product_id", "quantity", "line_amount", rejected=1
    )
    assert len(lines) == 9
    assert lines[:3] == [
        ("Lyon-28/01/2026-1", 1, "A1", Decimal("1.000"), Decimal("1249.00")),
        ("Lyon-28/01/2026-1", 2, "A2", Decimal("2.000"), Decimal("35.00")),
        ("Lyon-28/01/2026-2", 1, "A1", Decimal("-1.000"), Decimal("-1249.00")),
    ]


def test_what_lines_name_gives_products_and_stores_where_nothing_else_does(onboarding: Any) -> None:
    onboarding.write("caisse/ventes.csv", LINES, "cp1252")
    onboarding.init()
    assert onboarding.rows("ecommerce/products", "product_id", "name", "category") == [
        ("A1", "Écharpe", "other"),
        ("A2", 'Gants "cuir"; doublés', "other"),
        ("A3", "Bonnet", "other"),
    ]
    assert onboarding.rows("pos/stores", "store_id", "name") == [("Lyon", "Lyon"), ("Paris", "Paris")]


def test_a_number_that_names_one_ticket_is_its_id_alone(onboarding: Any) -> None:
    onboarding.write("tickets.csv", "N° ticket,Date,Magasin,Total TTC\n" + "".join(
        f"T{number},2026-01-{number:02} 10:00,Lyon,{number}.50\n" for number in range(1, 29)
    ))  # fmt: skip
    onboarding.init()
    assert onboarding.columns("pos/tickets")["ticket_id"] == "N° ticket"
    assert len(onboarding.rows("pos/tickets", "ticket_id")) == 28


def test_a_total_that_every_line_repeats_is_not_added_up(onboarding: Any) -> None:
    rows = [
        f"T{ticket};{ticket + 12}/01/2026 10:00;Lyon;P{line};1;10,00;10,00;{lines * 10},00\n"
        for ticket, lines in ((1, 2), (2, 3), (3, 2), (4, 3))
        for line in range(lines)
    ]
    onboarding.write(
        "ventes.csv", "Ticket;Date;Magasin;Code article;Qté;PU TTC;Total ligne;Total ticket\n" + "".join(rows)
    )
    onboarding.init()
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount") == [
        ("T1", Decimal("20.00")),
        ("T2", Decimal("30.00")),
        ("T3", Decimal("20.00")),
        ("T4", Decimal("30.00")),
    ]


def test_a_list_of_tickets_of_its_own_goes_before_what_lines_repeat(onboarding: Any) -> None:
    onboarding.write("tickets.csv", "ticket;date;magasin;total\n1;2026-01-13 10:00;L;5.00\n2;2026-01-14 10:00;L;6.00\n")
    onboarding.write(
        "lignes_tickets.csv",
        "ticket;date;ligne;article;quantité;prix unitaire;montant\n"
        "1;2026-01-13;1;A;1;5.00;5.00\n2;2026-01-14;1;A;1;5.00;5.00\n2;2026-01-14;2;B;1;1.00;1.00\n",
    )
    onboarding.init()
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount") == [
        ("1", Decimal("5.00")),
        ("2", Decimal("6.00")),
    ]
    assert onboarding.rows("pos/ticket_lines", "ticket_id", "line_no") == [("1", 1), ("2", 1), ("2", 2)]


def test_amounts_without_tax_are_asked_about_and_never_taken(onboarding: Any) -> None:
    onboarding.write(
        "ventes.csv",
        "Ticket;Date;Magasin;Code article;Qté;Montant HT\n1;13/01/2026;L;A;1;5,00\n2;14/01/2026;L;B;1;6,00\n",
    )
    text = onboarding.init()
    assert onboarding.columns("pos/ticket_lines")["line_amount"] == "TODO"
    assert onboarding.columns("pos/tickets")["total_amount"] == "TODO"
    assert "Montant HT" in text


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-01-28", "14:05:09", "2026-01-28 13:05:09"),
        ("20260128", "1405", "2026-01-28 13:05:00"),
        ("28.01.2026", "14h05", "2026-01-28 13:05:00"),
        ("28/01/26", "14:05", "2026-01-28 13:05:00"),
    ],
)
def test_a_date_and_a_time_of_day_make_a_moment(onboarding: Any, day: str, clock: str, expected: str) -> None:
    onboarding.write(
        "tickets.csv", f"N° ticket;Date;Heure;Magasin;Total TTC\nA;{day};{clock};L;5,00\nB;{day};{clock};L;5,00\n"
    )
    onboarding.init()
    assert onboarding.rows("pos/tickets", "sold_at") == [(expected,), (expected,)]


def test_overlapping_exports_add_nothing_twice(onboarding: Any) -> None:
    body = LINES.split("\n\n")[1]
    onboarding.write("ventes_2026-01.csv", body)
    onboarding.write("ventes_2026-02.csv", body)
    assert '"ventes_*.csv"' in onboarding.init()
    assert onboarding.extract("pos/tickets").rows_repeated == 5
    assert onboarding.extract("pos/ticket_lines").rows_repeated == 9


def test_a_number_on_the_first_line_of_a_ticket_only_is_that_of_the_lines_below(onboarding: Any) -> None:
    onboarding.write(
        "tickets détaillés.csv",
        "Magasin;N° ticket;Date;Code article;Qté;PU TTC;Montant TTC\n"
        "Lyon;1;28/01/2026 10:00;A;1;5,00;5,00\n;;;B;2;1,50;3,00\nLyon;2;28/01/2026 11:00;A;1;5,00;5,00\n"
        "Lyon;1;29/01/2026 10:00;C;1;7,00;7,00\n;;;A;1;5,00;5,00\n"
        "Paris;1;28/01/2026 10:30;B;1;1,50;1,50\n;;;A;1;5,00;5,00\n",
    )
    onboarding.init()
    assert onboarding.rows("pos/tickets", "ticket_id", "store_id", "sold_at", "total_amount") == [
        ("Lyon-28/01/2026 10:00-1", "Lyon", "2026-01-28 09:00:00", Decimal("8.00")),
        ("Lyon-28/01/2026 11:00-2", "Lyon", "2026-01-28 10:00:00", Decimal("5.00")),
        ("Lyon-29/01/2026 10:00-1", "Lyon", "2026-01-29 09:00:00", Decimal("12.00")),
        ("Paris-28/01/2026 10:30-1", "Paris", "2026-01-28 09:30:00", Decimal("6.50")),
    ]
    assert [row[1:] for row in onboarding.rows("pos/ticket_lines", "ticket_id", "line_no", "product_id")] == [
        (1, "A"),
        (2, "B"),
        (1, "A"),
        (1, "C"),
        (2, "A"),
        (1, "B"),
        (2, "A"),
    ]


def test_a_till_of_no_known_system_is_not_taken_for_one(onboarding: Any) -> None:
    onboarding.write(
        "export.csv",
        "Transaction ID,Date,Time,Store,SKU,Description,Qty,Price,Line Total,Loyalty Card,Tender\n"
        "1,01/28/2026,9:05 PM,Soho,S1,Hat,1,$10.00,$10.00,9001,Visa\n"
        "2,01/29/2026,9:05 AM,Bath,S2,Cap,2,$5.00,$10.00,,Cash\n",
    )
    assert "preset" not in onboarding.init()
    assert onboarding.rows("pos/tickets", "ticket_id", "store_id", "sold_at") == [
        ("1", "Soho", "2026-01-28 21:05:00"),
        ("2", "Bath", "2026-01-29 09:05:00"),
    ]
    assert onboarding.load().timezone == "Europe/London", "nothing but the language tells"


def write_discounts(onboarding: Any, *discounts: str) -> str:
    """Tickets of two lines at 10.00 and 20.00, each with a discount."""
    rows = ""
    for place in range(38):
        number, line = divmod(place, 2)
        taken = discounts[place % len(discounts)]
        rows += f"T{number};2026-01-{number + 1:02} 10:00;A{line};1;{line + 1}0,00;{taken};{line + 1}0,00\n"
    onboarding.write("caisse/ventes.csv", "N° ticket;Date;Code article;Qté;PU TTC;Remise;Montant TTC\n" + rows)
    text: str = onboarding.init()
    return text


def test_a_discount_of_single_lines_is_none_of_the_ticket(onboarding: Any) -> None:
    text = write_discounts(onboarding, "0,00", "0,00", "0,00", "1,00", "0,00")
    assert "discount_amount" not in text
    assert "Remise est la remise de chaque ligne" in " ".join(text.split())


def test_a_discount_that_is_zero_everywhere_is_not_said_to_be_repeated(onboarding: Any) -> None:
    assert "discount_amount" not in write_discounts(onboarding, "0,00")


def test_a_discount_that_all_lines_repeat_is_that_of_the_ticket(onboarding: Any) -> None:
    assert "any_value(Remise) as discount_amount" in write_discounts(onboarding, "3,00", "3,00", "0,00", "0,00")


NET_TILL = "Receipt,Date,Store,SKU,Product,Qty,Net Amount,VAT,Gross Amount\n" + "".join(
    f"{n // 2},{n // 2 + 13}/01/2026 10:00,Bath,S{n},Hat,1,{10 + n}.00,{2 + n / 5:.2f},{12 + 1.2 * n:.2f}\n"
    for n in range(20)
)


def test_an_amount_to_which_tax_is_added_in_another_column_is_not_taken(onboarding: Any) -> None:
    onboarding.write("till sales.csv", NET_TILL)
    onboarding.init()
    assert onboarding.columns("pos/ticket_lines")["line_amount"] == "Gross Amount"
    first = onboarding.rows("pos/tickets", "ticket_id", "total_amount", "tax_amount")[0]
    assert first == ("0", Decimal("25.20"), Decimal("4.20"))


def test_amounts_before_the_discount_of_their_line_are_told_after_it(onboarding: Any) -> None:
    onboarding.write(
        "caisse/ventes.csv",
        "N° ticket;Date;Magasin;Article;Libellé;Qté;Prix TTC;Remise;Total\n"
        + "".join(
            f"{n // 2};{n // 2 + 1}/07/2025 10:00;Lyon;A{n};Pull;2;10,00;{'3,00' if n % 3 == 0 else '0,00'};20,00\n"
            for n in range(40)
        ),
    )
    onboarding.init()
    assert onboarding.rows("pos/ticket_lines", "line_amount")[0] == (Decimal("17.00"),)
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount")[0] == ("0", Decimal("37.00"))


def test_a_discount_is_taken_off_lines_that_have_no_amount(onboarding: Any) -> None:
    onboarding.write(
        "caisse/ventes.csv",
        "N° ticket;Date;Magasin;Article;Libellé;Qté;Prix TTC;Remise\n"
        + "".join(f"{n};{n + 1}/07/2025 10:00;Lyon;A{n};Pull;2;10,00;{n % 3},50\n" for n in range(20)),
    )
    onboarding.init()
    assert onboarding.rows("pos/ticket_lines", "line_amount")[0] == (Decimal("19.50"),)
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount")[0] == ("0", Decimal("19.50"))


@pytest.mark.parametrize(("header", "values"), [("Type", ("Vente", "Retour")), ("Annulé", ("Non", "Oui"))])
def test_a_column_that_speaks_of_returns_or_cancellations_is_told_of(
    onboarding: Any, header: str, values: tuple[str, str]
) -> None:
    onboarding.write(
        "caisse/tickets.csv",
        f"N° ticket;{header};Date;Magasin;Total TTC\n"
        + "".join(f"{n};{values[n % 5 == 0]};{n + 1}/07/2025 10:00;Lyon;10,00\n" for n in range(20)),
    )
    assert f"{header} : des lignes semblent" in " ".join(onboarding.init().split())


def test_lines_that_know_no_more_of_their_ticket_than_its_day_make_one(onboarding: Any) -> None:
    onboarding.write(
        "caisse/Ventes.csv",
        "Ticket;Date;Article;Libellé;Qté;PV TTC;Net TTC\n"
        + "".join(f"{n // 2};{n // 2 + 1}/01/2026;A{n};Pull;1;20,00;18,00\n" for n in range(40)),
    )
    onboarding.init()
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount")[0] == ("0", Decimal("36.00"))
