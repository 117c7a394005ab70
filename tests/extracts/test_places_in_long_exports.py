"""The line that is told of a row at fault, in exports long enough to be read by several threads at once."""

import json
from typing import Any

import pytest

ROWS = 120_000
AT_FAULT = (20_001, 60_007, 99_991, 119_998)  # Of lines, the first of which is 1.


def _write(number: int, format_: str) -> str:
    total = "much" if number in AT_FAULT else f"{number % 97}.50"
    moment = "2026-02-03T10:11:12Z"
    if format_ == "jsonl":
        return json.dumps({"id": f"W{number:08}", "moment": moment, "total": total, "text": "x" * 300}) + "\n"
    return f"W{number:08},{moment},{total}\n"


@pytest.mark.parametrize("format_", ["csv", "jsonl", "jsonl with a line that is none"])
def test_the_lines_of_rows_at_fault_are_those_of_the_export(exports: Any, format_: str) -> None:
    kind, _, has_debris = format_.partition(" ")
    lines = [_write(number, kind) for number in range(1, ROWS + 1)]
    if kind == "csv":
        lines[0] = "id,moment,total\n"
    if has_debris:
        lines[9] = "{cut\n"
    exports.write(f"orders.{kind}", "".join(lines))
    exports.extract_orders()
    told = exports.quarantine().filter(column_name="total_amount").sort("line")
    assert told["line"].to_list() == list(AT_FAULT)
    for line, raw in told.select("line", "raw").rows():
        assert f"W{line:08}" in raw
