"""Loyalty cards and mailboxes as the extracts write them, each with the one that identity compares.

dbt joins tickets, orders and movements of points on these tables, so that it cleans nothing a second time.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from pipelines.contracts import Kind
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.emails import email_key, real_email
from pipelines.identity.standardisation.loyalty_cards import card_key, real_card_key
from pipelines.lake.tables import Lake

Place = tuple[Kind, str, str]

CARDS_WRITTEN: tuple[Place, ...] = (
    ("crm", "contacts", "loyalty_card_id"),
    ("crm", "loyalty_movements", "loyalty_card_id"),
    ("ecommerce", "customers", "loyalty_card_id"),
    ("pos", "members", "loyalty_card_id"),
    ("pos", "tickets", "loyalty_card_id"),
)
"""Where loyalty cards are written: kind, table, column."""

MAILBOXES_WRITTEN: tuple[Place, ...] = (("ecommerce", "orders", "contact_email"), ("pos", "tickets", "receipt_email"))
"""Where mailboxes are written that a transaction may be attributed by."""


def read_cards(lake: Lake, attributes: Mapping[str, Attribute]) -> pl.DataFrame:
    """``identity/loyalty_cards``: one row per card as written; written, loyalty_card_id, is_shared; sorted.

    ``loyalty_card_id`` is the card that records are compared on, null where what is written is none. ``is_shared``:
    more strangers have it than its limit, so that it names nobody.
    """
    attribute = attributes["loyalty_card_id"]
    shared = _find_withdrawn(lake, "card", "loyalty_card_id", card_key)
    return _read(lake, CARDS_WRITTEN, "loyalty_card_id", lambda text: real_card_key(text, attribute), shared)


def read_mailboxes(lake: Lake, attributes: Mapping[str, Attribute]) -> pl.DataFrame:
    """``identity/mailboxes``: one row per e-mail address as written; written, mailbox, is_shared; sorted.

    ``mailbox`` is what records are compared on, null where what is written is no address or means "none".
    """
    attribute = attributes["email"]
    shared = _find_withdrawn(lake, "email", "email", email_key)
    return _read(lake, MAILBOXES_WRITTEN, "mailbox", lambda text: email_key(real_email(text, attribute)), shared)


def _read(
    lake: Lake, places: Sequence[Place], name: str, clean: Callable[[pl.Expr], pl.Expr], shared: pl.Series
) -> pl.DataFrame:
    written = [
        lake.scan(kind, table).select(pl.col(column).alias("written")).drop_nulls().unique()
        for kind, table, column in places
        if lake.has(kind, table)
    ]
    if not written:
        return pl.DataFrame(schema={"written": pl.String, name: pl.String, "is_shared": pl.Boolean})
    distinct = pl.concat(written).unique().sort("written").collect()
    return distinct.with_columns(clean(pl.col("written")).alias(name)).with_columns(
        pl.col(name).is_in(shared.implode()).fill_null(False).alias("is_shared")
    )


def _find_withdrawn(lake: Lake, name: str, column: str, key: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """The values of one match column that were withdrawn from records; their display columns still have them."""
    withdrawn = lake.scan("identity", "records").filter(pl.col("shared_values").str.split(",").list.contains(name))
    return withdrawn.select(key(pl.col(column)).alias("value")).collect()["value"].drop_nulls().unique().sort()
