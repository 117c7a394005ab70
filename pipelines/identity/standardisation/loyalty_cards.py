"""Loyalty card numbers: the one place that decides which spellings are one card, and which are none."""

import polars as pl

from pipelines.identity.standardisation.attributes import Attribute, is_real
from pipelines.identity.standardisation.names import fold

# A spreadsheet rounds a long number when it shows it as a power of ten: `2,50E+12` has been a thousand different cards.
# `2E12` may be a card of letters and digits, so that a decimal mark or a sign is asked for.
POWER_OF_TEN = r"^'?(?:\d+[.,]\d+[Ee][+-]?\d+|\d+[Ee][+-]\d+)$"
# What it shows in place of a value that it could not compute.
SPREADSHEET_ERROR = r"(?i)^#(?:REF|VALUE|VALEUR|NAME|NOM|DIV/0|NUM|NOMBRE|NULL|NUL|N/A)[!?]?$"


def plain_card(text: pl.Expr) -> pl.Expr:
    """The number as it was before a spreadsheet or a float column changed it; null where that cannot be known.

    `250155566677.0` is 250155566677. A lost leading zero is not put back: how long a number was, nobody can tell.
    """
    trimmed = text.str.normalize("NFKC").str.strip_chars()
    whole = trimmed.str.replace(r"^('?\d+)[.,]00?$", "${1}")
    return pl.when(~whole.str.contains(POWER_OF_TEN) & ~whole.str.contains(SPREADSHEET_ERROR)).then(whole)


def card_key(text: pl.Expr) -> pl.Expr:
    """Letters and digits only, in capitals: `C0012345` for `c 001-2345`; null where there are none."""
    key = plain_card(text).str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    return pl.when(key != "").then(key)


def real_card_key(text: pl.Expr, attribute: Attribute) -> pl.Expr:
    """The :func:`card_key`; null also where the value is declared to mean "none", however it is punctuated."""
    key = card_key(text)
    means_a_card = is_real(fold(plain_card(text)), key, attribute) & is_real(key.str.to_lowercase(), key, attribute)
    return pl.when(means_a_card).then(key)
