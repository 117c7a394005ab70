"""What an online shop knows: accounts, orders and returns, visits, the catalogue and what advertising cost."""

from pipelines.contracts.schema import Column, Table
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
        Column("account_id", "Account id within the source.", required=True),
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
)

CONSENTS = Table(
    kind="ecommerce",
    name="consents",
    one_row_per="consent given, refused or withdrawn, by account, channel, purpose, recipient and time",
    key=("account_id", "channel", "purpose", "recipient", "recorded_at", "status"),
    since="recorded_at",
    columns=(
        Column("account_id", "Account that answered.", required=True, references=ACCOUNT),
        *CONSENT_ANSWER,
    ),
)

ORDERS = Table(
    kind="ecommerce",
    name="orders",
    one_row_per="online order, of an account or of a guest",
    key=("order_id",),
    since="ordered_at",
    columns=(
        Column("order_id", "Order id within the source.", required=True),
        Column("account_id", "Account that ordered; null for a guest.", references=ACCOUNT),
        Column("contact_first_name", "First name given with the order."),
        Column("contact_last_name", "Last name given with the order."),
        Column("contact_email", "E-mail address given with the order."),
        Column("contact_phone", "Phone number given with the order."),
        Column("contact_address", "Street and number given with the order."),
        Column("contact_postcode", "Postcode given with the order."),
        Column("contact_city", "City given with the order."),
        Column("contact_country", "Country given with the order, as of an account's."),
        Column("channel", "Where it was placed.", required=True, values=("web", "app", "marketplace", "social")),
        Column(
            "fulfilment",
            "How it reaches the customer.",
            required=True,
            values=("delivery", "click_and_collect", "ship_from_store", "locker"),
        ),
        Column("pickup_store_id", "Store where it is picked up.", references=STORE),
        Column(
            "sold_by_store_id",
            "Store whose staff ordered it for the customer; null where the customer did.",
            references=STORE,
        ),
        Column(
            "status",
            "How far it has come.",
            required=True,
            values=("placed", "paid", "shipped", "delivered", "picked_up", "cancelled", "returned"),
        ),
        Column("ordered_at", "When it was placed (UTC).", "timestamp", required=True),
        Column("fulfilled_at", "When it reached the customer (UTC).", "timestamp"),
        CURRENCY,
        Column("gross_amount", "Value of the goods before discounts, tax included.", "money"),
        Column(
            "discount_amount",
            "Discounts on the whole order, as a positive amount.",
            "money",
            sign="magnitude",
            sign_of="total_amount",
        ),
        Column("shipping_amount", "Shipping charged, tax included.", "money", sign="never negative"),
        Column("tax_amount", "Tax, included in the total.", "money"),
        Column("tip_amount", "Tip, included in the total; it is no revenue.", "money"),
        Column(
            "gift_card_amount",
            "Gift cards sold, included in the total; they are revenue of the order that they pay, not of this one.",
            "money",
        ),
        Column(
            "total_amount",
            "What the customer pays: goods after discounts, shipping, tax, tip and gift cards sold included.",
            "money",
            required=True,
        ),
        Column("coupon_code", "Coupon used."),
        Column("session_id", "Web session in which it was placed."),
        UPDATED_AT,
    ),
)

ORDER_LINES = Table(
    kind="ecommerce",
    name="order_lines",
    one_row_per="line of an online order",
    key=("order_id", "line_no"),
    part_of=("orders", "order_id"),
    columns=(
        Column("order_id", "Order that the line is of.", required=True, references=OWN_ORDER),
        Column("line_no", "Number of the line within the order.", "integer", required=True),
        Column("product_id", "Product; one numbering shared by all sources.", required=True, references=PRODUCT),
        Column(
            "quantity", "Units; a fraction where the product is sold by length or weight.", "quantity", required=True
        ),
        Column("unit_price", "Price of one unit before discounts, tax included.", "price", required=True),
        Column(
            "discount_amount",
            "Discount on the line, as a positive amount.",
            "money",
            sign="magnitude",
            sign_of="line_amount",
        ),
        Column("line_amount", "What the line costs after its discount, tax included.", "money", required=True),
    ),
)

RETURNS = Table(
    kind="ecommerce",
    name="returns",
    one_row_per="return of an online order or of one of its lines, by post or in a store",
    key=("return_id",),
    since="returned_at",
    part_of=("orders", "order_id"),
    columns=(
        Column("return_id", "Return id within the source.", required=True),
        Column(
            "order_id", "Order returned; not always one that the shop still knows.", required=True, references=OWN_ORDER
        ),
        Column("line_no", "Line returned; null for the whole order.", "integer"),
        Column("quantity", "Units returned, as a positive number.", "quantity", required=True, sign="magnitude"),
        Column("refund_amount", "What was paid back, as a positive amount.", "money", required=True, sign="magnitude"),
        Column("reason", "Why, in the source's words."),
        Column("returned_at", "When it came back (UTC).", "timestamp", required=True),
        Column("returned_via", "How it came back.", required=True, values=("post", "store")),
        Column("store_id", "Store that took it back.", references=STORE),
        Column(
            "account_id",
            "Account refunded, for shops whose returns do not name an order they know.",
            references=ACCOUNT,
        ),
    ),
)

WEB_EVENTS = Table(
    kind="ecommerce",
    name="web_events",
    one_row_per="event on the site or in the app",
    key=("event_id",),
    since="occurred_at",
    columns=(
        Column("event_id", "Event id within the source.", required=True),
        Column("visitor_id", "Browser, or installation of the app.", required=True),
        Column("session_id", "Session of the visitor.", required=True),
        Column("account_id", "Account logged in; null while nobody is.", references=ACCOUNT),
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
        ),
        Column("occurred_at", "When (UTC).", "timestamp", required=True),
        Column("channel", "Where.", required=True, values=("web", "app")),
        Column("device", "On what kind of device.", values=("desktop", "mobile", "tablet")),
        Column("product_id", "Product looked at or put into the cart.", references=PRODUCT),
        Column("store_id", "Store whose stock was checked.", references=STORE),
        Column("order_id", "Order placed, on purchase events.", references=OWN_ORDER),
        Column("is_in_stock", "Whether the product was in stock when it was looked at.", "boolean"),
        Column("utm_source", "Traffic source of the visit (utm_source of the address)."),
        Column("utm_medium", "Medium of the visit (utm_medium)."),
        Column("utm_campaign", "Campaign of the visit (utm_campaign)."),
        Column("referrer", "Page from which the visitor came."),
    ),
)

PRODUCTS = Table(
    kind="ecommerce",
    name="products",
    one_row_per="product of the catalogue",
    key=("product_id",),
    columns=(
        Column("product_id", "Product; one numbering shared by all sources.", required=True),
        Column("name", "Name.", required=True),
        Column("category", "Category.", required=True),
        Column("subcategory", "Subcategory."),
        Column("brand", "Brand."),
        Column("is_online_only", "Whether stores do not carry it.", "boolean"),
        Column("list_price", "Price of one unit in the catalogue.", "money", sign="never negative"),
    ),
)

AD_SPEND = Table(
    kind="ecommerce",
    name="ad_spend",
    one_row_per="day and advertising campaign: what it cost",
    key=("date", "utm_source", "utm_medium", "utm_campaign"),
    since="date",
    columns=(
        Column("date", "Day of the spend.", "date", required=True),
        Column("utm_source", "Traffic source paid for.", required=True),
        Column("utm_medium", "Medium.", required=True),
        Column("utm_campaign", "Campaign; null where the spend is not split by campaign."),
        Column("amount", "What was spent that day.", "money", required=True, sign="never negative"),
        Column("impressions", "Times shown.", "integer", limit="count", sign="never negative"),
        Column("clicks", "Times clicked.", "integer", limit="count", sign="never negative"),
    ),
)

TABLES = (CUSTOMERS, CONSENTS, ORDERS, ORDER_LINES, RETURNS, WEB_EVENTS, PRODUCTS, AD_SPEND)
