"""What a CRM knows: contacts, what they consented to, and what passed between them and the house."""

from pipelines.contracts.schema import Column, Table
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
        Column("contact_id", "Contact id within the source.", required=True),
        CIVILITY,
        FIRST_NAME,
        LAST_NAME,
        EMAIL,
        PHONE,
        Column("mobile", "Mobile number, as the source writes it."),
        BIRTH_DATE,
        ADDRESS,
        POSTCODE,
        CITY,
        COUNTRY,
        LOYALTY_CARD,
        Column("preferred_channel", "Channel on which the contact prefers to be addressed, in the source's words."),
        CREATED_AT,
        UPDATED_AT,
        DELETED_AT,
    ),
)

CONSENTS = Table(
    kind="crm",
    name="consents",
    one_row_per="consent given, refused or withdrawn, by contact, channel, purpose, recipient and time",
    key=("contact_id", "channel", "purpose", "recipient", "recorded_at", "status"),
    since="recorded_at",
    columns=(
        Column("contact_id", "Contact who answered.", required=True, references=CONTACT),
        *CONSENT_ANSWER,
    ),
)

INTERACTIONS = Table(
    kind="crm",
    name="interactions",
    one_row_per="conversation of a customer with customer service or a store",
    key=("interaction_id",),
    since="started_at",
    columns=(
        Column("interaction_id", "Interaction id within the source.", required=True),
        Column("contact_id", "Contact concerned; null where the person was not recognised.", references=CONTACT),
        Column(
            "channel",
            "Where the conversation took place.",
            required=True,
            values=("phone", "email", "chat", "social", "post", "store_appointment", "store"),
        ),
        Column(
            "kind",
            "What it was about.",
            required=True,
            values=("question", "complaint", "order_tracking", "return_request", "appointment", "advice", "other"),
        ),
        Column("started_at", "When it began (UTC).", "timestamp", required=True),
        Column("ended_at", "When it ended (UTC).", "timestamp"),
        Column("is_resolved", "Whether the matter was settled; null where unknown.", "boolean"),
        Column("order_id", "Order concerned, in the id of the shop or till that took it.", references=ANY_ORDER),
        Column("product_id", "Product concerned; one numbering shared by all sources.", references=PRODUCT),
        Column("store_id", "Store concerned; one numbering shared by all sources.", references=STORE),
        Column("text", "What was said or written."),
    ),
)

CAMPAIGN_EVENTS = Table(
    kind="crm",
    name="campaign_events",
    one_row_per="message of a campaign sent, delivered, opened, clicked, bounced or unsubscribed from",
    key=("event_id",),
    since="occurred_at",
    columns=(
        Column("event_id", "Event id within the source.", required=True),
        Column("contact_id", "Contact addressed.", required=True, references=CONTACT),
        Column("campaign_id", "Campaign, in the source's id.", required=True),
        Column("channel", "Channel of the message, such as email or sms.", required=True),
        Column(
            "event",
            "What happened to the message.",
            required=True,
            values=("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced"),
        ),
        Column("occurred_at", "When it happened (UTC).", "timestamp", required=True),
    ),
)

SURVEYS = Table(
    kind="crm",
    name="surveys",
    one_row_per="answer to a satisfaction survey, or review",
    key=("response_id",),
    since="answered_at",
    columns=(
        Column("response_id", "Answer id within the source.", required=True),
        Column("contact_id", "Contact who answered; null where unknown.", references=CONTACT),
        Column("order_id", "Order asked about, in the id of the shop or till that took it.", references=ANY_ORDER),
        Column("store_id", "Store asked about; one numbering shared by all sources.", references=STORE),
        Column("channel", "Channel asked about or answered on, in the source's words."),
        Column("kind", "What was asked.", required=True, values=("nps", "csat", "review")),
        Column("score", "Score given, on the scale up to scale_max.", "number", required=True, sign="never negative"),
        Column("scale_max", "Highest score that could be given.", "number", required=True, least=1, most=1000),
        Column("text", "Words that came with the score."),
        Column("answered_at", "When it was answered (UTC).", "timestamp", required=True),
    ),
)

LOYALTY_MOVEMENTS = Table(
    kind="crm",
    name="loyalty_movements",
    one_row_per="movement of points on a loyalty card, in any channel",
    key=("movement_id",),
    since="occurred_at",
    columns=(
        Column("movement_id", "Movement id within the source.", required=True),
        Column("loyalty_card_id", "Card; one numbering shared by all sources.", required=True, references=CARD),
        Column("points", "Points; negative where they leave the card.", "integer", required=True, limit="points"),
        Column("kind", "Why they moved.", required=True, values=("earned", "spent", "expired", "adjusted")),
        Column("channel", "Where they moved.", required=True, values=("store", "web", "app", "service")),
        Column(
            "order_id", "Order behind the movement, in the id of the shop or till that took it.", references=ANY_ORDER
        ),
        Column("occurred_at", "When they moved (UTC).", "timestamp", required=True),
    ),
)

MERGES = Table(
    kind="crm",
    name="merges",
    one_row_per="contact id that the CRM merged away",
    key=("old_contact_id",),
    since="merged_at",
    columns=(
        Column("old_contact_id", "Contact id that is no longer.", required=True),
        Column(
            "surviving_contact_id",
            "Contact id that it was merged into, of which what was said of the old id is said from then on.",
            required=True,
        ),
        Column("merged_at", "When they were merged (UTC).", "timestamp"),
    ),
)

CONTACT_POINTS = Table(
    kind="crm",
    name="contact_points",
    one_row_per="further mailbox or number of a contact, beside those of its row in contacts",
    key=("contact_id", "kind", "value"),
    part_of=("contacts", "contact_id"),
    columns=(
        Column("contact_id", "Contact whose mailbox or number it is.", required=True, references=CONTACT),
        Column("kind", "What it is.", required=True, values=("email", "phone", "mobile")),
        Column("value", "The mailbox or number, as the source writes it.", required=True),
    ),
)

TABLES = (CONTACTS, CONSENTS, INTERACTIONS, CAMPAIGN_EVENTS, SURVEYS, LOYALTY_MOVEMENTS, MERGES, CONTACT_POINTS)
