"""Loyalty card numbers: the match key to compare."""

import polars as pl


def card_key(text: pl.Expr) -> pl.Expr:
    """Letters and digits only, in capitals: `C0012345` for `c 001-2345`."""
    return text.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
