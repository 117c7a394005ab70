"""Cleans the contact fields of every identity-bearing record; nothing else cleans them.

Two sets of columns come out. The display columns are for people to read (accents and capitals kept, "inconnu" removed);
dbt builds the golden record from them. The match columns (``*_key``) are what records are compared on; display values
never decide who is who.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import permutations

import polars as pl

from pipelines.contracts import Kind
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.standardisation.accounts import drop_orders_of_accounts, names_no_account
from pipelines.identity.standardisation.addresses import city_key, display_line
from pipelines.identity.standardisation.attributes import Attribute, load_attributes, means_none
from pipelines.identity.standardisation.contact_points import add_further_points
from pipelines.identity.standardisation.crowds import Crowds, add_mailboxes, find_crowds, note_crowds, withdraw_crowds
from pipelines.identity.standardisation.emails import clean_email, email_key
from pipelines.identity.standardisation.letters import write_alike
from pipelines.identity.standardisation.loyalty_cards import real_card_key
from pipelines.identity.standardisation.names import (
    SURNAMES_THAT_SAY_NONE,
    civility_in_first_name,
    civility_in_name,
    display_name,
    first_name_key,
    fold,
    is_of_household,
    keep_surnames_that_say_none,
    last_name_key,
    read_civility,
)
from pipelines.identity.standardisation.nobody import SAYS_NOBODY, find_repeated_text, is_repeated, is_somebody
from pipelines.identity.standardisation.phone_columns import clean_phone_columns
from pipelines.identity.standardisation.places import place_records
from pipelines.identity.standardisation.shared_values import find_shared_values, withdraw_shared_values
from pipelines.identity.standardisation.short_forms.table import first_name_root
from pipelines.identity.standardisation.whole_names import split_whole_names
from pipelines.lake.tables import Lake

RECORD_COLUMNS: dict[str, pl.DataType] = {
    "record_id": pl.String(), "source": pl.String(), "kind": pl.String(), "table_name": pl.String(),
    "source_key": pl.String(), "civility": pl.String(), "first_name": pl.String(), "last_name": pl.String(),
    "email": pl.String(), "phone": pl.String(), "mobile": pl.String(), "birth_date": pl.Date(), "address": pl.String(),
    "postcode": pl.String(), "city": pl.String(), "country": pl.String(), "loyalty_card_id": pl.String(),
    "created_at": pl.Datetime("us"), "updated_at": pl.Datetime("us"), "deleted_at": pl.Datetime("us"),
}  # fmt: skip
"""The display columns of ``identity/records``, in order."""

MATCH_COLUMNS: tuple[str, ...] = (
    "gender_key", "first_key", "first_root", "last_key", "email_key", "mobile_key", "landline_key", "birth_key",
    "street_key", "postcode_key", "city_key", "card_key",
)  # fmt: skip
"""What records are compared on. A record with the same values in all of them has the same ``content_hash``."""

# Where an identity-bearing record comes from, and what its columns are called there.
_ORDER_CONTACT = {
    "source_key": "order_id", "first_name": "contact_first_name", "last_name": "contact_last_name",
    "email": "contact_email", "phone": "contact_phone", "address": "contact_address",
    "postcode": "contact_postcode", "city": "contact_city", "country": "contact_country",
    "created_at": "ordered_at",
}  # fmt: skip
# A guest order that says nothing about its buyer is anonymous, not one more person; a postcode identifies nobody.
_NAMES_SOMEBODY = pl.any_horizontal(
    (pl.col(column).str.strip_chars() != "").fill_null(False)
    for column in ("contact_first_name", "contact_last_name", "contact_email", "contact_phone", "contact_address")
)
OLDEST_LIVING_YEARS = 120  # The oldest verified age is 122 years (Jeanne Calment); beyond, it is a typing error.


@cache
def _origins() -> tuple[tuple[Kind, str, dict[str, str], tuple[pl.Expr, ...]], ...]:
    """Kind, table, what the columns are called there, and which of its rows bear identity: those that pass each filter.

    Not as the module is imported: a process that is forked from one in which Polars has worked waits for ever.
    """
    return (
        ("crm", "contacts", {"source_key": "contact_id"}, ()),
        ("ecommerce", "customers", {"source_key": "account_id"}, ()),
        ("ecommerce", "orders", _ORDER_CONTACT, (_NAMES_SOMEBODY, names_no_account(pl.col("account_id")))),
        ("pos", "members", {"source_key": "member_id"}, ()),
        (
            "pos",
            "tickets",
            {"source_key": "ticket_id", "email": "receipt_email", "created_at": "sold_at"},
            (
                pl.col("receipt_email").str.strip_chars() != "",
                names_no_account(pl.col("member_id")),
                real_card_key(pl.col("loyalty_card_id"), load_attributes()["loyalty_card_id"]).is_null(),
            ),
        ),
    )


def standardise_records(
    lake: Lake, country: str, as_of: date | None = None, attributes: Mapping[str, Attribute] | None = None
) -> pl.DataFrame:
    """One row per identity-bearing record that is somebody's: ``identity/records``, sorted by record_id.

    ``country`` is the region of phone numbers written without one (ISO 3166, two letters). A record deleted by the end
    of ``as_of`` is left out; without ``as_of``, any record with a deletion date. ``attributes`` are by default those
    shipped with the package. Raises ConfigurationError on a country without a numbering plan.
    """
    attributes = attributes or load_attributes()
    cleaned = clean_records(gather_records(lake, as_of), country, as_of, attributes)
    shared, crowds = find_shared_values(cleaned, attributes), find_crowds(cleaned, attributes)
    return leave_out_nobody(complete_records(cleaned, shared, crowds, (SAYS_NOBODY,)))


def name_at_origin(kind: str, table: str, column: str) -> str:
    """What the display column ``column`` is called in the canonical table that the records are from."""
    renamed = next(names for known, name, names, _ in _origins() if (known, name) == (kind, table))
    return renamed.get(column, column)


def gather_records(lake: Lake, as_of: date | None = None) -> pl.DataFrame:
    """One row per identity-bearing record as the extracts hold it, under the display columns' names."""
    return scan_records(lake, as_of).collect()


def scan_records(lake: Lake, as_of: date | None = None) -> pl.LazyFrame:
    """The same as a lazy frame."""
    gathered = []
    for kind, name, renamed, bears_identity in _origins():
        if not lake.has(kind, name):
            continue
        rows = lake.scan(kind, name)
        asked = {column for condition in bears_identity for column in condition.meta.root_names()}
        missing = asked - set(rows.collect_schema().names())
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in sorted(missing))
        for condition in bears_identity:  # One by one: the later ones take long, and few rows are left to them.
            rows = rows.filter(condition).collect().lazy()
        if (kind, name) == ("ecommerce", "orders") and lake.has("ecommerce", "customers"):
            rows = drop_orders_of_accounts(rows, lake.scan("ecommerce", "customers"))
        gathered.append(_gather_table(rows, kind, name, renamed))
    if not gathered:
        return pl.LazyFrame(schema=RECORD_COLUMNS)
    points = lake.scan("crm", "contact_points") if lake.has("crm", "contact_points") else None
    return _drop_deleted(add_further_points(pl.concat(gathered).collect().lazy(), points), as_of)


def _gather_table(rows: pl.LazyFrame, kind: str, name: str, renamed: dict[str, str]) -> pl.LazyFrame:
    present = set(rows.collect_schema().names())
    columns = []
    for column, dtype in RECORD_COLUMNS.items():
        origin = renamed.get(column, column)
        columns.append((pl.col(origin) if origin in present else pl.lit(None)).cast(dtype).alias(column))
    return rows.select(columns).with_columns(
        pl.concat_str(pl.col("source"), pl.lit(f":{name}:"), pl.col("source_key")).alias("record_id"),
        pl.lit(kind).alias("kind"),
        pl.lit(name).alias("table_name"),
    )


def _drop_deleted(records: pl.LazyFrame, as_of: date | None) -> pl.LazyFrame:
    if as_of is None:
        return records.filter(pl.col("deleted_at").is_null())
    end_of_day = datetime.combine(as_of + timedelta(days=1), datetime.min.time())
    return records.filter(pl.col("deleted_at").is_null() | (pl.col("deleted_at") >= end_of_day))


def standardise(
    gathered: pl.DataFrame, country: str, as_of: date | None = None, attributes: Mapping[str, Attribute] | None = None
) -> pl.DataFrame:
    """Display columns cleaned and match columns added; same rows, sorted by record_id.

    ``gathered`` has the columns of :data:`RECORD_COLUMNS`. Added: :data:`MATCH_COLUMNS`, ``shared_values`` (the fields
    whose value too many names share, so that it is not matched on; null for none), ``shared_digests`` (hashes of those
    values), ``content_hash`` and ``is_decided`` (false here; ``clustering.link_constraints`` sets it).
    """
    attributes = attributes or load_attributes()
    cleaned = clean_records(gathered, country, as_of, attributes)
    return complete_records(cleaned, find_shared_values(cleaned, attributes), find_crowds(cleaned, attributes))


def complete_records(
    cleaned: pl.DataFrame, shared: Mapping[str, pl.Series], crowds: Crowds, carried: Sequence[str] = ()
) -> pl.DataFrame:
    """The second part of :func:`standardise`: the columns of ``identity/records``, in order, and those ``carried``.

    The values that are ``shared`` (``find_shared_values``) are withdrawn from the match columns, those of ``crowds``
    (``find_crowds``) from all columns. With SAYS_NOBODY among those carried, :func:`leave_out_nobody` can follow.
    """
    without_shared = withdraw_shared_values(withdraw_crowds(cleaned, crowds), add_mailboxes(shared, crowds))
    noted = note_crowds(without_shared)
    return _order_columns(noted.with_columns(hash_content(noted)), carried)


def leave_out_nobody(complete: pl.DataFrame) -> pl.DataFrame:
    """The complete records that are somebody's (``nobody.is_somebody``); they must carry SAYS_NOBODY."""
    return complete.filter(is_somebody()).drop(SAYS_NOBODY)


def clean_records(
    gathered: pl.DataFrame, country: str, as_of: date | None, attributes: Mapping[str, Attribute]
) -> pl.DataFrame:
    """The first part of :func:`standardise`, record by record, with all rows.

    The columns are :data:`RECORD_COLUMNS`, :data:`MATCH_COLUMNS` and :data:`~.nobody.SAYS_NOBODY`.
    """
    placed = place_records(gathered.sort("record_id", maintain_order=True), country, attributes["city"])
    cleaned = keep_surnames_that_say_none(_clean_text(placed, attributes))
    cleaned = clean_phone_columns(cleaned, country, attributes["phone"])
    return _clean_dates(cleaned, attributes["birth_date"], as_of).select(*RECORD_COLUMNS, *MATCH_COLUMNS, SAYS_NOBODY)


def _clean_text(records: pl.DataFrame, attributes: Mapping[str, Attribute]) -> pl.DataFrame:
    """Names, e-mail, address and card, with placeholders removed from both sets of columns."""
    cleaned = records.with_columns(
        pl.col(name).str.strip_chars() for name in ("first_name", "last_name", "address", "city")
    )
    for column, derived in {
        "civility": {"said_civility": read_civility(pl.col("civility"))},
        "first_name": {
            "first_key": first_name_key(pl.col("first_name")),
            "folded_first": fold(pl.col("first_name")),
            "first_civility": civility_in_first_name(pl.col("first_name")),
            "first_shown": display_name(pl.col("first_name")),
        },
        "last_name": {
            "last_key": last_name_key(pl.col("last_name")),
            "folded_last": fold(pl.col("last_name")),
            "last_civility": civility_in_name(pl.col("last_name")),
            "last_shown": display_name(pl.col("last_name")),
            "of_household": is_of_household(pl.col("last_name")),
            "says_none": pl.col("last_name").is_in(SURNAMES_THAT_SAY_NONE),
        },
        "email": {
            "clean_email": clean_email(pl.col("email")),
            "email_key": email_key(clean_email(pl.col("email"))),
            "folded_email": fold(pl.col("email")),
            "folded_user": fold(pl.col("email").str.extract(r"^([^@]+)@", 1)),
        },
        "address": {
            "folded_address": fold(pl.col("address")),
            "address_shown": display_line(pl.col("address")),
        },
        "city": {
            "city_key": city_key(pl.col("city")),
            "folded_city": fold(pl.col("city")),
            "city_shown": display_line(pl.col("city")),
        },
        "postcode": {"folded_postcode": fold(pl.col("postcode"))},
        "loyalty_card_id": {"card_key": real_card_key(pl.col("loyalty_card_id"), attributes["loyalty_card_id"])},
    }.items():
        cleaned = _derive_by_value(cleaned, column, derived)
    read = {  # What each field is compared with placeholders in, and its key.
        "first_name": (("folded_first", "first_key"), "first_key"),
        "last_name": (("folded_last", "last_key"), "last_key"),
        "email": (("clean_email",), "email_key"), "address": (("folded_address",), "street_key"),
        "city": (("folded_city",), "city_key"), "postcode": (("folded_postcode",), "postcode_key"),
    }  # fmt: skip
    says_none = {
        name: means_none([pl.col(form) for form in forms], pl.col(key), attributes[name], pl.col(name))
        | is_repeated(name)
        for name, (forms, key) in read.items()
    }
    # "Vente" and "Comptoir", "Compte" and "Supprimé": the two say together what neither says alone.
    whole = [pl.concat_str(*names, separator=" ") for names in permutations(("folded_first", "folded_last"))]
    cleaned = cleaned.with_columns(find_repeated_text(), *(name.alias(f"whole_{n}") for n, name in enumerate(whole)))
    together = means_none([pl.col("whole_0"), pl.col("whole_1")], pl.col("first_key"), attributes["first_name"])
    says_none["first_name"] |= together
    says_none["last_name"] |= together
    # What stands in place of a mailbox need not look like one.
    no_mailbox = says_none["email"] | means_none(
        [pl.col("folded_email")], pl.col("email_key"), attributes["first_name"], pl.col("email")
    )
    says_nobody = {"folded_first": says_none["first_name"], "folded_last": says_none["last_name"],
                   "folded_email": no_mailbox}  # fmt: skip
    says_something = {
        name: ((pl.col(forms[-1]) != "") & ~says_none[name]).fill_null(False) for name, (forms, _) in read.items()
    }
    civility = pl.coalesce("said_civility", "first_civility", "last_civility")
    kept = {  # What each column becomes, and the field whose placeholders empty it.
        "first_name": ("first_shown", "first_name"), "first_key": ("first_key", "first_name"),
        "last_name": ("last_shown", "last_name"), "last_key": ("last_key", "last_name"),
        "email": ("clean_email", "email"), "email_key": ("email_key", "email"),
        "address": ("address_shown", "address"), "street_key": ("street_key", "address"),
        "postcode": ("postcode_shown", "postcode"), "postcode_key": ("postcode_key", "postcode"),
        "city": ("city_shown", "city"), "city_key": ("city_key", "city"),
    }  # fmt: skip
    kept_keys = cleaned.with_columns(
        civility.alias("civility"),
        civility.alias("gender_key"),
        pl.any_horizontal(
            none & ~pl.col(text).is_in(["", *attributes["first_name"].empty_words]).fill_null(True)
            for text, none in says_nobody.items()
        ).alias(SAYS_NOBODY),
        *(pl.when(says_something[field]).then(pl.col(origin)).alias(name) for name, (origin, field) in kept.items()),
    )
    named = split_whole_names(kept_keys)
    return write_alike(named, ("first_key", "last_key", "street_key", "city_key")).with_columns(
        pl.col("card_key").alias("loyalty_card_id"),  # One spelling everywhere: points and tickets are joined on it.
        first_name_root(pl.col("first_key")).alias("first_root"),
    )


def _derive_by_value(records: pl.DataFrame, column: str, derived: dict[str, pl.Expr]) -> pl.DataFrame:
    """Adds the columns ``derived`` from ``column``, computed once per distinct value."""
    values = records.select(pl.col(column).drop_nulls().unique())
    table = values.with_columns(expression.alias(name) for name, expression in derived.items())
    return records.join(table, on=column, how="left", maintain_order="left")


def _clean_dates(records: pl.DataFrame, attribute: Attribute, as_of: date | None) -> pl.DataFrame:
    """birth_key without placeholders and future dates; birth_date also null where nobody is that old.

    A year mistyped by a century is not for display, but it differs from the true one by one digit, which the comparison
    of birth dates allows for.
    """
    placeholders = [date.fromisoformat(value) for value in (*attribute.placeholders, *attribute.own_values)]
    seen_at = pl.coalesce(pl.col("updated_at"), pl.col("created_at"), pl.lit(None, dtype=pl.Datetime("us"))).dt.date()
    today = pl.lit(as_of, dtype=pl.Date).fill_null(seen_at) if as_of else seen_at
    known = ~pl.col("birth_date").is_in(placeholders) & ~(pl.col("birth_date") > today).fill_null(False)
    age = today.dt.year() - pl.col("birth_date").dt.year()
    return records.with_columns(
        pl.when(known & ~(age > OLDEST_LIVING_YEARS).fill_null(False)).then(pl.col("birth_date")).alias("birth_date"),
        pl.when(known).then(pl.col("birth_date").dt.strftime("%Y-%m-%d")).alias("birth_key"),
    )


def hash_content(records: pl.DataFrame) -> pl.Series:
    """``content_hash`` of each record: 128 bits of the match columns, the same on every machine and version."""
    fields = ", ".join(f"coalesce({column}, '')" for column in MATCH_COLUMNS)
    with connect_in_memory("The standardisation of records") as connection:
        connection.register("records", records.select(MATCH_COLUMNS).to_arrow())
        hashes = connection.sql(f"select md5(concat_ws(chr(31), {fields})) as content_hash from records")
        hashed: pl.DataFrame = pl.from_arrow(hashes.to_arrow_table())  # type: ignore[assignment]
    return hashed["content_hash"]


def _order_columns(records: pl.DataFrame, carried: Sequence[str]) -> pl.DataFrame:
    """The columns of ``identity/records``, in order; ``is_decided`` is false until decisions are known."""
    return records.select(
        *RECORD_COLUMNS, *MATCH_COLUMNS, "shared_values", "shared_digests", "content_hash",
        pl.lit(False).alias("is_decided"), *carried,
    )  # fmt: skip
