"""``parcours why`` and ``parcours how`` on a published home: JSON that validates, words, a page, and clear refusals."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.identity.customer_ids.ledger import assign_ids
from pipelines.lake.tables import Lake

Command = Callable[..., subprocess.CompletedProcess[str]]
SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.fixture(scope="module")
def night(first_night: tuple[Home, str]) -> Home:
    return first_night[0]


@pytest.fixture(scope="module")
def held(night: Home) -> dict[str, list[str]]:
    """The records of each customer, of those with most records first."""
    placed = Lake(night.lake).read("identity", "customer_ids").group_by("customer_id").agg(pl.col("record_id").sort())
    ordered = placed.sort(pl.col("record_id").list.len().cast(pl.Int64) * -1, "customer_id")
    return dict(ordered.select("customer_id", "record_id").iter_rows())


def validated(finished: subprocess.CompletedProcess[str], schema: str) -> dict:
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    jsonschema.validate(told, json.loads((SCHEMAS / schema).read_text(encoding="utf-8")))
    return told


def test_how_tells_the_joins_of_a_customer_as_json_and_why_the_first_of_them(
    parcours: Command, night: Home, held: dict[str, list[str]]
) -> None:
    customer, records = next(iter(held.items()))
    how = validated(parcours("how", customer, "--json", "--home", night.root), "how.schema.json")
    assert (how["customer_id"], how["records"]) == (customer, records)
    assert len(how["joins"]) == len(records) - 1
    join = how["joins"][0]
    asked = (join["record_id_l"], join["record_id_r"])
    why = validated(parcours("why", *asked, "--json", "--home", night.root), "why.schema.json")
    assert why["is_together"]
    assert why["comparison"] == join["comparison"]
    by_record = validated(parcours("how", records[-1], "--json", "--home", night.root), "how.schema.json")
    assert (by_record["kind"], by_record["joins"]) == ("record", how["joins"])


def test_why_tells_two_customers_by_their_strongest_pair(
    parcours: Command, night: Home, held: dict[str, list[str]]
) -> None:
    one, other = list(held)[:2]
    why = validated(parcours("why", one, other, "--json", "--home", night.root), "why.schema.json")
    assert [side["records"] for side in why["asked"]] == [held[one], held[other]]
    assert not why["is_together"]
    assert why["pooled"]["weight"] < 0


def test_people_read_sentences_in_their_language(parcours: Command, night: Home, held: dict[str, list[str]]) -> None:
    customer, records = next(iter(held.items()))
    english = parcours("how", customer, "--home", night.root)
    french = parcours("how", customer, "--home", night.root, "--lang", "fr")
    assert f"{customer}: {len(records)} records, in {len(records) - 1} joins." in english.stdout
    assert f"{customer}\u00a0: {len(records)} fiches, réunies en {len(records) - 1} étapes." in french.stdout
    assert "before any comparison" in english.stdout
    assert "avant toute comparaison" in french.stdout
    single, alone = next((name, of) for name, of in held.items() if len(of) == 1)
    assert f"{single} is one record, {alone[0]}" in parcours("how", single, "--home", night.root).stdout


def test_a_page_is_written_where_asked_and_said_on_stderr_only(
    parcours: Command, night: Home, held: dict[str, list[str]], tmp_path: Path
) -> None:
    one, other = list(held)[:2]
    file = tmp_path / "why.html"
    written = parcours("why", one, other, "--html", file, "--home", night.root)
    assert (written.returncode, written.stdout) == (0, "")
    assert str(file) in written.stderr
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    refused = parcours("how", one, "--html", tmp_path / "nowhere" / "how.html", "--home", night.root)
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["why", "cus_nobody", "{record}"], 2, ["cus_nobody", "neither a record"]),
        (["why", "{record}", "crm:contacts:nobody"], 2, ["crm:contacts:nobody", "neither a record"]),
        (["why", "{record}", "{record}"], 2, ["named twice"]),
        (["why", "{customer}", "{only}"], 2, ["no record of it is"]),
        (["why", "{record}"], 2, ["required: B"]),
        (["how", "cus_nobody"], 2, ["cus_nobody", "neither a record"]),
        (["how", "{customer}", "--lang", "de"], 2, ["--lang", "de"]),
        (["how", "{customer}", "--home", "{new}"], 1, ["parcours run"]),
        (["why", "{customer}", "{record}", "--home", "{new}"], 1, ["parcours run"]),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(
    parcours: Command,
    night: Home,
    held: dict[str, list[str]],
    tmp_path: Path,
    arguments: list[str],
    exit_code: int,
    words: list[str],
) -> None:
    customer, [only] = next((name, of) for name, of in held.items() if len(of) == 1)
    known = {"record": next(iter(held.values()))[0], "customer": customer, "only": only, "new": str(tmp_path / "new")}
    filled = [argument.format(**known) for argument in arguments]
    finished = parcours(*filled, *([] if "--home" in filled else ["--home", night.root]))
    assert finished.returncode == exit_code, finished.stderr
    assert "Traceback" not in finished.stderr
    for word in words:
        assert word in finished.stderr


def test_ids_of_any_age_are_understood(parcours: Command, home: Home, held: dict[str, list[str]]) -> None:
    lake = Lake(home.lake)
    ledger, placed = lake.read("identity", "ledger"), lake.read("identity", "customer_ids")
    [*_, one, other, gone] = held
    heir = {name: min(held[one]) for name in (one, other)}
    clusters = placed.filter(pl.col("customer_id") != gone).select(
        "record_id", pl.col("customer_id").replace(heir).alias("cluster_id")
    )
    last_day = ledger["changed_at"].max().date()
    lake.write("identity", "ledger", assign_ids(clusters, ledger, last_day))
    refused = parcours("how", gone, "--home", home.root)
    assert refused.returncode == 2
    assert "is retired" in refused.stderr
    [merge] = lake.read("identity", "ledger").filter(pl.col("change") == "absorbed").rows(named=True)
    absorbed, stays = merge["customer_id"], merge["into_customer_id"]
    lake.write("identity", "customer_ids", placed.with_columns(pl.col("customer_id").replace({absorbed: stays})))
    asked = parcours("why", absorbed, next(iter(held)), "--home", home.root)
    assert asked.returncode == 0, asked.stderr
    assert f"{absorbed} is {stays} today." in asked.stdout


def test_an_explanation_does_without_dagster(night: Home, held: dict[str, list[str]]) -> None:
    """It answers a person who waits: the interface's seconds of start-up are not theirs."""
    program = (
        "import sys; from pipelines.cli.main import main; code = main(sys.argv[1:]); "
        "print([name for name in ('dagster', 'dbt') if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, "how", next(iter(held)), "--home", str(night.root)]
    finished = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=True)
    assert finished.stderr.strip() == "[]"
