"""SQL of a mapping that says something else each time that it runs: it asks the clock of the machine, or for chance."""

import json
import re
from typing import Any

from pipelines.extracts.one_expression import serialise

_WITHOUT_BRACKETS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
_FUNCTIONS = {
    *_WITHOUT_BRACKETS, "ago", "current_localtime", "current_localtimestamp", "gen_random_uuid", "get_current_time",
    "get_current_timestamp", "now", "random", "today", "transaction_timestamp", "uuid", "uuidv4", "uuidv7",
}  # fmt: skip
_WORDS = re.compile(rf"\b(?:{'|'.join(sorted({*_FUNCTIONS, 'age', 'sample'}))})\b", re.IGNORECASE)


def differs_each_time(sql: str) -> bool:
    """Whether ``sql``, an expression or a SELECT, may give other values for the same rows on the same day of a run."""
    if not _WORDS.search(sql):
        return False
    for text in (sql, f"select {sql}"):
        read = json.loads(serialise(text))
        if not read["error"]:
            return _asks(read["statements"])
    return True


def _asks(tree: Any) -> bool:
    if isinstance(tree, list):
        return any(map(_asks, tree))
    if not isinstance(tree, dict):
        return False
    function, columns = str(tree.get("function_name", "")).lower(), tree.get("column_names") or [""]
    return (
        function in _FUNCTIONS
        or (function == "age" and len(tree.get("arguments") or ()) == 1)  # Of two, it reckons between these.
        or (tree.get("class") == "COLUMN_REF" and str(columns[-1]).lower() in _WITHOUT_BRACKETS)
        or bool(tree.get("sample"))
        or any(map(_asks, tree.values()))
    )
