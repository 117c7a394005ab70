"""The canonical extract tables: what every source is mapped to, whatever it calls things.

One :class:`Table` per extract, with its columns, their types, the values they may take and the key. The names are a
public promise (they stand in sources.yml, in the lake and in the dbt sources). Reading and checking live in
``conform``; this module only declares.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["crm", "ecommerce", "pos"]
"""What a source is; it decides which canonical tables the source may fill."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Type = Literal["text", "integer", "number", "money", "price", "boolean", "date", "timestamp"]

DUCKDB_TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "money": "DECIMAL(18,2)",
    "price": "DECIMAL(18,4)",  # Unit prices of real shops have more than two decimals; amounts paid never do.
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",  # Naive, always UTC.
}


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, type, whether a row without it is unusable, and the values allowed."""

    name: str
    type: Type = "text"
    required: bool = False
    values: tuple[str, ...] | None = None

    @property
    def duckdb_type(self) -> str:
        return DUCKDB_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One canonical table. ``key`` names the columns that identify a row within its source.

    A key column that is not required may be null; null then equals null.
    """

    kind: Kind
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def path(self) -> str:
        """``<kind>/<table>``: the asset key, the dbt source and the place in the lake."""
        return f"{self.kind}/{self.name}"

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _columns(declaration: str, **values: str) -> tuple[Column, ...]:
    """Columns written as ``name:type``, ``!`` behind a required one; ``values`` lists what a column may hold."""
    columns = []
    for word in declaration.split():
        name, _, type_name = word.rstrip("!").partition(":")
        allowed = tuple(values[name].split()) if name in values else None
        columns.append(Column(name, type_name or "text", word.endswith("!"), allowed))  # type: ignore[arg-type]
    return tuple(columns)


CRM = (
    Table(
        "crm",
        "contacts",
        ("contact_id",),
        _columns(
            """contact_id! civility first_name last_name email phone mobile birth_date:date address postcode city
            country loyalty_card_id preferred_channel created_at:timestamp updated_at:timestamp!
            deleted_at:timestamp"""
        ),
    ),
    Table(
        "crm",
        "consents",
        ("contact_id", "channel", "purpose", "recorded_at"),
        _columns(
            "contact_id! channel! purpose! status! recorded_at:timestamp! proof",
            channel="email sms phone post",
            status="granted denied withdrawn",
        ),
    ),
    Table(
        "crm",
        "interactions",
        ("interaction_id",),
        _columns(
            """interaction_id! contact_id channel! kind! started_at:timestamp! ended_at:timestamp
            is_resolved:boolean order_id product_id store_id text""",
            channel="phone email chat social post store_appointment store",
            kind="question complaint order_tracking return_request appointment advice other",
        ),
    ),
    Table(
        "crm",
        "campaign_events",
        ("event_id",),
        _columns(
            "event_id! contact_id! campaign_id! channel! event! occurred_at:timestamp!",
            event="sent delivered opened clicked unsubscribed bounced",
        ),
    ),
    Table(
        "crm",
        "surveys",
        ("response_id",),
        _columns(
            """response_id! contact_id order_id store_id channel kind! score:number! scale_max:number! text
            answered_at:timestamp!""",
            kind="nps csat review",
        ),
    ),
    Table(
        "crm",
        "loyalty_movements",
        ("movement_id",),
        _columns(
            "movement_id! loyalty_card_id! points:integer! kind! channel! order_id occurred_at:timestamp!",
            kind="earned spent expired adjusted",
            channel="store web app service",
        ),
    ),
)

ECOMMERCE = (
    Table(
        "ecommerce",
        "customers",
        ("account_id",),
        _columns(
            """account_id! first_name last_name email phone birth_date:date address postcode city country
            loyalty_card_id created_at:timestamp updated_at:timestamp! deleted_at:timestamp"""
        ),
    ),
    Table(
        "ecommerce",
        "orders",
        ("order_id",),
        _columns(
            """order_id! account_id contact_first_name contact_last_name contact_email contact_phone contact_address
            contact_postcode contact_city channel! fulfilment! pickup_store_id sold_by_store_id status!
            ordered_at:timestamp! fulfilled_at:timestamp gross_amount:money discount_amount:money
            shipping_amount:money tax_amount:money total_amount:money! coupon_code session_id updated_at:timestamp!""",
            channel="web app marketplace social",
            fulfilment="delivery click_and_collect ship_from_store locker",
            status="placed paid shipped delivered picked_up cancelled returned",
        ),
    ),
    Table(
        "ecommerce",
        "order_lines",
        ("order_id", "line_no"),
        _columns(
            """order_id! line_no:integer! product_id! quantity:integer! unit_price:price! discount_amount:money
            line_amount:money!"""
        ),
    ),
    Table(
        "ecommerce",
        "returns",
        ("return_id",),
        _columns(
            # account_id serves shops whose returns do not name an order they know.
            """return_id! order_id! line_no:integer quantity:integer! refund_amount:money! reason
            returned_at:timestamp! returned_via! store_id account_id""",
            returned_via="post store",
        ),
    ),
    Table(
        "ecommerce",
        "web_events",
        ("event_id",),
        _columns(
            """event_id! visitor_id! session_id! account_id event! occurred_at:timestamp! channel! device product_id
            store_id order_id is_in_stock:boolean utm_source utm_medium utm_campaign referrer""",
            event="""page_view search product_view review_view store_availability_check add_to_cart
            remove_from_cart begin_checkout checkout_error purchase signup chat_open""",
            channel="web app",
            device="desktop mobile tablet",
        ),
    ),
    Table(
        "ecommerce",
        "products",
        ("product_id",),
        _columns("product_id! name! category! subcategory brand is_online_only:boolean list_price:money"),
    ),
    Table(
        "ecommerce",
        "ad_spend",
        ("date", "utm_source", "utm_medium", "utm_campaign"),
        _columns("date:date! utm_source! utm_medium! utm_campaign amount:money! impressions:integer clicks:integer"),
    ),
)

POS = (
    Table(
        "pos",
        "members",
        ("member_id",),
        _columns(
            """member_id! civility first_name last_name email phone birth_date:date address postcode city country
            loyalty_card_id store_id created_at:timestamp updated_at:timestamp! deleted_at:timestamp"""
        ),
    ),
    Table(
        "pos",
        "tickets",
        ("ticket_id",),
        _columns(
            """ticket_id! store_id! loyalty_card_id receipt_email sold_at:timestamp! gross_amount:money
            discount_amount:money total_amount:money! payment_kind cashier_id web_order_id updated_at:timestamp"""
        ),
    ),
    Table(
        "pos",
        "ticket_lines",
        ("ticket_id", "line_no"),
        _columns(
            """ticket_id! line_no:integer! product_id! quantity:integer! unit_price:price! line_amount:money!
            original_ticket_id return_reason"""
        ),
    ),
    Table(
        "pos",
        "stores",
        ("store_id",),
        _columns("store_id! name! postcode city latitude:number longitude:number opened_on:date"),
    ),
    Table(
        "pos",
        "footfall",
        ("store_id", "date"),
        _columns("store_id! date:date! visitors:integer! average_wait_minutes:number"),
    ),
    Table(
        "pos",
        "stockouts",
        ("store_id", "product_id", "date"),
        _columns("store_id! product_id! date:date!"),
    ),
)

TABLES: tuple[Table, ...] = CRM + ECOMMERCE + POS


def table(kind: Kind, name: str) -> Table:
    """The canonical table called ``name`` of ``kind``. Raises KeyError where there is none."""
    for candidate in TABLES:
        if (candidate.kind, candidate.name) == (kind, name):
            return candidate
    raise KeyError(f"{kind}/{name}")
