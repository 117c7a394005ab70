"""What is SQL Server's own: who it is, versions of rows, faults that end a transaction, rowversions as cursors."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls.connectors import mssql_tls
from pipelines.pulls.pull import list_messages
from tests.database_servers import AUTHORITY, PASSWORD, USER, SqlServer, mssql
from tests.pulls.conftest import COLUMNS, Shop
from tests.tds.certificate import make_certificate
from tests.tds.server import TdsServer

ROW = "1, 'Ada', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'"


@pytest.fixture(scope="module")
def server() -> Iterator[SqlServer]:
    with mssql() as started:
        yield started


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[SqlServer]:
    """One whose settings a test may change."""
    server = SqlServer(TdsServer(USER, PASSWORD, make_certificate(tmp_path)), tmp_path / AUTHORITY)
    server.tds.start()
    yield server
    server.kill()


@pytest.fixture
def own_shop(own_server: SqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    shop = Shop(own_server, tmp_path)
    shop.make_orders(ROW)
    return shop


def fail(shop: Shop, *arguments: Any) -> str:
    outcomes = shop.pull(*arguments)
    assert {each.state for each in outcomes} == {"not taken"}
    said = " ".join([*list_messages(outcomes, "not taken"), *shop.said])
    assert PASSWORD not in said
    return said


def test_a_server_is_believed_by_its_certificate_alone(own_shop: Shop, tmp_path: Path) -> None:
    assert own_shop.pull()[0].state == "taken"
    (tmp_path / "other").mkdir()
    make_certificate(tmp_path / "other")
    own_shop.connector = {"ca": str(tmp_path / "other" / AUTHORITY), "tries": 1}
    assert "do not agree on TLS. Check `tls`, and `ca`" in fail(own_shop)
    own_shop.connector = {"ca": None, "tries": 1}
    assert "do not agree on TLS" in fail(own_shop), "the machine's authorities did not sign it"
    own_shop.connector = {"ca": None, "tls": "require"}
    assert own_shop.pull()[0].state == "taken"


def test_a_certificate_of_another_name_is_refused(own_shop: Shop, tmp_path: Path) -> None:
    own_shop.server.tds.context = make_certificate(tmp_path, host="elsewhere.example")
    own_shop.connector = {"tries": 1}
    assert "which is to name the host as `host` does" in fail(own_shop)


@pytest.mark.parametrize(
    ("tls", "is_encrypted"), [("off", False), ("prefer", True), ("require", True), ("verify", True)]
)
def test_what_is_declared_is_what_is_encrypted(own_shop: Shop, tls: str, is_encrypted: bool) -> None:
    own_shop.connector = {"tls": tls}
    assert own_shop.pull()[0].state == "taken"
    assert own_shop.server.tds.encrypted[-1] is is_encrypted


@pytest.mark.parametrize("tls", ["require", "verify"])
def test_a_server_without_encryption_is_told_no_password(own_shop: Shop, tls: str) -> None:
    own_shop.server.tds.context = None
    own_shop.connector = {"tls": tls, "tries": 1}
    assert "do not agree on TLS" in fail(own_shop)
    assert own_shop.server.tds.encrypted == []


def test_a_file_that_is_no_authority_is_told(own_shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "words.pem").write_text("no certificate")
    for file in ("words.pem", "nowhere.pem"):
        own_shop.connector = {"ca": file}
        assert f"is no file of certificates: {file}" in fail(own_shop)


def test_settings_of_the_machine_are_not_read_and_stay_as_they_are(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weak = tmp_path / "freetds.conf"
    weak.write_text("[global]\n\tencryption = off\n\tcheck certificate hostname = no\n")
    monkeypatch.setenv("FREETDSCONF", str(weak))
    own_shop.pull()
    assert own_shop.server.tds.encrypted == [True]
    assert os.environ["FREETDSCONF"] == str(weak)
    monkeypatch.setattr(mssql_tls, "NamedTemporaryFile", None)
    own_shop.connector = {"ca": "nowhere.pem"}
    fail(own_shop)
    assert os.environ["FREETDSCONF"] == str(weak)


def test_a_database_that_keeps_no_versions_is_refused_and_the_message_says_what_to_do(own_shop: Shop) -> None:
    own_shop.server.run("update sys.databases set snapshot_isolation_state = 0")
    said = fail(own_shop)
    assert "ALTER DATABASE shop SET ALLOW_SNAPSHOT_ISOLATION ON" in said
    assert own_shop.said == [], "it will not be otherwise the next time"
    own_shop.server.run("update sys.databases set is_read_only = true")
    assert own_shop.pull()[0].state == "taken"
    assert "set transaction isolation level repeatable read" in " ".join(own_shop.server.tds.asked)


def test_versions_that_are_switched_off_meanwhile_are_told(own_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    own_shop.server.tds.versions_end = True
    assert "keeps no versions of rows" in fail(own_shop)


def test_a_table_that_the_user_may_not_read_is_told(own_shop: Shop) -> None:
    own_shop.server.tds.denied = {"orders"}
    assert "table 'orders' may not be read by this user: grant it SELECT" in fail(own_shop)


def test_no_table_is_read_in_another_state_than_those_before_it(shop: Shop) -> None:
    """A value that cannot be cast ends the transaction; a missing column does not."""
    shop.make_orders(ROW)
    tables = {
        "customers": {"from": "casts", "columns": {"account_id": "id"}},
        "orders": {"from": "orders", "columns": COLUMNS},
    }
    wrong = {"casts": {"select": "select id, cast(buyer as int) as buyer from orders"}}
    told = {each.name: each for each in shop.pull(wrong, tables=tables)}
    assert "refuses what is asked of query 'casts' (error 8114)" in str(told["casts"].message)
    assert "ended the state that all are read in" in str(told["orders"].message)
    assert "Ada" not in repr(told)
    missing = {"casts": {"select": "select id, nothing from orders"}}
    told = {each.name: each for each in shop.pull(missing, tables=tables)}
    assert "has no column of a name" in str(told["casts"].message)
    assert told["orders"].state == "taken"


def test_a_rowversion_is_a_cursor(shop: Shop) -> None:
    shop.server.run(
        "drop table if exists stock",
        "create table stock (id int primary key, amount int, version rowversion)",
        "insert into stock values " + ", ".join(f"({n}, 1, {100_000 + n})" for n in range(50)),
    )
    tables = {"products": {"from": "stock", "columns": {"product_id": "id"}}}
    pulls = {"stock": {"key": "id", "cursor": "version", "overlap": 0, "amounts": "amount"}}
    [first] = shop.pull(pulls, tables=tables)
    assert (first.state, first.batch.cursor_to) == ("taken", "100049")
    shop.server.run(
        "update stock set amount = 5, version = 100060 where id = 3",
        "insert into stock values (90, 1, 1000050)",  # Of a transaction that was at work when the pull began.
    )
    [second] = shop.pull(pulls, tables=tables)
    assert (second.batch.mode, second.batch.rows, second.batch.cursor_to) == ("changes", 3, "100060")
    shop.server.run("insert into stock values (91, 1, 100070)")
    [third] = shop.pull(pulls, tables=tables)
    assert (third.batch.mode, third.rows, third.source_rows) == ("changes", 52, 52)


def test_a_table_in_a_schema_and_columns_in_brackets_are_found(shop: Shop) -> None:
    shop.server.run(
        "drop schema if exists sales cascade",
        "create schema sales",
        "create table sales.basket (id int primary key, [select] nvarchar(9))",
        "insert into sales.basket values (1, 'x')",
    )
    tables = {"products": {"from": "sales.basket", "columns": {"product_id": "id"}}}
    [outcome] = shop.pull({}, tables=tables)
    assert (outcome.state, outcome.rows) == ("taken", 1)


def test_the_first_rows_are_looked_at_without_the_others(shop: Shop) -> None:
    shop.make_orders(ROW, ROW.replace("1,", "2,", 1))
    [outcome] = shop.pull(most=1)
    assert (outcome.state, outcome.batch.rows) == ("taken", 1)
    assert any("select top (1) " in sql for sql in shop.server.tds.asked)


@pytest.mark.parametrize("host", ["db\\sales", "db,1433", "(local)"])
def test_a_host_that_the_driver_would_read_otherwise_is_told(shop: Shop, host: str) -> None:
    shop.connector = {"host": host, "tries": 1}
    assert "does not answer (no name of a machine)" in fail(shop)


def test_a_setting_that_there_is_not_is_told(shop: Shop) -> None:
    shop.connector = {"tls": "strict"}
    with pytest.raises(ConfigurationError, match="tls"):
        shop.configure()
