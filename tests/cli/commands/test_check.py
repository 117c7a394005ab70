"""`parcours check` as it is typed: exit codes, streams and languages."""

import json
from pathlib import Path

import jsonschema
import pytest

from pipelines.cli.main import main

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "check.schema.json"
SOURCES = """language: fr
as_of: 2026-03-01
sources:
  - name: till
    kind: pos
    connector: {type: files, root: .}
    tables:
      stores: {from: stores.csv}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "stores.csv").write_text("store_id,name\nS1,Lyon\nS2,Lille\n", encoding="utf-8")
    path = tmp_path / "sources.yml"
    path.write_text(SOURCES, encoding="utf-8")
    return path


def test_it_speaks_the_language_of_sources_yml_or_the_one_asked_for(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--sources", str(file)]) == 0
    assert "✓ till, pos/stores: les 2 lignes" in capsys.readouterr().out
    assert main(["check", "--sources", str(file), "--lang", "en", "--rows", "1"]) == 0
    assert "✓ till, pos/stores: the first row" in capsys.readouterr().out


def test_json_is_as_its_schema_says_and_no_home_is_made(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert main(["check", "--sources", str(file), "--home", str(home), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    assert document["as_of"] == "2026-03-01"
    assert not home.exists()


def test_exit_codes_are_those_of_the_run_that_would_follow(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("stores.csv", "shops.csv"), encoding="utf-8")
    assert main(["check", "--sources", str(file)]) == 1
    file.write_text(text.replace("stores.csv}", "stores.csv, columns: {name: nam}}"), encoding="utf-8")
    assert main(["check", "--sources", str(file)]) == 2
    assert "sources.yml:8: till, pos/stores.name: name: nam: " in capsys.readouterr().out
    file.write_text(text.replace("from", "form"), encoding="utf-8")
    assert main(["check", "--sources", str(file)]) == 2
    assert "sources.yml:8: sources[till].tables.stores.form: unknown key 'form'" in capsys.readouterr().err
