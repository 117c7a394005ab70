"""Rows of BigQuery's REST API: cells without names, `{"v": ...}` within `{"f": [...]}`, to be read by the schema."""

from dataclasses import dataclass
from typing import Any

from pipelines.pulls.errors import SourceError


@dataclass(frozen=True)
class Field:
    """A column, or a part of one that is a record; ``fields`` are the parts of that."""

    name: str
    is_record: bool
    is_repeated: bool
    fields: tuple["Field", ...] = ()


def read_fields(schema: Any, table: str) -> tuple[Field, ...]:
    """The fields of a table's schema. Raises SourceError where it is none."""
    if not isinstance(schema, list) or not all(_is_field(each) for each in schema):
        raise SourceError(f"BigQuery describes the columns of {table} in another shape than Parcours knows.")
    return tuple(
        Field(
            each["name"],
            is_record=(is_record := each["type"] in ("RECORD", "STRUCT")),
            is_repeated=each.get("mode") == "REPEATED",
            fields=read_fields(each.get("fields"), table) if is_record else (),
        )
        for each in schema
    )


def _is_field(each: Any) -> bool:
    return isinstance(each, dict) and isinstance(each.get("name"), str) and isinstance(each.get("type"), str)


def read_cell(cell: Any, field: Field, table: str) -> Any:
    """The value of a cell: texts, and lists and objects of them, without parts that are null.

    Raises SourceError where the cell is not as its field says.
    """
    value = _open(cell, table)
    if not field.is_repeated:
        return _read_one(value, field, table)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _changed(table)
    return [_read_one(_open(each, table), field, table) for each in value]


def _read_one(value: Any, field: Field, table: str) -> Any:
    if value is None or not field.is_record:
        if isinstance(value, dict | list):
            raise _changed(table)
        return value
    cells = value.get("f") if isinstance(value, dict) else None
    if not isinstance(cells, list) or len(cells) != len(field.fields):
        raise _changed(table)
    read = {part.name: read_cell(each, part, table) for part, each in zip(field.fields, cells, strict=True)}
    return {name: each for name, each in read.items() if each is not None}


def _open(cell: Any, table: str) -> Any:
    if not isinstance(cell, dict) or "v" not in cell:
        raise _changed(table)
    return cell["v"]


def _changed(table: str) -> SourceError:
    return SourceError(f"BigQuery lists the rows of {table} in another shape than Parcours knows.")
