"""What is said of a canonical column to those who map a source: one text for the docs, Dagster, dbt and `init`.

Which marts a column feeds is not declared but read from the SQL of the dbt project: column_uses.json beside this file
holds what ``python -m pipelines.warehouse.canonical_tables`` found.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.schema import Column, Table

USES = Path(__file__).with_name("column_uses.json")
MOST_NAMED = 4  # Marts in one sentence; docs/canonical_tables.md names all of them.
NEEDED = "Needed: a row without it goes to quarantine."
UNREAD = "Nothing: no mart reads it."


@dataclass(frozen=True)
class Use:
    """What the warehouse makes of a column.

    ``feeds`` are the marts that hold its values; where there are none, ``decides`` those that depend on them. Those
    that most readers know come first. ``recognises``: it says who is one person. ``joins``: rows are joined on it.
    """

    feeds: tuple[str, ...] = ()
    decides: tuple[str, ...] = ()
    recognises: bool = False
    joins: bool = False

    @property
    def is_read(self) -> bool:
        return bool(self.feeds or self.decides or self.recognises or self.joins)


def name_column(table: Table, column: Column) -> str:
    """`<kind>/<table>.<column>`."""
    return f"{table.path}.{column.name}"


@cache
def load_uses() -> dict[str, Use]:
    """The use of each column, by `<kind>/<table>.<column>`."""
    found: dict[str, dict[str, Any]] = json.loads(USES.read_text(encoding="utf-8"))
    return {
        name: Use(
            feeds=tuple(use.get("feeds", ())),
            decides=tuple(use.get("decides", ())),
            recognises=use.get("recognises", False),
            joins=use.get("joins", False),
        )
        for name, use in found.items()
    }


def write_uses(uses: dict[str, Use]) -> str:
    """The text of the file: a line per column, without what does not hold."""
    lines = [
        f"{json.dumps(name)}: {json.dumps({key: value for key, value in asdict(use).items() if value})}"
        for name, use in uses.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def describe_column(table: Table, column: Column) -> str:
    """What it means, its unit, an example, whether it is needed or what is lost without it, and where it goes."""
    return " ".join(
        [
            column.documentation,
            *([f"In {column.measured_in}."] if column.measured_in else []),
            *([f"Example: {column.example}."] if column.example else []),
            describe_need(column),
            describe_use(table, column),
        ]
    )


def describe_need(column: Column) -> str:
    """That it is needed, or what is lost without it."""
    return NEEDED if column.required else f"Without it: {describe_loss(column)}"


def describe_loss(column: Column) -> str:
    """What is lost where no source gives the column; of one that nothing is said of, no mart reads it."""
    return column.loses or UNREAD


def describe_use(table: Table, column: Column, most: int = MOST_NAMED) -> str:
    """Where it goes: what it names, the marts that hold its values, else those that depend on it."""
    use = load_uses().get(name_column(table, column), Use())
    sentences = ["Says who is one person."] if use.recognises else []
    if column.references:
        sentences.append(f"Names a row of {' or '.join(dict.fromkeys(column.references.tables))}.")
    if use.feeds:
        sentences.append(f"Feeds {_enumerate(use.feeds, most)}.")
    elif use.decides:
        sentences.append(f"A condition of {_enumerate(use.decides, most)}.")
    elif use.joins and not column.references:
        sentences.append("Rows are joined on it.")
    return " ".join(sentences or ["Feeds no mart."])


def describe_table(table: Table) -> str:
    """What a row is, what holds between the columns, and what is lost where no source fills the table; paragraphs."""
    return "\n\n".join([table.description, *table.identities, f"Without the table: {table.loses}"])


def _enumerate(marts: tuple[str, ...], most: int) -> str:
    """At most ``most`` names, and how many others there are; a single other one is named."""
    shown = marts if len(marts) <= most + 1 else marts[:most]
    rest = [f"{len(marts) - len(shown)} more marts"] if len(marts) > len(shown) else []
    *front, last = [*shown, *rest]
    return f"{', '.join(front)} and {last}" if front else last
