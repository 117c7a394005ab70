"""A night whose exports have a needle in every field of people, and one that fails in the warehouse on these values."""

import csv
import gzip
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.config.home import Home, find_home
from pipelines.identity.decisions.file import COLUMNS as DECIDED
from tests.needles.conftest import Needles, list_leaks

Command = Callable[..., subprocess.CompletedProcess[str]]
PLANTED = 4  # Rows of each export: few enough to pass as slips where they do not fit.
FIELDS = {
    "mail": "email", "phone": "telephone", "carte": "carte", "card": "carte", "loyalty": "carte", "firstname": "prenom",
    "prenom": "prenom", "name": "nom", "nom": "nom", "street": "adresse", "address": "adresse", "adresse": "adresse",
    "city": "nom", "ville": "nom", "comment": "note", "subject": "note", "evidence": "note", "motif": "note",
}  # fmt: skip
KEYS = ("contactid", "num_client", "account_id", "customer_id", "id", "casenumber", "responseid", "num_ticket")
SEGMENTS = """
segments:
  - name: quarrel
    owner: nobody
    description: Fails on every name.
    condition: strptime(last_name, '%Y') > last_ordered_at
"""


@dataclass(frozen=True)
class Nights:
    """Two nights over planted exports: one that is published, and one that fails as dbt builds."""

    folder: Path
    home: Home
    needles: Needles
    passed: subprocess.CompletedProcess[str]
    failed: subprocess.CompletedProcess[str]


def plant(row: dict[str, str], needles: Needles, number: int) -> dict[str, str]:
    planted = dict(row)
    for column in row:
        name = column.strip("\ufeff").lower()
        value = next((field for part, field in FIELDS.items() if part in name), None)
        if name in KEYS:
            planted[column] = f"{number}{needles.values['email']}"
        elif value is not None and isinstance(row[column], str | None):
            # Of some, the number is none, and the mailbox is no mailbox: what cannot be read is told of by place.
            planted[column] = needles.values[value] if number % 2 else needles.values["note"]
    return planted


def plant_csv(text: str, needles: Needles) -> str:
    mark = max(",;", key=text.partition("\n")[0].count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=mark))
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), delimiter=mark, lineterminator="\n")
    writer.writerows(plant(rows[-1], needles, number) for number in range(PLANTED))
    return text + written.getvalue()


def plant_all(exports: Path, needles: Needles) -> int:
    """Adds rows to every export of text; how many files there were."""
    count = 0
    for file in sorted(exports.rglob("*")):
        if file.name.endswith(".csv.gz"):
            file.write_bytes(gzip.compress(plant_csv(gzip.decompress(file.read_bytes()).decode(), needles).encode()))
        elif file.suffix == ".csv":
            encoding = "cp1252" if file.parent.name == "till" else "utf-8"
            file.write_text(plant_csv(file.read_text(encoding), needles), encoding)
        elif file.suffix == ".jsonl":
            last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
            lines = [json.dumps(plant(last, needles, number)) for number in range(PLANTED)]
            file.write_text(file.read_text(encoding="utf-8") + "\n".join([*lines, ""]), encoding="utf-8")
        else:
            continue
        count += 1
    return count


@pytest.fixture(scope="module")
def nights(
    first_night: tuple[Home, str], exports: Path, parcours: Command, tmp_path_factory: pytest.TempPathFactory
) -> Nights:
    folder, needles = tmp_path_factory.mktemp("nights"), Needles(777)
    shutil.copytree(exports, folder / "exports")
    shutil.copytree(first_night[0].root, folder / "home")
    home = find_home(folder / "home")
    assert plant_all(folder / "exports", needles) > 10
    decided = (
        f"must_link,crm:contacts:{needles.values['email']},crm:contacts:{needles.word},{needles.word},x,2024-01-01,"
    )
    home.decisions.write_text(f"{','.join(DECIDED)}\n{decided}\n")
    (folder / "tmp").mkdir()
    at = {"cwd": folder, "TMPDIR": str(folder / "tmp")}
    told = ("run", "--home", home.root, "--sources", folder / "exports" / "sources.yml", "--accept-drift")
    passed = parcours(*told, **at)
    (home.root / "segments.yml").write_text(SEGMENTS)
    return Nights(folder, home, needles, passed, parcours(*told, **at))


def test_a_night_that_is_published_tells_and_leaves_no_value(nights: Nights) -> None:
    assert nights.passed.returncode == 0, nights.passed.stdout + nights.passed.stderr
    nights.home.decisions.unlink(missing_ok=True)  # What a person wrote, and no run.
    left = [nights.folder / "tmp"]
    assert list_leaks(nights.needles, nights.passed.stdout + nights.passed.stderr, nights.home.root, *left) == []


def test_a_night_that_fails_in_the_warehouse_tells_its_kind_of_fault_and_no_value(nights: Nights) -> None:
    assert nights.failed.returncode == 1, nights.failed.stdout + nights.failed.stderr
    assert "Invalid Input Error: a value is not what a function takes" in nights.failed.stderr
    assert list_leaks(nights.needles, nights.failed.stdout + nights.failed.stderr, nights.home.root) == []


def test_the_needles_did_arrive_in_lake_and_warehouse(nights: Nights) -> None:
    content = b"".join(file.read_bytes() for file in sorted(nights.home.lake.rglob("*.parquet")))
    assert nights.needles.word.encode() in content.lower()
