"""What the tills know: members of the store loyalty scheme, tickets, and the stores themselves."""

from pipelines.contracts.schema import Column, Table
from pipelines.contracts.shared_columns import (
    ADDRESS,
    ANY_ORDER,
    ANY_WEB_ORDER,
    BIRTH_DATE,
    CARD,
    CITY,
    CIVILITY,
    COUNTRY,
    CREATED_AT,
    CURRENCY,
    DELETED_AT,
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
    LOYALTY_CARD,
    MEMBER,
    OWN_TICKET,
    PHONE,
    POSTCODE,
    PRODUCT,
    STORE,
    UPDATED_AT,
)

MEMBERS = Table(
    kind="pos",
    name="members",
    one_row_per="member of the store loyalty scheme, as of the extract",
    key=("member_id",),
    since="created_at",
    columns=(
        Column("member_id", "Member id within the source.", required=True),
        CIVILITY,
        FIRST_NAME,
        LAST_NAME,
        EMAIL,
        PHONE,
        BIRTH_DATE,
        ADDRESS,
        POSTCODE,
        CITY,
        COUNTRY,
        LOYALTY_CARD,
        Column("store_id", "Store that enrolled the member.", references=STORE),
        CREATED_AT,
        UPDATED_AT,
        DELETED_AT,
    ),
)

TICKETS = Table(
    kind="pos",
    name="tickets",
    one_row_per="ticket of a till, with or without a known customer",
    key=("ticket_id",),
    since="sold_at",
    columns=(
        Column("ticket_id", "Ticket id within the source.", required=True),
        Column("store_id", "Store of the till.", required=True, references=STORE),
        Column(
            "member_id",
            "Member who bought, in the till's own id, where the till knows more than a card.",
            references=MEMBER,
        ),
        Column("loyalty_card_id", "Loyalty card presented; one numbering shared by all sources.", references=CARD),
        Column("receipt_email", "E-mail address to which the receipt was sent."),
        Column("sold_at", "When it was rung up (UTC).", "timestamp", required=True),
        CURRENCY,
        Column("gross_amount", "Value before discounts, tax included.", "money"),
        Column(
            "discount_amount", "Discounts, as a positive amount.", "money", sign="magnitude", sign_of="total_amount"
        ),
        Column("tax_amount", "Tax, included in the total.", "money"),
        Column("tip_amount", "Tip, included in the total; it is no revenue.", "money"),
        Column(
            "gift_card_amount",
            "Gift cards sold, included in the total; they are revenue of the ticket that they pay, not of this one.",
            "money",
        ),
        Column(
            "total_amount",
            "What was paid: goods after discounts, tax, tip and gift cards sold included; negative where more came "
            "back than was bought.",
            "money",
            required=True,
        ),
        Column("payment_kind", "How it was paid, in the source's words."),
        Column("cashier_id", "Who rang it up."),
        Column("web_order_id", "Online order picked up with it, in the shop's id.", references=ANY_WEB_ORDER),
        Column("updated_at", "When the row was last changed at the source (UTC).", "timestamp"),
    ),
)

TICKET_LINES = Table(
    kind="pos",
    name="ticket_lines",
    one_row_per="line of a ticket; a negative quantity is a return",
    key=("ticket_id", "line_no"),
    part_of=("tickets", "ticket_id"),
    columns=(
        Column("ticket_id", "Ticket that the line is of.", required=True, references=OWN_TICKET),
        Column("line_no", "Number of the line within the ticket.", "integer", required=True),
        Column("product_id", "Product; one numbering shared by all sources.", required=True, references=PRODUCT),
        Column(
            "quantity",
            "Units, a fraction where the product is sold by length or weight; negative for a return.",
            "quantity",
            required=True,
        ),
        Column("unit_price", "Price of one unit, tax included.", "price", required=True),
        Column("line_amount", "What the line costs, tax included; negative for a return.", "money", required=True),
        Column("original_ticket_id", "On a returned line, the ticket with which it was bought.", references=ANY_ORDER),
        Column("return_reason", "On a returned line, why it came back, in the source's words."),
    ),
)

STORES = Table(
    kind="pos",
    name="stores",
    one_row_per="store",
    key=("store_id",),
    columns=(
        Column("store_id", "Store; one numbering shared by all sources.", required=True),
        Column("name", "Name.", required=True),
        POSTCODE,
        CITY,
        Column("latitude", "Latitude in degrees.", "number", least=-90, most=90),
        Column("longitude", "Longitude in degrees.", "number", least=-180, most=180),
        Column("opened_on", "Day on which it opened.", "date", least="1500-01-01"),
    ),
)

FOOTFALL = Table(
    kind="pos",
    name="footfall",
    one_row_per="store and day: how many people came in",
    key=("store_id", "date"),
    since="date",
    columns=(
        Column("store_id", "Store; one numbering shared by all sources.", required=True, references=STORE),
        Column("date", "Day.", "date", required=True),
        Column(
            "visitors", "People counted at the door.", "integer", required=True, limit="count", sign="never negative"
        ),
        Column(
            "average_wait_minutes",
            "Average wait at the till, in minutes.",
            "number",
            sign="never negative",
            most=1440,
        ),
    ),
)

STOCKOUTS = Table(
    kind="pos",
    name="stockouts",
    one_row_per="store, product and day on which the product was missing",
    key=("store_id", "product_id", "date"),
    since="date",
    columns=(
        Column("store_id", "Store; one numbering shared by all sources.", required=True, references=STORE),
        Column("product_id", "Product; one numbering shared by all sources.", required=True, references=PRODUCT),
        Column("date", "Day.", "date", required=True),
    ),
)

TABLES = (MEMBERS, TICKETS, TICKET_LINES, STORES, FOOTFALL, STOCKOUTS)
