"""The command: quick help, clear words for every fault, exit codes as promised, and never a traceback."""

import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli.main import COMMANDS
from pipelines.config.home import Home

Command = Callable[..., subprocess.CompletedProcess[str]]


def assert_told(finished: subprocess.CompletedProcess[str], exit_code: int, *words: str) -> None:
    assert finished.returncode == exit_code, finished.stderr
    assert "Traceback" not in finished.stderr + finished.stdout
    for word in words:
        assert word in finished.stderr


@pytest.fixture
def changed(exports: Path, tmp_path: Path) -> Path:
    """A copy of the exports, to spoil."""
    shutil.copytree(exports, tmp_path / "exports")
    return tmp_path / "exports"


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_help_comes_at_once_and_names_every_command(parcours: Command) -> None:
    started = time.monotonic()
    shown = parcours("--help")
    assert time.monotonic() - started < 2.0, "0.2 s on an idle machine: nothing heavy may be imported"
    for module in COMMANDS:
        command = module.__name__.rpartition(".")[2]
        assert f"\n    {command} " in shown.stdout


def test_bare_command_helps_and_is_no_fault(parcours: Command) -> None:
    shown = parcours()
    assert shown.returncode == 0
    assert shown.stdout == parcours("--help").stdout


def test_version_is_that_of_the_package(parcours: Command) -> None:
    assert parcours("--version").stdout == f"parcours {version('parcours')}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--as-of", "yesterday"], ["'yesterday' is not a date", "YYYY-MM-DD"]),
        (["sample", "--out", "{new}", "--customers", "0"], ["at least 1"]),
        (["evaluate", "--truth", "truth.csv", "--decisions"], ["--truth"]),
        (["fly"], ["fly"]),
        (["rum"], ["Did you mean 'run'?"]),
        (["model", "lst"], ["Did you mean 'list'?"]),
        (["run", "--sorces", "exports.yml"], ["Did you mean '--sources'?"]),
        (["run", "further"], ["unrecognized arguments: further"]),
        (["model"], ["ACTION"]),
        (["run", "--sources", "{new}/missing.yml"], ["missing.yml", "is not a file"]),
    ],
)
def test_wrong_use_is_told_with_exit_code_2(
    parcours: Command, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    filled = [argument.replace("{new}", str(tmp_path / "new")) for argument in arguments]
    assert_told(parcours(*filled), 2, *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sources:", "sauces: []\nsources:", ["sources.yml:", "sauces", "did you mean"]),
        ("root: till", 'root: "${PARCOURS_TEST_NO_SUCH_VARIABLE}"', ["PARCOURS_TEST_NO_SUCH_VARIABLE", "not set"]),
    ],
)
def test_a_faulty_sources_yml_stops_the_run_before_it_begins(
    parcours: Command, home: Home, changed: Path, old: str, new: str, words: list[str]
) -> None:
    before = home.warehouse.read_bytes()
    rewrite(changed / "sources.yml", old, new)
    assert_told(parcours("run", "--home", home.root, "--sources", changed / "sources.yml"), 2, *words)
    assert home.warehouse.read_bytes() == before


def test_every_faulty_export_is_told_in_one_run_and_the_warehouse_stays(
    parcours: Command, home: Home, changed: Path
) -> None:
    before = home.warehouse.read_bytes()
    (changed / "till" / "magasins.csv").unlink()
    take_keys_out(changed / "crm" / "contacts.csv")
    finished = parcours("run", "--home", home.root, "--sources", changed / "sources.yml")
    assert_told(
        finished,
        1,
        "Nothing was published",
        "pos/stores", "magasins.csv",
        "crm/contacts", "reject_limit", "contact_id is missing", "quarantine",
        f"{home.warehouse} is as it was",
        "logs",
    )  # fmt: skip
    assert "✗ identity" not in finished.stderr, "what comes after is not tried"
    assert home.warehouse.read_bytes() == before
    quarantined = pl.read_parquet(home.lake / "quarantine" / "rows" / "crm__contacts.parquet")
    assert quarantined.height > 100


def take_keys_out(file: Path) -> None:
    """Empties the first column of every row."""
    header, *rows = file.read_bytes().splitlines(keepends=True)
    separator = max((b";", b",", b"\t", b"|"), key=header.count)
    file.write_bytes(header + b"".join(separator.join([b"", *row.split(separator)[1:]]) for row in rows))


def test_a_mapping_that_does_not_go_with_the_export_is_a_fault_of_configuration(
    parcours: Command, home: Home, changed: Path
) -> None:
    before = home.warehouse.read_bytes()
    text = (changed / "sources.yml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.strip().startswith("updated_at:"))
    rewrite(changed / "sources.yml", line, line.split(":")[0] + ': "no_such_function(1"')
    stockouts = changed / "till" / "ruptures.csv"
    header, rest = stockouts.read_bytes().split(b"\n", 1)
    stockouts.write_bytes(header.replace(b"MAGASIN", b"SUCCURSALE") + b"\n" + rest)
    finished = parcours("run", "--home", home.root, "--sources", changed / "sources.yml")
    assert_told(finished, 2, "updated_at", "no_such_function", "sources.yml", "store_id", "MAGASIN", "SUCCURSALE")
    assert home.warehouse.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "--truth", "{exports}/truth.parquet"], ["parcours run"]),
        (["evaluate"], ["parcours run"]),
        (["id", "c-nobody"], ["parcours run"]),
        (["rollback"], ["no previous warehouse"]),
        (["docs"], ["no warehouse", "parcours run"]),
        (["train", "--sources", "{exports}/sources.yml"], ["parcours run"]),
    ],
)
def test_a_command_that_comes_too_early_says_what_to_do_first(
    parcours: Command, exports: Path, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    filled = [argument.replace("{exports}", str(exports)) for argument in arguments]
    assert_told(parcours(*filled, "--home", tmp_path / "new"), 1, *words)


def test_an_unknown_customer_id_is_told(parcours: Command, home: Home) -> None:
    assert_told(parcours("id", "c-nobody", "--home", home.root), 2, "c-nobody", "not a customer id")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("record_id,person\nx,1\n", ["lacks the column person_id"]),
        ("record_id,person_id\nx,1\nx,2\n", ["lists a record_id twice"]),
    ],
)
def test_a_truth_that_cannot_be_used_is_told(
    parcours: Command, home: Home, tmp_path: Path, content: str, words: list[str]
) -> None:
    (tmp_path / "truth.csv").write_text(content)
    assert_told(parcours("evaluate", "--truth", tmp_path / "truth.csv", "--home", home.root), 2, *words)


def test_a_truth_of_other_sources_is_told(parcours: Command, home: Home, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("record_id,person_id\nelsewhere:contacts:1,1\n")
    assert_told(parcours("evaluate", "--truth", tmp_path / "truth.csv", "--home", home.root), 1, "None of the record")


def test_a_sample_never_overwrites_what_is_there(parcours: Command, exports: Path) -> None:
    assert_told(parcours("sample", "--out", exports), 2, "not empty")


def test_debug_shows_where_an_error_comes_from(parcours: Command, tmp_path: Path) -> None:
    finished = parcours("rollback", "--home", tmp_path, "--debug")
    assert finished.returncode == 1
    assert "Traceback" in finished.stderr
