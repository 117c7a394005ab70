"""What tells the tickets or orders of an export apart, and which of its columns are the whole ticket's."""

import re
from collections import defaultdict
from collections.abc import Sequence

from pipelines.onboarding.exports.export import Export

FEW = 0.02  # Of the keys; a ticket over midnight is one, and no reason for another key.
LEAST_GROUPS = 3  # With several rows each; fewer show nothing.


def find_key(export: Export, key: str, further: Sequence[str]) -> tuple[str, ...]:
    """``key`` with those of the ``further`` columns without which one number is that of several tickets.

    A till counts from 1 again every morning, and every store has a ticket 1.
    """
    chosen = [key]
    for column in further:
        groups = _group(export, chosen, column, day_only=True)
        repeated = [values for values in groups.values() if values[1] > 1]
        mixed = sum(len(values[0]) > 1 for values in repeated)
        if repeated and mixed > FEW * len(repeated):
            chosen.append(column)
    return (*chosen[1:], key)


def is_constant(export: Export, key: Sequence[str], column: str) -> bool:
    """Whether ``column`` has one value a key, where keys have several rows: it is then of the whole ticket.

    Keys with nothing but zeros show neither: so does a discount of single lines where none was given.
    """
    repeated = [values for values, count in _group(export, key, column).values() if count > 1]
    telling = [values for values in repeated if not all(map(_is_nothing, values))]
    return len(telling) >= LEAST_GROUPS and sum(len(values) > 1 for values in telling) <= FEW * len(telling)


def is_key(export: Export, column: str) -> bool:
    """Whether every row of each file has its own value of ``column``; rows that are repeated as a whole are one."""
    number = 0
    cells = list(export.cells(column))
    for head in export.heads:
        own = cells[number : number + len(head.rows)]
        number += len(head.rows)
        rows = {(cell, tuple(map(str, row))) for cell, row in zip(own, head.rows, strict=True)}
        if None in own or len({cell for cell, _ in rows}) < len(rows):
            return False
    return True


def _is_nothing(value: str | None) -> bool:
    return value is None or not re.search(r"[1-9A-Za-z]", value)


def _group(
    export: Export, key: Sequence[str], column: str, *, day_only: bool = False
) -> dict[tuple[str | None, ...], tuple[set[str | None], int]]:
    """Per key the different values of ``column``, and the number of its rows."""
    values: defaultdict[tuple[str | None, ...], set[str | None]] = defaultdict(set)
    counts: defaultdict[tuple[str | None, ...], int] = defaultdict(int)
    is_moment = day_only and export.shapes[column].date is not None
    for cells in zip(*(export.cells(name) for name in (*key, column)), strict=True):
        *place, value = cells
        if place[-1] is None:
            continue
        values[tuple(place)].add(value.split(" ")[0].split("T")[0] if is_moment and value else value)
        counts[tuple(place)] += 1
    return {place: (values[place], counts[place]) for place in values}


def overlap(one: Export, column: str, other: Export, named: str) -> float:
    """The share of the different values of ``named`` in ``other`` that ``column`` of ``one`` knows."""
    known = {value for value in one.cells(column) if value}
    asked = {value for value in other.cells(named) if value}
    return len(asked & known) / len(asked) if asked else 0.0
