"""How well the values of a column go with what its header makes of it."""

import re

from pipelines.contracts import Table
from pipelines.headers.vocabulary import LIKELY, SURE, Vocabulary
from pipelines.onboarding.values.shapes import Shape

FEW_ROWS = 20
BY_VALUES = 0.62  # What a column's values alone are worth: enough to be written, with the remark that it was so.
_HASH = re.compile(r"[0-9a-f]{32,64}|[A-Za-z0-9+/]{22,}={1,2}")
_NUMBERED = re.compile(r"\W*[A-Za-z]{0,4}\W*\d{3,}\D{0,3}")  # `#1001` is the name of an order.
_NO_FRACTIONS = ("postcode", "payment_kind", "cashier_id", "coupon_code", "currency")
_NAMES = ("first_name", "last_name", "full_name", "city", "civility")


def weigh(
    header: float, shape: Shape, table: Table, column: str, vocabulary: Vocabulary, *, is_bare: bool = False
) -> float:
    """The score of a header, corrected by what the values say: 0 where they cannot be what it says.

    ``is_bare``: the header says that it is an id, and not of what.
    """
    named = {each.name for each in table.columns}
    plain = column.removeprefix("contact_") if column != "contact_id" else column
    if shape.is_empty:
        return min(header, 0.85) if header >= LIKELY else 0.0
    if plain in ("email", "receipt_email"):
        return _weigh_mail(header, shape)
    if plain in ("phone", "mobile"):
        return _weigh_phone(header, shape, is_mobile=plain == "mobile")
    if plain == "birth_date" and header < LIKELY:
        return BY_VALUES if shape.are_births else 0.0
    if header < 0.3:
        return 0.0
    return header * _fit(shape, table, column, plain, vocabulary, is_bare=is_bare and "quantity" in named)


def _weigh_mail(header: float, shape: Shape) -> float:
    if shape.are_mails:
        return max(header, BY_VALUES + 0.2 * (header > 0.3))
    is_hashed = sum(bool(_HASH.fullmatch(value)) for value in shape.sample) >= 0.5 * len(shape.sample)
    has_some = any("@" in value for value in shape.sample)
    return header if header >= SURE and (is_hashed or has_some) else header * 0.5


def _weigh_phone(header: float, shape: Shape, *, is_mobile: bool) -> float:
    if shape.are_phones:
        by_values = BY_VALUES if shape.are_mobiles == is_mobile else BY_VALUES - 0.1
        return max(header, by_values)
    has_digits = sum(sum(map(str.isdigit, value)) >= 6 for value in shape.sample) >= 0.3 * len(shape.sample)
    return header if has_digits and not shape.are_fractions and shape.date is None else header * 0.3


def _fit(shape: Shape, table: Table, column: str, plain: str, vocabulary: Vocabulary, *, is_bare: bool) -> float:
    """From 0 (they cannot be) to 1 (they may well be). ``is_bare``: the header says that it is an id, not of what."""
    declared = next((each for each in table.columns if each.name == column), None)
    if column == "time_of_day":
        return float(shape.time is not None)
    if declared is not None and declared.type in ("date", "timestamp"):
        return float(shape.date is not None)
    if declared is not None and declared.is_number:
        return float(shape.are_numbers and not shape.are_phones)
    if declared is not None and declared.type == "boolean":
        return float(shape.are_booleans or shape.distinct <= 2)
    if declared is not None and declared.values:
        known = sum(vocabulary.value_of(table, column, value) is not None for value in shape.commonest[:50])
        return 1.0 if known else 0.6
    return _fit_text(shape, column, plain, is_bare=is_bare)


def _fit_text(shape: Shape, column: str, plain: str, *, is_bare: bool) -> float:
    """The same of columns of text: names are no numbers, ids no fractions."""
    if plain in _NAMES:
        is_numbered = sum(bool(_NUMBERED.fullmatch(value)) for value in shape.sample) > len(shape.sample) / 2
        return float(not is_numbered and not shape.are_numbers and not shape.are_mails and shape.date is None)
    if plain in ("name", "product_name"):
        return 0.3 if shape.are_numbers or shape.are_mails or shape.date else 1.0
    if shape.are_fractions and (column.endswith("_id") or plain in _NO_FRACTIONS):
        return 0.0
    if plain == "postcode":
        return float(any(map(_has_digit, shape.sample)))
    if column == "loyalty_card_id":
        return float(sum(map(_has_digit, shape.sample)) >= 0.8 * len(shape.sample) and not shape.are_booleans)
    if column == "product_id" and shape.rows > FEW_ROWS and shape.distinct == shape.rows and is_bare:
        return 0.0  # Of lines, that is the line's own.
    if column in ("account_id", "contact_id", "member_id") and _are_names(shape):
        return 0.0
    if column == "order_id" and not any(map(_has_digit, shape.sample)):
        return 0.0
    if column.endswith("_id"):
        is_digit = all(value.isdigit() for value in shape.sample)
        is_flag = shape.are_booleans and (not is_digit or (shape.rows > 20 and column != "store_id"))
        return float(not is_flag)
    return 1.0


def _are_names(shape: Shape) -> bool:
    """Whether most values are of several words and no number: people, and not their ids."""
    names = sum(" " in value and not _has_digit(value) for value in shape.sample)
    return names > len(shape.sample) / 2


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))
