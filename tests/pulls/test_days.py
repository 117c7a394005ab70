"""Some days of a real server's tables, pulled anew: exactly these are replaced, and both sides agree on each."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.config.connectors import PulledSource
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError
from pipelines.lake.landed import read_landed
from pipelines.pulls.connectors.mssql import MssqlSnapshot
from pipelines.pulls.connectors.mysql import MysqlSnapshot
from pipelines.pulls.connectors.postgresql import PostgresqlSnapshot
from pipelines.pulls.days import choose_sources, pull_days
from pipelines.pulls.pull import Outcome, Settings
from tests.pulls.conftest import COLUMNS, INCREMENTAL, Shop

ROWS = [
    f"{10 * day + n}, 'Ada', '2026-01-{day:02d} {hour}', {day}.50, '2026-01-{day:02d} {hour}'"
    for day in range(1, 6)
    for n, hour in enumerate(("00:00:00", "10:00:00", "23:59:59"))
]


def pull(shop: Shop, first: int, last: int, pulls: dict[str, Any] | None = None) -> Outcome:
    [source] = choose_sources(shop.configure(pulls), ["shop"])
    settings = Settings(shop.folder, say=shop.said.append, wait=lambda _: None)
    [outcome] = pull_days(source, shop.lake, date(2026, 1, first), date(2026, 1, last), settings)
    return outcome


def totals(shop: Shop) -> dict[str, float]:
    return {row["order_id"]: float(row["total_amount"]) for row in shop.extract().iter_rows(named=True)}


@pytest.fixture
def landed(shop: Shop) -> Shop:
    shop.make_orders(*ROWS)
    shop.pull()
    return shop


def test_days_of_a_source_that_is_unchanged_change_nothing(landed: Shop) -> None:
    before = landed.extract()
    outcome = pull(landed, 2, 3)
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 6, 6)
    assert [(each.day, each.measure, each.difference) for each in outcome.reconciled] == [
        (f"2026-01-0{day}", measure, 0) for day in (2, 3) for measure in ("rows", "total")
    ]
    assert landed.extract().equals(before)
    [full] = landed.pull(full=True)
    assert full.rows == 15
    assert landed.extract().equals(before)


def test_what_changed_without_a_stamp_is_there_for_these_days_and_no_other(landed: Shop) -> None:
    landed.server.run(
        "update orders set total = 99 where id in (20, 50)",
        "delete from orders where id in (31, 41)",
        "insert into orders values (39, 'Bo', '2026-01-03 12:00:00', 7.25, '2026-01-03 12:00:00')",
    )
    before = totals(landed)
    assert pull(landed, 2, 3).rows == 6
    expected = {**before, "20": 99.0, "39": 7.25}
    del expected["31"]
    assert totals(landed) == expected
    assert pull(landed, 1, 31).rows == 14
    rows = landed.extract()
    landed.pull(full=True)
    assert landed.extract().equals(rows)


def test_a_row_that_has_moved_into_these_days_is_not_there_twice(landed: Shop) -> None:
    landed.server.run("update orders set placed = '2026-01-02 08:00:00' where id = 51")
    assert pull(landed, 2, 2).rows == 4
    assert read_landed(landed.landed).tables["orders"].rows == 15
    table = landed.extract()
    assert table.height == 15
    landed.pull(full=True)
    assert landed.extract().equals(table)


def test_what_the_source_has_forgotten_of_these_days_stays_where_that_is_declared(shop: Shop) -> None:
    pulls = {"orders": {**INCREMENTAL, "deletes": "none"}}
    shop.make_orders(*ROWS)
    shop.pull(pulls)
    shop.server.run("delete from orders where id in (20, 31)", "update orders set total = 99 where id = 21")
    outcome = pull(shop, 2, 3, pulls)
    assert (outcome.state, outcome.rows, outcome.notes) == ("taken", 4, ())
    assert {**totals(shop), "21": 2.5} == {f"{10 * day + n}": day + 0.5 for day in range(1, 6) for n in range(3)}
    assert totals(shop)["21"] == 99


def test_rows_that_are_of_these_days_no_more_are_told(landed: Shop) -> None:
    """Where one is of another day now it comes with the next night, which finds that day short."""
    landed.server.run(
        "update orders set placed = '2026-01-05 08:00:00' where id = 20", "delete from orders where id = 21"
    )
    outcome = pull(landed, 2, 2)
    assert outcome.rows == 1
    assert [note.partition(":")[0] for note in outcome.notes] == ["2 rows that were of these days are no more"]
    assert len(totals(landed)) == 13
    landed.pull()
    assert len(totals(landed)) == 14


def test_the_next_night_goes_on_where_the_last_one_ended(landed: Shop) -> None:
    before = read_landed(landed.landed).tables["orders"].cursor
    pull(landed, 1, 2)
    assert read_landed(landed.landed).tables["orders"].cursor == before
    landed.add("60, 'Cy', '2026-01-06 09:00:00', 5.00, '2026-01-06 09:00:00'")
    [night] = landed.pull()
    assert (night.batch.mode, night.rows, night.notes) == ("changes", 16, ())


def test_days_without_a_row_here_and_there_leave_all_as_it_was(landed: Shop) -> None:
    before = landed.extract()
    assert (pull(landed, 20, 25).rows, pull(landed, 20, 25).state) == (0, "taken")
    assert landed.extract().equals(before)
    landed.server.run("delete from orders")
    assert pull(landed, 1, 31).rows == 0
    assert landed.extract().height == 0


def test_a_short_pull_of_days_is_not_taken(landed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = landed.extract()
    for snapshot in (PostgresqlSnapshot, MysqlSnapshot, MssqlSnapshot):
        whole: Callable[..., Iterator[pa.RecordBatch]] = snapshot.stream

        def stream(self: Any, sql: str, schema: pa.Schema, shown: str, whole: Any = whole) -> Iterator[pa.RecordBatch]:
            yield from [batch.slice(0, batch.num_rows - 1) for batch in whole(self, sql, schema, shown)]

        monkeypatch.setattr(snapshot, "stream", stream)
    outcome = pull(landed, 2, 3)
    assert (outcome.state, outcome.source_rows) == ("not taken", 6)
    assert "what arrived of table 'orders' is not what the source has" in str(outcome.message)
    assert landed.extract().equals(before)


def test_what_was_never_pulled_or_otherwise_has_no_days_to_replace(shop: Shop) -> None:
    shop.make_orders(*ROWS)
    assert "nothing has been pulled" in str(pull(shop, 1, 2).message)
    shop.pull()
    declared = {"orders": {**INCREMENTAL, "key": ["id", "buyer"]}}
    assert "as it is declared now" in str(pull(shop, 1, 2, declared).message)


def test_a_column_that_has_gone_is_told_and_a_new_one_waits_for_the_night(landed: Shop) -> None:
    before = landed.extract()
    landed.server.run("alter table orders add column note text")
    assert pull(landed, 1, 5).state == "taken"
    assert landed.extract().equals(before)
    landed.server.run("alter table orders drop column buyer")
    assert "buyer no longer there" in str(pull(landed, 1, 5).message)


@pytest.mark.parametrize("declared", [{"day": "paid"}, {"amounts": "tip"}])
def test_a_day_or_an_amount_that_was_not_landed_waits_for_the_night(landed: Shop, declared: dict[str, str]) -> None:
    landed.server.run("alter table orders add column paid date", "alter table orders add column tip int")
    outcome = pull(landed, 1, 5, {"orders": {**INCREMENTAL, **declared}})
    assert outcome.state == "not taken"
    assert "was not landed" in str(outcome.message)


def test_pulls_that_say_no_day_are_told_of(shop: Shop) -> None:
    sources = shop.configure({}, {"orders": {"from": "orders", "columns": COLUMNS}})
    assert isinstance(sources.sources[0], PulledSource)
    with pytest.raises(ConfigurationError, match="by which `day` its rows are"):
        choose_sources(sources, None)
    with pytest.raises(ConfigurationError, match=r"called 'shopp' is pulled.*did you mean 'shop'"):
        choose_sources(sources, ["shopp"])


SHOP = """
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me}
    pulls: {orders: {day: created}}
    tables: {orders: {from: orders}}
"""
CRM = """
  - name: crm
    kind: crm
    connector: {type: hubspot, token: "${CRM_SECRET}"}
"""


def load(folder: Path, monkeypatch: pytest.MonkeyPatch, *written: str) -> Sources:
    monkeypatch.setenv("CRM_SECRET", "needle")
    (folder / "sources.yml").write_text("sources:" + "".join(written))
    return load_sources(folder / "sources.yml")


def test_a_web_api_beside_a_database_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    chosen = choose_sources(load(tmp_path, monkeypatch, SHOP, CRM), None, said.append)
    assert [source.name for source in chosen] == ["shop"]
    assert said == [
        "source crm is left out: its system cannot be asked for some days. `parcours run --full` pulls all of it."
    ]


@pytest.mark.parametrize(("written", "names"), [((SHOP, CRM), ["crm"]), ((CRM,), None)])
def test_one_that_is_named_or_alone_is_asked_and_says_that_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: tuple[str, ...], names: list[str] | None
) -> None:
    said: list[str] = []
    chosen = choose_sources(load(tmp_path, monkeypatch, *written), names, said.append)
    assert ([source.name for source in chosen], said) == (["crm"], [])
