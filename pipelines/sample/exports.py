"""Writes the world as its three systems would export it, each in its own dialect, with a sources.yml that maps them.

- ``crm``: CSV with commas, UTF-8 with a byte order mark, ISO times with their offset.
- ``shop``: JSON lines, Parquet and a gzipped CSV a month; UTC times that end in Z, amounts in cents.
- ``till``: CSV with semicolons in latin-1, decimal commas, French column names, local times as 24/12/2025 17:42.

The same world gives the same bytes. Files of 500 rows and more hold one flawed row each where :data:`FLAWS` has one:
real exports do, and it must end in quarantine.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.sample.fault_list import key_of
from pipelines.sample.world import World

HERE = Path(__file__).parent
LEAST_ROWS_FOR_A_FLAW = 500  # One bad row in so many is far below the reject limit.

# A line that the table's file ends with, and that no mapping can make sense of.
FLAWS = {
    "crm/contacts": ",Mme,Sans,Identifiant,,,,,,,,FR,,,2025-03-01T10:00:00+01:00,2025-03-01T10:00:00+01:00,",
    "ecommerce/orders": '{"orderNumber": "W99999999", "status": "PLACED", "channel": "WEB", "total": 12',
    "pos/members": "M9999999;M;JEAN;TRENTE-ET-UN;;;;;;;FRANCE;;S001;03/03/2025 10:00;31/02/2025 10:00;",
    "pos/tickets": "T999999999;S001;;;03/03/2025 10:00;12,5O;0,00;12,5O;CB;E0001;",
    "pos/ticket_lines": "T000000001;99;P00001;1;9,99;9,99;;;de trop",
}

MERGES = {"MergedId": "old_contact_id", "MasterId": "surviving_contact_id", "MergedDate": "merged_at"}
CONTACTS = {
    "ContactId": "contact_id",
    "Salutation": "civility",
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "HomePhone": "phone",
    "MobilePhone": "mobile",
    "Birthdate": "birth_date",
    "MailingStreet": "address",
    "MailingPostalCode": "postcode",
    "MailingCity": "city",
    "MailingCountryCode": "country",
    "LoyaltyNumber": "loyalty_card_id",
    "PreferredChannel": "preferred_channel",
    "CreatedDate": "created_at",
    "LastModifiedDate": "updated_at",
    "DeletedDate": "deleted_at",
}
CONSENTS = {
    "ContactId": "contact_id",
    "Channel": "channel",
    "Purpose": "purpose",
    "OptStatus": "status",
    "CapturedDate": "recorded_at",
    "Evidence": "proof",
}
INTERACTIONS = {
    "CaseNumber": "interaction_id",
    "ContactId": "contact_id",
    "Origin": "channel",
    "Type": "kind",
    "OpenedDate": "started_at",
    "ClosedDate": "ended_at",
    "IsSolved": "is_resolved",
    "OrderNumber": "order_id",
    "ProductCode": "product_id",
    "StoreCode": "store_id",
    "Subject": "text",
}
CAMPAIGN_EVENTS = {
    "EventId": "event_id",
    "ContactId": "contact_id",
    "Campaign": "campaign_id",
    "Medium": "channel",
    "EventType": "event",
    "EventDate": "occurred_at",
}
SURVEYS = {
    "ResponseId": "response_id",
    "ContactId": "contact_id",
    "OrderNumber": "order_id",
    "StoreCode": "store_id",
    "Channel": "channel",
    "Survey": "kind",
    "Score": "score",
    "OutOf": "scale_max",
    "Comment": "text",
    "SubmittedDate": "answered_at",
}
LOYALTY = {
    "TransactionId": "movement_id",
    "LoyaltyNumber": "loyalty_card_id",
    "Points": "points",
    "TransactionType": "kind",
    "Channel": "channel",
    "OrderNumber": "order_id",
    "TransactionDate": "occurred_at",
}
CUSTOMERS = {
    "id": "account_id",
    "firstName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "phone": "phone",
    "dateOfBirth": "birth_date",
    "street": "address",
    "zip": "postcode",
    "city": "city",
    "countryCode": "country",
    "loyaltyCard": "loyalty_card_id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "deletedAt": "deleted_at",
}
ORDERS = {
    "orderNumber": "order_id",
    "customerId": "account_id",
    "guestFirstName": "contact_first_name",
    "guestLastName": "contact_last_name",
    "guestEmail": "contact_email",
    "guestPhone": "contact_phone",
    "guestStreet": "contact_address",
    "guestZip": "contact_postcode",
    "guestCity": "contact_city",
    "channel": "channel",
    "shippingMethod": "fulfilment",
    "pickupStore": "pickup_store_id",
    "soldByStore": "sold_by_store_id",
    "status": "status",
    "placedAt": "ordered_at",
    "completedAt": "fulfilled_at",
    "subtotal": "gross_amount",
    "discount": "discount_amount",
    "shipping": "shipping_amount",
    "tax": "tax_amount",
    "total": "total_amount",
    "coupon": "coupon_code",
    "sessionId": "session_id",
    "updatedAt": "updated_at",
}
ORDER_LINES = {
    "order_number": "order_id",
    "position": "line_no",
    "sku": "product_id",
    "qty": "quantity",
    "unit_price": "unit_price",
    "discount": "discount_amount",
    "line_total": "line_amount",
}
RETURNS = {
    "rma": "return_id",
    "orderNumber": "order_id",
    "position": "line_no",
    "qty": "quantity",
    "refund": "refund_amount",
    "reason": "reason",
    "receivedAt": "returned_at",
    "via": "returned_via",
    "store": "store_id",
    "customerId": "account_id",
}
WEB_EVENTS = {
    "id": "event_id",
    "visitor": "visitor_id",
    "session": "session_id",
    "user": "account_id",
    "name": "event",
    "ts": "occurred_at",
    "platform": "channel",
    "device": "device",
    "sku": "product_id",
    "store": "store_id",
    "transaction": "order_id",
    "in_stock": "is_in_stock",
    "utm_source": "utm_source",
    "utm_medium": "utm_medium",
    "utm_campaign": "utm_campaign",
    "referrer": "referrer",
}
PRODUCTS = {
    "sku": "product_id",
    "title": "name",
    "category": "category",
    "subcategory": "subcategory",
    "brand": "brand",
    "web_only": "is_online_only",
    "price": "list_price",
}
AD_SPEND = {
    "day": "date",
    "utm_source": "utm_source",
    "utm_medium": "utm_medium",
    "utm_campaign": "utm_campaign",
    "cost": "amount",
    "impressions": "impressions",
    "clicks": "clicks",
}
CLIENTS = {
    "NUM_CLIENT": "member_id",
    "CIVILITE": "civility",
    "PRENOM": "first_name",
    "NOM": "last_name",
    "EMAIL": "email",
    "TELEPHONE": "phone",
    "DATE_NAISSANCE": "birth_date",
    "ADRESSE": "address",
    "CODE_POSTAL": "postcode",
    "VILLE": "city",
    "PAYS": "country",
    "CARTE_FIDELITE": "loyalty_card_id",
    "MAGASIN": "store_id",
    "CREE_LE": "created_at",
    "MODIFIE_LE": "updated_at",
    "SUPPRIME_LE": "deleted_at",
}
TICKETS = {
    "NUM_TICKET": "ticket_id",
    "MAGASIN": "store_id",
    "CARTE_FIDELITE": "loyalty_card_id",
    "EMAIL_TICKET": "receipt_email",
    "DATE_HEURE": "sold_at",
    "BRUT": "gross_amount",
    "REMISE": "discount_amount",
    "TOTAL": "total_amount",
    "REGLEMENT": "payment_kind",
    "CAISSIER": "cashier_id",
    "COMMANDE_WEB": "web_order_id",
}
TICKET_LINES = {
    "NUM_TICKET": "ticket_id",
    "LIGNE": "line_no",
    "ARTICLE": "product_id",
    "QTE": "quantity",
    "PRIX_UNITAIRE": "unit_price",
    "MONTANT": "line_amount",
    "TICKET_ORIGINE": "original_ticket_id",
    "MOTIF_RETOUR": "return_reason",
}
STORES = {
    "CODE": "store_id",
    "NOM": "name",
    "CODE_POSTAL": "postcode",
    "VILLE": "city",
    "LATITUDE": "latitude",
    "LONGITUDE": "longitude",
    "OUVERTURE": "opened_on",
}
FOOTFALL = {"MAGASIN": "store_id", "JOUR": "date", "VISITEURS": "visitors", "ATTENTE_MIN": "average_wait_minutes"}
STOCKOUTS = {"MAGASIN": "store_id", "ARTICLE": "product_id", "JOUR": "date"}

DIALECTS = {
    "crm/contacts": CONTACTS,
    "crm/consents": CONSENTS,
    "crm/interactions": INTERACTIONS,
    "crm/campaign_events": CAMPAIGN_EVENTS,
    "crm/surveys": SURVEYS,
    "crm/loyalty_movements": LOYALTY,
    "ecommerce/customers": CUSTOMERS,
    "ecommerce/orders": ORDERS,
    "ecommerce/order_lines": ORDER_LINES,
    "ecommerce/returns": RETURNS,
    "ecommerce/web_events": WEB_EVENTS,
    "ecommerce/products": PRODUCTS,
    "ecommerce/ad_spend": AD_SPEND,
    "pos/members": CLIENTS,
    "pos/tickets": TICKETS,
    "pos/ticket_lines": TICKET_LINES,
    "pos/stores": STORES,
    "pos/footfall": FOOTFALL,
    "pos/stockouts": STOCKOUTS,
}
"""Per canonical table, the columns of its export and what each is."""

EVENT_NAMES = {
    "product_view": "view_item",
    "review_view": "view_reviews",
    "store_availability_check": "check_store_stock",
    "signup": "sign_up",
    "chat_open": "open_chat",
}
CHANNEL_CODES = {"web": "WEB", "app": "APP", "marketplace": "MKP", "social": "SOC"}
PAYMENT_NAMES = {"card": "CB", "cash": "ESPECES", "cheque": "CHEQUE", "gift_card": "CARTE CADEAU", "mobile": "MOBILE"}


def write_exports(world: World, out: Path) -> None:
    """Writes ``crm/``, ``shop/``, ``till/``, ``sources.yml`` and ``truth.parquet`` into ``out``.

    Of a world with faults, also ``faults.parquet``.
    """
    for folder in ("crm", "shop", "till"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _write_crm(world, out / "crm")
    _write_shop(world, out / "shop")
    _write_till(world, out / "till")
    template = (HERE / "sources_template.yml").read_text(encoding="utf-8")
    written = template.replace("{as_of}", world.as_of.isoformat())
    (out / "sources.yml").write_text(_settle_faulty_lines(written, has_faults(world)), encoding="utf-8")
    world.truth.write_parquet(out / "truth.parquet")
    if has_faults(world):
        world.faults.write_parquet(out / "faults.parquet")


def has_faults(world: World) -> bool:
    return world.faults.height > 0


def _settle_faulty_lines(template: str, is_faulty: bool) -> str:
    """Lines of the template that end in `#! faulty` are those of a retailer with faults only."""
    lines = template.splitlines(keepends=True)
    return "".join(line.replace(FAULTY_LINE, "") for line in lines if is_faulty or FAULTY_LINE not in line)


FAULTY_LINE = "  #! faulty"


def list_exported() -> set[tuple[str, str]]:
    """The canonical tables and columns that the exports have."""
    return {(table, column) for table, columns in DIALECTS.items() for column in columns.values()}


def _with_unreadable(
    written: pl.DataFrame, names: Mapping[str, str], rows: pl.DataFrame, faults: pl.DataFrame, table: str
) -> pl.DataFrame:
    """``written``, the ``rows`` of a table as the columns ``names``, with texts that cannot be read among them."""
    faults = faults.filter(kind="unreadable", table_name=table)
    key = rows.select(key_of(table)).to_series() if faults.height else None
    for fault in faults.iter_rows(named=True):
        column = _own(names, fault["column_name"])
        plain = pl.col(column).cast(pl.String)
        if table.startswith("pos/") and (written.schema[column].is_decimal() or written.schema[column].is_float()):
            plain = plain.str.replace(".", ",", literal=True)
        is_faulty = pl.lit(key).eq(fault["key"])
        written = written.with_columns(pl.when(is_faulty).then(pl.lit(fault["written"])).otherwise(plain).alias(column))
    return written


def _own(names: Mapping[str, str], canonical: str) -> str:
    return next(own for own, column in names.items() if column == canonical)


def flaws_in(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """The tables whose export ends with a flawed row."""
    return [name for name in FLAWS if tables[name].height >= LEAST_ROWS_FOR_A_FLAW]


def _renamed(frame: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    return frame.select(pl.col(canonical).alias(own) for own, canonical in names.items())


def _with_flaw(table: str, frame: pl.DataFrame) -> bytes:
    """The line to append to an export, if it gets one."""
    return (FLAWS[table] + "\n").encode() if table in FLAWS and frame.height >= LEAST_ROWS_FOR_A_FLAW else b""


def _write_crm(world: World, folder: Path) -> None:
    tables = world.tables
    plain = {
        "crm/contacts": ("contacts.csv", CONTACTS),
        "crm/consents": ("consents.csv", CONSENTS),
        "crm/interactions": ("cases.csv", INTERACTIONS),
        "crm/surveys": ("survey_responses.csv", SURVEYS),
        "crm/campaign_events": ("campaign_events.csv.gz", CAMPAIGN_EVENTS),
        "crm/loyalty_movements": ("loyalty_transactions.csv.gz", LOYALTY),
    }
    if "crm/merges" in tables:
        plain["crm/merges"] = ("merges.csv", MERGES)
    offset = pl.selectors.datetime().dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris")
    for table, (name, columns) in plain.items():
        frame = _renamed(tables[table], columns).with_columns(offset.dt.strftime("%Y-%m-%dT%H:%M:%S%:z"))
        frame = _with_unreadable(frame, columns, tables[table], world.faults, table)
        frame.write_csv(
            folder / name,
            include_bom=True,
            compression="gzip" if name.endswith(".gz") else "uncompressed",
        )
        _append(folder / name, _with_flaw(table, tables[table]))


def _write_shop(world: World, folder: Path) -> None:
    tables = world.tables

    def texts(frame: pl.DataFrame, names: Mapping[str, str], table: str) -> pl.DataFrame:
        return _with_unreadable(_shop_text(frame, names), names, frame, world.faults, table)

    customers = texts(tables["ecommerce/customers"], CUSTOMERS, "ecommerce/customers")
    customers.write_ndjson(folder / "customers.jsonl")
    orders = tables["ecommerce/orders"].with_columns(
        pl.col("channel").replace_strict(CHANNEL_CODES),
        pl.col("status", "fulfilment").str.to_uppercase(),
        *(
            (pl.col(f"{name}_amount") * 100).cast(pl.Int64)
            for name in ("gross", "discount", "shipping", "tax", "total")
        ),
    )
    columns = ORDERS | ({"currency": "currency"} if has_faults(world) else {})
    texts(orders, columns, "ecommerce/orders").write_ndjson(folder / "orders.jsonl")
    _append(folder / "orders.jsonl", _with_flaw("ecommerce/orders", orders))
    returns = tables["ecommerce/returns"].with_columns((pl.col("refund_amount") * 100).cast(pl.Int64))
    texts(returns, RETURNS, "ecommerce/returns").write_ndjson(folder / "returns.jsonl")
    _renamed(tables["ecommerce/order_lines"], ORDER_LINES).write_parquet(folder / "order_lines.parquet")
    _renamed(tables["ecommerce/products"], PRODUCTS).write_parquet(folder / "products.parquet")
    ad_spend = tables["ecommerce/ad_spend"]
    _with_unreadable(_renamed(ad_spend, AD_SPEND), AD_SPEND, ad_spend, world.faults, "ecommerce/ad_spend").write_csv(
        folder / "ad_spend.csv"
    )
    _write_web_events(world, folder)


def _write_web_events(world: World, folder: Path) -> None:
    """One gzipped CSV a month, as tag managers export them; a month at a time, to bound memory."""
    events = world.tables["ecommerce/web_events"]
    months = events["occurred_at"].dt.truncate("1mo")
    for month in months.unique().sort():
        frame = events.filter(months == month).with_columns(pl.col("event").replace(EVENT_NAMES))
        texts = _shop_text(frame, WEB_EVENTS)
        _with_unreadable(texts, WEB_EVENTS, frame, world.faults, "ecommerce/web_events").write_csv(
            folder / f"events_{month:%Y-%m}.csv.gz", compression="gzip"
        )


def _shop_text(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    return _renamed(frame, columns).with_columns(
        pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.selectors.date().dt.strftime("%Y-%m-%d")
    )


def _write_till(world: World, folder: Path) -> None:
    tables = world.tables
    own = {
        "pos/members": ("clients.csv", CLIENTS),
        "pos/tickets": ("tickets.csv", TICKETS),
        "pos/ticket_lines": ("lignes.csv", TICKET_LINES),
        "pos/stores": ("magasins.csv", STORES),
        "pos/footfall": ("frequentation.csv", FOOTFALL),
        "pos/stockouts": ("ruptures.csv", STOCKOUTS),
    }
    local = pl.selectors.datetime().dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris")
    for table, (name, columns) in own.items():
        frame = tables[table]
        if table == "pos/tickets":
            frame = frame.with_columns(pl.col("payment_kind").replace_strict(PAYMENT_NAMES))
        if table == "pos/ticket_lines":
            frame = frame.with_columns(pl.col("unit_price").cast(pl.Decimal(18, 2)))
        frame = _renamed(frame, columns).with_columns(
            local.dt.strftime("%d/%m/%Y %H:%M"), pl.selectors.date().dt.strftime("%d/%m/%Y")
        )
        frame = _with_unreadable(frame, columns, tables[table], world.faults, table)
        with (folder / name).open("wb") as file:
            for part in frame.iter_slices(500_000):
                text = part.write_csv(separator=";", decimal_comma=True, include_header=file.tell() == 0)
                file.write(text.encode("latin-1"))
            file.write(_with_flaw(table, tables[table]))


def _append(path: Path, line: bytes) -> None:
    if line:
        with path.open("ab") as file:
            file.write(line)
