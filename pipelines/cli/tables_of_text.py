"""Tables that a terminal shows: columns set under each other."""

from collections.abc import Sequence
from typing import Any


def lay_out(header: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[int]) -> list[str]:
    """The lines of a table; the columns ``numbers`` are set to the right."""
    widths = [max(len(str(row[column])) for row in (header, *rows)) for column in range(len(header))]
    is_number = [column in numbers for column in range(len(header))]
    return [
        "  ".join(
            f"{cell:>{width}}" if number else f"{cell:<{width}}"
            for cell, width, number in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]
