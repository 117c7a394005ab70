"""Columns that several canonical tables have, and that mean the same in each."""

from pipelines.contracts.schema import LONG_TEXT, Column, Reference

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

CIVILITY = Column(
    "civility",
    "Civility, as the source writes it.",
    example="Mme",
    loses="`customer_360` has no civility to address people with, and two people of one name, "
    "household and mailbox are told apart by less.",
)
FIRST_NAME = Column(
    "first_name",
    "First name, as the source writes it.",
    example="Camille",
    loses="Records are recognised as one person by less, and `customer_360` has no first name.",
)
LAST_NAME = Column(
    "last_name",
    "Last name, as the source writes it.",
    example="Moreau",
    loses="Records are recognised as one person by less, and `customer_360` has no last name.",
)
EMAIL = Column(
    "email",
    "E-mail address, as the source writes it.",
    example="camille.moreau@example.com",
    loses="The surest sign that two records are one person is gone, receipts sent by e-mail find "
    "nobody, and `customer_360` has no address to write to.",
)
PHONE = Column(
    "phone",
    "Phone number, as the source writes it; without a prefix it is of the record's own country.",
    example="01 44 55 66 77",
    loses="Records are recognised as one person by less, and `customer_360` has no phone number.",
)
BIRTH_DATE = Column(
    "birth_date",
    "Date of birth.",
    "date",
    limit="birth_date",
    example="1984-05-17",
    loses="Parents and children of one name and address are told apart by less, and `customer_360` "
    "has no date of birth.",
)
ADDRESS = Column(
    "address",
    "Street and number; in one field with postcode and city, it is taken apart where they are.",
    example="12 rue des Lilas",
    loses="Records are recognised as one person by less, and `customer_360` has no street to post to.",
)
POSTCODE = Column(
    "postcode",
    "Postcode.",
    example="69003",
    loses="Records are recognised as one person by less, and `customer_360` has no postcode to "
    "count customers by area.",
)
CITY = Column(
    "city",
    "City.",
    example="Lyon",
    loses="Records are recognised as one person by less, and `customer_360` has no city.",
)
COUNTRY = Column(
    "country",
    "Country, a name in any language or a code of ISO 3166, by which phone, postcode and address are read; null is the "
    "configured one.",
    example="FR",
    loses="Every phone number, postcode and address is read as of the configured country.",
)
LOYALTY_CARD = Column(
    "loyalty_card_id",
    "Loyalty card of the person; one numbering shared by all sources.",
    example="C00012345",
    loses="Tickets and points of the card find nobody, unless another record of the person has it: "
    "purchases in stores stay anonymous.",
)
CREATED_AT = Column(
    "created_at",
    "When the record was created (UTC).",
    "timestamp",
    example="2024-03-02 10:15:00",
    loses="The last change of a record stands for its beginning: a first contact looks later than "
    "it was, and a night of the past counts people who were not there yet.",
)
UPDATED_AT = Column(
    "updated_at",
    "When the row was last changed at the source (UTC); of two versions of a row, the latest is kept.",
    "timestamp",
    required=True,
    example="2026-01-15 18:40:00",
)
DELETED_AT = Column(
    "deleted_at",
    "When the record was deleted at the source (UTC); null while it exists.",
    "timestamp",
    example="2025-11-30 09:00:00",
    loses="People who asked to be erased go on being recognised and counted, unless the export leaves them out.",
)
CURRENCY = Column(
    "currency",
    "Currency of the amounts, as a code of ISO 4217; null is the retailer's own.",
    example="EUR",
    loses="Every amount is taken for the retailer's own currency.",
)
CONSENT_ANSWER = (
    Column(
        "channel",
        "Channel that the answer is about.",
        required=True,
        values=("email", "sms", "phone", "post"),
        example="email",
    ),
    Column(
        "purpose",
        "What the channel may be used for, in the source's words.",
        required=True,
        example="marketing",
    ),
    Column(
        "status",
        "The answer.",
        required=True,
        values=("granted", "denied", "withdrawn"),
        otherwise="denied",
        example="granted",
    ),  # A "no" in other words must not leave the "yes" before it standing.
    Column(
        "recorded_at",
        "When the answer was recorded (UTC); the latest one holds.",
        "timestamp",
        required=True,
        example="2025-06-01 12:00:00",
    ),
    Column(
        "proof",
        "Where the proof of the answer is kept.",
        longest=LONG_TEXT,
        example="form 2025-06, log 48213",
        loses="A grant is no explicit act: it does not lift a refusal that another record of the person gave earlier.",
    ),
    Column(
        "recipient",
        "Who else may be handed the contact point, such as a social network for matching; null is own use only.",
        example="meta",
        loses="Every answer is about own use, and nobody may be handed over.",
    ),
    Column(
        "notice_version",
        "Version of the notice that was shown with the question.",
        example="2025-04",
        loses="`customer_consents` cannot say which notice was shown.",
    ),
)
"""What an answer about consent says, whoever gave it: a contact of the CRM or an account of the shop."""
