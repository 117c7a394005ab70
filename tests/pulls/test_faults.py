"""What systems do at night: what came is whole or is not taken, the message says which, and holds no value."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from pipelines.errors import ConfigurationError, ExtractError
from pipelines.lake.landed import read_landed
from pipelines.lake.owner_only import closed_to_others
from pipelines.pulls.connectors.mssql import MssqlSnapshot
from pipelines.pulls.connectors.mysql import MysqlSnapshot
from pipelines.pulls.connectors.postgresql import PostgresqlSnapshot
from pipelines.pulls.night import join_again
from pipelines.pulls.pull import Outcome, list_messages
from tests.database_servers import PASSWORD
from tests.pulls.conftest import COLUMNS, Shop

ROWS = (
    "1, 'Qzneedle', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'",
    "2, 'Bo', '2026-01-02 10:00:00', 20.00, '2026-01-02 10:00:00'",
)
SNAPSHOTS = (PostgresqlSnapshot, MysqlSnapshot, MssqlSnapshot)
NEEDLES = (PASSWORD, "Qzneedle", "haystack")


def list_leaks(shop: Shop, outcomes: list[Outcome]) -> list[str]:
    """Needles in what is said, and in files that hold no rows, and in any file's name."""
    told = " ".join([*shop.said, *(repr(each) for each in outcomes), (shop.folder / "sources.yml").read_text()])
    files = [file for file in shop.folder.rglob("*") if file.is_file()]
    told += " ".join(map(str, files)) + " ".join(file.read_text() for file in files if file.suffix == ".json")
    return [needle for needle in NEEDLES if needle in told]


def fail(shop: Shop, *arguments: Any, **named: Any) -> str:
    """What is said of a pull of one table that is not taken."""
    outcomes = shop.pull(*arguments, **named)
    assert [each.state for each in outcomes] == ["not taken"]
    assert list_leaks(shop, outcomes) == []
    assert not list(shop.folder.rglob("*.tmp-*"))
    return list_messages(outcomes, "not taken")[0]


def test_wrong_credentials_are_told_at_once_and_not_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "wrong" + PASSWORD)
    message = fail(shop)
    assert "does not let parcours into shop: check `user`, `password` and `database`" in message
    assert shop.said == []


@pytest.mark.parametrize("password", ["Qz7-né", "Qz7-€☂"])
def test_a_password_of_any_letters_opens(shop: Shop, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    change = {
        "postgresql": f"alter role parcours password '{password}'",
        "mariadb": f"set password for parcours@'%' = password('{password}')",
        "mssql": f"alter login parcours with password = '{password}'",
    }[shop.server.type]
    monkeypatch.setenv("SHOP_PASSWORD", password)
    shop.make_orders(*ROWS)
    try:
        shop.server.run(change)
        assert shop.pull()[0].state == "taken"
        monkeypatch.setenv("SHOP_PASSWORD", password + "é")
        message = fail(shop)
        assert "does not let parcours into shop" in message
        assert "Qz7" not in message
    finally:
        shop.server.run(change.replace(password, PASSWORD))


def test_a_database_that_is_not_there_is_told(shop: Shop) -> None:
    shop.connector = {"database": "shoq"}
    assert "into shoq: check" in fail(shop)


def test_a_server_that_does_not_answer_is_tried_again(shop: Shop) -> None:
    shop.connector = {"port": 1, "tries": 3}
    assert "127.0.0.1:1 does not answer" in fail(shop)
    assert [line.partition(":")[0] for line in shop.said] == ["source shop, try 1 of 3", "source shop, try 2 of 3"]


@pytest.mark.parametrize("host", ["db..example", ".", "x" * 70 + ".example"])
def test_a_name_that_no_machine_can_have_is_told(shop: Shop, host: str) -> None:
    shop.connector = {"host": host, "tries": 1}
    assert f"{host}:{shop.server.port} does not answer" in fail(shop)


def test_what_functions_of_the_database_say_of_a_row_is_printed_nowhere(
    shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    if shop.server.type != "postgresql":
        pytest.skip("Its server sends such words with the rows.")
    shop.make_orders(*ROWS)
    shop.server.run(
        "create or replace function told(buyer text) returns text language plpgsql as "
        "$$ begin raise warning 'not a buyer: %', buyer; raise notice '%', buyer; return buyer; end $$",
    )
    [outcome] = shop.pull({"orders": {"select": "select id, told(buyer) as buyer, placed, total, changed from orders"}})
    assert (outcome.state, outcome.rows) == ("taken", 2)
    assert list_leaks(shop, [outcome]) == []
    assert "Qzneedle" not in "".join(capfd.readouterr())


def test_a_password_has_no_place_in_sources_yml(shop: Shop) -> None:
    shop.connector = {"password": PASSWORD}
    with pytest.raises(ConfigurationError, match="a password has no place in a file") as raised:
        shop.configure()
    assert PASSWORD not in str(raised.value)


@pytest.fixture
def lost_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers that lose the last batch of rows and say nothing."""
    for snapshot in SNAPSHOTS:
        whole = snapshot.stream

        def stream(self: Any, sql: str, schema: pa.Schema, shown: str, whole: Any = whole) -> Iterator[pa.RecordBatch]:
            yield from [batch.slice(0, batch.num_rows - 1) for batch in whole(self, sql, schema, shown)]

        monkeypatch.setattr(snapshot, "stream", stream)


def test_a_short_pull_is_told_and_not_taken(shop: Shop, lost_batches: None) -> None:
    shop.make_orders(*ROWS)
    message = fail(shop)
    assert "what arrived of table 'orders' is not what the source has" in message
    [outcome] = shop.pull()
    assert [(one.day, one.source, one.landed) for one in outcome.reconciled if not one.is_taken] == [
        ("2026-01-02", 1, 0),
        ("2026-01-02", 20, 0),
    ]
    told = shop.lake.read("landed", "reconciliation").filter(~pl.col("is_tolerated"))
    assert told["source_value"].to_list() == [1, 20]
    assert read_landed(shop.landed).tables == {}
    with pytest.raises(ExtractError, match="nothing has been pulled of 'orders' yet"):
        shop.extract()


def test_a_short_pull_is_asked_for_once_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.make_orders(*ROWS)
    snapshot = dict(zip(("postgresql", "mariadb", "mssql"), SNAPSHOTS, strict=True))[shop.server.type]
    whole, lost = snapshot.stream, []

    def stream(self: Any, sql: str, schema: pa.Schema, shown: str) -> Iterator[pa.RecordBatch]:
        for batch in whole(self, sql, schema, shown):
            lost.append(batch.num_rows)
            yield batch if len(lost) > 1 else batch.slice(0, batch.num_rows - 1)

    monkeypatch.setattr(snapshot, "stream", stream)
    [outcome] = shop.pull()
    assert (outcome.state, outcome.rows, lost) == ("taken", 2, [2, 2])
    [said] = shop.said
    assert "what arrived of table 'orders' is not what the source has" in said
    assert said.endswith("It is asked for once more.")


@pytest.mark.parametrize("overlap", [None, "400d"])
def test_changes_since_the_first_day_of_the_calendar_begin_there(shop: Shop, overlap: str | None) -> None:
    shop.make_orders("1, 'Ann', '2026-01-01 10:00:00', 10.00, '0001-01-01 00:00:00'")
    pulls = {"orders": {"key": "id", "cursor": "changed", **({"overlap": overlap} if overlap else {})}}
    if shop.server.type == "mariadb":
        pytest.skip("Its times begin in the year 1000.")
    shop.pull(pulls)
    shop.add("2, 'Bo', '2026-01-02 10:00:00', 20.00, '0001-01-01 00:00:01'")
    [outcome] = shop.pull(pulls)
    assert (outcome.state, outcome.describe()["mode"], outcome.rows) == ("taken", "changes", 2)


def test_a_short_pull_of_changes_leaves_the_night_before(shop: Shop, request: pytest.FixtureRequest) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    before = shop.extract()
    request.getfixturevalue("lost_batches")
    shop.add("3, 'Cy', '2026-01-03 10:00:00', 30.50, '2026-01-03 10:00:00'")
    assert "a short pull of table 'orders': the source counts 2 changed rows, 1 arrived" in fail(shop)
    shop.connector = {"if_not_taken": "keep"}
    [kept] = shop.pull()
    assert (kept.state, kept.rows) == ("kept", 2)
    assert "a short pull" in str(kept.message)
    assert [(one.measure, one.source, one.landed) for one in kept.reconciled] == [("changed rows", 2, 1)]
    assert shop.extract().equals(before)


def test_what_was_taken_tonight_stays_taken_where_a_later_try_is_not(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    first = shop.pull()
    shop.connector = {"port": 1, "tries": 1}
    later = shop.pull()
    assert [each.state for each in later] == ["not taken"]
    assert join_again(first, later) == first
    assert join_again(later, first) == first
    assert join_again([], later) == later


def test_a_tolerance_lets_some_rows_be_missing(shop: Shop, lost_batches: None) -> None:
    shop.make_orders(*ROWS)
    [outcome] = shop.pull({"orders": {"tolerance": 0.5}})
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 1, 2)


def test_a_new_column_is_told_and_kept(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    shop.server.run("alter table orders add column note text", "update orders set note = 'Qzneedle'")
    [outcome] = shop.pull()
    assert (outcome.state, outcome.batch.mode, outcome.notes) == ("taken", "full", ("new columns: note",))
    assert outcome.changes.describe() == {"added": ["note"]}
    assert shop.lake.read("landed", "pulls")["columns_added"].to_list() == ["note"]
    assert "note" in read_landed(shop.landed).tables["orders"].columns
    assert list_leaks(shop, [outcome]) == []
    assert shop.pull()[0].notes == ()


def test_a_new_column_is_left_out_or_refused_where_that_is_declared(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    shop.server.run("alter table orders add column note text")
    shop.connector = {"drift": "discard"}
    [outcome] = shop.pull()
    assert (outcome.state, outcome.notes) == ("taken", ("new columns, left out: note",))
    assert "note" not in read_landed(shop.landed).tables["orders"].columns
    shop.connector = {"drift": "freeze"}
    assert "`drift: freeze` lets none in" in fail(shop)
    assert shop.pull(full=True)[0].state == "taken"


def test_a_new_column_that_the_pull_speaks_of_is_not_left_out(shop: Shop) -> None:
    """A day that is declared later, of a column that was left out until now."""
    undated = {"orders": {"key": "id", "cursor": "changed"}}
    shop.make_orders(*ROWS)
    shop.pull(undated)
    shop.server.run("alter table orders add column paid date", "alter table orders add column tip int")
    shop.connector = {"drift": "discard"}
    assert shop.pull(undated)[0].notes == ("new columns, left out: paid, tip",)
    [outcome] = shop.pull({"orders": {**undated["orders"], "day": "paid"}})
    assert (outcome.state, outcome.notes) == ("taken", ("new columns: paid", "new columns, left out: tip"))
    assert outcome.batch.mode == "full"
    assert "paid" in read_landed(shop.landed).tables["orders"].columns


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("alter table orders drop column buyer", "buyer no longer there"),
        ("alter table orders rename column buyer to who", "buyer no longer there"),
        ("RETYPE", "buyer was text and is integer"),
    ],
)
def test_a_column_that_is_missing_or_retyped_stops_its_table(shop: Shop, change: str, told: str) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    before = shop.extract()
    retype = {
        "postgresql": "alter table orders alter buyer type int using length(buyer)",
        "mariadb": "alter table orders modify buyer int",
        "mssql": "alter table orders alter column buyer int",
    }
    if shop.server.type == "mssql" and change == "RETYPE":
        shop.server.run("update orders set buyer = '3'")
    shop.server.run(retype[shop.server.type] if change == "RETYPE" else change)
    assert told in fail(shop)
    [outcome] = shop.pull()
    assert set(outcome.changes.describe()) - {"added"} == {"retyped" if change == "RETYPE" else "missing"}
    assert shop.extract().equals(before)
    [outcome] = shop.pull(full=True)
    assert (outcome.state, outcome.rows) == ("taken", 2)


def test_a_wider_type_of_the_same_kind_is_taken(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    widen = {
        "postgresql": "alter table orders alter total type numeric(18, 4)",
        "mariadb": "alter table orders modify total decimal(18, 4)",
        "mssql": "alter table orders alter column total decimal(18, 4)",
    }
    shop.server.run(widen[shop.server.type])
    shop.add("3, 'Cy', '2026-01-03 10:00:00', 30.5055, '2026-01-03 10:00:00'")
    [outcome] = shop.pull()
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 3)


def test_a_table_at_fault_leaves_the_others_of_the_same_snapshot(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    tables = {
        "customers": {"from": "nobody", "columns": {"account_id": "id"}},
        "orders": {"from": "orders", "columns": COLUMNS},
        "products": {"from": "broken", "columns": {"product_id": "id"}},
    }
    pulls = {"broken": {"select": "select nonsense( from orders"}}
    outcomes = shop.pull(pulls, tables=tables)
    assert {each.name: each.state for each in outcomes} == {
        "broken": "not taken",
        "nobody": "not taken",
        "orders": "taken",
    }
    messages = {each.name: each.message for each in outcomes}
    assert "the database has no table 'nobody'" in str(messages["nobody"])
    assert "refuses what is asked of query 'broken'" in str(messages["broken"])
    assert shop.extract({}).height == 2


def test_all_tables_are_of_one_moment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of an order that was deleted between the two would otherwise belong to nothing."""
    shop.make_orders(*ROWS)
    for snapshot in SNAPSHOTS:
        whole = snapshot.stream

        def stream(self: Any, sql: str, schema: pa.Schema, shown: str, whole: Any = whole) -> Iterator[pa.RecordBatch]:
            yield from whole(self, sql, schema, shown)
            shop.server.run("delete from orders")

        monkeypatch.setattr(snapshot, "stream", stream)
    tables = {
        "customers": {"from": "again", "columns": {"account_id": "id"}},
        "orders": {"from": "orders", "columns": COLUMNS},
    }
    outcomes = shop.pull({"again": {"from": "orders"}}, tables=tables)
    assert [(each.state, each.rows, each.source_rows) for each in outcomes] == [("taken", 2, 2), ("taken", 2, 2)]


def test_an_optional_table_that_is_not_there_lets_the_run_go_on(shop: Shop) -> None:
    shop.server.run("drop table if exists orders")
    [outcome] = shop.pull({"orders": {"optional": True}})
    assert (outcome.state, outcome.message) == ("absent", None)
    assert shop.extract({"orders": {"optional": True}}).height == 0
    shop.make_orders(*ROWS)
    assert shop.pull({"orders": {"optional": True}})[0].state == "taken"


def test_an_optional_table_that_has_gone_empties_nothing_that_was_landed(shop: Shop) -> None:
    """A right that was taken away looks the same as a table that is not there."""
    pulls = {"orders": {"optional": True}}
    shop.make_orders(*ROWS)
    shop.pull(pulls)
    shop.server.run("drop table orders")
    assert "2 rows of it were landed before" in fail(shop, pulls)
    assert shop.extract(pulls).height == 2
    shop.connector = {"if_not_taken": "keep"}
    assert [(each.state, each.rows) for each in shop.pull(pulls)] == [("kept", 2)]
    assert shop.pull(pulls, full=True)[0].state == "absent"
    assert shop.extract(pulls).height == 0


def test_a_value_that_no_day_can_be_is_empty_and_counted(shop: Shop) -> None:
    if shop.server.type == "mssql":
        pytest.skip("Its server holds no such days.")
    odd = {"postgresql": "infinity", "mariadb": "0000-00-00 00:00:00"}[shop.server.type]
    shop.make_orders(*ROWS, f"3, 'Cy', '2026-01-03 10:00:00', 30.50, '{odd}'", f"4, 'Cy', '{odd}', 30.50, null")
    [outcome] = shop.pull()
    assert (outcome.state, outcome.rows) == ("taken", 4)
    assert [note.partition(" rows")[0] for note in outcome.notes] == ["placed is empty in 1", "changed is empty in 1"]
    assert all(each.difference == 0 for each in outcome.reconciled)
    assert shop.pull()[0].batch.mode == "changes"


def test_a_day_that_no_calendar_has_ends_no_night(shop: Shop) -> None:
    if shop.server.type != "postgresql":
        pytest.skip("Its server holds no such days.")
    shop.make_orders(*ROWS, "3, 'Cy', '20231-05-01 10:00:00', 30.50, '2026-01-03 10:00:00'")
    [outcome] = shop.pull()
    assert (outcome.state, outcome.rows) == ("taken", 3)
    assert "20231-05-01" in {each.day for each in outcome.reconciled}
    told = shop.lake.read("landed", "reconciliation").filter(measure="rows")
    assert told.height == 3
    assert told["day"].null_count() == 1


def test_an_amount_that_no_number_can_be_is_empty_and_counted(shop: Shop) -> None:
    if shop.server.type != "postgresql":
        pytest.skip("Its server holds no such values.")
    shop.server.run(
        "drop table if exists sums",
        "create table sums (id int, amount double precision, exact numeric, long numeric(30, 0), vast float8)",
        "insert into sums values (1, 'Infinity', '-Infinity', 1e25, 1e200), (2, '-Infinity', 'NaN', 1, 1), "
        "(3, 1.5, 2.5, 1, 1)",
    )
    tables = {"products": {"from": "sums", "columns": {"product_id": "id"}}}
    [outcome] = shop.pull({"sums": {"amounts": ["amount", "exact", "long", "vast"]}}, tables=tables)
    assert (outcome.state, outcome.message) == ("taken", None)
    assert [note.partition(" rows")[0] for note in outcome.notes] == ["amount is empty in 2", "exact is empty in 2"]
    sums = {each.measure: each.landed for each in outcome.reconciled}
    assert (float(sums["amount"]), float(sums["exact"])) == (1.5, 2.5)
    written = dict(shop.lake.read("landed", "reconciliation").select("measure", "source_value").iter_rows())
    assert (int(written["long"]), written["vast"]) == (10**25 + 2, None), "of one there are more digits than room"


def test_a_server_that_is_killed_while_it_is_read_is_asked_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    before = shop.extract()
    many = "3, 'Cy', '2026-01-03 10:00:00', 1.00, '2026-01-03 10:00:00'".partition(",")[2]
    shop.add(*(f"{n},{many}" for n in range(3, 60_000)))
    killed = threading.Event()
    for snapshot in SNAPSHOTS:
        whole = snapshot.stream

        def stream(self: Any, sql: str, schema: pa.Schema, shown: str, whole: Any = whole) -> Iterator[pa.RecordBatch]:
            for batch in whole(self, sql + " order by 1", schema, shown):
                if not killed.is_set():
                    killed.set()
                    shop.server.kill()
                yield batch

        monkeypatch.setattr(snapshot, "stream", stream)
    try:
        shop.connector = {"tries": 1}
        message = fail(shop)
        assert "broke off" in message or "does not answer" in message
        assert shop.extract().equals(before)
    finally:
        shop.server.start_again()
    shop.connector = {}
    assert shop.pull()[0].rows == 59_999


def test_what_a_killed_pull_left_is_swept(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    (shop.landed / "orders" / "000009.parquet").write_bytes(b"PAR1half")
    (shop.landed / "orders" / "000009.gone.parquet.tmp-1").write_bytes(b"PAR1")
    shop.pull()
    names = sorted(file.name for file in (shop.landed / "orders").iterdir())
    assert names == ["000001.parquet", "000002.parquet"]


def test_batches_are_closed_to_others(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    before = os.umask(0)
    try:
        with closed_to_others():  # As a step of a night is.
            shop.pull()
        shop.server.run("delete from orders where id = 1")
        shop.pull()  # As whoever forgets it does: nobody gets into the folder.
    finally:
        os.umask(before)
    first = [shop.landed / "orders" / "000001.parquet", shop.lake.path("landed", "pulls").parent]
    folders = [folder for folder in [shop.landed, *shop.landed.rglob("*")] if folder.is_dir()]
    assert [path for path in [*first, *folders] if path.stat().st_mode & 0o077] == []


def test_a_damaged_manifest_is_told(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    shop.pull()
    (shop.landed / "manifest.json").write_text("{")
    with pytest.raises(Exception, match=r"is damaged\. Move the folder of the source away"):
        shop.pull()
