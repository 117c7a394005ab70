"""The numbers of a table as a CSV file that lies in the page itself: a link that downloads without a script."""

import csv
import io
import re
from urllib.parse import quote

from pipelines.report.tables import Table
from pipelines.warehouse.export import DEFUSING

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By which spreadsheets know the text for UTF-8."""

SAFE = ",;:/()*+!$'=@~-_."
"""What a data address may hold as it is."""


def link_csv(table: Table) -> str:
    """The address of the table's rows as CSV: RFC 4180 in UTF-8, under the labels of its columns.

    Values are raw whatever the language: a point before decimals, shares of 1, ISO dates, nothing for none.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_defuse(column.label) for column in table.columns)
    writer.writerows([cell.raw if cell.is_number else _defuse(cell.raw) for cell in row] for row in table.rows)
    return f"data:text/csv;charset=utf-8,{quote(BYTE_ORDER_MARK + text.getvalue(), safe=SAFE)}"


def _defuse(text: str) -> str:
    """A name that the retailer chose is no formula."""
    for pattern, quoted in DEFUSING:
        text = re.sub(pattern, quoted, text)
    return text
