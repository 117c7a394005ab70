"""An extract that needs more memory than it may take, or more threads than its memory is enough for."""

from typing import Any

import pytest

from pipelines.errors import ExtractError
from pipelines.extracts import sandbox


@pytest.mark.parametrize("limit", ["2MB", "10MB"])
def test_an_extract_that_needs_more_names_the_setting(
    limit: str, exports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    rows = "".join(f"{number},2026-01-01 10:00:00,{number % 90}.50\n" for number in range(100_000))
    exports.write("orders.csv", "id,moment,total\n" + rows)
    with pytest.raises(ExtractError) as failed:
        exports.extract("orders", {"from": "orders.csv", "columns": dict(exports.order_columns)})
    said = str(failed.value)
    assert f"an extract needs more memory than PARCOURS_MEMORY_LIMIT={limit} allows: set it higher" in said
    assert "SET " not in said
    assert "block" not in said


@pytest.mark.parametrize(
    ("limit", "megabytes"), [("", 1000), ("150MB", 150), ("2GB", 1000), ("4GB", 1000), ("16GB", 4000)]
)
def test_an_extract_takes_a_gigabyte_or_a_quarter_of_a_limit_that_is_set(
    limit: str, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    assert sandbox.allowed_memory() == pytest.approx(megabytes * 10**6, rel=0.02)
