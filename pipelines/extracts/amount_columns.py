"""Which columns of a source hold amounts, as far as the mapping shows, so that a currency beside one is no part of it.

A sign may just as well belong to a text (a coupon called `10 €`), so it is the use of a column that tells.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from pipelines.config.connectors import TableMapping
from pipelines.contracts import Table

_NUMERIC = r"(?:decimal|numeric|double|float|real|bigint|int|integer)\b"
_CAST = re.compile(rf"(cast\s*\()|\bas\s+{_NUMERIC}", re.IGNORECASE)
_CALL = re.compile(r"(\b(?:sum|avg|abs|round|amount)\s*\()|\)", re.IGNORECASE)
_SHORT_CAST = re.compile(rf"(?:\"[^\"]+\"|\b\w++)\s*+::\s*{_NUMERIC}", re.IGNORECASE)


def amount_columns(table: Table, declared: TableMapping, columns: Collection[str], signs: Iterable[str]) -> set[str]:
    """Of the source's ``columns``, those that become a number as they are, or in SQL that makes no text of them.

    SQL that speaks of the currency's ``signs`` deals with them itself.
    """
    columns = dict.fromkeys(columns)
    spelled = {column.lower(): column for column in columns}
    numbers: set[str] = set()
    in_numbers: set[str] = set()
    in_texts: set[str] = set()
    sign = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, signs))})(?!\w)")
    for column in () if declared.query else table.columns:
        written = declared.columns.get(column.name, spelled.get(column.name.lower()))
        if written in columns:
            (numbers if column.is_number else in_texts).add(str(written))
        elif written and column.is_number and not sign.search(written):
            in_numbers |= _mentioned(written, columns)
        elif written:
            in_texts |= _mentioned(written, columns)
    for sql in (declared.where, declared.query):
        if sql and not sign.search(sql):
            found = [*_list_within(_CAST, sql), *_list_within(_CALL, sql), *_SHORT_CAST.findall(sql)]
            in_numbers |= _mentioned(" ".join(found), columns)
    return numbers | (in_numbers - in_texts)


def _list_within(bounds: re.Pattern[str], sql: str) -> Iterator[str]:
    """What stands between each beginning, the group of ``bounds``, and the first end after it; each is met once."""
    begun: int | None = None
    for bound in bounds.finditer(sql):
        if bound[1] and begun is None:
            begun = bound.end()
        elif not bound[1] and begun is not None:
            yield sql[begun : bound.start()]
            begun = None


def _mentioned(sql: str, columns: Iterable[str]) -> set[str]:
    lowered = sql.lower()  # Most columns are nowhere in it, and need no expression made of them.
    mentioned = (name for name in columns if name.lower() in lowered)
    return {name for name in mentioned if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE)}
