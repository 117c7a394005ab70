"""What has been landed: names of folders, the manifest, and what a kill leaves beside it."""

from pathlib import Path

import pytest

from pipelines.lake.landed import Batch, LandedError, LandedSource, LandedTable, folder_of, read_landed

NOW = "2026-01-01T00:00:00+00:00"


def make(root: Path, *batches: Batch) -> LandedSource:
    table = LandedTable("orders", "digest", ("id",), {"id": "integer"}, batches, 3, NOW)
    folder = root / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    for batch in batches:
        for file in batch.files:
            (folder / file).write_bytes(b"PAR1")
    return LandedSource(root, {}).commit({"orders": table})


def test_what_was_committed_is_read_again(tmp_path: Path) -> None:
    landed = make(tmp_path, Batch(1, "full", NOW, 3, cursor_to="7", sums={"total": "1.50"}))
    assert read_landed(tmp_path) == landed


def test_nothing_has_been_landed_of_a_new_source(tmp_path: Path) -> None:
    assert read_landed(tmp_path / "new").tables == {}


def test_a_sweep_leaves_what_the_manifest_names(tmp_path: Path) -> None:
    landed = make(tmp_path, Batch(1, "full", NOW, 3), Batch(2, "changes", NOW, 0, gone=1))
    for name in ("000002.parquet", "000003.parquet", "000003.gone.parquet.tmp-ab"):
        (tmp_path / "orders" / name).write_bytes(b"")
    assert landed.sweep() == 3
    assert sorted(file.name for file in (tmp_path / "orders").iterdir()) == ["000001.parquet", "000002.gone.parquet"]


def test_a_batch_that_is_gone_is_told(tmp_path: Path) -> None:
    make(tmp_path, Batch(1, "full", NOW, 3))
    (tmp_path / "orders" / "000001.parquet").unlink()
    with pytest.raises(LandedError, match="is not there"):
        read_landed(tmp_path)


def test_a_batch_of_all_rows_takes_the_place_of_those_before() -> None:
    table = LandedTable(
        "orders", "digest", ("id",), {}, (Batch(1, "full", NOW, 3), Batch(2, "changes", NOW, 1)), 3, NOW
    )
    assert [batch.number for batch in table.with_batch(Batch(3, "changes", NOW, 1), 4).batches] == [1, 2, 3]
    assert [batch.number for batch in table.with_batch(Batch(3, "full", NOW, 4), 4).batches] == [3]


@pytest.mark.parametrize("name", ["Orders", "order details", "../../etc", "commandes.été", "a" * 200, ".", "%"])
def test_every_name_has_a_folder_of_its_own_within_the_source(name: str) -> None:
    folder = folder_of(name)
    assert folder == Path(folder).name
    assert folder not in ("", ".", "..")
    assert folder != folder_of(name.lower() + "x")
    assert folder_of("public.orders") == "public.orders"
    assert len(folder) < 100
