"""What is kept of a table is used where nothing has changed, and never where reading would give anything else."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import contracts
from pipelines.extracts import conform, unchanged
from pipelines.extracts.counts import Extracted
from pipelines.extracts.unchanged import extract_if_changed
from pipelines.lake.tables import Lake

DAY = date(2026, 6, 30)
LINES = {
    "order_id": "id",
    "line_no": "line",
    "product_id": "product",
    "quantity": "1",
    "unit_price": "total",
    "line_amount": "total",
}


class Nights:
    """Orders and their lines, read night after night into one lake, and as a whole into another."""

    def __init__(self, exports: Any) -> None:
        self.exports = exports
        self.day = DAY
        self.mapping: dict[str, Any] = {"from": "orders*.csv", "columns": {**exports.order_columns}}
        self.said: list[str] = []

    def run(self, table: str, lake: Lake | None = None, *, full: bool = False) -> Extracted:
        sources = self.exports.configure(orders=self.mapping, order_lines={"from": "lines*.csv", "columns": {**LINES}})
        wanted = contracts.table("ecommerce", table)
        where = lake or self.exports.lake
        return extract_if_changed(sources, wanted, where, self.day, full=full, say=self.said.append)

    def run_all(self) -> list[Extracted]:
        return [self.run(table) for table in ("orders", "order_lines")]

    def check_equal_to_full(self) -> None:
        """Every file in the lake, and all that is told of it, is what reading everything gives."""
        anew = Lake(self.exports.folder / "anew")
        shutil.rmtree(anew.root, ignore_errors=True)
        whole = [self.run(table, anew) for table in ("orders", "order_lines")]
        kept = self.run_all()
        for one, other in zip(whole, kept, strict=True):
            for name in ("per_source", "reasons", "files_read", "fields", "shapes"):
                assert getattr(one, name) == getattr(other, name), name
        assert list_written(self.exports.lake) == list_written(anew)


def list_written(lake: Lake) -> dict[str, bytes]:
    files = (file for file in lake.root.rglob("*.parquet"))
    return {file.relative_to(lake.root).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def nights(exports: Any) -> Nights:
    exports.write("orders_1.csv", "id,moment,total\n1,2026-06-01,5\n2,2026-06-02,x\n2,2026-06-03,7\n")
    exports.write("orders_2.csv", "id,moment,total\n3,2026-06-10,5\n4,2026-08-01,5\n")
    exports.write("lines.csv", "id,line,product,total\n1,1,a,5\n3,1,b,5\n4,1,c,5\n")
    return Nights(exports)


def test_nothing_is_read_where_nothing_has_changed(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    first = nights.run_all()
    monkeypatch.setattr(unchanged, "extract_table", refuse)
    again = nights.run_all()
    assert [each.is_unchanged for each in (*first, *again)] == [False, False, True, True]
    assert [each.per_source for each in first] == [each.per_source for each in again]
    nights.exports.folder.joinpath("exports", "lines.csv").touch()
    assert nights.run("order_lines").is_unchanged


def refuse(*_: object, **__: object) -> Extracted:
    raise AssertionError("an export is read that has not changed")


def test_a_full_run_reads_everything(nights: Nights) -> None:
    nights.run_all()
    assert not nights.run("orders", full=True).is_unchanged
    assert nights.run("orders").is_unchanged


def write_row(nights: Nights) -> None:
    nights.exports.write("orders_2.csv", "id,moment,total\n3,2026-06-10,6\n4,2026-08-01,5\n")


def rename(nights: Nights) -> None:
    folder = nights.exports.folder / "exports"
    (folder / "orders_2.csv").rename(folder / "orders_3.csv")


def add_file(nights: Nights) -> None:
    nights.exports.write("orders_0.csv", "id,moment,total\n2,2026-06-04,8\n")


def remove_file(nights: Nights) -> None:
    (nights.exports.folder / "exports" / "orders_2.csv").unlink()


def map_otherwise(nights: Nights) -> None:
    nights.mapping["columns"]["channel"] = "'app'"


def set_limit(nights: Nights) -> None:
    nights.exports.head = "reject_limit: 0.9\n"


def set_timezone(nights: Nights) -> None:
    nights.exports.head = "reject_limit: 1\ntimezone: America/New_York\n"


def go_past_a_later_row(nights: Nights) -> None:
    nights.day = date(2026, 8, 1)


def go_before_a_row(nights: Nights) -> None:
    nights.day = date(2026, 6, 9)


@pytest.mark.parametrize(
    "change",
    [write_row, rename, add_file, remove_file, map_otherwise, set_limit, set_timezone, go_past_a_later_row,
     go_before_a_row],
)  # fmt: skip
def test_what_changes_the_table_has_it_read_anew(nights: Nights, change: Callable[[Nights], None]) -> None:
    nights.run_all()
    change(nights)
    assert not nights.run("orders").is_unchanged
    nights.check_equal_to_full()


def test_a_day_between_the_last_row_and_the_first_later_one_changes_nothing(nights: Nights) -> None:
    nights.run_all()
    for day in (date(2026, 6, 10), date(2026, 7, 31)):
        nights.day = day
        assert nights.run("orders").is_unchanged
        nights.check_equal_to_full()


def test_a_time_cut_to_the_end_of_the_day_is_cut_anew_the_next_day(nights: Nights) -> None:
    nights.mapping["columns"] |= {"updated_at": "timestamp '2026-12-24'"}
    nights.run_all()
    nights.day += timedelta(days=1)
    assert not nights.run("orders").is_unchanged
    nights.check_equal_to_full()


def test_sql_that_asks_for_the_day_is_run_anew_the_next_day(nights: Nights) -> None:
    nights.mapping["columns"] |= {"updated_at": "as_of()"}
    nights.run_all()
    nights.day += timedelta(days=1)
    assert not nights.run("orders").is_unchanged


@pytest.mark.parametrize(
    "ask",
    [
        {"where": "moment::timestamp < localtimestamp"},
        {"query": "select *, today() as asked from source"},
        {"columns": {"updated_at": "CURRENT_DATE"}},
    ],
)
def test_sql_that_asks_the_clock_is_run_anew_also_for_the_same_day(nights: Nights, ask: dict[str, Any]) -> None:
    nights.mapping |= {**ask, "columns": nights.mapping["columns"] | ask.get("columns", {})}
    nights.run_all()
    assert not nights.run("orders").is_unchanged
    assert nights.run("order_lines").is_unchanged


def test_lines_are_read_anew_when_their_order_is_no_longer_later(nights: Nights) -> None:
    assert nights.run_all()[1].rows_set_apart == 1
    nights.exports.write("orders_2.csv", "id,moment,total\n3,2026-06-10,5\n4,2026-06-11,5\n")
    nights.run("orders")
    lines = nights.run("order_lines")
    assert (lines.is_unchanged, lines.rows_set_apart) == (False, 0)
    nights.check_equal_to_full()


def test_other_code_reads_everything(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.run_all()
    monkeypatch.setattr(unchanged, "_digest_code", lambda: "of tomorrow")
    assert not nights.run("orders").is_unchanged


@pytest.mark.parametrize("how", ["cut", "gone", "note"])
def test_what_is_damaged_is_made_anew_and_told(nights: Nights, how: str) -> None:
    nights.run_all()
    lake = nights.exports.lake
    file = (
        lake.root / "state" / "extracts" / "ecommerce__orders.json"
        if how == "note"
        else lake.path("ecommerce", "orders")
    )
    file.unlink() if how == "gone" else file.write_bytes(file.read_bytes()[:-20])
    nights.said.clear()
    assert not nights.run("orders").is_unchanged
    assert any("is read anew, because" in said for said in nights.said)
    nights.check_equal_to_full()


def test_a_run_that_dies_goes_on_with_the_table_it_died_in(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.run_all()
    write_row(nights)
    with monkeypatch.context() as dying:
        dying.setattr(conform, "_write_set_apart", die)  # The quarantine is in its place by then, the table is not.
        with pytest.raises(KeyboardInterrupt):
            nights.run("orders")
    assert not nights.run("orders").is_unchanged
    nights.check_equal_to_full()


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_export_that_is_replaced_while_it_is_read_is_not_taken_for_read(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was noted of it before is the fingerprint of another content than what was read."""
    path = nights.exports.folder / "exports" / "lines.csv"
    before = path.read_bytes()
    read = conform.open_table

    def replace_first(*args: Any, **more: Any) -> Any:
        path.write_bytes(before.replace(b"1,1,a,5", b"1,1,a,6"))
        return read(*args, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(conform, "open_table", replace_first)
        nights.run("order_lines")
    path.write_bytes(before)
    assert not nights.run("order_lines").is_unchanged
    nights.run("orders")
    nights.check_equal_to_full()


class RandomChanges:
    """What may happen between two nights; each method is one thing."""

    def __init__(self, nights: Nights, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._nights, self._monkeypatch = nights, monkeypatch
        self._draw = random.Random(seed)
        self._folder = nights.exports.folder / "exports"

    def make(self) -> None:
        changes = [name for name in vars(RandomChanges) if not name.startswith("_") and name != "make"]
        getattr(self, self._draw.choice(changes))()

    def _file(self) -> Path:
        return self._draw.choice(sorted(self._folder.glob("orders*.csv")))

    def _write(self, name: str) -> None:
        draw = self._draw
        rows = [
            f"{draw.randint(1, 12)},{DAY + timedelta(days=draw.randint(-9, 9))},{draw.choice(['5', '7', 'x', ''])}"
            for _ in range(draw.randint(0, 6))
        ]
        self._nights.exports.write(name, "\n".join(["id,moment,total", *rows, ""]))

    def leave_all(self) -> None:
        pass

    def leave_all_again(self) -> None:
        pass

    def change_a_file(self) -> None:
        self._write(self._file().name)

    def add_a_file(self) -> None:
        self._write(f"orders_{self._draw.randint(3, 9)}.csv")

    def remove_a_file(self) -> None:
        self._file().unlink()
        self._write("orders_1.csv")

    def rename_a_file(self) -> None:
        self._file().rename(self._folder / f"orders_{self._draw.randint(10, 19)}.csv")

    def touch_a_file(self) -> None:
        self._file().touch()

    def change_the_day(self) -> None:
        self._nights.day = DAY + timedelta(days=self._draw.randint(-5, 5))

    def change_the_mapping(self) -> None:
        self._nights.mapping["columns"]["channel"] = self._draw.choice(["'web'", "'app'"])

    def damage_what_is_kept(self) -> None:
        self._draw.choice(sorted(self._nights.exports.lake.root.rglob("*.parquet"))).write_bytes(b"PAR1")

    def kill_the_run(self) -> None:
        with self._monkeypatch.context() as dying:
            dying.setattr(conform, self._draw.choice(["write_quarantine", "_write_set_apart", "write_sorted"]), die)
            with suppress(KeyboardInterrupt):
                self._nights.run_all()


@pytest.mark.parametrize("seed", range(3))
def test_random_nights_equal_full_ones(nights: Nights, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.run_all()
    changes, kept = RandomChanges(nights, seed, monkeypatch), 0
    for _ in range(14):
        changes.make()
        kept += sum(each.is_unchanged for each in nights.run_all())
        nights.check_equal_to_full()
    assert kept, "what never is kept proves nothing"
