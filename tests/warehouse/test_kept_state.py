"""What a home keeps and cannot make anew: a run that finds it lost or exchanged says so, and begins nothing anew."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.config.sources import load_sources
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import find_segments
from pipelines.warehouse import kept_state
from pipelines.warehouse.kept_state import KeptStateError, accept_losses, check, read_kept
from tests.kept_home import read_files

Told_by = Callable[..., tuple[int, str, str]]

STATE = "lake/state"


def configuration(home: Home) -> tuple[object, Path, Path]:
    file = home.root / "sources.yml"
    sources = load_sources(file)
    return sources, file, find_segments(home, sources)


def harm(file: Path, how: str) -> None:
    match how:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "truncated":
            os.truncate(file, file.stat().st_size // 2)
        case "another night's":
            pl.read_parquet(file).head(1).write_parquet(file)
        case "another's":
            shutil.copyfile(file.with_name("record_contents.parquet"), file)


def test_a_home_as_its_publication_left_it_is_whole_also_where_it_was_copied(kept: Home, tmp_path: Path) -> None:
    check(kept, *configuration(kept))
    shutil.copytree(kept.root, tmp_path / "copy", copy_function=shutil.copyfile)
    copy = find_home(tmp_path / "copy")
    check(copy, *configuration(copy))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("ledger.parquet", how) for how in ("missing", "empty", "truncated", "another night's", "another's")),
        *(("segments.parquet", how) for how in ("missing", "empty", "truncated", "another's")),
    ],
)
def test_no_run_starts_without_the_ledger_or_the_memory_that_was_published(
    kept: Home, parcours_here: Told_by, name: str, how: str
) -> None:
    harm(kept.lake / "state" / name, how)
    before = read_files(kept.root)
    for command in ("run", "train"):
        exit_code, _, err = parcours_here(command, "--home", kept.root)
        assert exit_code == 1
        assert f"{STATE}/{name}" in err
        assert "parcours restore" in err
        assert "--accept-loss" in err
    after = {path: content for path, content in read_files(kept.root).items() if not path.startswith("logs/")}
    assert after == before


@pytest.mark.parametrize("how", ["empty", "truncated"])
@pytest.mark.parametrize("name", kept_state.COMPARED_WITH)
def test_a_yardstick_that_cannot_be_read_stops_a_run_and_one_that_was_removed_does_not(
    kept: Home, name: str, how: str
) -> None:
    file = Lake(kept.lake).published_path(name)
    harm(file, how)
    with pytest.raises(KeptStateError, match=f"{name}.parquet cannot be read"):
        check(kept, *configuration(kept))
    file.unlink()
    check(kept, *configuration(kept))


@pytest.mark.parametrize("name", ["decisions.csv", "segments.yml"])
def test_no_run_takes_something_else_for_a_file_of_the_homes_own_that_is_gone(kept: Home, name: str) -> None:
    (kept.root / name).unlink()
    with pytest.raises(KeptStateError, match=rf"{name} is missing"):
        check(kept, *configuration(kept))


def test_without_its_own_sources_no_run_reads_the_bundled_sample_into_a_home(
    kept: Home, parcours_here: Told_by
) -> None:
    (kept.root / "sources.yml").unlink()
    exit_code, _, err = parcours_here("run", "--home", kept.root)
    assert exit_code == 1
    assert "sources.yml is missing" in err


@pytest.mark.parametrize(
    "left",
    [
        ["lake/models"], [f"{STATE}/publications.jsonl"], ["warehouse.duckdb"], [f"{STATE}/segments.parquet"],
        [f"{STATE}/run_metrics.parquet"], [f"{STATE}/kept.json"], ["warehouse.previous.duckdb.zst", "lake/models"],
        ["restore.tmp-1"],
    ],
    ids="+".join,
)  # fmt: skip
def test_whatever_is_left_of_a_home_that_published_it_is_not_taken_for_a_new_one(
    kept: Home, tmp_path: Path, left: list[str]
) -> None:
    for name in ("warehouse.duckdb", "warehouse.previous.duckdb.zst", "restore.tmp-1"):
        (kept.root / name).write_bytes(b"x")
    rest = find_home(tmp_path / "rest")
    for name in left:
        (rest.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(kept.root / name, rest.root / name)
    with pytest.raises(KeptStateError, match=r"ledger\.parquet is missing, although customer ids have been published"):
        check(rest, *configuration(kept))


def test_a_new_home_is_new_until_its_first_publication_though_a_model_was_learned(kept: Home, tmp_path: Path) -> None:
    new = find_home(tmp_path / "new")
    check(new, *configuration(kept))
    shutil.copytree(Lake(kept.lake).models, Lake(new.lake).models)
    shutil.copy(Lake(kept.lake).published_path("withdrawn_values"), new.lake / "state")
    check(new, *configuration(kept))
    shutil.copy(kept.lake / "state" / "ledger.parquet", new.lake / "state")
    check(new, *configuration(kept))


def test_a_home_from_before_there_were_notes_is_whole_while_its_ledger_can_be_read(kept: Home) -> None:
    kept_state.kept_path(Lake(kept.lake)).unlink()
    check(kept, *configuration(kept))
    harm(Lake(kept.lake).committed_ledger, "another's")
    with pytest.raises(KeptStateError, match=r"ledger\.parquet cannot be read"):
        check(kept, *configuration(kept))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1, "files": {"a": 1}}', "\xff"]
)
def test_a_note_that_cannot_be_read_is_none(kept: Home, content: str) -> None:
    kept_state.kept_path(Lake(kept.lake)).write_text(content, encoding="latin-1")
    assert read_kept(Lake(kept.lake)) is None
    check(kept, *configuration(kept))


def test_who_accepts_that_the_ledger_is_lost_begins_anew_and_what_named_its_ids_is_set_aside(kept: Home) -> None:
    lake = Lake(kept.lake)
    harm(lake.committed_ledger, "truncated")
    kept.warehouse.write_bytes(b"x")
    accept_losses(kept, *configuration(kept))
    assert {file.name for file in (lake.root / "state" / "set_aside").iterdir()} == {
        "ledger.parquet", "segments.parquet", *(f"{name}.parquet" for name in kept_state.COMPARED_WITH),
    }  # fmt: skip
    check(kept, *configuration(kept))
    accept_losses(kept, *configuration(kept))
    check(kept, *configuration(kept))


@pytest.mark.parametrize("how", ["another night's", "damaged memory", "no decisions"])
def test_who_accepts_another_loss_keeps_the_ids(kept: Home, how: str) -> None:
    lake = Lake(kept.lake)
    if how == "another night's":
        harm(lake.committed_ledger, how)
    elif how == "damaged memory":
        harm(lake.published_path("segments"), "truncated")
    else:
        kept.decisions.unlink()
    ledger = lake.committed_ledger.read_bytes()
    accept_losses(kept, *configuration(kept))
    check(kept, *configuration(kept))
    assert lake.committed_ledger.read_bytes() == ledger
