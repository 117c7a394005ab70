"""Of a table of many files only those that changed are read, and the lake is what reading all of them gives."""

import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import contracts
from pipelines.errors import ExtractError
from pipelines.extracts import by_file, conform, reading, unchanged
from pipelines.extracts.counts import Extracted
from pipelines.extracts.unchanged import extract_if_changed
from pipelines.lake.tables import Lake, TableError

DAY = date(2026, 6, 30)
TABLES: tuple[str, ...] = ("orders", "order_lines", "returns", "web_events")
STEMS = {"orders": "orders", "order_lines": "lines", "returns": "returns", "web_events": "events"}
SEED = int(os.environ.get("SEED", "1"))  # Of the random nights.
MAPPINGS: dict[str, dict[str, Any]] = {
    "orders": {
        "from": "orders*.csv",
        "where": "total <> '99'",
        "columns": {
            "order_id": "id",
            "channel": "'web'",
            "fulfilment": "'delivery'",
            "status": "'paid'",
            "ordered_at": "moment",
            "updated_at": "moment",
            "total_amount": "total",
            "currency": "currency",
        },
    },
    "order_lines": {
        "from": "lines*.jsonl",
        "columns": {
            "order_id": "id",
            "line_no": "line",
            "product_id": "product",
            "quantity": "1",
            "unit_price": "total",
            "line_amount": "total",
        },
    },
    "returns": {
        "from": "returns*.csv",
        "columns": {
            "return_id": "id",
            "order_id": "order",
            "returned_at": "moment",
            "refund_amount": "total",
            "quantity": "1",
            "returned_via": "'post'",
        },
    },
    "web_events": {
        "from": "events*.csv",
        "columns": {
            "event_id": "id",
            "visitor_id": "visitor",
            "session_id": "visitor",
            "event": "'page_view'",
            "channel": "'web'",
            "occurred_at": "moment",
        },
    },
}


class Nights:
    """The tables of a shop, each of several files, read night after night into one lake, and as a whole into others."""

    def __init__(self, exports: Any) -> None:
        self.exports, self.day, self.tables = exports, DAY, TABLES
        self.mappings = json.loads(json.dumps(MAPPINGS))
        self.said: list[str] = []

    @property
    def folder(self) -> Path:
        folder: Path = self.exports.folder / "exports"
        return folder

    @property
    def lake(self) -> Lake:
        lake: Lake = self.exports.lake
        return lake

    def run(self, table: str, lake: Lake | None = None, *, full: bool = False) -> Extracted:
        present = {name: each for name, each in self.mappings.items() if any(self.folder.glob(each["from"]))}
        wanted = contracts.table("ecommerce", table)
        sources = self.exports.configure(**present)
        return extract_if_changed(sources, wanted, lake or self.lake, self.day, full=full, say=self.said.append)

    def run_all(self, lake: Lake | None = None) -> dict[str, Extracted]:
        return {table: self.run(table, lake) for table in self.tables}

    def check_equal_to_full(self) -> dict[str, Extracted]:
        """Every file of the lake, and all that is told of its tables, is what reading everything gives."""
        anew = Lake(self.exports.folder / "anew")
        shutil.rmtree(anew.root, ignore_errors=True)
        kept, whole = self.run_all(), self.run_all(anew)
        for table in self.tables:
            for name in ("per_source", "reasons", "files_read", "fields", "shapes", "days"):
                assert getattr(kept[table], name) == getattr(whole[table], name), (table, name)
        assert list_written(self.lake) == list_written(anew)
        return kept


def list_written(lake: Lake) -> dict[str, Any]:
    """The types and rows of each file. Whether DuckDB declares a column of it nullable depends on how it came about."""
    files = sorted(file for file in lake.root.rglob("*") if file.is_file() and "state" not in file.parts)
    frames = {file.relative_to(lake.root).as_posix(): pl.read_parquet(file) for file in files}
    return {name: (frame.schema, frame.rows()) for name, frame in frames.items()}


@pytest.fixture
def nights(exports: Any, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setattr(by_file, "LEAST_BYTES", 0)
    for month in (4, 5, 6):
        days = f"2026-{month:02d}-0"
        exports.write(f"orders_{month}.csv", f"id,moment,total,currency\n{month}1,{days}1,5,\n{month}2,{days}2,x,EUR\n")
        exports.write(f"lines_{month}.jsonl", f'{{"id":"{month}1","line":1,"product":"a","total":"5"}}\n')
        exports.write(f"returns_{month}.csv", f"id,order,moment,total\nr{month},{month}1,{days}5,5\n")
        exports.write(f"events_{month}.csv", f"id,visitor,moment,page\ne{month},v,{days}1,home\n")
    return Nights(exports)


def write_order(nights: Nights, name: str, *rows: str) -> None:
    nights.exports.write(name, "\n".join(["id,moment,total,currency", *rows, ""]))


def test_a_new_file_is_read_alone(nights: Nights) -> None:
    nights.run_all()
    write_order(nights, "orders_7.csv", "71,2026-06-29,7,")
    orders = nights.run("orders")
    assert (orders.files_kept, orders.rows_kept) == (3, 4)
    assert nights.run("orders").is_unchanged
    assert nights.lake.read("ecommerce", "orders")["order_id"].to_list() == ["41", "51", "61", "71"]
    nights.check_equal_to_full()


def add_an_earlier_file(nights: Nights) -> None:
    write_order(nights, "orders_3.csv", "31,2026-03-01,x,", "32,2026-03-01,6,GBP")


def edit_an_old_file(nights: Nights) -> None:
    write_order(nights, "orders_4.csv", "41,2026-04-01,6,", "43,2027-04-01,6,")


def remove_a_file(nights: Nights) -> None:
    (nights.folder / "orders_4.csv").unlink()


def rename_a_file(nights: Nights) -> None:
    (nights.folder / "orders_4.csv").rename(nights.folder / "orders_9.csv")


def refuse_an_order(nights: Nights) -> None:
    write_order(nights, "orders_7.csv", "71,2026-06-29,7,JPY", "51,2026-06-29,7,JPY")


@pytest.mark.parametrize(
    "change", [add_an_earlier_file, edit_an_old_file, remove_a_file, rename_a_file, refuse_an_order]
)
def test_what_changes_in_some_files_leaves_the_others_unread(nights: Nights, change: Callable[[Nights], None]) -> None:
    nights.run_all()
    change(nights)
    assert nights.check_equal_to_full()["orders"].files_kept


def test_files_that_share_a_key_are_read_together(nights: Nights) -> None:
    nights.run_all()
    write_order(nights, "orders_7.csv", "41,2026-06-29,8,")
    assert nights.check_equal_to_full()["orders"].files_kept == 2
    assert nights.run("orders").reasons[("order_id", "duplicate key")] == 1
    write_order(nights, "orders_7.csv", "71,2026-06-29,8,")
    assert nights.check_equal_to_full()["orders"].files_kept == 2


def test_of_the_parts_of_orders_only_those_are_read_whose_order_has_come(nights: Nights) -> None:
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    assert nights.run_all()["order_lines"].rows_set_apart == 1
    nights.day += timedelta(days=1)
    lines = nights.check_equal_to_full()["order_lines"]
    assert (lines.files_kept, lines.rows_set_apart) == (2, 0)


@pytest.mark.parametrize("name", ["order_lines", "returns"])
def test_parts_that_another_source_fills_wait_for_the_orders_of_the_shop_that_it_belongs_to(
    nights: Nights, name: str
) -> None:
    nights.exports.apart = frozenset({name})
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    assert nights.run_all()[name].rows_set_apart == 1
    nights.day += timedelta(days=1)
    parts = nights.check_equal_to_full()[name]
    assert (parts.files_kept, parts.rows_set_apart) == (2, 0)
    write_order(nights, "orders_6.csv", "61,2026-06-01,8,JPY")  # A currency without a rate.
    assert nights.check_equal_to_full()[name].rows_rejected == 1


def test_a_later_order_of_a_file_that_is_not_read_keeps_its_lines_waiting(nights: Nights) -> None:
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    nights.run_all()
    edit_an_old_file(nights)
    extracted = nights.check_equal_to_full()
    assert (extracted["orders"].files_kept, extracted["order_lines"].rows_set_apart) == (2, 1)


@pytest.mark.parametrize("before", ["2026-07-01", "2026-06-01"])
def test_parts_go_with_their_order_into_quarantine(nights: Nights, before: str) -> None:
    nights.tables = ("orders", "order_lines")
    write_order(nights, "orders_6.csv", f"61,{before},8,")
    nights.run_all()
    write_order(nights, "orders_6.csv", "61,2026-06-01,8,JPY")  # A currency without a rate.
    lines = nights.check_equal_to_full()["order_lines"]
    assert (lines.files_kept, lines.rows_set_apart, lines.rows_rejected) == (2, 0, 1)


def test_parts_begin_to_wait_while_others_no_longer_do(nights: Nights) -> None:
    nights.tables = ("orders", "order_lines")
    write_order(nights, "orders_5.csv", "51,2026-05-01,8,")
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    nights.run_all()
    write_order(nights, "orders_5.csv", "51,2026-07-01,8,")
    write_order(nights, "orders_6.csv", "61,2026-06-01,8,")
    lines = nights.check_equal_to_full()["order_lines"]
    assert (lines.files_kept, lines.rows_set_apart) == (1, 1)


def test_parts_that_were_read_before_any_order_wait_once_there_are_some(nights: Nights) -> None:
    nights.tables = ("orders", "order_lines")
    nights.run("order_lines")
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    assert nights.check_equal_to_full()["order_lines"].rows_set_apart == 1


def test_a_list_of_awaited_orders_that_is_not_the_one_noted_is_not_believed(nights: Nights) -> None:
    nights.tables = ("orders", "order_lines")
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    nights.run_all()
    [noted] = (nights.lake.root / "state" / "extracts").glob("*order_lines.waited_for.parquet")
    now = pl.read_parquet(nights.lake.set_apart_path("ecommerce", "orders")).head(0)
    write_order(nights, "orders_6.csv", "61,2026-06-01,8,")
    now.write_parquet(noted)
    assert nights.check_equal_to_full()["order_lines"].files_kept == 0


@pytest.mark.parametrize("damaged", ["ecommerce/order_lines.0001", "quarantine/rows/ecommerce__order_lines"])
def test_a_damaged_file_is_made_anew_also_where_other_rows_are_waited_for(nights: Nights, damaged: str) -> None:
    write_order(nights, "orders_6.csv", "61,2026-07-01,8,")
    nights.run_all()
    write_order(nights, "orders_6.csv", "61,2026-06-01,8,")
    file = nights.lake.root / f"{damaged}.parquet"
    assert file.exists()
    file.write_bytes(b"PAR1")
    nights.check_equal_to_full()
    told = [said for said in nights.said if said.startswith("ecommerce/order_lines: what was kept is read anew")]
    assert len(told) == 1


def look_around(nights: Nights) -> None:
    nights.mappings["orders"]["columns"]["coupon_code"] = "cast(count(*) over () as varchar)"


def ask_for_numbers(nights: Nights) -> None:
    nights.mappings["orders"]["columns"]["coupon_code"] = "cast(_file_number + _row as varchar)"


def read_by_a_query(nights: Nights) -> None:
    query = "select *, cast(count(*) over () as varchar) as others from source"
    nights.tables = ("orders",)
    del nights.mappings["orders"]["where"]
    nights.mappings["orders"]["query"] = query
    nights.mappings["orders"]["columns"]["coupon_code"] = "others"


@pytest.mark.parametrize("ask", [look_around, ask_for_numbers, read_by_a_query])
def test_sql_that_depends_on_other_files_has_all_of_them_read(nights: Nights, ask: Callable[[Nights], None]) -> None:
    ask(nights)
    nights.run_all()
    write_order(nights, "orders_3.csv", "31,2026-03-01,6,")
    assert nights.check_equal_to_full()["orders"].files_kept == 0


def test_an_archive_among_the_files_has_all_of_them_read(nights: Nights) -> None:
    nights.tables = ("orders",)
    nights.mappings["orders"]["from"] = "orders*"
    with zipfile.ZipFile(nights.folder / "orders_2.zip", "w") as archive:
        for number in (1, 2):
            archive.writestr(f"orders_{number}.csv", f"id,moment,total,currency\n{number},2026-02-01,5,\n")
    nights.run("orders")
    edit_an_old_file(nights)
    assert nights.check_equal_to_full()["orders"].files_kept == 0


def test_a_file_with_another_column_has_all_of_them_read(nights: Nights) -> None:
    nights.run_all()
    nights.exports.write("orders_7.csv", "id,moment,total,currency,coupon_code\n71,2026-06-29,7,,A\n")
    assert nights.check_equal_to_full()["orders"].files_kept == 0
    assert any("all files are read" in said for said in nights.said)


def test_files_whose_names_are_shown_alike_are_read_together(nights: Nights) -> None:
    nights.tables = ("orders",)
    write_order(nights, "orders_\x01.csv", "11,2026-06-01,5,")
    write_order(nights, r"orders_\u0001.csv", "12,2026-06-01,5,")
    nights.run("orders")
    write_order(nights, "orders_\x01.csv", "13,2026-06-01,x,")
    orders = nights.check_equal_to_full()["orders"]
    assert (orders.files_kept, orders.rows_kept, orders.rows_rejected) == (0, 4, 4)


def test_very_many_files_lie_in_a_bounded_number_of_parts(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_file, "MOST_UNITS", 4)
    for number in range(70, 99):
        write_order(nights, f"orders_{number}.csv", f"{number},2026-06-01,5,")
    nights.run("orders")
    assert 1 < len(nights.lake.parts("ecommerce", "orders")) <= 12
    write_order(nights, "orders_80.csv", "80,2026-06-01,6,")
    assert 0 < nights.check_equal_to_full()["orders"].files_kept < 31


def test_a_small_table_lies_in_one_file(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.run("orders")
    monkeypatch.setattr(by_file, "LEAST_BYTES", 10_000)
    edit_an_old_file(nights)
    nights.run("orders")
    assert nights.lake.parts("ecommerce", "orders") == [nights.lake.path("ecommerce", "orders")]
    monkeypatch.setattr(by_file, "LEAST_BYTES", 0)
    write_order(nights, "orders_7.csv", "71,2026-06-29,7,")
    nights.run("orders")
    assert len(nights.lake.parts("ecommerce", "orders")) == 4


def test_no_table_is_read_that_a_run_left_half_in_its_place(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.run_all()
    add_an_earlier_file(nights)
    with monkeypatch.context() as dying:
        dying.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            nights.run("orders")
    with pytest.raises(TableError, match="incomplete"):
        nights.lake.read("ecommerce", "orders")
    nights.check_equal_to_full()


def test_a_table_that_becomes_one_file_is_not_read_beside_its_former_parts(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.run_all()
    monkeypatch.setattr(by_file, "LEAST_BYTES", 10**9)
    edit_an_old_file(nights)
    unlink = Path.unlink

    def die_at_a_part(path: Path, **more: Any) -> None:
        if path.name.startswith("orders.000"):
            die()
        unlink(path, **more)

    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", die_at_a_part)
        with pytest.raises(KeyboardInterrupt):
            nights.run("orders")
    assert nights.lake.has("ecommerce", "orders")
    with pytest.raises(TableError, match="incomplete"):
        nights.lake.read("ecommerce", "orders")
    nights.run("orders")
    assert nights.lake.parts("ecommerce", "orders") == [nights.lake.path("ecommerce", "orders")]
    assert nights.lake.read("ecommerce", "orders").height


def test_what_is_quarantined_names_its_columns_in_the_order_of_all_files(nights: Nights) -> None:
    nights.exports.write("lines_4.jsonl", b'{"id": "41", "line": 1, "product": "P", "total": "x"}\n')
    nights.exports.write("lines_6.jsonl", b'{"id": "61", "line": 1, "note": "n", "product": "P", "total": "2"}\n')
    nights.run_all()
    nights.exports.write("lines_3.jsonl", b'{"id": "31", "note": "n", "line": 1, "product": "P", "total": "3"}\n')
    nights.check_equal_to_full()


def test_what_no_column_of_the_mapping_reads_is_found_out_of_all_files_or_of_none(nights: Nights) -> None:
    leave_a_column_unread(nights)
    nights.exports.write("events_4.csv", b"id,visitor,moment,page\ne4,v,2026-04-01,\xff\n")
    nights.run_all()
    nights.exports.write("events_7.csv", b"id,visitor,moment,page\ne7,\xff,2026-04-01,home\n")
    assert nights.check_equal_to_full()["web_events"].rows_rejected == 2
    nights.exports.write("events_8.csv", b"id,visitor,moment,page\ne8,v,2026-04-01,\xff\n")
    assert nights.check_equal_to_full()["web_events"].rows_rejected == 3
    (nights.folder / "events_7.csv").unlink()
    assert nights.check_equal_to_full()["web_events"].rows_rejected == 0


EVENTS = b"id,visitor,moment,page\n"
UNREADABLE = EVENTS + b"e%d1,v,x,home\ne%d2,v,x,home\n"
MALFORMED = EVENTS + b"e%d,v,2026-04-01,\xff\n"  # In a column that the mapping does not read.


def leave_a_column_unread(nights: Nights) -> None:
    nights.tables = ("web_events",)
    nights.mappings["web_events"]["columns"]["event"] = "'search'"  # The name `page` stands nowhere in it.


def refuse_more_rows(nights: Nights) -> Callable[[], object]:
    nights.exports.write("events_4.csv", MALFORMED % 4)
    nights.exports.write("events_5.csv", UNREADABLE % (5, 5))
    return lambda: nights.exports.write("events_7.csv", UNREADABLE % (7, 7))


def refuse_rows_beside_lines_that_are_none(nights: Nights) -> Callable[[], object]:
    nights.mappings["web_events"]["from"] = "events*"
    nights.exports.write("events_3.jsonl", '{"id":"e3","visitor":"v","moment":"2026-03-01","page":"home"}\n1\n')
    nights.exports.write("events_4.csv", MALFORMED % 4)
    return lambda: nights.exports.write("events_7.csv", UNREADABLE % (7, 7))


def write_a_malformed_row(nights: Nights) -> Callable[[], object]:
    nights.exports.write("events_5.csv", UNREADABLE % (5, 5))
    nights.exports.write("events_6.csv", UNREADABLE % (6, 6))
    return lambda: nights.exports.write("events_7.csv", MALFORMED % 7)


@pytest.mark.parametrize("begin", [refuse_more_rows, refuse_rows_beside_lines_that_are_none, write_a_malformed_row])
def test_whether_all_bytes_are_read_is_decided_by_the_rows_of_all_files(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Nights], Callable[[], object]]
) -> None:
    monkeypatch.setattr(reading, "MOST_PICKED", 3)
    leave_a_column_unread(nights)
    go_on = begin(nights)
    nights.run("web_events")
    go_on()
    extracted = nights.check_equal_to_full()["web_events"]
    assert extracted.files_kept == 0
    nights.check_equal_to_full()


def test_what_was_searched_as_a_whole_is_kept_beside_a_sound_file(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_PICKED", 3)
    leave_a_column_unread(nights)
    write_a_malformed_row(nights)
    nights.run("web_events")
    nights.exports.write("events_7.csv", UNREADABLE % (7, 7))
    assert nights.check_equal_to_full()["web_events"].files_kept == 3


def test_so_many_rows_are_located_as_of_all_files(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LOCATED", 3)
    nights.tables = ("web_events",)
    nights.exports.write("events_5.csv", UNREADABLE % (5, 5))
    nights.run("web_events")
    nights.exports.write("events_7.csv", UNREADABLE % (7, 7))
    assert nights.check_equal_to_full()["web_events"].files_kept == 0


def test_a_file_that_comes_while_the_table_is_read_stops_the_run(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.run_all()
    add_an_earlier_file(nights)
    read = conform.open_table

    def write_first(*args: Any, **more: Any) -> Any:
        write_order(nights, "orders_2.csv", "21,2026-02-01,5,")
        return read(*args, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(conform, "open_table", write_first)
        with pytest.raises(ExtractError, match="came or went"):
            nights.run("orders")
    nights.check_equal_to_full()


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


class RandomChanges:
    """What may happen between two nights; each method is one thing."""

    def __init__(self, nights: Nights, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._nights, self._monkeypatch, self._draw = nights, monkeypatch, random.Random(seed)

    def make(self) -> None:
        changes = [name for name in vars(RandomChanges) if not name.startswith("_") and name != "make"]
        getattr(self, self._draw.choice(changes))()

    def _files(self) -> list[Path]:
        return [file for stem in self._stems for file in sorted(self._nights.folder.glob(f"{stem}_*"))]

    def _day(self) -> date:
        return DAY + timedelta(days=self._draw.choice([-90, -60, -30, -9, -1, 0, 1, 2, 9]))

    def _row(self, stem: str, keys: list[int]) -> bytes:
        draw, key, day = self._draw, self._draw.choice(keys), self._day()
        total = draw.choice(["5", "7", "7", "7", "x", "", "99"])
        if draw.random() < 0.04:
            return draw.choice([b"no row\n", b"a,b,c,d,e,f\n", b'"x\n'])
        if stem == "lines":
            row = {"id": str(key), "line": draw.randint(1, 2), "product": draw.choice(["a", "b"]), "total": total}
            if draw.random() < 0.1:
                row["note"] = "n"
            return f"{json.dumps(row)}\n".encode()
        text = {
            "orders": f"{key},{day},{total},{draw.choice(['', '', '', 'EUR', 'GBP'])}",
            "returns": f"r{key},{draw.choice(keys)},{day},{total}",
            "events": f"e{key},{draw.choice(['v', 'v', 'v', ''])},{day},home",
        }[stem]
        last = draw.choice([b"\xff", b"", b"", b"", b"", b"", b"", b""]) if stem == "events" else b""
        return text.encode() + last + b"\n"

    def _write(self, stem: str, number: int) -> None:
        own = [*range(10 * number, 10 * number + 8)]
        keys = own if self._draw.random() < 0.8 else [*own, *range(20, 90, 10)]
        head = {"orders": b"id,moment,total,currency\n", "returns": b"id,order,moment,total\n",
                "events": b"id,visitor,moment,page\n", "lines": b""}[stem]  # fmt: skip
        rows = b"".join(self._row(stem, keys) for _ in range(self._draw.randint(1, 6)))
        self._nights.exports.write(f"{stem}_{number}.{'jsonl' if stem == 'lines' else 'csv'}", head + rows)

    @property
    def _stems(self) -> list[str]:
        return [STEMS[table] for table in self._nights.tables]

    def leave_all(self) -> None:
        pass

    def write_a_file(self) -> None:
        self._write(self._draw.choice(self._stems), self._draw.randint(2, 9))

    def write_a_month(self) -> None:
        number = self._draw.randint(2, 9)
        for stem in self._stems:
            self._write(stem, number)

    def write_a_last_month(self) -> None:
        self.write_a_month()

    def append_to_a_file(self) -> None:
        file = self._draw.choice(self._files())
        stem, number = file.stem.split("_")
        with file.open("ab") as opened:
            opened.write(self._row(stem, [*range(10 * int(number), 10 * int(number) + 8)]))

    def remove_a_file(self) -> None:
        file = self._draw.choice(self._files())
        if len([*self._nights.folder.glob(f"{file.stem.split('_')[0]}_*")]) > 2:
            file.unlink()

    def rename_a_file(self) -> None:
        file = self._draw.choice(self._files())
        file.rename(file.with_name(f"{file.stem.split('_')[0]}_{self._draw.randint(1, 12)}{file.suffix}"))

    def change_the_day(self) -> None:
        self._nights.day = DAY + timedelta(days=self._draw.randint(-9, 9))

    def go_to_the_next_day(self) -> None:
        self._nights.day += timedelta(days=1)

    def change_the_mapping(self) -> None:
        self._nights.mappings["orders"]["columns"]["channel"] = self._draw.choice(["'web'", "'app'"])

    def change_the_code(self) -> None:
        digest = str(self._draw.random())
        self._monkeypatch.setattr(unchanged, "_digest_code", lambda: digest)

    def damage_what_is_kept(self) -> None:
        lake = self._nights.lake.root
        kept = [*lake.rglob("*.parquet"), *lake.rglob("state/extracts/*.json")]
        self._draw.choice(sorted(kept)).write_bytes(b"PAR1")

    def kill_the_run(self) -> None:
        self.write_a_month()
        steps = ["write_quarantine", "_write_set_apart", "write_sorted", "write_field_counts", "put_in_place"]
        with self._monkeypatch.context() as dying:
            places: list[Any] = [*((conform, step) for step in steps), (Lake, "replace_parts"), (Path, "rename")]
            place, step = self._draw.choice(places)
            dying.setattr(place, step, die)
            with suppress(KeyboardInterrupt):
                self._nights.run_all()


def count_kept(extracted: dict[str, Extracted]) -> Iterator[int]:
    return (each.files_kept for each in extracted.values())


@pytest.mark.parametrize("tables", [("orders", "order_lines"), ("orders", "returns"), ("orders", "web_events")])
def test_random_nights_equal_full_ones(
    nights: Nights, tables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.tables = tables
    nights.run_all()
    changes, kept = RandomChanges(nights, SEED, monkeypatch), 0
    for _ in range(6):
        changes.make()
        kept += sum(count_kept(nights.check_equal_to_full()))
    assert kept, "what never is kept proves nothing"
