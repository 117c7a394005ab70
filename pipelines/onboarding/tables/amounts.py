"""What the amounts of an export are, by reckoning: with tax or without, of a line or of its ticket, less a discount."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables.candidates import Candidate
from pipelines.onboarding.tables.matching import Assigned, Match
from pipelines.onboarding.values.number_marks import NumberMarks, find_number_marks

TAXED = ("line_amount", "total_amount", "gross_amount")
LEAST_ROWS = 5  # That tell; fewer agree by chance.
MOSTLY = 0.9
CENT = 0.011  # Of rounding.


def settle_taxes(candidate: Candidate) -> Candidate:
    """The candidate, its amounts with tax: where another column is the one chosen and the tax, that one is meant."""
    match, header = (_settle(candidate.export, each) if each else None for each in (candidate.match, candidate.header))
    return replace(candidate, match=match, header=header)


def is_of_line(export: Export, lines: Match, amount: str) -> bool:
    """Whether ``amount`` is what each line costs: its quantity times its price, with or without its discount."""
    quantity, price = lines.source_of("quantity"), lines.source_of("unit_price")
    if not quantity or not price:
        return amount == lines.source_of("line_amount") and bool(quantity)
    taken = lines.source_of("discount_amount")
    rows = list(_numbers(export, [quantity, price, amount]))
    less = _numbers(export, [quantity, price, amount, taken]) if taken else iter(())
    held = sum(abs(units * each - cost) < CENT for units, each, cost in rows)
    held += sum(bool(off) and abs(units * each - abs(off) - cost) < CENT for units, each, cost, off in less)
    return len(rows) > 0 and held > len(rows) / 2


def is_before_discount(export: Export, lines: Match) -> bool:
    """Whether what lines cost is told as if their discount had not been taken off."""
    columns = [lines.source_of(name) for name in ("quantity", "unit_price", "line_amount", "discount_amount")]
    named = [column for column in columns if column]
    if len(named) < len(columns):
        return False
    told = [row for row in _numbers(export, named) if row[3]]
    held = sum(abs(units * each - cost) < CENT for units, each, cost, _ in told)
    return len(told) >= LEAST_ROWS and held >= MOSTLY * len(told)


def _settle(export: Export, match: Match) -> Match:
    tax = match.source_of("tax_amount") or _find_tax(export)
    if tax is None:
        return match
    assigned: dict[str, Assigned] = dict(match.assigned)
    for column in TAXED:
        chosen = match.source_of(column)
        taxed = chosen and next((each for each in export.columns if _is_sum(export, chosen, tax, each)), None)
        if not chosen or not taxed:
            continue
        assigned = {name: each for name, each in assigned.items() if each.source != taxed or name in TAXED[:2]}
        assigned[column] = Assigned(taxed, assigned[column].score)
    if assigned.get("gross_amount") and assigned["gross_amount"].source == _source(assigned, "total_amount"):
        del assigned["gross_amount"]
    return replace(match, assigned=assigned)


def _source(assigned: Mapping[str, Assigned], column: str) -> str | None:
    return assigned[column].source if column in assigned else None


def _find_tax(export: Export) -> str | None:
    """The one column of amounts of tax, by its header; lines have no such canonical column."""
    named = [
        column
        for column in export.columns
        if re.search(r"(?i)\b(?:tva|vat|tax(?:es)?|taxe)\b", column) and export.shapes[column].are_fractions
    ]
    return next((column for column in named if not re.search(r"(?i)\b(?:inc|incl|ex|excl)\b|%", column)), None)


def _is_sum(export: Export, net: str, tax: str, gross: str) -> bool:
    """Whether ``gross`` is ``net`` and ``tax`` together, in rows with a tax."""
    if len({net, tax, gross}) < 3 or not export.shapes[gross].are_numbers:
        return False
    told = [row for row in _numbers(export, [net, tax, gross]) if row[1]]
    held = sum(abs(without + part - whole) < CENT for without, part, whole in told)
    return len(told) >= LEAST_ROWS and held >= MOSTLY * len(told)


def _numbers(export: Export, columns: Sequence[str]) -> Iterator[tuple[float, ...]]:
    """The rows in which all of the columns are numbers."""
    shapes = [export.shapes[column] for column in columns]
    marks = find_number_marks([shape.sample for shape in shapes if shape.are_numbers and not shape.date])
    if marks is None:
        return
    for cells in zip(*(export.cells(column) for column in columns), strict=True):
        numbers = [_read(cell, marks) for cell in cells]
        if None not in numbers:
            yield tuple(number for number in numbers if number is not None)


def _read(cell: str | None, marks: NumberMarks) -> float | None:
    plain = re.sub(rf"[^\d{re.escape(marks.decimal)}]", "", cell or "").replace(marks.decimal, ".")
    if not cell or not re.fullmatch(r"\d+\.?\d*", plain):
        return None
    return -float(plain) if re.search(r"[-−–(]", cell) else float(plain)
