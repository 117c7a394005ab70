"""`segments.yml`: segments and computed traits as analysts write them, with the line of every fault.

Structure is checked by pydantic, SQL by :mod:`pipelines.segments.conditions`, both before anything is built.
docs/segments.md is the reference of the keys.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.config.home import Home, find_own
from pipelines.config.sources import Sources
from pipelines.errors import ConfigurationError
from pipelines.segments import conditions
from pipelines.segments.columns import AS_OF, built_in_segments, columns_of
from pipelines.yaml_document import Document, Fault, Place, did_you_mean, format_faults, read, validate

FILE_NAME = "segments.yml"
BUNDLED = Path(str(files("pipelines.segments") / "examples.yml"))
GUIDE = "docs/segments.md"

TIMES = {
    "orders": "ordered_at",
    "order_lines": "ordered_at",
    "returns": "returned_at",
    "customer_touchpoints": "touched_at",
    "friction_incidents": "day",
}
"""The marts that a trait may sum up, and when each of their rows happened: what the window counts back to."""

LONGEST_WINDOW = 36_525  # Days: a hundred years, beyond which a window is none.
NUMERIC = ("sum", "average", "min", "max")
OVER_A_COLUMN = (*NUMERIC, "count_distinct")
ZERO_WHERE_NOTHING = ("count", "count_distinct", "sum")
"""Aggregates that are 0 for a customer who has no row; the others are null."""


def _known_name(name: object) -> object:
    if isinstance(name, str) and not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"'{name}' must begin with a letter and hold only a to z, digits and '_', at most 63")
    return name


def _listed(values: object) -> object:
    """`segments:` with nothing behind it is an empty list."""
    return () if values is None else values


def _sql_text(value: object) -> object:
    """``condition: true`` is a boolean in YAML; as SQL it is the same word."""
    return str(value).lower() if isinstance(value, bool | int | float) else value


Name = Annotated[str, BeforeValidator(_known_name)]
Text = Annotated[str, Field(min_length=1)]
Sql = Annotated[str, Field(min_length=1), BeforeValidator(_sql_text)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Trait(_Model):
    """A number per customer: an aggregate of their rows in one mart."""

    name: Name
    description: Text
    owner: Text
    from_: Annotated[
        Literal["orders", "order_lines", "returns", "customer_touchpoints", "friction_incidents"], Field(alias="from")
    ]
    aggregate: Literal["count", "count_distinct", "sum", "average", "min", "max", "days_since_first", "days_since_last"]
    column: Text | None = None
    where: Sql | None = None
    window_days: Annotated[int, Field(ge=1, le=LONGEST_WINDOW, strict=True)] | None = None


class Segment(_Model):
    """A set of customers: those of whom ``condition`` is true."""

    name: Name
    description: Text
    owner: Text
    condition: Sql
    reason: Text | None = None


class Definitions(_Model):
    """A whole `segments.yml`."""

    traits: Annotated[tuple[Trait, ...], BeforeValidator(_listed)] = ()
    segments: Annotated[tuple[Segment, ...], BeforeValidator(_listed)] = ()

    def traits_read_by(self, segment: Segment) -> tuple[Trait, ...]:
        """The traits that the condition of ``segment`` reads."""
        read = conditions.columns_read(segment.condition)
        return tuple(trait for trait in self.traits if trait.name in read)

    def digest(self, segment: Segment) -> str:
        """Twelve digits of what decides who is in the segment: its condition and the traits it reads, not the words."""
        meaning = [
            segment.condition.split(),
            *(trait.model_dump(exclude={"description", "owner"}) for trait in self.traits_read_by(segment)),
        ]
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:12]


NONE = Definitions()


def find_segments(home: Home, sources: Sources) -> Path:
    """The `segments.yml` to use: the home's own, else the one beside sources.yml, else the bundled examples."""
    return find_own(home.root / FILE_NAME) or find_own(sources.base / FILE_NAME) or BUNDLED


def load_segments(path: Path) -> Definitions:
    """Reads and validates a `segments.yml`.

    Raises ConfigurationError that lists every fault with its line, its key and the way out.
    """
    document = read(path, "segments", f"{GUIDE} says where it may lie.")
    definitions, faults = validate(Definitions, document, _keys_allowed)
    faults += _Review(document).faults()
    if faults or definitions is None:
        raise ConfigurationError(format_faults(path, faults, GUIDE))
    return definitions


def _keys_allowed(place: Place) -> list[str]:
    model: type[BaseModel] = Definitions
    if place:
        model = Trait if place[0] == "traits" else Segment
    return [info.alias or name for name, info in model.model_fields.items()]


@dataclass
class _Review:
    """What only the marts' columns and DuckDB can judge, of each definition by itself, so that all faults are found.

    Values of the wrong type are skipped: pydantic has reported them already.
    """

    document: Document
    known_traits: dict[str, str] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        traits, segments = self._items("traits"), self._items("segments")
        yield from self._repeated("traits", traits)
        yield from self._repeated("segments", segments)
        for place, trait in traits:
            yield from self._trait(place, trait)
        self.known_traits = {
            trait["name"]: conditions.NUMBER for _, trait in traits if isinstance(trait.get("name"), str)
        }
        for place, segment in segments:
            yield from self._segment(place, segment)

    def _items(self, key: str) -> list[tuple[Place, dict[str, Any]]]:
        listed = self.document.data.get(key)
        items = enumerate(listed if isinstance(listed, list) else ())
        return [((key, number), item) for number, item in items if isinstance(item, dict)]

    def _repeated(self, key: str, items: list[tuple[Place, dict[str, Any]]]) -> Iterator[Fault]:
        first: dict[str, int] = {}
        for place, item in items:
            name = item.get("name")
            if not isinstance(name, str):
                continue
            if name in first:
                yield self._fault((*place, "name"), f"names two {key}, first in line {first[name]}: rename one")
            first.setdefault(name, self.document.line((*place, "name")))

    def _trait(self, place: Place, trait: dict[str, Any]) -> Iterator[Fault]:
        name, table, aggregate = trait.get("name"), trait.get("from"), trait.get("aggregate")
        if isinstance(name, str):
            yield from self._trait_name(place, name)
        if not isinstance(table, str) or table not in TIMES or not isinstance(aggregate, str):
            return
        columns = columns_of(table)
        if isinstance(trait.get("where"), str):
            yield from self._condition((*place, "where"), trait["where"], columns, table)
        column = trait.get("column")
        if aggregate not in OVER_A_COLUMN:
            if column is not None:
                yield self._fault((*place, "column"), f"'{aggregate}' is of whole rows: take the column out")
        elif column is None:
            yield self._fault((*place, "aggregate"), f"'{aggregate}' is of a column: add the key 'column'")
        elif isinstance(column, str) and column not in columns:
            hint = did_you_mean(column, columns)
            yield self._fault(
                (*place, "column"), f"{table} has no column '{column}'{hint} (known: {', '.join(columns)})"
            )
        elif aggregate in NUMERIC and isinstance(column, str) and not conditions.is_number(columns[column]):
            yield self._fault(
                (*place, "column"),
                f"'{aggregate}' is of numbers, and {column} is {conditions.article(columns[column])}",
            )

    def _trait_name(self, place: Place, name: str) -> Iterator[Fault]:
        if name == AS_OF or name in columns_of("customer_360"):
            taken = "the day of the run" if name == AS_OF else "a column of customer_360"
            yield self._fault((*place, "name"), f"'{name}' is {taken} already, so conditions could not tell them apart")
        elif conditions.is_reserved(name):
            yield self._fault((*place, "name"), f"'{name}' is a word of SQL: choose another")

    def _segment(self, place: Place, segment: dict[str, Any]) -> Iterator[Fault]:
        name = segment.get("name")
        if isinstance(name, str) and name in built_in_segments():
            family = built_in_segments()[name]
            yield self._fault((*place, "name"), f"'{name}' is a built-in segment of the family {family}: rename yours")
        if isinstance(segment.get("condition"), str):
            columns = {**columns_of("customer_360"), **self.known_traits, AS_OF: "date"}
            of = "customer_360, nor a trait of that name"
            yield from self._condition((*place, "condition"), segment["condition"], columns, of)

    def _condition(self, place: Place, sql: str, columns: dict[str, str], of: str) -> Iterator[Fault]:
        for mistake in conditions.find_mistakes(sql, columns, of):
            line = self.document.line(place)
            if mistake.word:
                line = self.document.line_of_word(place, mistake.word, mistake.occurrence)
            yield Fault(line, self.document.spell(place), mistake.message)

    def _fault(self, place: Place, message: str) -> Fault:
        return self.document.fault(place, message)
