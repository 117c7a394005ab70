"""What one source gives for one canonical table, opened: the rows of `from`, and those of `with` beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.config.connectors import Source
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts.connectors.protocol import KnownFile, Rows
from pipelines.extracts.connectors.registry import CONNECTORS
from pipelines.extracts.named_rows import name_rows


def place_error(error: ExtractError, sources: Sources, source: Source, table: Table) -> ExtractError:
    """``error`` with the file, line, source, table and preset that it is about."""
    line, preset = sources.line(source.name, table.name, *error.at), source.tables[table.name].preset
    at = sources.file if line is None else f"{sources.file}:{line}"
    of = f", preset {preset}" if preset else ""
    placed = f"{at}, source {source.name}, table {table.path}{of}: {error}"
    return type(error)(placed, at=error.at, parts=error.parts)


@dataclass(frozen=True)
class OpenedTable:
    """The rows of one source's table, and those that its query reads beside them, by name.

    ``empty`` are the relations that the source does not have, with the columns that they would have.
    """

    rows: Rows
    relations: Mapping[str, Rows]
    empty: Mapping[str, tuple[str, ...]]

    @property
    def every(self) -> tuple[Rows, ...]:
        """The rows of all files."""
        return (self.rows, *self.relations.values())

    @property
    def paths(self) -> list[Path]:
        """The files that are read."""
        return [path for rows in self.every for path in rows.paths]

    @property
    def files(self) -> list[str]:
        """The same, as messages call them."""
        return [file for rows in self.every for file in rows.files]


def open_table(
    sources: Sources,
    source: Source,
    table: Table,
    scratch: Path,
    most: int | None = None,
    known: Mapping[str, KnownFile] = MappingProxyType({}),
) -> OpenedTable:
    """Opens what ``source`` declares for ``table``; ``scratch`` is a folder for all sources of the table.

    Of the rows, ``most`` are enough; what a query looks up beside them is read as a whole. The rows of files that are
    ``known``, by what messages call them, are left out.

    Raises ExtractError where there is nothing to read, it cannot be read, or lacks a column that it must have.
    """
    try:
        return _open_table(sources, source, table, scratch, most, known)
    except ExtractError as error:
        raise place_error(error, sources, source, table) from error.__cause__


def _open_table(
    sources: Sources, source: Source, table: Table, scratch: Path, most: int | None, known: Mapping[str, KnownFile]
) -> OpenedTable:
    open_rows, declared = CONNECTORS[source.connector.type], source.tables[table.name]
    folder = scratch / source.name
    folder.mkdir()
    some: dict[str, Any] = {"known": known} if known else {}
    rows = open_rows(source.connector, declared, sources.base, folder, most, **some)
    if declared.headers:
        rows = name_rows(rows, declared.headers, declared.written_sql, declared.preset)
    relations, empty = {}, {}
    for name, relation in declared.with_.items():
        if relation.from_ is None:
            empty[name] = tuple(relation.headers)
            continue
        folder = scratch / f"{source.name}-with-{name}"
        folder.mkdir()
        beside = declared.model_copy(update={"from_": relation.from_})
        try:
            further = open_rows(source.connector, beside, sources.base, folder)
            if not further.columns and not further.paths:  # An optional table that the source does not have.
                empty[name] = tuple(relation.headers)
                continue
            if relation.headers:
                further = name_rows(further, relation.headers, declared.written_sql, declared.preset)
        except ExtractError as error:
            raise type(error)(f"`with`, {name}: {error}", at=("with", name)) from error.__cause__
        relations[name] = further
    return OpenedTable(rows, relations, empty)
