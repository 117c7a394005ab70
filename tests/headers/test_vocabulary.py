"""Headers as tills, shops and CRMs write them, in French and English, and what they are."""

import pytest

from pipelines import contracts
from pipelines.headers.vocabulary import SURE, read_vocabulary

HEADERS = {
    "pos/tickets.ticket_id": "N° ticket | No Ticket | NUM_TICKET | Ticket | ticketId | Receipt number",
    "pos/tickets.sold_at": "Date | Date de vente | Date ticket | Sale date | DATE_VENTE | Horodatage",
    "pos/tickets.time_of_day": "Heure | HEURE | Heure de vente | Time",
    "pos/tickets.store_id": "Magasin | Code magasin | CODE_MAG | Boutique | Store | PDV | Point de vente",
    "pos/tickets.loyalty_card_id": "Carte | Carte fidélité | N° carte | N° de carte de fidélité | Loyalty card",
    "pos/tickets.total_amount": "Total TTC | Montant TTC | Total | Net à payer | Total ticket | Amount",
    "pos/tickets.payment_kind": "Mode de règlement | Mode de paiement | Moyen de paiement | Payment method",
    "pos/ticket_lines.product_id": "Code article | CODE_ART | Référence article | SKU | EAN | Code-barres",
    "pos/ticket_lines.quantity": "Qté | Quantité | QTE | Qty | Quantity | Quantité vendue",
    "pos/ticket_lines.unit_price": "PU TTC | Prix unitaire | Prix unitaire TTC | Unit price | Price (inc VAT)",
    "crm/contacts.contact_id": "N° client | Code client | CODE_CLI | Customer ID | id | Identifiant",
    "crm/contacts.last_name": "Nom | Nom de famille | Last name | LastName | NOM_CLIENT | Surname",
    "crm/contacts.first_name": "Prénom | PRENOM | First Name | firstname | Prénom client",
    "crm/contacts.birth_date": "Date de naissance | DATE_NAISS | Birthdate | DDN | Né(e) le | Date naissance client",
    "crm/contacts.mobile": "Portable | Tél. portable | Mobile | GSM | Mobile Phone | Tel mobile",
    "crm/contacts.phone": "Téléphone | Tél. fixe | Phone | TEL | Téléphone fixe",
    "crm/contacts.email": "E-mail | Email | Mail | Courriel | Adresse e-mail | EMAIL_CLIENT",
    "crm/contacts.postcode": "Code postal | CP | Zip | Postal code | CODE_POSTAL | ZipCode",
    "crm/contacts.updated_at": (
        "Date de modification | Modifié le | Dernière modification | Last modified date | updated_at | Date MAJ"
    ),
    "ecommerce/orders.order_id": "N° commande | Commande | Order ID | Order number | Numéro de commande | InvoiceNo",
    "ecommerce/orders.ordered_at": "Date commande | Date de commande | Order date | Created at | InvoiceDate",
    "ecommerce/orders.status": "Statut | État | Status | Statut de la commande | Order Status",
    "ecommerce/orders.shipping_amount": "Frais de port | Frais de livraison | Shipping | Shipping cost",
    "ecommerce/products.category": "Catégorie | Famille | Rayon | Category",
    "crm/loyalty_movements.points": "Points | Nombre de points | Pts",
}


@pytest.mark.parametrize("place", sorted(HEADERS))
def test_a_header_says_its_column(place: str) -> None:
    path, _, column = place.partition(".")
    vocabulary, table = read_vocabulary(), contracts.table(*path.split("/"))  # type: ignore[arg-type]
    headers = HEADERS[place].split(" | ")
    scores = {header: vocabulary.match(vocabulary.folding.fold(header), table, column) for header in headers}
    assert {header: score for header, score in scores.items() if score < SURE} == {}


@pytest.mark.parametrize(
    ("path", "column", "header"),
    [
        ("pos/ticket_lines", "unit_price", "PU HT"),
        ("pos/ticket_lines", "line_amount", "Montant HT"),
        ("pos/tickets", "total_amount", "Total HT"),
        ("pos/tickets", "total_amount", "Total TVA"),
        ("pos/tickets", "total_amount", "Total ex. VAT"),
        ("pos/tickets", "total_amount", "amount_cents"),
        ("pos/tickets", "ticket_id", "Nb tickets"),
        ("ecommerce/orders", "ordered_at", "Date de livraison"),
        ("crm/contacts", "last_name", "Nom de société"),
        ("pos/ticket_lines", "quantity", "Quantité en stock"),
    ],
)
def test_a_header_that_says_something_else_is_not_taken(path: str, column: str, header: str) -> None:
    vocabulary, table = read_vocabulary(), contracts.table(*path.split("/"))  # type: ignore[arg-type]
    assert vocabulary.match(vocabulary.folding.fold(header), table, column) < 0.6


def test_every_word_is_of_a_table_and_a_column_there_is() -> None:
    vocabulary = read_vocabulary()
    known = {table.path: {column.name: column for column in table.columns} for table in contracts.TABLES}
    assert set(vocabulary.tables) <= set(known)
    for place, sql in vocabulary.assumed.items():
        path, _, column = place.partition(".")
        values = known[path][column].values
        assert known[path][column].required
        assert values is None or sql.strip("'") in values
    for path, words in vocabulary.tables.items():
        extra = {"full_name", "address_2", "mobile", "time_of_day", "product_name"}
        assert {column for group in words.needs for column in group} <= set(known[path]) | extra
