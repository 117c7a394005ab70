"""Records verdicts in the file of decisions, and takes them back; never writes what the next run would refuse."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.errors import ConfigurationError
from pipelines.identity.decisions.file import (
    add_line,
    comment_out,
    locked_for_editing,
    parse_lines,
    read_file,
    write_lines,
)
from pipelines.identity.decisions.read import check_decisions, decisions_in_force


def record_verdict(
    path: Path,
    verdict: str,
    record_ids: tuple[str, str],
    author: str,
    reason: str,
    decided_on: date,
    expires_on: date | None = None,
) -> str:
    """Appends a decision and returns its place (``decisions.csv:3``).

    Raises ConfigurationError, the file as it was, where the decision is faulty or contradicts those of the day.
    """
    with locked_for_editing(path):
        found = read_file(path)
        check_decisions(found, path)  # Faults already there are reported as such, not as faults of this decision.
        values = {
            "verdict": verdict, "record_a": record_ids[0], "record_b": record_ids[1],
            "author": author, "reason": reason,
            "decided_on": decided_on.isoformat(), "expires_on": expires_on.isoformat() if expires_on else "",
        }  # fmt: skip
        lines = add_line(found, values)
        try:
            decisions = check_decisions(parse_lines(lines), path)
            decisions_in_force(decisions, decided_on)
        except ConfigurationError as fault:
            raise ConfigurationError(f"Not recorded, the file is as it was. With this decision: {fault}") from None
        write_lines(path, lines)
        return str(decisions["place"][-1])


def take_back(path: Path, record_ids: tuple[str, str], author: str, reason: str, as_of: date) -> list[str]:
    """Takes back every decision on the pair that is or will be in force; returns the places where they were.

    Their lines stay as comments, with who took them back and when. Raises ConfigurationError where there is none.
    """
    one, other = sorted(record_ids)
    with locked_for_editing(path):
        found = read_file(path)
        decisions = check_decisions(found, path)
        matching = decisions.filter(
            (pl.col("record_id_l") == one)
            & (pl.col("record_id_r") == other)
            & (pl.col("expires_on").is_null() | (pl.col("expires_on") >= as_of))
        )
        if matching.is_empty():
            raise ConfigurationError(
                f"There is no decision on {one} and {other} in force in {path}: nothing was taken back."
            )
        numbers = [int(place.rpartition(":")[2]) for place in matching["place"]]
        note = f"taken back on {as_of} by {author}{f': {reason}' if reason else ''}"
        write_lines(path, comment_out(found, numbers, note))
        return matching["place"].to_list()
