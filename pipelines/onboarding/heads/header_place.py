"""Where the header of a table of texts stands: below the title lines that tills and spreadsheets put above it."""

from collections import Counter
from collections.abc import Sequence

from pipelines.extracts.column_names import looks_like_values

LOOKED_AT = 40  # Lines; a title, a period and a filter above a table are never more.


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Which of ``rows`` (the first ones) is the header, from 0: the first one that is as wide as most rows.

    Title lines have fewer cells that are not empty.
    """
    widths = [sum(bool(cell.strip()) for cell in row) for row in rows]
    cells = Counter(len(row) for row in rows if len(row) > 1)
    if not cells:
        return 0
    usual = max(cells.items(), key=lambda item: (item[1], item[0]))[0]
    wide = [width for row, width in zip(rows, widths, strict=True) if len(row) == usual]
    enough = max(2, sorted(wide)[len(wide) // 2] / 2)
    for number, (row, width) in enumerate(zip(rows, widths, strict=True)):
        if len(row) == usual and width >= enough and not looks_like_values(row):
            return number
    return next((number for number, row in enumerate(rows) if len(row) == usual), 0)
