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


Limit = Literal["date", "birth_date", "amount", "quantity", "points", "count"]
"""Which limit of those that sources.yml may declare under `plausible` holds for a column."""

LIMITS: dict[Type, Limit] = {
    "date": "date",
    "timestamp": "date",
    "money": "amount",
    "price": "amount",
    "quantity": "quantity",
}
"""The limit of each type, where the column names no other."""

LONGEST_TEXT = 1_000  # Bytes of a name, an address or an id; what compares two of them takes the square of that.
LONG_TEXT = 100_000  # Of what people write freely.

UNITS: dict[Type, str] = {
    "money": "the currency of the row",
    "price": "the currency of the row",
}
"""What values of each type are in, where the column says nothing else."""

Sign = Literal["any", "magnitude", "never negative"]
"""What a negative number means.

- any: what it says
- magnitude: the same as the positive one; systems differ in how they write what was paid back or taken off
- never negative: that it cannot be true
"""


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

    ``description`` says in sentences what it means: of an amount, what is included and which sign it has. ``unit`` is
    what its values are in, where it is another than the type's; ``example`` a made-up value as a source may write it;
    ``loses`` a sentence about what is lost where no source gives it, of a column that is not required. What can be true
    of it is said by ``limit``, where it is another than the type's, ``sign``, and ``least`` and ``most``, the bounds
    that nature sets (of a date, a day in ISO; ``least`` then stands in place of the limit); of a text, ``longest`` is
    how many bytes it may have. ``sign_of`` is the column below zero of which a magnitude may be so too: what a returned
    line was discounted by. ``references`` says which rows it names: one that names none is told, and its row is kept.
    ``otherwise`` is what a value that is none of ``values`` counts as, and is told.
    """

    name: str
    description: str
    type: Type = "text"
    required: bool = False
    values: tuple[str, ...] | None = None
    otherwise: str | None = None
    references: Reference | None = None
    limit: Limit | None = None
    sign: Sign = "any"
    sign_of: str | None = None
    least: float | str | None = None
    most: float | None = None
    longest: int = LONGEST_TEXT
    unit: str | None = None
    example: str | None = None
    loses: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether its values are counted or reckoned with."""
        return self.type in ("integer", "number", "quantity", "money", "price")

    @property
    def measured_in(self) -> str | None:
        """The unit of the values, if they have one."""
        return self.unit or UNITS.get(self.type)

    @property
    def limited_by(self) -> Limit | None:
        """The limit of `plausible` that holds for the column, if one does."""
        return self.limit or LIMITS.get(self.type)

    @property
    def duckdb_type(self) -> str:
        return DUCKDB_TYPES[self.type]

    @property
    def documentation(self) -> str:
        """The description, and the values allowed."""
        if self.values is None:
            return self.description
        otherwise = f" Any other value counts as {self.otherwise}." if self.otherwise else ""
        return f"{self.description} One of {', '.join(self.values)}.{otherwise}"


@dataclass(frozen=True)
class Table:
    """One canonical table. ``one_row_per`` ends the sentence "One row per"; ``key`` identifies a row within its source.

    A key column that is not required may be null; null then equals null.

    ``since`` is the column that says since when there is the row: the time of the event, or of the record's creation.
    Rows of a time after the day of the run are not there yet. ``part_of`` is the table, and the column that names its
    key, whose row the row is a part of: what the other waits for, it waits for too, and where that one's currency has
    no rate, its amounts have none either. ``loses`` says in sentences what is lost where no source fills the table,
    ``identities`` what holds between its columns.
    """

    kind: Kind
    name: str
    one_row_per: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    since: str | None = None
    part_of: tuple[str, str] | None = None
    loses: str = ""
    identities: tuple[str, ...] = ()

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
