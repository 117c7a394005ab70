"""A pull in a process of its own, killed at odd instants: nothing is lost, nothing doubled, nothing half there."""

import pytest

from pipelines.lake.landed import read_landed
from tests.pulls.conftest import Shop
from tests.pulls.own_process import pull_in_own_process

PULL = """
import sys
from pathlib import Path
from pipelines.config.sources import load_sources
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Settings
folder = Path(sys.argv[1])
sources, lake = load_sources(folder / "sources.yml"), Lake(folder / "lake")
lake.sweep()
print("begins", flush=True)
[outcome] = pull_sources(sources, lake, Settings(folder, full=sys.argv[2] == "full"))
print(outcome.state, flush=True)
"""
ROWS = 10_000
KILLS = 4


@pytest.mark.long
def test_a_pull_that_is_killed_leaves_the_one_before_or_is_whole(shop: Shop) -> None:
    tail = "'Ada', '2026-01-03 10:00:00', 1.00, '2026-01-03 10:00:00'"
    shop.make_orders(*(f"{n}, {tail}" for n in range(ROWS)))
    shop.configure()
    script = shop.folder / "pull.py"
    script.write_text(PULL)
    took = pull_in_own_process(script, shop.folder, "full", kill_after=None)
    expected = ROWS
    seen = {ROWS}
    for number in range(KILLS):
        shop.add(f"{ROWS + number}, {tail}")
        shop.server.run(f"delete from orders where id = {number}")
        mode = ("full", "changes")[number % 2]
        pull_in_own_process(script, shop.folder, mode, kill_after=took * (number + 1) / KILLS)
        landed = read_landed(shop.landed).tables["orders"]
        assert landed.rows in seen | {expected}
        frame = shop.extract()
        assert frame.height == frame["order_id"].n_unique() == landed.rows
        seen.add(landed.rows)
    [outcome] = shop.pull()
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", expected, expected)
    rows = shop.extract()
    shop.pull(full=True)
    assert shop.extract().equals(rows)
    named = {file for batch in read_landed(shop.landed).tables["orders"].batches for file in batch.files}
    assert {file.name for file in (shop.landed / "orders").iterdir()} == named
    shop.lake.sweep()
    assert not list(shop.folder.rglob("*.tmp-*"))
