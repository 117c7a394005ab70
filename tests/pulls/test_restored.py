"""A home that was restored from its backup pulls on: its tables end where those of the undisturbed home do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.kept_home import make_home, read_files
from tests.pulls.conftest import INCREMENTAL, Shop

NIGHT_BEFORE = (
    "1, 'Ada', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'",
    "2, 'Bo', '2026-01-02 10:00:00', 20.00, '2026-01-02 10:00:00'",
    "3, 'Cy', '2026-01-03 10:00:00', 30.50, '2026-01-03 10:00:00'",
)


@pytest.mark.parametrize("deletes", ["compare_keys", "none"])
def test_a_restored_home_ends_where_the_undisturbed_one_does(
    shop: Shop, parcours_here: Callable[..., tuple[int, str, str]], deletes: str
) -> None:
    pulls: dict[str, Any] = {"orders": {**INCREMENTAL, "deletes": deletes}}
    make_home(shop.folder)
    restored = replace(shop, folder=shop.folder / "restored")
    shop.make_orders(*NIGHT_BEFORE)
    shop.pull(pulls)
    shop.server.run("delete from orders where id = 1")
    shop.add("4, 'Eve', '2026-01-05 09:00:00', 5.00, '2026-01-05 09:00:00'")
    shop.pull(pulls)
    landed = read_files(shop.landed)

    file = shop.folder / "backup"
    assert parcours_here("backup", file, "--home", shop.folder)[0] == 0
    assert parcours_here("restore", file, "--home", restored.folder)[0] == 0
    assert read_files(restored.landed) == (landed if deletes == "none" else {}), "the others can be pulled again"

    shop.server.run("delete from orders where id = 2")
    shop.server.run("update orders set total = 31.00, changed = '2026-01-06 09:30:00' where id = 3")
    for home in (shop, restored):
        [outcome] = home.pull(pulls)
        assert outcome.state == "taken"
    assert restored.extract(pulls).equals(shop.extract(pulls))
    orders = ["1", "2", "3", "4"] if deletes == "none" else ["3", "4"]
    assert restored.extract(pulls)["order_id"].to_list() == orders

    assert parcours_here("restore", file, "--home", restored.folder, "--replace")[0] == 0
    if deletes == "none":
        assert read_files(restored.landed) == landed
        aside = restored.folder / "replaced-1" / "lake" / "landed" / "shop"
        assert len(read_files(aside)) > len(landed)
