"""Who is nobody: a record that is left with nothing by which its person could be told from others.

Shops write the same words over the name, mailbox and address of everybody whom they erase; tills write them for
everybody who gave none. Such records are left out of ``identity/records``: what they bought is anonymous, and an id
that has no other record is retired.
"""

import polars as pl

NAMES = ("first_key", "last_key")
CONTACTS = ("email_key", "mobile_key", "landline_key", "birth_key", "street_key", "card_key")

SAYS_NOBODY = "says_nobody"
"""Column of cleaned records: whether a name or a mailbox said that there is nobody, in place of one."""

REPEATED_TEXT = "repeated_text"
_REPEATED_IN = {"first_name": "folded_first", "last_name": "folded_last", "address": "folded_address",
                "city": "folded_city"}  # fmt: skip
_WITHOUT_NUMBER = ("orders", "tickets", "contact_points")  # No number of a person is behind them.
_SHOWN = ("email", "phone", "mobile", "loyalty_card_id")


def is_somebody() -> pl.Expr:
    """Whether a complete record belongs into ``identity/records``.

    An order or a ticket does not where nothing identifies its buyer. A contact, an account or a member is somebody
    whatever is known, since the system knows them by a number, unless it says itself that there is nobody.
    """
    tells = pl.any_horizontal(pl.col(column).is_not_null() for column in (*NAMES, *CONTACTS))
    can_be_reached = pl.any_horizontal(pl.col(column).is_not_null() for column in _SHOWN)
    is_registered = ~pl.col("table_name").is_in(_WITHOUT_NUMBER)
    return tells | (is_registered & (can_be_reached | ~pl.col(SAYS_NOBODY)))


def find_repeated_text() -> pl.Expr:
    """``repeated_text``: the text that stands in three of first name, surname, street and city; null for none.

    No person lives so: something wrote it over all of them, in whatever language.
    """
    first, last, street, city = (pl.when(pl.col(column) != "").then(pl.col(column)) for column in _REPEATED_IN.values())
    thrice = [(first, last, street), (first, last, city), (first, street, city), (last, street, city)]
    return pl.coalesce(pl.when((one == two) & (two == three)).then(one) for one, two, three in thrice).alias(
        REPEATED_TEXT
    )


def is_repeated(field: str) -> pl.Expr:
    """Whether a field holds the repeated text; a mailbox, whether its user is that text."""
    if field == "email":
        text = pl.col("folded_user").str.replace(r"[\d ]+$", "")
    elif field in _REPEATED_IN:
        text = pl.col(_REPEATED_IN[field])
    else:
        return pl.lit(value=False)
    return (text == pl.col(REPEATED_TEXT)).fill_null(False)
