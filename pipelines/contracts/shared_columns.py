"""Columns that several canonical tables have, and that mean the same in each."""

from pipelines.contracts.schema import Column, Reference

CONTACT = Reference(("crm/contacts.contact_id",), within_source=True)
ACCOUNT = Reference(("ecommerce/customers.account_id",), within_source=True)
MEMBER = Reference(("pos/members.member_id",), within_source=True)
CARD = Reference(
    ("crm/contacts.loyalty_card_id", "ecommerce/customers.loyalty_card_id", "pos/members.loyalty_card_id"),
    compares_cards=True,
)
OWN_ORDER = Reference(("ecommerce/orders.order_id",), within_source=True)
OWN_TICKET = Reference(("pos/tickets.ticket_id",), within_source=True)
ANY_WEB_ORDER = Reference(("ecommerce/orders.order_id",))
ANY_ORDER = Reference(("ecommerce/orders.order_id", "pos/tickets.ticket_id"))
PRODUCT = Reference(("ecommerce/products.product_id",))
STORE = Reference(("pos/stores.store_id",))

CIVILITY = Column("civility", "Civility, as the source writes it.")
FIRST_NAME = Column("first_name", "First name, as the source writes it.")
LAST_NAME = Column("last_name", "Last name, as the source writes it.")
EMAIL = Column("email", "E-mail address, as the source writes it.")
PHONE = Column("phone", "Phone number, as the source writes it; without a prefix it is of the record's own country.")
BIRTH_DATE = Column("birth_date", "Date of birth.", "date", limit="birth_date")
ADDRESS = Column("address", "Street and number; in one field with postcode and city, it is taken apart where they are.")
POSTCODE = Column("postcode", "Postcode.")
CITY = Column("city", "City.")
COUNTRY = Column(
    "country",
    "Country, a name in any language or a code of ISO 3166, by which phone, postcode and address are read; null is the "
    "configured one.",
)
LOYALTY_CARD = Column("loyalty_card_id", "Loyalty card of the person; one numbering shared by all sources.")
CREATED_AT = Column("created_at", "When the record was created (UTC).", "timestamp")
UPDATED_AT = Column("updated_at", "When the row was last changed at the source (UTC).", "timestamp", required=True)
DELETED_AT = Column("deleted_at", "When the record was deleted at the source (UTC); null while it exists.", "timestamp")
CURRENCY = Column("currency", "Currency of the amounts, as a code of ISO 4217; null is the retailer's own.")
CONSENT_ANSWER = (
    Column("channel", "Channel that the answer is about.", required=True, values=("email", "sms", "phone", "post")),
    Column("purpose", "What the channel may be used for, in the source's words.", required=True),
    Column(
        "status", "The answer.", required=True, values=("granted", "denied", "withdrawn"), otherwise="denied"
    ),  # A "no" in other words must not leave the "yes" before it standing.
    Column("recorded_at", "When the answer was recorded (UTC); the latest one holds.", "timestamp", required=True),
    Column("proof", "Where the proof of the answer is kept."),
    Column(
        "recipient",
        "Who else may be handed the contact point, such as a social network for matching; null is own use only.",
    ),
    Column("notice_version", "Version of the notice that was shown with the question."),
)
"""What an answer about consent says, whoever gave it: a contact of the CRM or an account of the shop."""
