"""A night of what happens to a retailer ends where a full build of the same night does."""

from pathlib import Path

import pytest

from benchmarks.nights import plan_nights, run_nights

SEED = 121


@pytest.mark.run
def test_after_late_edited_and_deleted_rows_and_a_kill_the_marts_are_those_of_a_full_build(tmp_path: Path) -> None:
    """One night as those of `python -m benchmarks nights`."""
    [plan] = plan_nights(1, SEED)
    assert {*plan.changes} == {"deliver", "edit", "delete"}
    assert plan.kill
    assert not plan.is_full
    [night] = run_nights(tmp_path, nights=1, seed=SEED, customers=60)
    assert night.differing == [], night.happened
