"""What was found of a source's files beside their rows: how they are written, and which columns are of no use."""

from dataclasses import dataclass

from pipelines.config.connectors import TableMapping
from pipelines.contracts import Table
from pipelines.extracts.connectors.protocol import FileShape
from pipelines.extracts.named_rows import NamedRows, list_mentioned
from pipelines.extracts.opening import OpenedTable


@dataclass(frozen=True)
class SourceShape:
    """The files of one source's table, and those that its query reads beside them.

    ``is_whole``: all their rows were read. ``without`` are the columns that its SQL speaks of, an export may lack, and
    this one does: they are empty. ``read`` and ``unread`` are the columns of the files by whether anything of the table
    reads them, as the export spells them.
    """

    files: tuple[FileShape, ...]
    beside: tuple[FileShape, ...]
    is_whole: bool
    without: tuple[str, ...]
    read: tuple[str, ...]
    unread: tuple[str, ...]


def describe_source(opened: OpenedTable, declared: TableMapping, table: Table) -> SourceShape:
    """What there is to say of the files that were opened for ``table``, before their rows are read."""
    rows, mentioned = opened.rows, list_mentioned(declared.written_sql)
    canonical = {column.name for column in table.columns} - declared.columns.keys()
    originals = rows.originals if isinstance(rows, NamedRows) else {}
    added = rows.missing if isinstance(rows, NamedRows) else ()
    is_added = frozenset(added)
    read: list[str] = []
    unread: list[str] = []
    for name in rows.columns:
        if name not in is_added:
            is_read = name.lower() in mentioned or name.lower() in canonical
            (read if is_read else unread).append(originals.get(name, name))
    return SourceShape(
        files=rows.shapes,
        beside=tuple(shape for each in opened.relations.values() for shape in each.shapes),
        is_whole=rows.is_whole,
        without=tuple(name for name in added if name.lower() in mentioned),
        read=tuple(read),
        unread=tuple(unread),
    )
