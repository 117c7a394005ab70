"""What an online shop knows: accounts, orders and returns, visits, the catalogue and what advertising cost."""

from pipelines.contracts.schema import LONG_TEXT, Column, Table
from pipelines.contracts.shared_columns import (
    ACCOUNT,
    ADDRESS,
    BIRTH_DATE,
    CITY,
    CONSENT_ANSWER,
    COUNTRY,
    CREATED_AT,
    CURRENCY,
    DELETED_AT,
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
    LOYALTY_CARD,
    OWN_ORDER,
    PHONE,
    POSTCODE,
    PRODUCT,
    STORE,
    UPDATED_AT,
)

CUSTOMERS = Table(
    kind="ecommerce",
    name="customers",
    one_row_per="account of the online shop, as of the extract",
    key=("account_id",),
    since="created_at",
    columns=(
        Column(
            "account_id",
            "Account id within the source.",
            required=True,
            example="A-20417",
        ),
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
        CREATED_AT,
        UPDATED_AT,
        DELETED_AT,
    ),
    loses="Nobody has an account: orders belong to whoever their contact fields say, and visits are nobody's.",
)

CONSENTS = Table(
    kind="ecommerce",
    name="consents",
    one_row_per="consent given, refused or withdrawn, by account, channel, purpose, recipient and time",
    key=("account_id", "channel", "purpose", "recipient", "recorded_at", "status"),
    since="recorded_at",
    columns=(
        Column(
            "account_id",
            "Account that answered.",
            required=True,
            references=ACCOUNT,
            example="A-20417",
        ),
        *CONSENT_ANSWER,
    ),
    loses="No account has said yes or no: `customer_consents` has only what contacts of the CRM answered.",
)

ORDERS = Table(
    kind="ecommerce",
    name="orders",
    one_row_per="online order, of an account or of a guest",
    key=("order_id",),
    since="ordered_at",
    columns=(
        Column(
            "order_id",
            "Order id within the source.",
            required=True,
            example="W10024",
        ),
        Column(
            "account_id",
            "Account that ordered, in the id of the shop; null for a guest.",
            references=ACCOUNT,
            example="A-20417",
            loses="The order belongs to whoever its contact fields are recognised as; without those, to nobody.",
        ),
        Column(
            "contact_first_name",
            "First name given with the order.",
            example="Camille",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_last_name",
            "Last name given with the order.",
            example="Moreau",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_email",
            "E-mail address given with the order.",
            example="camille.moreau@example.com",
            loses="Guests are recognised by less; the orders of those who gave nothing else are anonymous.",
        ),
        Column(
            "contact_phone",
            "Phone number given with the order.",
            example="06 12 34 56 78",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_address",
            "Street and number given with the order.",
            example="12 rue des Lilas",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_postcode",
            "Postcode given with the order.",
            example="69003",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_city",
            "City given with the order.",
            example="Lyon",
            loses="Guests are recognised by less.",
        ),
        Column(
            "contact_country",
            "Country given with the order, as of an account's.",
            example="FR",
            loses="Phone, postcode and address of guests are read as of the configured country.",
        ),
        Column(
            "channel",
            "Where it was placed.",
            required=True,
            values=("web", "app", "marketplace", "social"),
            example="web",
        ),
        Column(
            "fulfilment",
            "How it reaches the customer.",
            required=True,
            values=("delivery", "click_and_collect", "ship_from_store", "locker"),
            example="delivery",
        ),
        Column(
            "pickup_store_id",
            "Store where it is picked up.",
            references=STORE,
            example="S003",
            loses="Orders that are picked up cannot be told by store.",
        ),
        Column(
            "sold_by_store_id",
            "Store whose staff ordered it for the customer; null where the customer did.",
            references=STORE,
            example="S003",
            loses="Orders that staff placed count as the customer's own: stores get no credit for them in "
            "`channel_performance` and `omnichannel_paths`.",
        ),
        Column(
            "status",
            "How far it has come. A cancelled order stays in `orders` and is no revenue; a returned "
            "one keeps its total, since what was paid back is a row of ecommerce/returns.",
            required=True,
            values=("placed", "paid", "shipped", "delivered", "picked_up", "cancelled", "returned"),
            example="delivered",
        ),
        Column(
            "ordered_at",
            "When it was placed (UTC).",
            "timestamp",
            required=True,
            example="2026-01-18 21:04:00",
        ),
        Column(
            "fulfilled_at",
            "When it reached the customer (UTC).",
            "timestamp",
            example="2026-01-21 10:30:00",
            loses="A journey takes the order for arrived some days after it was placed, and a pickup that "
            "no ticket names is in no journey.",
        ),
        CURRENCY,
        Column(
            "gross_amount",
            "The goods before the discounts of `discount_amount`: with tax, without shipping, tips "
            "and gift cards sold.",
            "money",
            example="129.90",
            loses="`orders` cannot say what the goods were worth before discounts.",
        ),
        Column(
            "discount_amount",
            "What was taken off the whole order, by coupon or points, with tax; positive. What was "
            "taken off single lines stands on the lines; an export that gives one sum of both may put "
            "it here, with a `gross_amount` before both.",
            "money",
            sign="magnitude",
            sign_of="total_amount",
            example="13.00",
            loses="Nobody counts as somebody who buys at a discount, unless there is a coupon: the persona "
            "of bargain hunters is smaller.",
        ),
        Column(
            "shipping_amount",
            "Shipping that the customer paid, with tax.",
            "money",
            sign="never negative",
            example="4.90",
            loses="`orders` cannot say what shipping brought in; it is in the total all the same.",
        ),
        Column(
            "tax_amount",
            "Tax that `total_amount` contains; it is never added to it. Positive, negative on a credit note.",
            "money",
            example="20.30",
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
            "Gift cards sold with the order, which `total_amount` contains; taken off it, since they "
            "are revenue of the order that they pay. Not what a gift card paid.",
            "money",
            example="0.00",
            loses="Gift cards are revenue twice: when they are sold, and when they pay an order.",
        ),
        Column(
            "total_amount",
            "What the order came to: the goods after all discounts, with tax, shipping, tips and gift "
            "cards sold; however it was paid, by a gift card too. As ordered: what was paid back "
            "later is not taken off, it is rows of ecommerce/returns. Negative for a credit note "
            "among the orders.",
            "money",
            required=True,
            example="121.80",
        ),
        Column(
            "coupon_code",
            "Coupon used.",
            example="WELCOME10",
            loses="Discounts cannot be told by coupon.",
        ),
        Column(
            "session_id",
            "Web session in which it was placed.",
            example="s-88213",
            loses="An order finds its visit only by a purchase event that names it: conversion by traffic "
            "source and attribution lack the others.",
        ),
        UPDATED_AT,
    ),
    loses="Nothing is sold online: there is no online revenue, no conversion of visits and no path "
    "between shop and stores.",
    identities=(
        "total_amount = gross_amount - discount_amount + shipping_amount + tip_amount + "
        "gift_card_amount; tax_amount is a part of it, not added.",
        "The sum of line_amount of its lines = total_amount + discount_amount - shipping_amount - "
        "tip_amount - gift_card_amount.",
        "Revenue = total_amount - tip_amount - gift_card_amount, less refund_amount of its "
        "returns. It is with tax and shipping.",
    ),
)

ORDER_LINES = Table(
    kind="ecommerce",
    name="order_lines",
    one_row_per="line of an online order",
    key=("order_id", "line_no"),
    part_of=("orders", "order_id"),
    columns=(
        Column(
            "order_id",
            "Order that the line is of.",
            required=True,
            references=OWN_ORDER,
            example="W10024",
        ),
        Column(
            "line_no",
            "Number of the line within the order.",
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
            "Units; a fraction where the product is sold by length or weight.",
            "quantity",
            required=True,
            unit="pieces, metres or kilograms",
            example="2",
        ),
        Column(
            "unit_price",
            "Price of one unit before discounts, with tax.",
            "price",
            required=True,
            unit="the currency of the row, per unit",
            example="39.95",
        ),
        Column(
            "discount_amount",
            "What was taken off this line, for all its units, with tax; positive. Not its share of "
            "`discount_amount` of the order.",
            "money",
            sign="magnitude",
            sign_of="line_amount",
            example="5.00",
            loses="`order_lines` cannot say what was taken off a line; its amount is right all the same.",
        ),
        Column(
            "line_amount",
            "What the line costs: all its units after its own discount, before that of the whole "
            "order, with tax, without shipping.",
            "money",
            required=True,
            example="74.90",
        ),
    ),
    loses="Nobody knows what was sold online: units, favourite categories, product pairs and "
    "suggestions know the tills only.",
    identities=("line_amount = quantity * unit_price - discount_amount.",),
)

RETURNS = Table(
    kind="ecommerce",
    name="returns",
    one_row_per="return of an online order or of one of its lines, by post or in a store",
    key=("return_id",),
    since="returned_at",
    part_of=("orders", "order_id"),
    columns=(
        Column(
            "return_id",
            "Return id within the source.",
            required=True,
            example="RT-501",
        ),
        Column(
            "order_id",
            "Order returned; not always one that the shop still knows.",
            required=True,
            references=OWN_ORDER,
            example="W10024",
        ),
        Column(
            "line_no",
            "Line returned; null for the whole order.",
            "integer",
            example="1",
            loses="A return is of its whole order: return rates cannot be told by product.",
        ),
        Column(
            "quantity",
            "Units returned, as a positive number.",
            "quantity",
            required=True,
            sign="magnitude",
            unit="pieces, metres or kilograms",
            example="1",
        ),
        Column(
            "refund_amount",
            "What was paid back for this return, with tax, and with shipping where that was paid "
            "back; positive. Taken off revenue once, on the day of the return: `total_amount` of the "
            "order stays.",
            "money",
            required=True,
            sign="magnitude",
            example="37.45",
        ),
        Column(
            "reason",
            "Why, in the source's words.",
            longest=LONG_TEXT,
            example="too small",
            loses="Nobody can tell why things come back.",
        ),
        Column(
            "returned_at",
            "When it came back (UTC).",
            "timestamp",
            required=True,
            example="2026-01-29 15:00:00",
        ),
        Column(
            "returned_via",
            "How it came back.",
            required=True,
            values=("post", "store"),
            example="store",
        ),
        Column(
            "store_id",
            "Store that took it back.",
            references=STORE,
            example="S003",
            loses="Returns to stores cannot be told by store.",
        ),
        Column(
            "account_id",
            "Account refunded, for shops whose returns do not name an order they know.",
            references=ACCOUNT,
            example="A-20417",
            loses="A return of an order that nobody knows is anonymous.",
        ),
    ),
    loses="Nothing sold online comes back: revenue is before refunds, and return rates are those of stores.",
    identities=(
        "The sum of refund_amount of an order's returns is at most its total_amount; more is told "
        "as implausible, and kept.",
    ),
)

WEB_EVENTS = Table(
    kind="ecommerce",
    name="web_events",
    one_row_per="event on the site or in the app",
    key=("event_id",),
    since="occurred_at",
    columns=(
        Column(
            "event_id",
            "Event id within the source.",
            required=True,
            example="v-1-0007",
        ),
        Column(
            "visitor_id",
            "Browser, or installation of the app.",
            required=True,
            example="v-1",
        ),
        Column(
            "session_id",
            "Session of the visitor.",
            required=True,
            example="s-88213",
        ),
        Column(
            "account_id",
            "Account logged in; null while nobody is.",
            references=ACCOUNT,
            example="A-20417",
            loses="A visit belongs to somebody only where an order was placed in it, or by the same browser "
            "soon after: journeys lack most of what is looked at before a purchase.",
        ),
        Column(
            "event",
            "What was done.",
            required=True,
            values=(
                "page_view",
                "search",
                "product_view",
                "review_view",
                "store_availability_check",
                "add_to_cart",
                "remove_from_cart",
                "begin_checkout",
                "checkout_error",
                "purchase",
                "signup",
                "chat_open",
            ),
            example="product_view",
        ),
        Column(
            "occurred_at",
            "When (UTC).",
            "timestamp",
            required=True,
            example="2026-01-18 20:51:00",
        ),
        Column(
            "channel",
            "Where.",
            required=True,
            values=("web", "app"),
            example="web",
        ),
        Column(
            "device",
            "On what kind of device.",
            values=("desktop", "mobile", "tablet"),
            example="mobile",
            loses="`channel_performance` cannot tell visits by device.",
        ),
        Column(
            "product_id",
            "Product looked at or put into the cart.",
            references=PRODUCT,
            example="P00017",
            loses="Nobody knows what was looked at: no visit leads to a store purchase of the product, and "
            "next best products know purchases only.",
        ),
        Column(
            "store_id",
            "Store whose stock was checked.",
            references=STORE,
            example="S003",
            loses="Checks of a store's stock cannot be told by store.",
        ),
        Column(
            "order_id",
            "Order placed, on purchase events.",
            references=OWN_ORDER,
            example="W10024",
            loses="An order finds its visit by its `session_id` only.",
        ),
        Column(
            "is_in_stock",
            "Whether the product was in stock when it was looked at.",
            "boolean",
            example="no",
            loses="`friction_points` lacks its kind out_of_stock_view, and what is out of stock is "
            "suggested all the same.",
        ),
        Column(
            "utm_source",
            "Traffic source of the visit (utm_source of the address).",
            example="google",
            loses="Visits are told by referrer only: `traffic_source_performance` knows no paid campaign.",
        ),
        Column(
            "utm_medium",
            "Medium of the visit (utm_medium).",
            example="cpc",
            loses="Paid and free visits of one source cannot be told apart.",
        ),
        Column(
            "utm_campaign",
            "Campaign of the visit (utm_campaign).",
            example="winter-sale",
            loses="Traffic cannot be told by campaign, nor compared with what each cost.",
        ),
        Column(
            "referrer",
            "Page from which the visitor came.",
            longest=LONG_TEXT,
            example="https://www.example.com/blog",
            loses="Visits without utm parameters all count as direct.",
        ),
    ),
    loses="There are no visits: no conversion, no traffic sources or attribution of visits, no "
    "abandoned carts, no web to store.",
)

PRODUCTS = Table(
    kind="ecommerce",
    name="products",
    one_row_per="product of the catalogue",
    key=("product_id",),
    columns=(
        Column(
            "product_id",
            "Product; one numbering shared by all sources.",
            required=True,
            example="P00017",
        ),
        Column(
            "name",
            "Name.",
            required=True,
            example="Linen shirt",
        ),
        Column(
            "category",
            "Category.",
            required=True,
            example="Shirts",
        ),
        Column(
            "subcategory",
            "Subcategory.",
            example="Casual",
            loses="`order_lines` cannot be told by subcategory.",
        ),
        Column(
            "brand",
            "Brand.",
            example="Atelier Nord",
            loses="`order_lines` cannot be told by brand.",
        ),
        Column(
            "is_online_only",
            "Whether stores do not carry it.",
            "boolean",
            example="no",
            loses="Products that no store carries are suggested to customers who only buy in stores.",
        ),
        Column(
            "list_price",
            "Price of one unit in the catalogue, with tax, in the retailer's currency.",
            "money",
            sign="never negative",
            unit="the retailer's currency",
            example="39.95",
            loses="A product is worth the price it was last sold at; what never sold puts no revenue at risk.",
        ),
    ),
    loses="Products have numbers and no names or categories: there are no favourite categories, and "
    "no next best products.",
)

AD_SPEND = Table(
    kind="ecommerce",
    name="ad_spend",
    one_row_per="day and advertising campaign: what it cost",
    key=("date", "utm_source", "utm_medium", "utm_campaign"),
    since="date",
    columns=(
        Column(
            "date",
            "Day of the spend.",
            "date",
            required=True,
            example="2026-01-18",
        ),
        Column(
            "utm_source",
            "Traffic source paid for.",
            required=True,
            example="google",
        ),
        Column(
            "utm_medium",
            "Medium.",
            required=True,
            example="cpc",
        ),
        Column(
            "utm_campaign",
            "Campaign; null where the spend is not split by campaign.",
            example="winter-sale",
            loses="Spend and its return are told by source and medium only.",
        ),
        Column(
            "amount",
            "What was spent that day. Revenue, which it is compared with, is with tax; whether spend is, is the "
            "retailer's choice.",
            "money",
            required=True,
            sign="never negative",
            example="250.00",
        ),
        CURRENCY,
        Column(
            "impressions",
            "Times shown.",
            "integer",
            limit="count",
            sign="never negative",
            unit="times",
            example="18400",
            loses="Nobody can tell how often an advertisement was shown.",
        ),
        Column(
            "clicks",
            "Times clicked.",
            "integer",
            limit="count",
            sign="never negative",
            unit="times",
            example="312",
            loses="Nobody can tell how many clicks the spend bought; sessions are counted all the same.",
        ),
    ),
    loses="`traffic_source_performance` has no spend and no return on it.",
)

TABLES = (CUSTOMERS, CONSENTS, ORDERS, ORDER_LINES, RETURNS, WEB_EVENTS, PRODUCTS, AD_SPEND)
