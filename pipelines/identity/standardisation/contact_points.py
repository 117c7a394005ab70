"""Further mailboxes and numbers of one person: a list in one column, or the rows of ``crm/contact_points``.

The first of a list is the row's own. Each further one becomes a record of its own, with the names and what else is
known of the row, so that it is compared as any other: a receipt sent to the second mailbox, an order with the second
number.
``decisions.merges`` holds it together with its row.
"""

import hashlib

import polars as pl

OWNERS: dict[str, str] = {"crm": "contacts", "ecommerce": "customers", "pos": "members"}
"""The table whose rows have further points, by kind of source."""

TABLE_NAME = "contact_points"
DIGEST_LENGTH = 12  # Hexadecimal digits: among the few points of one row, no two are ever alike.

# A list as JSON or as people type one. A slash or a comma between two numbers is a list only with a blank beside it:
# 06/12/34/56/78 is one number.
_BETWEEN_EMAILS = r"[\s;,|\[\]{}<>\"]+"
_BETWEEN_PHONES = r"\s*(?:[;|\n\[\]{}\"]|,\s|[\"'],|\s/\s|\sou\s|\set\s|\sor\s|\sand\s)\s*"
_LEAST_DIGITS = 8  # Of a number in a list: an extension behind a slash has fewer.
_BEHIND_A_NUMBER = rf"(\d{{{_LEAST_DIGITS},}})[,/]"  # 0612345678,0140000005 are two.

_CARRIED = (
    "source", "kind", "civility", "first_name", "last_name", "birth_date", "postcode", "city", "country", "created_at",
    "updated_at", "deleted_at",
)  # fmt: skip
"""What a further point is compared on beside itself; not the street and the card, which are counted by record."""


def split_emails(text: pl.Expr) -> pl.Expr:
    """The addresses of a list, in order; the text alone where it has one address or none."""
    pieces = text.str.replace_all(_BETWEEN_EMAILS, "\n").str.split("\n")
    addresses = pieces.list.eval(pl.element().filter(pl.element().str.contains("@", literal=True)))
    return pl.when(text.str.count_matches("@", literal=True) > 1).then(addresses).otherwise(pl.concat_list(text))


def split_phones(text: pl.Expr) -> pl.Expr:
    """The numbers of a list, in order; the text alone where it has one number or none."""
    apart = text.str.replace_all(_BEHIND_A_NUMBER, "${1}\n")
    pieces = apart.str.replace_all(_BETWEEN_PHONES, "\n").str.split("\n")
    numbers = pieces.list.eval(
        pl.element().filter(pl.element().str.count_matches(r"\d") >= _LEAST_DIGITS).str.strip_chars(" '")
    )
    return pl.when(numbers.list.len() > 1).then(numbers).otherwise(pl.concat_list(text))


def _may_be_phones(text: pl.Expr) -> pl.Expr:
    """Whether a text has digits enough for two numbers."""
    return (
        (text.str.len_bytes() > 2 * _LEAST_DIGITS) & text.str.contains(r"[;|/,\n\[{]|\s(?:ou|et|or|and)\s")
    ).fill_null(False)


def add_further_points(records: pl.LazyFrame, contact_points: pl.LazyFrame | None) -> pl.LazyFrame:
    """``records`` (gathered, of all tables) with the first point of each list, and a record per further one.

    ``contact_points`` is ``crm/contact_points``; those of a contact that is not there are no records.
    """
    is_owner = pl.any_horizontal(
        (pl.col("kind") == kind) & (pl.col("table_name") == table) for kind, table in OWNERS.items()
    )
    # Few rows hold a list, and taking all texts apart takes longer than cleaning them.
    may_hold_list = (pl.col("email").str.count_matches("@", literal=True) > 1).fill_null(False) | (
        is_owner & pl.any_horizontal(_may_be_phones(pl.col(name)) for name in ("phone", "mobile"))
    )
    # An order has no further points: cleaning reads a mobile and a landline out of one field of it.
    phones = {name: pl.when(is_owner).then(split_phones(pl.col(name))) for name in ("phone", "mobile")}
    split = records.filter(may_hold_list).with_columns(
        split_emails(pl.col("email")).alias("emails"),
        *(pieces.otherwise(pl.concat_list(name)).alias(f"{name}s") for name, pieces in phones.items()),
    )
    first = split.with_columns(pl.col(f"{name}s").list.first().alias(name) for name in ("email", "phone", "mobile"))
    names = records.collect_schema().names()
    own = pl.concat([records.filter(~may_hold_list), first.select(names)])
    listed = [
        first.filter(is_owner & (pl.col(f"{name}s").list.len() > 1))
        .with_columns(pl.lit(name).alias("point"), pl.col(f"{name}s").list.slice(1).alias("value"))
        .explode("value")
        for name in ("email", "phone", "mobile")
    ]
    if contact_points is not None:
        told = contact_points.select(
            "source", pl.lit("crm").alias("kind"), pl.col("contact_id").alias("source_key"),
            pl.col("kind").alias("point"), "value",
        )  # fmt: skip
        listed.append(own.filter(is_owner).join(told, on=["source", "kind", "source_key"]))
    columns = [*_CARRIED, "source_key", "email", "phone", "mobile", "point", "value"]
    further = pl.concat([rows.select(columns) for rows in listed]).collect()
    return pl.concat([own, _as_records(further, records.collect_schema()).lazy()])


def _as_records(further: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """One record per further point that is not the row's own, each once."""
    said = pl.col("value").str.strip_chars().str.to_lowercase()
    is_own = pl.any_horizontal(
        (said == pl.col(name).str.strip_chars().str.to_lowercase()).fill_null(False)
        for name in ("email", "phone", "mobile")
    )
    points = (
        further.filter(~is_own & (said != "")).with_columns(said.alias("said"))
        .sort("source", "source_key", "point", "value")
        .unique(["source", "kind", "source_key", "said"], keep="first", maintain_order=True)
    )  # fmt: skip
    digests = [hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH] for text in points["said"]]
    keyed = points.with_columns((pl.col("source_key") + "-" + pl.Series(digests, dtype=pl.String)).alias("source_key"))
    filled = keyed.with_columns(
        (pl.col("source") + f":{TABLE_NAME}:" + pl.col("source_key")).alias("record_id"),
        pl.lit(TABLE_NAME).alias("table_name"),
        *(pl.when(pl.col("point") == name).then("value").alias(name) for name in ("email", "phone", "mobile")),
    )
    return filled.select(
        (pl.col(name) if name in filled.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def name_owners(records: pl.LazyFrame) -> pl.LazyFrame:
    """The records of further points, each with the record of its row: record_id, owner_id, source."""
    owner = pl.col("kind").replace_strict(OWNERS, return_dtype=pl.String)
    key = pl.col("source_key").str.head(-(DIGEST_LENGTH + 1))
    return records.filter(pl.col("table_name") == TABLE_NAME).select(
        "record_id", (pl.col("source") + ":" + owner + ":" + key).alias("owner_id"), "source"
    )
