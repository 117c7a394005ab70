"""Commands that stop at a file of values: what they print holds none of these, and they leave none behind."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli.main import main
from pipelines.config.home import Home
from pipelines.identity.decisions.file import COLUMNS
from pipelines.identity.monitoring.shared_value_surge import ValueSurge, describe_surges, list_surging_records
from pipelines.lake.tables import Lake
from tests.needles.conftest import HEADER, Needles, list_leaks

pytestmark = pytest.mark.run

DECISION = "must_link,{one},{other},{author},{reason},{day},"
SOURCES = """
decisions: decisions.csv
sources:
  - {name: crm, kind: crm, connector: {type: files, root: .}, tables: {contacts: {from: contacts.csv}}}
"""
TRUTHS: dict[str, Callable[[Needles], bytes]] = {
    "without its header": lambda n: f"{n.row()}\n{n.row('2')}\n".encode(),
    "of rows that differ in length": lambda n: f"record_id,person_id\n{n.word},1\n{n.row()}\n".encode(),
    "with a quote that nothing closes": lambda n: f'record_id,person_id\n"{n.word},1\n'.encode(),
    "of another encoding": lambda n: f"record_id,person_id\n{n.word} é,1\n".encode("utf-16"),
}
DECISIONS: dict[str, Callable[[Needles], str]] = {
    "without a header": lambda n: DECISION.format(
        one=n.values["email"], other=n.word, author=n.word, reason=n.values["note"], day="2026-01-01"
    ),
    "with another header": lambda n: f"{','.join(COLUMNS[:-1])},{n.word}",
    "of verdicts, records and days that are none": lambda n: "\n".join(
        [",".join(COLUMNS), f"{n.word},{n.word},{n.values['email']},{n.word},x,{n.values['telephone']},{n.word}"]
    ),
    "that contradict each other": lambda n: "\n".join(
        [
            ",".join(COLUMNS),
            f"must_link,crm:contacts:{n.values['email']},shop:customers:{n.word},{n.word},x,2026-01-01,",
            f"must_link,shop:customers:{n.word},till:members:{n.values['carte']},{n.word},x,2026-01-01,",
            f"cannot_link,crm:contacts:{n.values['email']},till:members:{n.values['carte']},{n.word},x,2026-01-01,",
        ]
    ),
    "on one pair twice": lambda n: "\n".join(
        [",".join(COLUMNS), *[f"must_link,crm:contacts:{n.word},crm:contacts:{n.word}2,{n.word},x,2026-01-01,"] * 2]
    ),
}


@pytest.mark.parametrize("kind", TRUTHS)
def test_a_truth_that_cannot_be_read_is_refused_without_its_values(
    kind: str, needles: Needles, first_night: tuple[Home, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(TRUTHS[kind](needles))
    assert main(["evaluate", "--truth", str(truth), "--home", str(first_night[0].root)]) in (1, 2)
    truth.unlink()
    said = capsys.readouterr()
    assert list_leaks(needles, said.out + said.err, tmp_path) == []


def test_a_truth_of_parquet_with_a_spoilt_middle_is_refused_without_its_values(
    needles: Needles, first_night: tuple[Home, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.parquet"
    pl.DataFrame({"record_id": [needles.word] * 200, "person_id": ["1"] * 200}).write_parquet(truth)
    content = truth.read_bytes()
    truth.write_bytes(content[:40] + bytes(range(100)) + content[140:])
    assert main(["evaluate", "--truth", str(truth), "--home", str(first_night[0].root)]) in (1, 2)
    said = capsys.readouterr()
    assert list_leaks(needles, said.out + said.err, tmp_path / "none") == []


@pytest.mark.parametrize("kind", DECISIONS)
def test_faulty_decisions_are_told_by_line_and_column_alone(
    kind: str, needles: Needles, first_night: tuple[Home, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Lake(first_night[0].lake).read("identity", "records")["record_id"].sort()[:2].to_list()
    decided = tmp_path / "decisions.csv"
    decided.write_text(DECISIONS[kind](needles) + "\n", encoding="utf-8")
    sources = tmp_path / "sources.yml"
    sources.write_text(SOURCES)
    arguments = [
        "--home",
        str(first_night[0].root),
        "--sources",
        str(sources),
        "--author",
        "x",
        "--as-of",
        "2026-03-01",
    ]
    assert main(["review", "--same", *known, "--reason", "x", *arguments]) == 2
    decided.unlink()
    said = capsys.readouterr()
    assert "decisions.csv:" in said.err
    assert list_leaks(needles, said.out + said.err, tmp_path) == []


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_warehouse_of_other_tables_is_refused_without_its_values(
    command: str, needles: Needles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    content = b"\0" * 8 + b"DUCK" + needles.row().encode() * 500
    (tmp_path / "home" / "warehouse.duckdb").write_bytes(content)
    further = [str(tmp_path / "marts")] if command == "export" else []
    assert main([command, *further, "--home", str(tmp_path / "home")]) in (1, 2)
    said = capsys.readouterr()
    assert list_leaks(needles, said.out + said.err, tmp_path / "home") == []


def test_init_writes_no_value_of_a_folder(needles: Needles, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    rows = "".join(f"{needles.row(f'{needles.word}{number}')}\n" for number in range(30))
    (folder / "clients.csv").write_text(f"{HEADER}\n{rows}")
    (folder / "sans_entete.csv").write_text(rows)
    words = "\n".join(",".join(f"{needles.word} {letter}" for letter in "abcde") for _ in range(5))
    (folder / "mots.csv").write_text(words)
    (folder / "etats.csv").write_text(f"commande;statut;{needles.word}\n" + f"1;{needles.word};x\n2;autre;y\n" * 9)
    (folder / "abime.json").write_text(f'[{{"id": "{needles.word}", {needles.word}')
    out = tmp_path / "sources.yml"
    assert main(["init", str(folder), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert list_leaks(needles, said.out + said.err + out.read_text(), tmp_path / "none") == []


def test_a_surge_names_no_record_in_what_is_said_and_all_of_them_in_the_lake(needles: Needles) -> None:
    ids = tuple(f"crm:contacts:{needles.values['email']}{number}" for number in range(30))
    surges = [ValueSurge("phone", 30, 30, ids)]
    said = describe_surges(surges)
    assert "30 names on 30 records" in said
    assert "value_surges" in said
    assert list_leaks(needles, said, Path("none")) == []
    assert list_surging_records(surges)["record_id"].to_list() == list(ids)
