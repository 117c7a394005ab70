"""What an answer of a web API is made of, looked at before it is believed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pipelines.pulls.errors import SourceError, TableError

MOST_DIGITS = 40  # No id and no version has more, and Python reads no more than some thousands.
Read = TypeVar("Read")
MOST_COUNTED = 10**15  # Of rows, or of milliseconds since 1970. One number of few signs may be larger than memory.


def read_rows(
    document: Any, name: str, told_by: str, shown: str, *, needed: str | None = None, is_number: bool = False
) -> list[dict[str, Any]]:
    """The list ``name`` of an answer, of objects that all have ``needed``, where told a whole number.

    ``told_by`` is what messages call the API, ``shown`` what is listed. Raises SourceError.
    """
    rows = document.get(name) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise SourceError(f"{told_by} answers with no list of {shown}.", is_passing=True)
    if not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{told_by} lists {shown} in another shape than Parcours knows.")
    if needed is not None and not all(_is_there(row.get(needed), is_number=is_number) for row in rows):
        raise SourceError(f"{told_by} lists {shown} in another shape than Parcours knows: `{needed}` is missing.")
    return rows


def _is_there(value: Any, *, is_number: bool) -> bool:
    if isinstance(value, bool) or value in (None, ""):
        return False
    return isinstance(value, int | str) and (not is_number or _is_number(str(value)))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MOST_DIGITS


def read_count(value: Any) -> int | None:
    """How many there are, whichever way it is written (3, 3.0, "3"); None where it is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    is_count = number.is_finite() and 0 <= number <= MOST_COUNTED and number == number.to_integral_value()
    return int(number) if is_count else None


def read_known(read: Callable[[Any], Read], told: Any, shown: str) -> Read:
    """What ``read`` makes of what an API ``told`` of ``shown``. Raises TableError where it has another form."""
    with suppress(LookupError, TypeError, AttributeError, ArithmeticError):
        return read(told)
    # Outside of a handler, whose error may have a value.
    raise TableError(f"{shown} comes in another form than this version of the API has.")


def reach(document: Any, *names: str) -> Any:
    """What lies in an answer behind ``names``, one within the other; None where one of them is not there."""
    for name in names:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document
