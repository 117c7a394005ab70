"""What a CRM knows: contacts, what they consented to, and what passed between them and the house."""

from pipelines.contracts.schema import LONG_TEXT, Column, Table
from pipelines.contracts.shared_columns import (
    ADDRESS,
    ANY_ORDER,
    BIRTH_DATE,
    CARD,
    CITY,
    CIVILITY,
    CONSENT_ANSWER,
    CONTACT,
    COUNTRY,
    CREATED_AT,
    DELETED_AT,
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
    LOYALTY_CARD,
    PHONE,
    POSTCODE,
    PRODUCT,
    STORE,
    UPDATED_AT,
)

CONTACTS = Table(
    kind="crm",
    name="contacts",
    one_row_per="contact of the CRM, as of the extract",
    key=("contact_id",),
    since="created_at",
    columns=(
        Column(
            "contact_id",
            "Contact id within the source.",
            required=True,
            example="K-48213",
        ),
        CIVILITY,
        FIRST_NAME,
        LAST_NAME,
        EMAIL,
        PHONE,
        Column(
            "mobile",
            "Mobile number, as the source writes it.",
            example="06 12 34 56 78",
            loses="Records are recognised as one person by less, and `customer_360` shows the landline, if "
            "there is one.",
        ),
        BIRTH_DATE,
        ADDRESS,
        POSTCODE,
        CITY,
        COUNTRY,
        LOYALTY_CARD,
        Column(
            "preferred_channel",
            "Channel on which the contact prefers to be addressed, in the source's words.",
            example="email",
        ),
        CREATED_AT,
        UPDATED_AT,
        DELETED_AT,
    ),
    loses="No person of the CRM is known. What it says of contacts (consents, conversations, "
    "messages, answers) is nobody's.",
)

CONSENTS = Table(
    kind="crm",
    name="consents",
    one_row_per="consent given, refused or withdrawn, by contact, channel, purpose, recipient and time",
    key=("contact_id", "channel", "purpose", "recipient", "recorded_at", "status"),
    since="recorded_at",
    columns=(
        Column(
            "contact_id",
            "Contact who answered.",
            required=True,
            references=CONTACT,
            example="K-48213",
        ),
        *CONSENT_ANSWER,
    ),
    loses="No contact has said yes or no: `customer_consents` has only what accounts of the shop answered.",
)

INTERACTIONS = Table(
    kind="crm",
    name="interactions",
    one_row_per="conversation of a customer with customer service or a store",
    key=("interaction_id",),
    since="started_at",
    columns=(
        Column(
            "interaction_id",
            "Interaction id within the source.",
            required=True,
            example="I-7001",
        ),
        Column(
            "contact_id",
            "Contact concerned; null where the person was not recognised.",
            references=CONTACT,
            example="K-48213",
            loses="The conversation is nobody's, unless its order is known: it is in no journey and counts "
            "against no customer.",
        ),
        Column(
            "channel",
            "Where the conversation took place.",
            required=True,
            values=("phone", "email", "chat", "social", "post", "store_appointment", "store"),
            example="phone",
        ),
        Column(
            "kind",
            "What it was about.",
            required=True,
            values=("question", "complaint", "order_tracking", "return_request", "appointment", "advice", "other"),
            example="complaint",
        ),
        Column(
            "started_at",
            "When it began (UTC).",
            "timestamp",
            required=True,
            example="2026-01-20 14:05:00",
        ),
        Column(
            "ended_at",
            "When it ended (UTC).",
            "timestamp",
            example="2026-01-20 14:17:00",
        ),
        Column(
            "is_resolved",
            "Whether the matter was settled; null where unknown.",
            "boolean",
            example="yes",
            loses="No conversation counts as unresolved: `friction_points` lacks its kind unresolved_contact.",
        ),
        Column(
            "order_id",
            "Order concerned, in the id of the shop or till that took it.",
            references=ANY_ORDER,
            example="W10024",
            loses="A conversation that names no contact finds nobody.",
        ),
        Column(
            "product_id",
            "Product concerned; one numbering shared by all sources.",
            references=PRODUCT,
            example="P00017",
            loses="Complaints cannot be told by product.",
        ),
        Column(
            "store_id",
            "Store concerned; one numbering shared by all sources.",
            references=STORE,
            example="S003",
            loses="Complaints and appointments cannot be told by store.",
        ),
        Column(
            "text",
            "What was said or written.",
            longest=LONG_TEXT,
            example="The parcel came open",
        ),
    ),
    loses="Customer service is missing from journeys, and `friction_points` lacks complaints and unresolved contacts.",
)

CAMPAIGN_EVENTS = Table(
    kind="crm",
    name="campaign_events",
    one_row_per="message of a campaign sent, delivered, opened, clicked, bounced or unsubscribed from",
    key=("event_id",),
    since="occurred_at",
    columns=(
        Column(
            "event_id",
            "Event id within the source.",
            required=True,
            example="E-900812",
        ),
        Column(
            "contact_id",
            "Contact addressed.",
            required=True,
            references=CONTACT,
            example="K-48213",
        ),
        Column(
            "campaign_id",
            "Campaign, in the source's id.",
            required=True,
            example="winter-sale",
        ),
        Column(
            "channel",
            "Channel of the message, such as email or sms.",
            required=True,
            example="email",
        ),
        Column(
            "event",
            "What happened to the message.",
            required=True,
            values=("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced"),
            example="clicked",
        ),
        Column(
            "occurred_at",
            "When it happened (UTC).",
            "timestamp",
            required=True,
            example="2026-01-08 07:30:00",
        ),
    ),
    loses="Messages are missing from journeys and from attribution: e-mail gets credit only for "
    "visits that say so in their address.",
)

SURVEYS = Table(
    kind="crm",
    name="surveys",
    one_row_per="answer to a satisfaction survey, or review",
    key=("response_id",),
    since="answered_at",
    columns=(
        Column(
            "response_id",
            "Answer id within the source.",
            required=True,
            example="R-3310",
        ),
        Column(
            "contact_id",
            "Contact who answered; null where unknown.",
            references=CONTACT,
            example="K-48213",
            loses="The answer is nobody's, unless its order is known: it counts, but in no customer's score.",
        ),
        Column(
            "order_id",
            "Order asked about, in the id of the shop or till that took it.",
            references=ANY_ORDER,
            example="W10024",
            loses="An answer that names no contact finds nobody.",
        ),
        Column(
            "store_id",
            "Store asked about; one numbering shared by all sources.",
            references=STORE,
            example="S003",
            loses="Satisfaction cannot be told by store: `store_satisfaction` is empty.",
        ),
        Column(
            "channel",
            "Channel asked about or answered on, in the source's words.",
            example="store",
            loses="Satisfaction cannot be told by channel.",
        ),
        Column(
            "kind",
            "What was asked.",
            required=True,
            values=("nps", "csat", "review"),
            example="nps",
        ),
        Column(
            "score",
            "Score given, on the scale up to scale_max.",
            "number",
            required=True,
            sign="never negative",
            unit="points of the scale",
            example="9",
        ),
        Column(
            "scale_max",
            "Highest score that could be given.",
            "number",
            required=True,
            least=1,
            most=1000,
            unit="points of the scale",
            example="10",
        ),
        Column(
            "text",
            "Words that came with the score.",
            longest=LONG_TEXT,
            example="Friendly advice, long queue",
            loses="`verbatim_themes` is empty: nobody knows what answers are about.",
        ),
        Column(
            "answered_at",
            "When it was answered (UTC).",
            "timestamp",
            required=True,
            example="2026-01-25 20:10:00",
        ),
    ),
    loses="`satisfaction`, `store_satisfaction` and `verbatim_themes` are empty, and there is no NPS.",
)

LOYALTY_MOVEMENTS = Table(
    kind="crm",
    name="loyalty_movements",
    one_row_per="movement of points on a loyalty card, in any channel",
    key=("movement_id",),
    since="occurred_at",
    columns=(
        Column(
            "movement_id",
            "Movement id within the source.",
            required=True,
            example="M-55102",
        ),
        Column(
            "loyalty_card_id",
            "Card; one numbering shared by all sources.",
            required=True,
            references=CARD,
            example="C00012345",
        ),
        Column(
            "points",
            "Points; negative where they leave the card.",
            "integer",
            required=True,
            limit="points",
            unit="points",
            example="-200",
        ),
        Column(
            "kind",
            "Why they moved.",
            required=True,
            values=("earned", "spent", "expired", "adjusted"),
            example="spent",
        ),
        Column(
            "channel",
            "Where they moved.",
            required=True,
            values=("store", "web", "app", "service"),
            example="store",
        ),
        Column(
            "order_id",
            "Order behind the movement, in the id of the shop or till that took it.",
            references=ANY_ORDER,
            example="T000000871",
        ),
        Column(
            "occurred_at",
            "When they moved (UTC).",
            "timestamp",
            required=True,
            example="2026-01-12 16:22:00",
        ),
    ),
    loses="`loyalty_ledger` is empty, and no customer has a balance of points.",
)

MERGES = Table(
    kind="crm",
    name="merges",
    one_row_per="contact id that the CRM merged away",
    key=("old_contact_id",),
    since="merged_at",
    columns=(
        Column(
            "old_contact_id",
            "Contact id that is no longer.",
            required=True,
            example="K-31177",
        ),
        Column(
            "surviving_contact_id",
            "Contact id that it was merged into, of which what was said of the old id is said from then on.",
            required=True,
            example="K-48213",
        ),
        Column(
            "merged_at",
            "When they were merged (UTC).",
            "timestamp",
            example="2025-09-14 11:00:00",
            loses="Of merges in a circle, and of two merges of one id, it is chance which is the latest: "
            "the same one each night.",
        ),
    ),
    loses="What is said of an id that was merged away is nobody's; the two contacts are one "
    "customer only where their fields say so.",
)

CONTACT_POINTS = Table(
    kind="crm",
    name="contact_points",
    one_row_per="further mailbox or number of a contact, beside those of its row in contacts",
    key=("contact_id", "kind", "value"),
    part_of=("contacts", "contact_id"),
    columns=(
        Column(
            "contact_id",
            "Contact whose mailbox or number it is.",
            required=True,
            references=CONTACT,
            example="K-48213",
        ),
        Column(
            "kind",
            "What it is.",
            required=True,
            values=("email", "phone", "mobile"),
            example="email",
        ),
        Column(
            "value",
            "The mailbox or number, as the source writes it.",
            required=True,
            example="c.moreau@example.org",
        ),
    ),
    loses="People are recognised by one mailbox and their numbers only: a receipt sent to their "
    "second mailbox finds nobody.",
)

TABLES = (CONTACTS, CONSENTS, INTERACTIONS, CAMPAIGN_EVENTS, SURVEYS, LOYALTY_MOVEMENTS, MERGES, CONTACT_POINTS)
