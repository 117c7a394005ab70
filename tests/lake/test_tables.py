"""The lake: where tables lie, and that a reader never sees half of one."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.tables import Lake, TableError, replacing


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    frame = pl.DataFrame({"source": ["shop"], "order_id": ["1"]})
    assert lake.write("ecommerce", "orders", frame) == tmp_path / "lake" / "ecommerce" / "orders.parquet"
    assert lake.read("ecommerce", "orders").equals(frame)
    assert lake.scan("ecommerce", "orders").collect().equals(frame)


def test_a_failed_write_leaves_the_old_table_and_no_leftover(tmp_path: Path) -> None:
    target = tmp_path / "table.parquet"
    target.write_text("old")

    def fail_half_way() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail_half_way()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_reader_of_the_old_table_is_not_disturbed(tmp_path: Path) -> None:
    target = tmp_path / "table.parquet"
    target.write_text("old")
    with target.open() as reader:
        with replacing(target) as temporary:
            temporary.write_text("new")
        assert reader.read() == "old"
    assert target.read_text() == "new"


def test_a_sweep_removes_what_a_killed_run_left_and_nothing_else(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write("crm", "contacts", pl.DataFrame({"source": ["crm"]}))
    (tmp_path / "crm" / "contacts.parquet.tmp-0a1b2c3d").write_text("half")
    leftover = tmp_path / "extract-crm-contacts.tmp-0a1b2c3d"
    leftover.mkdir()
    (leftover / "staging.parquet").write_text("half")
    assert lake.sweep() == 2
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["contacts.parquet"]


def test_scratch_is_gone_after_its_block_even_when_it_fails(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with Lake(tmp_path).scratch("extract") as folder:
            (folder / "big").write_text("x")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("harm", ["missing", "empty", "cut"])
@pytest.mark.parametrize("file", ["people", "people_amendments"])
def test_a_table_that_is_not_there_as_a_whole_is_named_with_the_way_out(tmp_path: Path, harm: str, file: str) -> None:
    lake = Lake(tmp_path)
    lake.write_amendable("identity", "people", pl.DataFrame({"id": ["a", "b"]}))
    path = lake.path("identity", file)
    if harm == "missing":
        for each in lake.files("identity", "people"):
            each.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if harm == "empty" else 60])
    with pytest.raises(TableError, match=r"The table identity/people .*`parcours run`"):
        lake.read("identity", "people")


def write_parts(lake: Lake, folder: Path, *ids: str) -> list[Path]:
    made = []
    for name in ids:
        made.append(folder / f"made-{name}.parquet")
        pl.DataFrame({"order_id": [name]}).write_parquet(made[-1])
    lake.replace_parts("ecommerce", "orders", made)
    return lake.parts("ecommerce", "orders")


def test_a_table_of_parts_is_read_in_their_order_and_some_of_them_may_be_kept(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    first, _, third = write_parts(lake, tmp_path, "a", "b", "c")
    assert lake.read("ecommerce", "orders")["order_id"].to_list() == ["a", "b", "c"]
    new = tmp_path / "new.parquet"
    pl.DataFrame({"order_id": ["n"]}).write_parquet(new)
    lake.replace_parts("ecommerce", "orders", [third, new, first])
    assert lake.read("ecommerce", "orders")["order_id"].to_list() == ["c", "n", "a"]
    assert sorted(path.name for path in lake.root.rglob("*.*")) == [
        "orders.0000.parquet", "orders.0001.parquet", "orders.0002.parquet",
    ]  # fmt: skip


def test_a_table_that_becomes_one_file_leaves_no_part_behind(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    write_parts(lake, tmp_path, "a", "b")
    lake.write("ecommerce", "orders", pl.DataFrame({"order_id": ["c"]}))
    assert lake.files("ecommerce", "orders") == [lake.path("ecommerce", "orders")]
    write_parts(lake, tmp_path, "a", "b")
    assert lake.read("ecommerce", "orders")["order_id"].to_list() == ["a", "b"]
    made = tmp_path / "made.parquet"
    pl.DataFrame({"order_id": ["d"]}).write_parquet(made)
    lake.put("ecommerce", "orders", made)
    assert lake.files("ecommerce", "orders") == [lake.path("ecommerce", "orders")]


def test_amendments_without_the_table_that_they_amend_are_told_as_a_table_that_is_missing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_amendable("identity", "records", pl.DataFrame({"record_id": ["a"]}))
    lake.path("identity", "records").unlink()
    with pytest.raises(TableError, match="identity/records"):
        lake.scan("identity", "records")
