"""What is said of models and tests that failed: which, and what kind of fault, in our own words.

dbt repeats what the engine says of a row, and that is the row's value.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.extracts.duckdb_errors import KINDS, explain_text
from pipelines.name_lists import list_lines

MOST_TOLD = 20
DBT_KINDS = ("Compilation", "Database", "Dependency", "Env var required but not provided", "Parsing", "Runtime")
"""What dbt calls the faults that are its own."""
OF_THE_PROJECT = ("Compilation", "Dependency", "Env var required but not provided", "Parsing")
"""Those that it finds before it reads any row."""

_KIND = re.compile(rf"\b({'|'.join(map(re.escape, (*KINDS, *DBT_KINDS)))}) Error\b:?")
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


class InTheWordsOfDbt(Exception):  # noqa: N818  # it is what `--debug` shows beneath an error of ours
    """dbt's own messages, which may hold values of the exports: for a terminal only."""


def describe_failures(failed: Sequence[Any], artifacts: Path | None) -> str:
    """The nodes that failed, each with what kind of fault it is, and where their compiled SQL lies."""
    lines = list_lines([f"  {node.node.name}: {_tell(node)}" for node in failed], most=MOST_TOLD)
    where = f" The compiled SQL of each lies in {artifacts / 'compiled'}." if artifacts else ""
    return "\n".join([f"dbt failed on {len(failed)} of its nodes, so nothing is published.{where}", *lines])


def repeat(failed: Sequence[Any]) -> InTheWordsOfDbt:
    """What dbt says of the nodes that failed."""
    return InTheWordsOfDbt("\n".join(f"{node.node.name}: {node.message or 'failed'}" for node in failed))


def tell_stop(error: BaseException) -> str:
    """What kind of fault stopped dbt as a whole."""
    return _classify(str(error), "") or type(error).__name__


def _tell(node: Any) -> str:
    if str(node.node.resource_type) == "unit_test":  # Of rows that stand in the project, and of no others.
        return _shorten(node.message or "failed")
    if str(node.status) == "fail":
        count = int(node.failures or 0)
        return f"{count:,} {'row is' if count == 1 else 'rows are'} at fault, where none may be"
    return _classify(node.message or "", getattr(node.node, "compiled_code", None) or "") or "failed"


def _classify(message: str, sql: str) -> str | None:
    """The kind that is named, the engine's where there is one, with what may be told of it; None where none is known.

    The first counts: behind it stands what the engine repeats of a row, which may read like any other.
    """
    full = next((words for words in _FULL if words in message), None)
    if full is not None:
        return full
    found = list(_KIND.finditer(message))
    if not found:
        return None
    engines = next((kind for kind in found if kind[1] in KINDS), None)
    if engines is not None:
        return explain_text(engines[1], message[engines.end() :].strip(), [sql])
    if found[0][1] in OF_THE_PROJECT and not message[: found[0].start()].strip():
        return _shorten(message)
    return f"{found[0][1]} Error"


def _shorten(message: str) -> str:
    """One line without dbt's list of the macros on the way to the fault."""
    lines = (line.strip() for line in message.strip().splitlines())
    return "; ".join(line for line in lines if line and not line.startswith(("> in macro", "> called by")))
