"""What `sources.yml` says of a pull: which rows of a system come in, what has changed since, and how that is proved."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, model_validator

from pipelines.config.field_types import Share, as_tuple
from pipelines.name_lists import shorten
from pipelines.yaml_document import ConfigModel

Taking = Literal["stop", "keep"]
"""What a run does where tonight's rows are not taken: it stops, or goes on with those that were landed last."""

Drift = Literal["evolve", "freeze", "discard"]
"""What is done with columns that are new: kept and told, refused, or left out and told."""

LONGEST_OVERLAP = timedelta(days=3_650)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_NAME = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[_NAME, ...], BeforeValidator(as_tuple)]


def _read_overlap(value: object) -> timedelta | int:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,6}) ?([smhd])", value)):
        overlap = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
        if overlap > LONGEST_OVERLAP:
            raise ValueError(f"must be at most {LONGEST_OVERLAP.days}d: without `cursor`, all rows come every night")
        return overlap
    raise ValueError("must be a time such as 30m, 2h or 1d, or for a cursor of whole numbers a number")


def _write_overlap(value: timedelta | int) -> str | int:
    return value if isinstance(value, int) else f"{int(value.total_seconds())}s"


Overlap = Annotated[timedelta | int, PlainValidator(_read_overlap), PlainSerializer(_write_overlap)]


class DeletedWhere(ConfigModel):
    """Rows that the source marks and keeps: ``where`` is true of them, SQL of the source."""

    where: Annotated[str, Field(min_length=1)]


Deletes = Literal["compare_keys", "reported", "none"]


def _read_deletes(written: object) -> object:
    """Chosen here, so that what is wrong is told of the one that was meant."""
    if isinstance(written, Mapping):
        return DeletedWhere.model_validate(written)
    known = get_args(Deletes)
    if written not in known and not isinstance(written, DeletedWhere):
        raise ValueError(f"'{shorten(str(written))}' is none of {', '.join(known)}, or {{where: ...}}")
    return written


class Pull(ConfigModel):
    """One table of a system, or the result of one query there, as it is pulled night after night.

    ``from_`` is the table's name in the system, by default that of the pull; ``select`` a query of the system's own.
    Without ``cursor`` all rows come every night. Both sides are counted by ``day``, and their ``amounts`` summed.
    ``tolerance`` is the share of each count and sum that may differ. What was deleted is found by comparing keys, or is
    reported by a system that remembers it, or marked in rows, or stays.
    """

    from_: Annotated[_NAME | None, Field(alias="from")] = None
    select: Annotated[str, Field(min_length=1)] | None = None
    columns: Names = ()
    key: Names = ()
    cursor: _NAME | None = None
    overlap: Overlap | None = None
    deletes: Annotated[Deletes | DeletedWhere, BeforeValidator(_read_deletes)] = "compare_keys"
    day: _NAME | None = None
    amounts: Names = ()
    tolerance: Share = 0
    if_not_taken: Taking | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _go_together(self) -> "Pull":
        if self.from_ and self.select:
            raise ValueError("'from' and 'select' together: a pull is a table or a query, take one out")
        if self.cursor and not self.key:
            raise ValueError(
                "'cursor' without 'key': name the columns that tell a row from every other, by which its latest "
                "version replaces those before"
            )
        named = self.model_fields_set
        for each in ("overlap", "deletes"):
            if each in named and not self.cursor and not (each == "deletes" and isinstance(self.deletes, DeletedWhere)):
                raise ValueError(f"'{each}' without 'cursor': all rows come every night, take it out")
        if self.columns:
            lacking = [each for each in self.needed if each not in self.columns]
            if lacking:
                raise ValueError(f"'columns' leave out {', '.join(lacking)}, which the pull needs: add them")
        return self

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that the pull itself speaks of."""
        single = [each for each in (self.cursor, self.day) if each]
        return tuple(dict.fromkeys([*self.key, *single, *self.amounts]))

    @property
    def deleted_where(self) -> str | None:
        """SQL of the source that is true of rows that count as deleted."""
        return self.deletes.where if isinstance(self.deletes, DeletedWhere) else None


def as_pull(written: object) -> Any:
    """``pulls: {orders: public.orders}`` names a table only."""
    return {"from": written} if isinstance(written, str) else written


Pulls = Annotated[dict[_NAME, Annotated[Pull, BeforeValidator(as_pull)]], Field(default_factory=dict)]
