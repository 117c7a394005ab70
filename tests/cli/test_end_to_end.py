"""From exports to a published warehouse by the command, twice, as a person would do it."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import jsonschema
import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.lake.fingerprints import fingerprint
from pipelines.lake.tables import Lake
from pipelines.warehouse.previous import find_digest

Command = Callable[..., subprocess.CompletedProcess[str]]

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for line in sys.stdin:
        print(connection.execute("select count(*) from marts.customer_360").fetchone()[0], flush=True)
"""


def read_marts(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every mart with all its rows, in an order that depends on content only."""
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        return {name: connection.execute(f'select * from marts."{name}" order by all').fetchall() for (name,) in names}


@pytest.fixture(scope="module")
def second_night(
    first_night: tuple[Home, str],
    exports: Path,
    tmp_path_factory: pytest.TempPathFactory,
    start_parcours: Callable[..., subprocess.Popen[str]],
) -> tuple[Home, str, list[str]]:
    """The same input again, in a home of its own, while an analyst reads; what it printed, what another run said."""
    root = tmp_path_factory.mktemp("second-night") / "home"
    shutil.copytree(first_night[0].root, root)
    home = find_home(root)
    analyst = subprocess.Popen(
        [sys.executable, "-c", READER, home.warehouse], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert analyst.stdin is not None
    assert analyst.stdout is not None
    try:
        ask(analyst)
        night = start_parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
        wait_for_lock(home)
        rival = start_parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
        _, rival_said = rival.communicate(timeout=60)
        printed, complained = night.communicate(timeout=300)
        assert night.returncode == 0, complained
        after = ask(analyst)
    finally:
        analyst.communicate(timeout=20)
    return home, printed, [str(rival.returncode), rival_said, after]


def ask(analyst: subprocess.Popen[str]) -> str:
    assert analyst.stdin is not None
    assert analyst.stdout is not None
    analyst.stdin.write("count\n")
    analyst.stdin.flush()
    return analyst.stdout.readline().strip()


def wait_for_lock(home: Home) -> None:
    """Until the run that was just started has the home."""
    before = (home.root / "run.lock").stat().st_mtime_ns
    deadline = time.monotonic() + 60
    while (home.root / "run.lock").stat().st_mtime_ns == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_summary_says_what_came_in_who_was_found_what_was_built_and_where_to_look(
    first_night: tuple[Home, str],
) -> None:
    home, printed = first_night
    [customers] = [line for line in printed.splitlines() if line.startswith("Customers")]
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        [(people,)] = connection.execute("select count(*) from marts.customer_360").fetchall()
    assert f"{people:,} people found" in customers
    for expected in (
        str(home.warehouse), "crm", "shop", "till", "Rejected", f"{people:,} created", "is the shipped one",
        "customer_360", "segments and", "examples.yml", "0 failed", "Time", "warehouse", "Next, ask it something",
        "parcours ui", str(home.report), str(home.root / "logs"),
    ):  # fmt: skip
        assert expected in printed


def test_the_query_that_the_summary_suggests_works(first_night: tuple[Home, str]) -> None:
    _, printed = first_night
    [suggested] = [line for line in printed.splitlines() if "import duckdb" in line]
    answer = subprocess.run(suggested, shell=True, capture_output=True, text=True, check=True)
    assert "omnichannel" in answer.stdout


def test_two_nights_of_the_same_input_have_equal_marts_and_change_no_id(
    first_night: tuple[Home, str], second_night: tuple[Home, str, list[str]]
) -> None:
    first, (second, printed, _) = first_night[0], second_night
    before, after = read_marts(first.warehouse), read_marts(second.warehouse)
    assert set(before) == set(after)
    assert [name for name in before if before[name] != after[name]] == []
    ledger_before = pl.read_parquet(Lake(first.lake).committed_ledger)
    assert pl.read_parquet(Lake(second.lake).committed_ledger).equals(ledger_before)
    assert "no id changed" in printed
    assert "is the shipped one" in printed, "a hundred and fifty people are too few to learn from"


def test_an_analyst_who_reads_is_not_disturbed(
    first_night: tuple[Home, str], second_night: tuple[Home, str, list[str]]
) -> None:
    assert int(second_night[2][2]) == len(read_marts(first_night[0].warehouse)["customer_360"])


def test_a_second_run_on_the_same_home_is_refused_while_the_first_works(
    second_night: tuple[Home, str, list[str]],
) -> None:
    exit_code, said, _ = second_night[2]
    assert exit_code == "1"
    assert "Another run is at work" in said


def test_the_warehouse_of_before_is_kept_and_comes_back(
    second_night: tuple[Home, str, list[str]], parcours: Command
) -> None:
    home = second_night[0]
    published, previous = fingerprint(home.warehouse), find_digest(home)
    assert published != previous
    rolled_back = parcours("rollback", "--home", home.root)
    assert rolled_back.returncode == 0
    assert (fingerprint(home.warehouse), find_digest(home)) == (previous, published)


def test_evaluate_prints_what_its_schema_says(first_night: tuple[Home, str], exports: Path, parcours: Command) -> None:
    scored = parcours("evaluate", "--truth", exports / "truth.parquet", "--home", first_night[0].root, "--json")
    scores = json.loads(scored.stdout)
    jsonschema.validate(scores, json.loads((SCHEMAS / "evaluate.schema.json").read_text()))
    assert scores["truth_only"] < 10, "records that were deleted, or that name nobody"
    assert scores["bcubed_f1"] > 0.9
    table = parcours("evaluate", "--truth", exports / "truth.parquet", "--home", first_night[0].root)
    assert f"{scores['bcubed_f1']:.4f}" in table.stdout
    for kind in (one for types in scores["errors"].values() for one in types if one["errors"]):
        assert kind["meaning"] in table.stdout
        assert len(kind["examples"]) <= 3


def test_without_a_truth_evaluate_prints_the_estimate_of_the_last_run(
    first_night: tuple[Home, str], parcours: Command
) -> None:
    estimated = json.loads(parcours("evaluate", "--home", first_night[0].root, "--json").stdout)
    jsonschema.validate(estimated, json.loads((SCHEMAS / "evaluate_estimate.schema.json").read_text()))
    for name in ("pairwise_precision", "pairwise_recall", "wrong_pairs", "missed_pairs"):
        assert estimated[name]["low"] <= estimated[name]["estimate"] <= estimated[name]["high"]
    assert estimated["pairwise_precision"]["low"] > 0.9
    said = parcours("evaluate", "--home", first_night[0].root).stdout
    assert f"{estimated['pairwise_precision']['estimate']:.4f}" in said
    assert ("These figures are a guess" in said) == (not estimated["is_reliable"])


def test_id_prints_what_its_schema_says_for_every_record_of_the_customer(
    first_night: tuple[Home, str], parcours: Command
) -> None:
    home = first_night[0]
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        [(customer, count)] = connection.execute(
            "select customer_id, record_count from marts.customer_360 order by record_count desc, customer_id limit 1"
        ).fetchall()
    shown = parcours("id", customer, "--home", home.root, "--json")
    told = json.loads(shown.stdout)
    jsonschema.validate(told, json.loads((SCHEMAS / "id.schema.json").read_text()))
    assert (told["status"], told["customer_id"], len(told["records"])) == ("active", customer, count)
    assert {entry["change"] for entry in told["history"]} == {"created", "assigned"}
    assert f"{customer} is a current customer" in parcours("id", customer, "--home", home.root).stdout


def test_the_interface_sees_the_runs_of_the_command(first_night: tuple[Home, str]) -> None:
    history = first_night[0].dagster / "history" / "runs"
    assert len([file for file in history.glob("*.db") if file.stem != "index"]) == 1
    assert "enabled: false" in (first_night[0].dagster / "dagster.yaml").read_text(), "no telemetry"
