"""The nights on which the clocks change: an hour that comes twice, and one that never is. And clocks of other zones."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.pulls.conftest import INCREMENTAL, Shop

NIGHTS = {
    "clocks go back": ("2025-10-26", "2025-10-26 00:30:00", "2025-10-26 01:30:00"),  # 02:30 in Paris, twice.
    "clocks go forward": ("2026-03-29", "2026-03-29 00:59:59", "2026-03-29 01:00:00"),  # 01:59:59, then 03:00.
}


@pytest.mark.parametrize("night", NIGHTS)
def test_rows_of_the_hour_of_change_come_once_and_are_reconciled(shop: Shop, night: str) -> None:
    day, before, after = NIGHTS[night]
    shop.make_orders(f"1, 'Ada', '{before}', 1.00, '{before}'")
    [first] = shop.pull()
    shop.add(f"2, 'Ada', '{after}', 2.00, '{after}'")
    [changes] = shop.pull()
    assert (first.state, changes.state, changes.batch and changes.batch.mode) == ("taken", "taken", "changes")
    assert {each.day for each in changes.reconciled} == {day}, "a day of the system's own, in UTC"
    assert changes.rows == changes.source_rows == 2
    moments = shop.extract().sort("order_id")["ordered_at"].to_list()
    assert moments == [datetime.fromisoformat(before), datetime.fromisoformat(after)]
    shop.pull(full=True)
    assert shop.extract().sort("order_id")["ordered_at"].to_list() == moments


def test_times_without_a_zone_of_the_hours_of_change_are_kept_and_none_is_lost(shop: Shop) -> None:
    """02:30 on the day in October may be either of two moments, on that in March none: the rows stay all the same."""
    local = {"postgresql": "timestamp", "mariadb": "datetime", "mssql": "datetime2"}[shop.server.type]
    shop.server.run(
        "drop table if exists orders",
        f"create table orders (id bigint primary key, buyer text, placed {local}, total numeric(12, 2), "
        f"changed {local})",
    )
    shop.add(
        "1, 'Ada', '2025-10-26 02:30:00', 1.00, '2025-10-26 02:30:00'",
        "2, 'Ada', '2026-03-29 02:30:00', 2.00, '2026-03-29 02:30:00'",
    )
    [outcome] = shop.pull({"orders": INCREMENTAL})
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 2, 2)
    rows = shop.extract().sort("order_id")
    assert rows["order_id"].to_list() == ["1", "2"]
    october, march = (f"{moment:%Y-%m-%d %H:%M}" for moment in rows["ordered_at"].to_list())
    assert october in ("2025-10-26 00:30", "2025-10-26 01:30")
    assert march in ("2026-03-29 00:30", "2026-03-29 01:30")


@pytest.mark.parametrize("zone", [0, -11])
def test_a_stamp_of_a_clock_of_another_zone_hides_no_edit(shop: Shop, zone: int) -> None:
    local = {"postgresql": "timestamp", "mariadb": "datetime", "mssql": "datetime2"}[shop.server.type]
    columns = f"id bigint primary key, buyer text, placed {local}, total numeric(12, 2), changed {local}"
    shop.server.run("drop table if exists orders", f"create table orders ({columns})")
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    ahead, edited = now + timedelta(hours=13), now + timedelta(hours=zone)
    shop.add(
        "1, 'Ada', '2026-01-01 10:00:00', 1.00, '2026-01-01 10:00:00'",
        f"2, 'Bo', '2026-01-01 10:00:00', 2.00, '{ahead}'",
    )
    shop.pull()
    shop.server.run(f"update orders set buyer = 'Eve', changed = '{edited}' where id = 1")
    [outcome] = shop.pull()
    assert (outcome.state, outcome.batch and outcome.batch.mode) == ("taken", "changes")
    incremental = shop.extract()
    shop.pull(full=True)
    assert shop.extract().equals(incremental)
