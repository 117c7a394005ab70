"""Night after night from a real server: whatever changed there, the tables are those of one full pull."""

from datetime import date

import pytest

from pipelines.lake.landed import read_landed
from pipelines.pulls.compaction import MOST_BATCHES
from tests.pulls.conftest import INCREMENTAL, Shop

FIRST = (
    "1, 'Ada', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'",
    "2, 'Bo', '2026-01-02 10:00:00', 20.00, '2026-01-02 10:00:00'",
    "3, 'Cy', '2026-01-03 10:00:00', 30.50, '2026-01-03 10:00:00'",
    *(f"{n}, 'Dee', '2026-01-03 08:00:00', 1.25, '2026-01-03 08:00:00'" for n in range(10, 40)),
)


def test_three_nights_of_changes_end_where_one_full_pull_ends(shop: Shop) -> None:
    shop.make_orders(*FIRST)
    [first] = shop.pull()
    assert (first.state, first.batch.mode, first.rows, first.source_rows) == ("taken", "full", 33, 33)

    shop.add("4, 'Eve', '2026-01-05 09:00:00', 5.00, '2026-01-05 09:00:00'")
    shop.server.run("update orders set total = 11.00, changed = '2026-01-05 09:30:00' where id = 1")
    shop.server.run("delete from orders where id = 2")
    [second] = shop.pull()
    assert (second.batch.mode, second.batch.rows, second.batch.gone, second.rows) == ("changes", 3, 1, 33)

    # Committed late: stamped before what was seen already, within the overlap. And one without a stamp.
    shop.add("5, 'Flo', '2026-01-05 09:10:00', 6.00, '2026-01-05 09:10:00'")
    shop.add("6, 'Gus', '2026-01-06 09:10:00', 7.00, null")
    shop.server.run("delete from orders where id = 4")
    [third] = shop.pull()
    assert (third.batch.mode, third.state, third.notes) == ("changes", "taken", ())
    assert third.rows == third.source_rows == 34
    assert all(each.difference == 0 for each in third.reconciled)

    incremental = shop.extract()
    [full] = shop.pull(full=True)
    assert (full.batch.mode, full.rows) == ("full", 34)
    assert shop.extract().equals(incremental)
    assert incremental.filter(order_id="1")["total_amount"].to_list() == [11]
    assert incremental.filter(order_id="3")["total_amount"].cast(float).to_list() == [30.5]


def test_rows_that_committed_later_than_the_overlap_are_found_out_and_pulled(shop: Shop) -> None:
    shop.make_orders(*FIRST)
    shop.pull()
    shop.add("7, 'Hal', '2026-01-02 00:00:00', 8.00, '2026-01-02 00:00:00'")
    [outcome] = shop.pull()
    assert (outcome.batch.mode, outcome.rows) == ("full", 34)
    assert "rows of 2026-01-02: 2 in the source, 1 here" in outcome.notes[0]
    assert "longer `overlap`" in outcome.notes[0]
    assert "Hal" not in outcome.notes[0]


def test_an_edit_that_leaves_its_stamp_shows_in_the_sums(shop: Shop) -> None:
    shop.make_orders(*FIRST)
    shop.pull()
    shop.server.run("update orders set total = 999 where id = 1")
    [outcome] = shop.pull()
    assert (outcome.batch.mode, outcome.rows) == ("full", 33)
    assert "the sum of total of 2026-01-01 differs" in outcome.notes[0]
    assert "999" not in outcome.notes[0], "of one order it would be the order's"


def test_a_stamp_ahead_of_the_clock_hides_nothing(shop: Shop) -> None:
    shop.make_orders(*FIRST, "8, 'Ivy', '2026-01-02 00:00:00', 8.00, '2037-01-02 00:00:00'")
    shop.pull()
    shop.add("9, 'Joy', '2026-01-06 00:00:00', 8.00, '2026-01-06 00:00:00'")
    [outcome] = shop.pull()
    assert (outcome.batch.mode, outcome.rows, outcome.notes) == ("changes", 35, ())


def test_rows_that_are_marked_as_deleted_go(shop: Shop) -> None:
    pulls = {"orders": {**INCREMENTAL, "deletes": {"where": "buyer = 'gone'"}}}
    shop.make_orders(*FIRST)
    shop.pull(pulls)
    shop.server.run("update orders set buyer = 'gone', changed = '2026-01-07 00:00:00' where id in (1, 2)")
    [outcome] = shop.pull(pulls)
    assert (outcome.batch.mode, outcome.batch.gone, outcome.rows, outcome.source_rows) == ("changes", 2, 31, 31)
    rows = shop.extract(pulls)
    shop.pull(pulls, full=True)
    assert shop.extract(pulls).equals(rows)
    shop.server.run("update orders set buyer = 'back', changed = '2026-01-08 00:00:00' where id = 1")
    assert shop.pull(pulls)[0].rows == 32


def test_what_a_source_forgets_stays_where_that_is_declared(shop: Shop) -> None:
    pulls = {"orders": {**INCREMENTAL, "deletes": "none"}}
    shop.make_orders(*FIRST)
    shop.pull(pulls)
    shop.server.run("delete from orders where id = 1")
    shop.add("4, 'Eve', '2026-01-05 09:00:00', 5.00, '2026-01-05 09:00:00'")
    [outcome] = shop.pull(pulls)
    assert (outcome.batch.mode, outcome.rows, outcome.source_rows, outcome.state) == ("changes", 34, 33, "taken")
    rows = shop.extract(pulls)
    [outcome] = shop.pull(pulls, full=True)
    assert (outcome.state, outcome.batch.rows, outcome.rows, outcome.source_rows) == ("taken", 33, 34, 33)
    assert shop.extract(pulls).equals(rows)
    shop.server.run("alter table orders add column note text")
    [outcome] = shop.pull(pulls)
    assert (outcome.state, outcome.rows, outcome.source_rows, outcome.notes) == (
        "taken", 34, 33, ("new columns: note",),
    )  # fmt: skip
    assert shop.extract(pulls).equals(rows)
    shop.add("41, 'Eve', '2026-01-06 09:00:00', 5.00, '2026-01-06 09:00:00', 'new'")
    assert [(each.rows, each.batch.mode, each.notes) for each in shop.pull(pulls)] == [(35, "changes", ())]
    fewer = {"orders": {**pulls["orders"], "columns": ["id", "placed", "total", "changed"]}}
    assert [(each.state, each.rows) for each in shop.pull(fewer)] == [("taken", 35)]
    assert shop.extract(fewer).height == 35


def test_where_the_source_has_forgotten_rows_nothing_is_proved_and_elsewhere_all_is(shop: Shop) -> None:
    pulls = {"orders": {**INCREMENTAL, "deletes": "none"}}
    shop.make_orders(*FIRST)
    shop.pull(pulls)
    shop.server.run("delete from orders where id = 1")
    [outcome] = shop.pull(pulls)
    assert (outcome.batch.mode, outcome.reconciled_by) == ("changes", "day")
    assert {each.day for each in outcome.reconciled if not each.is_comparable} == {"2026-01-01"}
    told = shop.lake.read("landed", "reconciliation").filter(day=date(2026, 1, 1))
    assert told["is_tolerated"].to_list() == [None, None]
    shop.server.run("update orders set total = 1 where id = 2")
    [outcome] = shop.pull(pulls)
    assert (outcome.state, outcome.rows) == ("taken", 33)
    assert "the sum of total of 2026-01-02 differs" in outcome.notes[0]
    undated = {"orders": {**pulls["orders"], "day": None}}
    shop.pull(undated)
    shop.server.run("delete from orders where id = 2")
    assert shop.pull(undated)[0].reconciled_by == "not comparable"


def test_an_empty_table_is_counted_too(shop: Shop) -> None:
    shop.make_orders()
    for _ in range(2):
        [outcome] = shop.pull()
        assert (outcome.state, outcome.rows, outcome.source_rows, outcome.reconciled_by) == ("taken", 0, 0, "table")


def test_what_a_source_forgets_is_not_lost_to_a_pull_that_is_declared_otherwise(shop: Shop) -> None:
    pulls = {"orders": {**INCREMENTAL, "deletes": "none"}}
    shop.make_orders(*FIRST)
    shop.pull(pulls)
    shop.server.run("delete from orders where id = 1")
    retype = {
        "postgresql": "alter table orders alter buyer type int using length(buyer)",
        "mariadb": "update orders set buyer = '3'; alter table orders modify buyer int",
        "mssql": "update orders set buyer = '3'; alter table orders alter column buyer int",
    }
    otherwise = {"orders": {**pulls["orders"], "select": "select * from orders where id > 1"}}
    [outcome] = shop.pull(otherwise)
    assert (outcome.state, read_landed(shop.landed).tables["orders"].rows) == ("not taken", 33)
    assert "33 rows" in str(outcome.message)
    shop.server.run(*retype[shop.server.type].split("; "))
    [outcome] = shop.pull(pulls, full=True)
    assert outcome.state == "not taken"
    assert "buyer was text and is integer" in str(outcome.message)
    assert read_landed(shop.landed).tables["orders"].rows == 33
    [outcome] = shop.pull(otherwise, full=True)
    assert (outcome.state, outcome.rows) == ("taken", 32)
    assert "rows that the source has no more are let go" in outcome.notes[-1]


def test_another_system_is_pulled_as_a_whole(shop: Shop) -> None:
    """What it has would otherwise be looked for after the cursor of the one before."""
    shop.make_orders(*FIRST)
    shop.pull()
    shop.connector = {"tls": "off", "wait_seconds": 1}
    assert shop.pull()[0].batch.mode == "changes"
    shop.connector = {"host": "localhost"}
    assert shop.pull()[0].batch.mode == "full"
    assert shop.pull()[0].batch.mode == "changes"


def test_batches_are_put_together_and_change_nothing(shop: Shop) -> None:
    shop.make_orders(*(f"{n}, 'Dee', '2026-01-04 08:00:00', 1.25, '2026-01-04 08:00:00'" for n in range(200)))
    for night in range(MOST_BATCHES + 2):
        day = f"2026-02-{night + 1:02d} 08:00:00"
        shop.server.run(f"update orders set total = {night}, changed = '{day}' where id = {night}")
        shop.server.run(f"delete from orders where id = {100 + night}")
        shop.pull()
    assert night == MOST_BATCHES + 1
    table = read_landed(shop.landed).tables["orders"]
    assert [batch.mode for batch in table.batches] == ["compacted", "changes"]
    named = {file for batch in table.batches for file in batch.files}
    assert {file.name for file in (shop.landed / "orders").iterdir()} == named
    rows = shop.extract()
    shop.pull(full=True)
    assert shop.extract().equals(rows)


def test_an_unchanged_night_writes_no_rows(shop: Shop) -> None:
    shop.make_orders(*FIRST)
    pulls = {"orders": {**INCREMENTAL, "overlap": "0s"}}
    shop.pull(pulls)
    shop.server.run("delete from orders where id >= 10")
    shop.pull(pulls)
    before = shop.extract(pulls)
    [outcome] = shop.pull(pulls)
    assert outcome.rows == 3
    assert shop.extract(pulls).equals(before)


@pytest.mark.parametrize("key", ["buyer", "changed"])
def test_a_key_that_tells_no_rows_apart_is_refused(shop: Shop, key: str) -> None:
    shop.make_orders(*FIRST, "6, 'Gus', '2026-01-06 09:10:00', 7.00, null")
    [outcome] = shop.pull({"orders": {**INCREMENTAL, "key": key}})
    assert outcome.state == "not taken"
    assert "`key`" in str(outcome.message)
    assert not list(shop.landed.glob("*/*.parquet"))
