"""Ids of accounts and members that are none: what shops and tills write on the orders and tickets of guests."""

import polars as pl

from pipelines.identity.standardisation.names import fold

# WooCommerce and Magento write 0, exports of other shops a word; a database without a null, the GUID of zeros.
NO_ACCOUNT = (
    "guest", "guest customer", "invite", "invitee", "client invite", "visiteur", "visitor", "anonymous", "anonyme",
    "null", "none", "nil", "nan", "na", "n a", "nc", "undefined", "unknown", "inconnu", "aucun", "sans", "sans compte",
    "no account", "not logged in", "non connecte",
)  # fmt: skip


def names_no_account(account_id: pl.Expr) -> pl.Expr:
    """Whether an account id is missing, blank or a way to say "none"; never null."""
    digits = account_id.str.replace_all(r"[^\p{L}\p{N}]", "")
    says_none = (
        fold(account_id).is_in(NO_ACCOUNT) | digits.str.contains("^0*$") | (account_id.str.strip_chars() == "-1")
    )
    return says_none.fill_null(True)


def drop_orders_of_accounts(guest_orders: pl.LazyFrame, customers: pl.LazyFrame) -> pl.LazyFrame:
    """``guest_orders`` (of which :func:`names_no_account` holds) without those of a shop that has such an account."""
    accounts = customers.filter(names_no_account(pl.col("account_id"))).select("source", "account_id")
    return guest_orders.join(accounts, on=["source", "account_id"], how="anti")
