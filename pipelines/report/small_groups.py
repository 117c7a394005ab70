"""Nothing about fewer than five people: what is hidden between the marts and everything that is drawn from them.

Whoever asks the marts says whom the rows are about (:class:`About`), and gets them with what rests on a few hidden as
None. Titles, charts, tables and exports are made of these rows, so none of them can show it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

FEW = 5
"""Customers or answers below whom nothing is told: of so few, colleagues and neighbours can tell who is meant. Five is
the smallest of the minima that statistical offices ask for."""


@dataclass(frozen=True)
class About:
    """Whom the rows of a query are about.

    ``people`` is the column that counts the people (or answers) behind a row. Every number of it rests on them, but
    for those that ``apart`` gives a count of their own, by column, and those of ``free``, which tell rows apart or are
    about nobody (a score, a month's number, what was spent on advertising). ``wholes``: rows that add up to a number
    that is known, as the columns that are the same in them; ``()`` for all rows. No whole at all where rows overlap.
    """

    people: str
    apart: Mapping[str, str] = field(default_factory=dict)
    free: Collection[str] = ()
    wholes: Sequence[Sequence[str]] = ((),)


NOBODY = About("")
"""Rows that are about no customers: days, definitions, what stores and products are called."""


def smallest_side(part: str, whole: str) -> str:
    """SQL of the count that a share rests on: the smaller of those in the part and those out of it, of whom there are
    any. Who reads that 23 of 25 came back knows as much about the two others."""
    return f"least(coalesce(nullif({part}, 0), {whole}), coalesce(nullif(({whole}) - ({part}), 0), {whole}), {whole})"


def screen(rows: Sequence[dict[str, Any]], about: About) -> list[dict[str, Any]]:
    """``rows`` without what rests on a few, in the order given.

    A number is hidden where the count behind it is above 0 and below :data:`FEW`, and a whole number of so many always.
    Where one part of a whole is hidden, or the hidden ones together are few, the next smallest is hidden as well: the
    total less the others would give it away. Raises KeyError where a column that ``about`` names is not in the rows.
    """
    if about is NOBODY or not rows:
        return [dict(row) for row in rows]
    columns = [name for name in rows[0] if name not in about.free and any(_is_number(row[name]) for row in rows)]
    counts = {about.people, *about.apart.values()}
    for name in (*counts, *about.apart, *about.free, *(name for whole in about.wholes for name in whole)):
        rows[0][name]
    resting = {
        count: [name for name in columns if about.apart.get(name, _own(name, counts, about)) == count]
        for count in counts
    }
    screened = [dict(row) for row in rows]
    for count, names in resting.items():
        for place in _hide([row[count] for row in rows], rows, about.wholes):
            screened[place] |= dict.fromkeys(names)
    for row in screened:
        row |= {name: None for name in columns if isinstance(row[name], int) and is_few(row[name])}
    return screened


def is_few(people: float | Decimal | None) -> bool:
    """Whether so many are a few; nobody is not."""
    return people is not None and 0 < people < FEW


def has_numbers(rows: Sequence[dict[str, Any]], column: str) -> bool:
    """Whether anything is left to show in a column."""
    return any(row[column] is not None for row in rows)


def _own(name: str, counts: Collection[str], about: About) -> str:
    """A count rests on itself."""
    return name if name in counts else about.people


def _hide(people: Sequence[Any], rows: Sequence[dict[str, Any]], wholes: Sequence[Sequence[str]]) -> set[int]:
    """The places of the rows to hide, by the people of each."""
    hidden = {place for place, count in enumerate(people) if is_few(count)}
    parts = [part for whole in wholes for part in _divide(rows, whole)]
    is_settled = False
    while not is_settled:
        is_settled = True
        for part in parts:
            for place in _find_cover(part, people, hidden):
                hidden.add(place)
                is_settled = False
    return hidden


def _divide(rows: Sequence[dict[str, Any]], whole: Sequence[str]) -> Iterator[list[int]]:
    """The places of the rows of each whole."""
    places: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(tuple(row[name] for name in whole), []).append(place)
    yield from places.values()


def _find_cover(part: Sequence[int], people: Sequence[Any], hidden: Collection[int]) -> Iterator[int]:
    """The next row to hide with those of a whole that are hidden, until they are two and together no few."""
    among = [place for place in part if place in hidden]
    if not among or (len(among) > 1 and sum(people[place] for place in among) >= FEW):
        return
    shown = [place for place in part if place not in hidden and (people[place] or 0) > 0]
    if shown:
        yield min(shown, key=lambda place: (people[place], place))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
