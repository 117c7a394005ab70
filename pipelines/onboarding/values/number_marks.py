"""Which marks a file's numbers use: decimal comma or point, and what parts the thousands."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.extracts.currency_signs import SIGNS

ENOUGH = 0.9
_SIGNS = sorted({sign for signs in SIGNS.values() for sign in signs} | set(SIGNS), key=lambda sign: (-len(sign), sign))
_SIGN = "|".join(map(re.escape, _SIGNS))
_NUMBER = re.compile(
    rf"[(+\-−–]?\s*(?:(?:{_SIGN})\s*)?[+\-−–]?\s*(?P<digits>\d[\d .,'’]*)\s*[)\-]?\s*(?:{_SIGN})?\s*[)\-]?",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"\d+(?:(?P<group>[ .,'’])\d{3}(?:(?P=group)\d{3})*)?(?:(?P<decimal>[.,])(?P<cents>\d*))?")


@dataclass(frozen=True)
class NumberMarks:
    """``decimal`` is `.` or `,`; ``thousands`` a character or None. ``is_open``: `1,234` may be either."""

    decimal: str = "."
    thousands: str | None = None
    is_open: bool = False


def is_number(value: str) -> bool:
    """Whether a text is a number, with whichever marks, perhaps beside a currency."""
    matched = _NUMBER.fullmatch(value)
    return bool(matched) and bool(_SHAPE.fullmatch(_digits(matched)))


def are_numbers(values: Sequence[str]) -> bool:
    return bool(values) and sum(map(is_number, values)) >= ENOUGH * len(values)


def has_decimals(values: Iterable[str]) -> bool:
    """Whether any of the numbers has a fraction: ids never do."""
    return any(re.search(r"\d[.,]\d{1,2}(?!\d)", value) for value in values)


def find_number_marks(columns: Iterable[Sequence[str]]) -> NumberMarks | None:
    """The marks that all number columns of a file share; None where columns contradict each other."""
    decimals: set[str] = set()
    groups: set[str] = set()
    open_marks: set[str] = set()
    for values in columns:
        for value in values:
            matched = _NUMBER.fullmatch(value)
            shape = _SHAPE.fullmatch(_digits(matched)) if matched else None
            if shape is None:
                continue
            group, decimal = shape["group"], shape["decimal"]
            if decimal:
                decimals.add(decimal)
                groups |= {group} if group else set()
            elif group in (".", ","):
                repeated = _digits(matched).count(group) > 1
                (groups if repeated else open_marks).add(group)
            elif group:
                groups.add(group)
    return _settle(decimals, groups, open_marks)


def _settle(decimals: set[str], groups: set[str], open_marks: set[str]) -> NumberMarks | None:
    """`1,234` is a group where the point is the decimal mark, and a fraction where the comma is."""
    if len(decimals) > 1 or len(groups) > 1:
        return None
    if not decimals:
        if groups & {".", ","}:
            group = next(iter(groups))
            return NumberMarks("," if group == "." else ".", group)
        if len(open_marks) == 1:
            return NumberMarks(next(iter(open_marks)), next(iter(groups), None), is_open=True)
        return NumberMarks(thousands=next(iter(groups), None)) if not open_marks else None
    decimal = next(iter(decimals))
    return NumberMarks(decimal, next(iter(groups | (open_marks - decimals)), None))


def _digits(matched: re.Match[str] | None) -> str:
    return matched["digits"].strip().replace("\u00a0", " ").replace("\u202f", " ") if matched else ""
