"""Reads and checks human decisions: two records are one person (must-link) or are not (cannot-link).

A decision outranks every rule and every model.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import ConfigurationError
from pipelines.identity.decisions.file import COLUMNS, DecisionFile, read_file
from pipelines.lake.tables import Lake
from pipelines.name_lists import list_lines

DECISION_SCHEMA: dict[str, pl.DataType] = {
    "verdict": pl.String(), "record_id_l": pl.String(), "record_id_r": pl.String(), "author": pl.String(),
    "reason": pl.String(), "decided_on": pl.Date(), "expires_on": pl.Date(),
}  # fmt: skip
"""One row per decision. ``verdict`` is must_link or cannot_link; record_id_l < record_id_r; it holds from
``decided_on`` to the end of ``expires_on`` (null: for ever)."""

MOST_CHAINS = 10  # Contradictions that are told decision by decision: whoever mends them runs again.
VERDICTS = ("must_link", "cannot_link")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_RECORD = re.compile(r"[^:\s]+:[^:\s]+:.+")


def no_decisions() -> pl.DataFrame:
    """An empty frame: nothing has been decided yet."""
    return pl.DataFrame(schema=DECISION_SCHEMA)


def read_decisions_in_force(lake: Lake) -> pl.DataFrame:
    """``identity/decisions`` as the last run wrote it; empty before the first run."""
    return lake.read("identity", "decisions") if lake.path("identity", "decisions").exists() else no_decisions()


def read_decisions(path: Path, must_exist: bool = False) -> pl.DataFrame:
    """Every decision of the file, in its order: DECISION_SCHEMA and ``place`` (``decisions.csv:3``). No file, no row.

    ``must_exist``: sources.yml names the file, and a mistyped path must not undo what people decided. Raises
    ConfigurationError that lists every fault with its file and line. Two decisions on one pair must not be in force on
    the same day. A decision about a record that is not there is no fault: the record may come back.
    """
    if must_exist and not path.exists():
        raise ConfigurationError(
            f"The file of human decisions that sources.yml names, {path}, does not exist. Correct `decisions:`, or "
            f"begin the file with the line {','.join(COLUMNS)}."
        )
    return check_decisions(read_file(path), path)


def check_decisions(found: DecisionFile, path: Path) -> pl.DataFrame:
    """:func:`read_decisions` for a text that is in the file ``path``, or is about to be."""
    faults = list(found.faults)
    rows: list[tuple[int, dict[str, Any]]] = []
    for line, values in found.rows:
        wrong = list(_find_faults(values))
        faults += [(line, fault) for fault in wrong]
        if not wrong:
            rows.append((line, {**_typed(values), "place": f"{path.name}:{line}"}))
    faults += _find_repetitions(rows)
    if faults:
        listed = "\n".join(list_lines([f"  {path.name}:{line}: {fault}" for line, fault in sorted(faults)]))
        plural = "fault" if len(faults) == 1 else "faults"
        raise ConfigurationError(
            f"{path} has {len(faults)} {plural} (docs/identity.md, Decisions, explains it):\n{listed}"
        )
    return pl.DataFrame([row for _, row in rows], schema={**DECISION_SCHEMA, "place": pl.String()}, orient="row")


def decisions_in_force(decisions: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Those of ``read_decisions`` that hold on the day: ``identity/decisions``, sorted by both records.

    Raises ConfigurationError where they contradict each other.
    """
    holding = decisions.filter(
        (pl.col("decided_on") <= as_of) & (pl.col("expires_on").is_null() | (pl.col("expires_on") >= as_of))
    )
    refuse_contradictions(holding)
    return holding.select(list(DECISION_SCHEMA)).sort("record_id_l", "record_id_r")


def count_waiting(decisions: pl.DataFrame, records: pl.LazyFrame) -> int:
    """How many of ``decisions`` name a record that ``records`` does not have.

    They wait: a record that a source has lost, or not sent yet, may come back.
    """
    named = pl.concat([decisions["record_id_l"], decisions["record_id_r"]]).unique()
    present = records.select("record_id").filter(pl.col("record_id").is_in(named.implode())).collect()["record_id"]
    return decisions.filter(~pl.all_horizontal(pl.col("record_id_l", "record_id_r").is_in(present.implode()))).height


def refuse_contradictions(decisions: pl.DataFrame) -> None:
    """Raises ConfigurationError where a chain of must-links joins two records that a cannot-link keeps apart.

    The message names the first such chains, decision by decision: its place (where ``decisions`` has one) or date, and
    no record: its id may be somebody's mailbox, and it stands at that place.
    """
    linked = LinkedRecords(decisions)
    contradicted = [
        apart
        for apart in decisions.filter(pl.col("verdict") == "cannot_link").iter_rows(named=True)
        if linked.group_of(apart["record_id_l"]) == linked.group_of(apart["record_id_r"])
    ]
    lines: list[str] = []
    for apart in contradicted[:MOST_CHAINS]:
        chain = linked.find_chain(apart["record_id_l"], apart["record_id_r"]) or []
        lines.append(f"  {_describe(apart)} keeps two records apart, but")
        links = [f"    {_describe(link)} says that {_name_step(n, len(chain))}" for n, link in enumerate(chain, 1)]
        lines += list_lines(links, indent="    ")
    if len(contradicted) > MOST_CHAINS:
        lines.append(f"  and {len(contradicted) - MOST_CHAINS:,} more")
    if contradicted:
        raise ConfigurationError(
            "Human decisions contradict each other. Take one of each chain back (`parcours review --undo A B`), or "
            "correct the file:\n" + "\n".join(lines)
        )


class LinkedRecords:
    """The groups of records that must-links join, and the decisions that join them."""

    def __init__(self, decisions: pl.DataFrame) -> None:
        self._neighbours: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        links = decisions.filter(pl.col("verdict") == "must_link").sort("record_id_l", "record_id_r")
        for link in links.iter_rows(named=True):
            one, other = link["record_id_l"], link["record_id_r"]
            self._neighbours.setdefault(one, []).append((other, link))
            self._neighbours.setdefault(other, []).append((one, link))
        self._group: dict[str, str] = {}
        for record_id in sorted(self._neighbours):
            if record_id not in self._group:
                self._group |= dict.fromkeys(self._reach(record_id), record_id)

    def group_of(self, record_id: str) -> str:
        """The name of the record's group: its smallest record_id, or the record's own where nothing links it."""
        return self._group.get(record_id, record_id)

    def find_chain(self, one: str, other: str) -> list[dict[str, Any]] | None:
        """The fewest decisions that lead from one record to the other; None where none do."""
        if self.group_of(one) != self.group_of(other):
            return None
        came_by = self._reach(one)
        chain: list[dict[str, Any]] = []
        while other != one:
            link = came_by[other]
            assert link is not None
            chain.append(link)
            other = link["record_id_l"] if link["record_id_r"] == other else link["record_id_r"]
        return chain[::-1]

    def _reach(self, start: str) -> dict[str, dict[str, Any] | None]:
        """The records of the group, nearest first, each with the decision that led there."""
        came_by: dict[str, dict[str, Any] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            for neighbour, link in self._neighbours.get(waiting.popleft(), []):
                if neighbour not in came_by:
                    came_by[neighbour] = link
                    waiting.append(neighbour)
        return came_by


class Answers:
    """What decisions imply for any two records, directly or through must-links to others."""

    def __init__(self, decisions: pl.DataFrame) -> None:
        self._linked = LinkedRecords(decisions)
        apart = decisions.filter(pl.col("verdict") == "cannot_link").select("record_id_l", "record_id_r")
        self._apart = {frozenset(map(self._linked.group_of, pair)) for pair in apart.iter_rows()}

    def find(self, one: str, other: str) -> str | None:
        """must_link, cannot_link, or None where nothing follows from what was decided."""
        groups = frozenset(map(self._linked.group_of, (one, other)))
        if len(groups) == 1:
            return "must_link"
        return "cannot_link" if groups in self._apart else None


def _describe(decision: Mapping[str, Any]) -> str:
    return decision.get("place") or f"a decision of {decision['decided_on']}"


def _name_step(number: int, of: int) -> str:
    """What one decision of a chain says of the two records that are kept apart."""
    if of == 1:
        return "they are one"
    if number == 1:
        return "the first is a third one"
    return "that is the second" if number == of else "that is a further one"


def _find_faults(values: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one line's values, each fault led by its column."""
    if values["verdict"] not in VERDICTS:
        yield f"verdict: is not one of {', '.join(VERDICTS)}"
    for name in ("record_a", "record_b", "author", "reason", "decided_on"):
        if not values[name]:
            yield f"{name}: is missing"
    for name in ("record_a", "record_b"):
        if values[name] and not _RECORD.fullmatch(values[name]):
            yield f"{name}: is not a record id such as crm:contacts:17"
    if values["record_a"] and values["record_a"] == values["record_b"]:
        yield "record_b: is the same record as record_a"
    for name in ("decided_on", "expires_on"):
        if values[name] and _read_day(values[name]) is None:
            yield f"{name}: is not a date: write it as 2026-03-01"
    decided, expires = _read_day(values["decided_on"]), _read_day(values["expires_on"])
    if decided and expires and expires < decided:
        yield f"expires_on: {expires} is before decided_on, {decided}"


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _typed(values: Mapping[str, str]) -> dict[str, Any]:
    one, other = sorted((values["record_a"], values["record_b"]))
    return {
        "verdict": values["verdict"], "record_id_l": one, "record_id_r": other, "author": values["author"],
        "reason": values["reason"], "decided_on": _read_day(values["decided_on"]),
        "expires_on": _read_day(values["expires_on"]),
    }  # fmt: skip


def _find_repetitions(rows: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, str]]:
    """Decisions on the same pair as another line, with a day on which both are in force; each is told once."""
    by_pair: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for line, row in rows:
        by_pair.setdefault((row["record_id_l"], row["record_id_r"]), []).append((line, row))
    for of_pair in by_pair.values():
        by_day = sorted(of_pair, key=lambda entry: (entry[1]["decided_on"], entry[0]))
        longest_line, longest = by_day[0]  # Of those before, the one that holds longest.
        for line, row in by_day[1:]:
            if row["decided_on"] <= _last_day(longest):
                how = "repeats" if longest["verdict"] == row["verdict"] else "contradicts"
                first, last = sorted((line, longest_line))
                yield last, f"{how} line {first}, which is in force at the same time: remove one, or end it"
            if _last_day(row) > _last_day(longest):
                longest_line, longest = line, row


def _last_day(decision: Mapping[str, Any]) -> date:
    return decision["expires_on"] or date.max
