"""What the tills know: members of the store loyalty scheme, tickets, and the stores themselves."""

from pipelines.contracts.schema import LONG_TEXT, Column, Table
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
        Column(
            "member_id",
            "Member id within the source.",
            required=True,
            example="B-7730",
        ),
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
        Column(
            "store_id",
            "Store that enrolled the member.",
            references=STORE,
            example="S003",
        ),
        CREATED_AT,
        UPDATED_AT,
        DELETED_AT,
    ),
    loses="Nobody is known from the store loyalty scheme; a card belongs to whoever else has its number.",
)

TICKETS = Table(
    kind="pos",
    name="tickets",
    one_row_per="ticket of a till, with or without a known customer",
    key=("ticket_id",),
    since="sold_at",
    columns=(
        Column(
            "ticket_id",
            "Ticket id within the source.",
            required=True,
            example="T000000871",
        ),
        Column(
            "store_id",
            "Store of the till.",
            required=True,
            references=STORE,
            example="S003",
        ),
        Column(
            "member_id",
            "Member who bought, in the till's own id, where the till knows more than a card.",
            references=MEMBER,
            example="B-7730",
            loses="A ticket finds its customer by card, receipt or picked-up order only.",
        ),
        Column(
            "loyalty_card_id",
            "Loyalty card presented; one numbering shared by all sources.",
            references=CARD,
            example="C00012345",
            loses="A ticket finds its customer by member, receipt or picked-up order only; with none of "
            "them, purchases in stores stay anonymous.",
        ),
        Column(
            "receipt_email",
            "E-mail address to which the receipt was sent.",
            example="camille.moreau@example.com",
            loses="Tickets of people without a card stay anonymous.",
        ),
        Column(
            "sold_at",
            "When it was rung up (UTC).",
            "timestamp",
            required=True,
            example="2026-01-17 11:42:00",
        ),
        CURRENCY,
        Column(
            "gross_amount",
            "The goods before the discounts of `discount_amount`: with tax, without tips and gift "
            "cards sold; returned goods taken off.",
            "money",
            example="88.00",
            loses="`orders` cannot say what the goods were worth before discounts.",
        ),
        Column(
            "discount_amount",
            "What was taken off the whole ticket, by coupon or points, with tax; positive. What was "
            "taken off single lines is in their amounts.",
            "money",
            sign="magnitude",
            sign_of="total_amount",
            example="8.00",
            loses="Nobody counts as somebody who buys at a discount in stores: the persona of bargain "
            "hunters is smaller.",
        ),
        Column(
            "tax_amount",
            "Tax that `total_amount` contains; it is never added to it.",
            "money",
            example="13.33",
            loses="`orders` cannot say how much of the total is tax. Revenue is with tax everywhere.",
        ),
        Column(
            "tip_amount",
            "Tip that `total_amount` contains; taken off it, since it is no revenue.",
            "money",
            example="0.00",
            loses="Tips are taken for revenue.",
        ),
        Column(
            "gift_card_amount",
            "Gift cards sold with the ticket, which `total_amount` contains; taken off it, since they "
            "are revenue of the ticket that they pay. Not what a gift card paid.",
            "money",
            example="0.00",
            loses="Gift cards are revenue twice: when they are sold, and when they pay a ticket.",
        ),
        Column(
            "total_amount",
            "What the ticket came to: the goods after all discounts, less the goods returned, with "
            "tax, tips and gift cards sold; however it was paid, by a gift card too. Negative where "
            "more came back than was bought.",
            "money",
            required=True,
            example="80.00",
        ),
        Column(
            "payment_kind",
            "How it was paid, in the source's words.",
            example="card",
            loses="`orders` cannot be told by means of payment.",
        ),
        Column(
            "cashier_id",
            "Who rang it up.",
            example="E0042",
        ),
        Column(
            "web_order_id",
            "Online order picked up with it, in the shop's id.",
            references=ANY_WEB_ORDER,
            example="W10024",
            loses="Nobody knows which tickets were rung up at a pickup: `omnichannel_paths` has no "
            "purchases added at click and collect.",
        ),
        Column(
            "updated_at",
            "When the row was last changed at the source (UTC).",
            "timestamp",
            example="2026-01-17 11:43:00",
            loses="Of two versions of a ticket in overlapping exports, one is kept by its content instead "
            "of the newest.",
        ),
    ),
    loses="Nothing is sold in stores: there is no store revenue, and every customer is an online one.",
    identities=(
        "total_amount = gross_amount - discount_amount + tip_amount + gift_card_amount; "
        "tax_amount is a part of it, not added.",
        "The sum of line_amount of its lines = total_amount + discount_amount - tip_amount - "
        "gift_card_amount; returned lines count below zero.",
        "Revenue = total_amount - tip_amount - gift_card_amount; what came back with it is told apart, as returns.",
    ),
)

TICKET_LINES = Table(
    kind="pos",
    name="ticket_lines",
    one_row_per="line of a ticket; a negative quantity is a return",
    key=("ticket_id", "line_no"),
    part_of=("tickets", "ticket_id"),
    columns=(
        Column(
            "ticket_id",
            "Ticket that the line is of.",
            required=True,
            references=OWN_TICKET,
            example="T000000871",
        ),
        Column(
            "line_no",
            "Number of the line within the ticket.",
            "integer",
            required=True,
            example="1",
        ),
        Column(
            "product_id",
            "Product; one numbering shared by all sources.",
            required=True,
            references=PRODUCT,
            example="P00017",
        ),
        Column(
            "quantity",
            "Units, a fraction where the product is sold by length or weight; negative for a return.",
            "quantity",
            required=True,
            unit="pieces, metres or kilograms",
            example="1",
        ),
        Column(
            "unit_price",
            "Price of one unit before discounts, with tax; positive on a returned line too.",
            "price",
            required=True,
            unit="the currency of the row, per unit",
            example="39.95",
        ),
        Column(
            "line_amount",
            "What the line costs: all its units after its own discount, before that of the whole "
            "ticket, with tax; negative for a return, and then what was paid back for it.",
            "money",
            required=True,
            example="39.95",
        ),
        Column(
            "original_ticket_id",
            "On a returned line, the ticket with which it was bought.",
            references=ANY_ORDER,
            example="T000000790",
            loses="A return in a store is not taken off the customer who bought, unless that is who brings "
            "it back, and orders do not know what came back of them.",
        ),
        Column(
            "return_reason",
            "On a returned line, why it came back, in the source's words.",
            longest=LONG_TEXT,
            example="too small",
            loses="Nobody can tell why things come back to stores.",
        ),
    ),
    loses="Nobody knows what was sold in stores, and returns at the till are seen only where a "
    "whole ticket is below zero.",
    identities=("line_amount = quantity * unit_price less what was taken off the line.",),
)

STORES = Table(
    kind="pos",
    name="stores",
    one_row_per="store",
    key=("store_id",),
    columns=(
        Column(
            "store_id",
            "Store; one numbering shared by all sources.",
            required=True,
            example="S003",
        ),
        Column(
            "name",
            "Name.",
            required=True,
            example="Lyon Part-Dieu",
        ),
        Column(
            "postcode",
            "Postcode of the store.",
            example="69003",
        ),
        Column(
            "city",
            "City of the store.",
            example="Lyon",
            loses="`store_performance` names stores without their town.",
        ),
        Column(
            "latitude",
            "Latitude.",
            "number",
            least=-90,
            most=90,
            unit="degrees",
            example="45.7606",
        ),
        Column(
            "longitude",
            "Longitude.",
            "number",
            least=-180,
            most=180,
            unit="degrees",
            example="4.8590",
        ),
        Column(
            "opened_on",
            "Day on which it opened.",
            "date",
            least="1500-01-01",
            example="2018-09-05",
        ),
    ),
    loses="Stores have numbers and no names: `store_performance` shows their ids.",
)

FOOTFALL = Table(
    kind="pos",
    name="footfall",
    one_row_per="store and day: how many people came in",
    key=("store_id", "date"),
    since="date",
    columns=(
        Column(
            "store_id",
            "Store; one numbering shared by all sources.",
            required=True,
            references=STORE,
            example="S003",
        ),
        Column(
            "date",
            "Day.",
            "date",
            required=True,
            example="2026-01-17",
        ),
        Column(
            "visitors",
            "People counted at the door.",
            "integer",
            required=True,
            limit="count",
            sign="never negative",
            unit="people",
            example="412",
        ),
        Column(
            "average_wait_minutes",
            "Average wait at the till.",
            "number",
            sign="never negative",
            most=1440,
            unit="minutes",
            example="6.5",
            loses="`friction_points` lacks its kind long_wait.",
        ),
    ),
    loses="Stores have no visitors: there is no conversion in stores, and no long waits.",
)

STOCKOUTS = Table(
    kind="pos",
    name="stockouts",
    one_row_per="store, product and day on which the product was missing",
    key=("store_id", "product_id", "date"),
    since="date",
    columns=(
        Column(
            "store_id",
            "Store; one numbering shared by all sources.",
            required=True,
            references=STORE,
            example="S003",
        ),
        Column(
            "product_id",
            "Product; one numbering shared by all sources.",
            required=True,
            references=PRODUCT,
            example="P00017",
        ),
        Column(
            "date",
            "Day.",
            "date",
            required=True,
            example="2026-01-17",
        ),
    ),
    loses="`friction_points` lacks its kind stockout, and products that stores are out of are suggested all the same.",
)

TABLES = (MEMBERS, TICKETS, TICKET_LINES, STORES, FOOTFALL, STOCKOUTS)
