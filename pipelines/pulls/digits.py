"""How many digits a number has, looked at before it is reckoned with: one of few signs may be larger than memory."""

from decimal import Decimal


def has_at_most(number: Decimal, digits: int) -> bool:
    """Whether a finite ``number`` has no more than so many on either side of the point."""
    exponent = number.as_tuple().exponent
    return number.adjusted() <= digits and isinstance(exponent, int) and exponent >= -digits
