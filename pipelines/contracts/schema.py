"""What a canonical table and its columns are declared with."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["crm", "ecommerce", "pos"]
"""What a source is; it decides which canonical tables the source may fill."""

SYSTEMS: dict[Kind, str] = {"crm": "the CRM systems", "ecommerce": "the online shops", "pos": "the tills"}
"""What the systems of each kind are."""

Type = Literal["text", "integer", "number", "quantity", "money", "price", "boolean", "date", "timestamp"]

DUCKDB_TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "quantity": "DECIMAL(18,3)",  # Units; fabric is sold by the metre and cheese by the gram.
    "money": "DECIMAL(18,2)",
    "price": "DECIMAL(18,4)",  # Unit prices of real shops have more than two decimals; amounts paid never do.
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",  # Naive, always UTC.
}


@dataclass(frozen=True)
class Reference:
    """What the values of a column name: one of ``targets``, each written ``<kind>/<table>.<column>``.

    ``within_source``: each source numbers for itself, so that a value is looked up among the rows of its own source.
    ``compares_cards``: a value is looked up in the one spelling of its loyalty card.
    """

    targets: tuple[str, ...]
    within_source: bool = False
    compares_cards: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of the targets, ``<kind>/<table>``."""
        return tuple(target.split(".")[0] for target in self.targets)


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, what it says, its type, whether a row without it is unusable, the values allowed.

    ``references`` says which rows it names; one that names none is told, and its row is kept.

    ``description`` is a sentence, with the unit where there is one.
    """

    name: str
    description: str
    type: Type = "text"
    required: bool = False
    values: tuple[str, ...] | None = None
    references: Reference | None = None

    @property
    def duckdb_type(self) -> str:
        return DUCKDB_TYPES[self.type]

    @property
    def documentation(self) -> str:
        """The description, and the values allowed."""
        return f"{self.description} One of {', '.join(self.values)}." if self.values else self.description


@dataclass(frozen=True)
class Table:
    """One canonical table. ``one_row_per`` ends the sentence "One row per"; ``key`` identifies a row within its source.

    A key column that is not required may be null; null then equals null.
    """

    kind: Kind
    name: str
    one_row_per: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def path(self) -> str:
        """``<kind>/<table>``: the asset key, the dbt source and the place in the lake."""
        return f"{self.kind}/{self.name}"

    @property
    def description(self) -> str:
        return f"One row per {self.one_row_per}."

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)
