"""Square's amounts, whole numbers of the smallest unit of a currency, as amounts of the currency."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_NONE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
DIGITS: Mapping[str, int] = {**dict.fromkeys(_NONE, 0), **dict.fromkeys(_THREE, 3)}
"""Digits behind the point, of the currencies that have not two (ISO 4217)."""


def read_money(money: Any) -> Decimal:
    """An amount; 0 where there is none. Raises TypeError and KeyError where it has another shape."""
    if money is None:
        return Decimal(0)
    amount, currency = money["amount"], money["currency"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(currency, str):
        raise TypeError
    return Decimal(amount) * smallest_unit(currency)


def smallest_unit(currency: str) -> Decimal:
    """0.01 of EUR, 1 of JPY."""
    return Decimal(1).scaleb(-DIGITS.get(currency, 2))
