"""Why a value is no number: written beside another currency, or with other marks than `options` declares.

Asked only of the values that were refused, so that it costs nothing where all is well.
"""

import re
from collections.abc import Callable, Iterator

from pipelines.config.connectors import TextOptions
from pipelines.contracts import Column
from pipelines.extracts import casting

THOUSANDS = (" ", "'", ".", ",", "_")
"""What parts thousands in the exports of some country or system."""
HOW_WRITTEN = "do `decimal` and `thousands` under `options` say how it is written?"

Number = Callable[[str], int]


def find_fault(value: str, duckdb_type: str, column: Column, options: TextOptions, number: Number, by: str) -> str:
    """SQL of the number of the fault of ``value``, which is not null and none of the type of ``column``.

    ``number`` gives the number of a reason. ``by`` is all SQL that may have made the value; what `amount()` cannot read
    comes out of it as NaN.
    """
    plain = casting.FAULTS[column.type]
    usual = str(number(plain))
    if not column.is_number:
        return usual
    if not casting.is_text(duckdb_type):
        if duckdb_type not in ("DOUBLE", "FLOAT") or "amount(" not in by.lower().replace(" ", ""):
            return usual
        return f"case when isnan({value}) then {number(f'{plain}; {HOW_WRITTEN}')} else {usual} end"
    cases = [f"when {read} then {number(f'{plain}; {way_out}')}" for read, way_out in _list_ways_out(column, options)]
    marked = f"case {' '.join(cases)} else {usual} end"
    signed = casting.put_sign_in_front(value)
    fault = f"list_transform([{signed}], lambda written: {marked})[1]"
    if column.type in casting.AMOUNTS:
        foreign = casting.names_currency(value)
        return f"case when {foreign} then {number(casting.OTHER_CURRENCY)} else {fault} end"
    return fault


def find_option(reason: str) -> str | None:
    """The first option that ``reason`` says is to be set for the value that it is about first."""
    told = re.match(r"[^;]*; (?:do )?`(decimal|thousands)[:`]", reason)
    return told and told[1]


def _list_ways_out(column: Column, options: TextOptions) -> Iterator[tuple[str, str]]:
    """Conditions on `written`, and what to set where they hold; those that change least first."""

    def reads(changed: TextOptions) -> str:
        return f"{casting.read_number('written', column, changed)} is not null"

    other = "," if options.decimal == "." else "."
    parts = [mark for mark in THOUSANDS if mark not in (options.decimal, options.thousands)]
    fraction = _change(options, other, None if options.thousands == other else options.thousands)
    if other in parts:  # `1,234` may be either, and only who knows the export can tell.
        grouped = _change(options, options.decimal, other)
        both = f"{_say(options, fraction)} under `options` would read it as a fraction, {_say(options, grouped)}"
        yield f"{reads(fraction)} and {reads(grouped)}", f"{both} as thousands"
    ways = [
        fraction,
        *(_change(options, options.decimal, mark) for mark in parts),
        *(_change(options, other, mark) for mark in THOUSANDS if mark not in (other, options.thousands)),
    ]
    for changed in ways:
        yield reads(changed), f"{_say(options, changed)} under `options` would read it"


def _change(options: TextOptions, decimal: str, thousands: str | None) -> TextOptions:
    return options.model_copy(update={"decimal": decimal, "thousands": thousands})


def _say(options: TextOptions, changed: TextOptions) -> str:
    """What is to be written where ``options`` are to become those ``changed``."""
    said = []
    if changed.decimal != options.decimal:
        said.append(f'`decimal: "{changed.decimal}"`')
    if changed.thousands != options.thousands:
        said.append("`thousands: null`" if changed.thousands is None else f'`thousands: "{changed.thousands}"`')
    return " and ".join(said)
