"""What the rows of one unit came to: a few files of a source that are read, kept and written together.

All that is told of a table is added up from the tallies of its units, whether these were read today or before. So it
comes to the same however many of them are read again.
"""

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import reduce
from typing import Any

import duckdb

from pipelines.contracts import Table
from pipelines.extracts.days import Days
from pipelines.extracts.faults import Fault
from pipelines.extracts.field_counts import FieldCounts

REGISTERS = 1024
"""Of one of DuckDB's sketches of different values (HyperLogLog, 10 bits)."""

Place = tuple[int, int, str | None, int | None]
"""Of a row: the number of its file within the unit, its row there, the file and the line."""


NOWHERE: tuple[int, Place] = (0, (0, 0, None, None))


@dataclass
class Tally:
    """The rows of one unit. Counts are as in :class:`~pipelines.extracts.counts.SourceCounts`.

    ``staged`` are those that `where` lets through, ``faults`` how often each fault stands in them, by its number,
    ``examples`` the place of the first row of each, ``told`` of how many rows the place is looked up. ``filled`` are
    the values of each column that are left, ``sketches`` what their different ones are estimated from.
    ``is_at_fault``: not every row fits by itself.
    """

    staged: int = 0
    fitting: int = 0
    later: int = 0
    filtered: int = 0
    rejected: int = 0
    implausible: int = 0
    repeated: int = 0
    malformed: int = 0
    told: int = 0
    is_at_fault: bool = False
    faults: dict[int, int] = field(default_factory=dict)
    examples: dict[int, Place] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    sketches: dict[str, bytes] = field(default_factory=dict)
    days: Days = field(default_factory=Days)

    def to_plain(self) -> dict[str, Any]:
        """The same as JSON has it."""
        packed = {name: base64.b85encode(zlib.compress(sketch)).decode() for name, sketch in self.sketches.items()}
        days = [day and day.isoformat() for day in (self.days.first, self.days.end)]
        return {**asdict(self), "sketches": packed, "days": days}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Tally":
        """Raises ValueError, KeyError or TypeError where it is none."""
        sketches = {name: zlib.decompress(base64.b85decode(text)) for name, text in plain["sketches"].items()}
        if any(len(sketch) != REGISTERS for sketch in sketches.values()):
            raise ValueError("a sketch is cut")
        return cls(
            **{
                **plain,
                "faults": {int(number): count for number, count in plain["faults"].items()},
                "examples": {int(number): tuple(place) for number, place in plain["examples"].items()},
                "sketches": sketches,
                "days": Days(*(day and date.fromisoformat(day) for day in plain["days"])),
            }
        )


def add_up(tallies: Iterable[Tally]) -> Tally:
    """The counts of all of them together, without their examples and sketches."""
    return reduce(_add, tallies, Tally())


def join_sketches(tallies: Iterable[Tally]) -> dict[str, bytes]:
    """The sketches of all of them together: of each register the highest one."""
    of_each: dict[str, list[bytes]] = {}
    for tally in tallies:
        for name, sketch in tally.sketches.items():
            of_each.setdefault(name, []).append(sketch)
    return {name: bytes(map(max, zip(*sketches, strict=True))) for name, sketches in of_each.items()}


def _add(one: Tally, other: Tally) -> Tally:
    names = ("staged", "fitting", "later", "filtered", "rejected", "implausible", "repeated", "malformed", "told")
    return Tally(
        **{name: getattr(one, name) + getattr(other, name) for name in names},
        is_at_fault=one.is_at_fault or other.is_at_fault,
        faults=_sum(one.faults, other.faults),
        filled=_sum(one.filled, other.filled),
        days=one.days.meet(other.days),
    )


def _sum(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def pack_sketch(state: Mapping[str, Any] | None) -> bytes:
    """DuckDB's exported state of `approx_count_distinct` as bytes; of no value at all, an empty sketch."""
    registers = (state or {}).get("registers") or []
    return bytes(registers) if registers else bytes(REGISTERS)


def estimate(connection: duckdb.DuckDBPyConnection, sketch: bytes) -> int:
    """How many different values a sketch was made of, as DuckDB's `approx_count_distinct` would say of all of them."""
    row = connection.execute(
        "select finalize(to_aggregate_state("
        "{'precision': 10::utinyint, 'registers': $1::utinyint[]}, 'approx_count_distinct', ['VARCHAR']))",
        [list(sketch)],
    ).fetchone()
    return int(row[0]) if row else 0


def count_fields(
    source: str,
    table: Table,
    names: Iterable[str],
    faults: Mapping[int, Fault],
    tallies: Sequence[Tally],
    distinct: Mapping[str, int],
) -> tuple[FieldCounts, ...]:
    """What became of the values of each of the columns ``names``, ``distinct`` different ones, in all units in order.

    ``faults`` are what the numbers in the tallies stand for.
    """
    total = add_up(tallies)
    first: dict[int, tuple[int, Place]] = {}
    for unit, tally in enumerate(tallies):
        for number, place in tally.examples.items():
            first.setdefault(number, (unit, place))
    fields = []
    for name in names:
        mine = {number: fault for number, fault in faults.items() if fault.column == name and number in total.faults}

        def count(kind: str, mine: Mapping[int, Fault] = mine) -> int:
            return sum(total.faults[number] for number, fault in mine.items() if fault.kind == kind)

        refused = sum(
            total.faults[number] for number, fault in mine.items() if fault.outcome == "rejected" and fault.is_value
        )
        commonest = max(mine, key=lambda number: (total.faults[number], -number), default=None)
        _, (_, _, file, line) = min((first[number] for number in mine if number in first), default=NOWHERE)
        fields.append(
            FieldCounts(
                source=source,
                table_name=table.path,
                column_name=name,
                row_count=total.staged - total.later,
                filled_count=total.filled.get(name, 0) - refused,
                distinct_count=distinct[name],
                unreadable_count=count("unreadable"),
                implausible_count=count("implausible"),
                later_than_as_of_count=count("later_than_as_of"),
                reason=None if commonest is None else mine[commonest].reason,
                example_file=file,
                example_line=line,
            )
        )
    return tuple(fields)
