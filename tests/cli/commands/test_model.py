"""`parcours model` and `parcours train`: which model runs, and what becomes of the customer ids when it is another."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import jsonschema
import polars as pl
import pytest

from pipelines.cli.commands.train import render
from pipelines.config.home import Home
from pipelines.config.home_contents import is_ours_alone
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.customer_ids.ledger import current_map, resolve
from pipelines.identity.model.registry import model_in_force, name_version, save_version
from pipelines.lake.tables import Lake

Command = Callable[..., subprocess.CompletedProcess[str]]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "model.schema.json").read_text())


def ask(parcours: Command, home: Home, *arguments: object) -> dict[str, Any]:
    """What ``parcours model ... --json`` says, which its schema must allow."""
    finished = parcours("model", *arguments, "--home", home.root, "--json")
    assert finished.returncode == 0, finished.stderr
    said: dict[str, Any] = json.loads(finished.stdout)
    jsonschema.validate(said, SCHEMA)
    return said


def save_doubting_version(home: Home) -> str:
    """Saves a version that needs 12 bits more than the one in force, so that it takes some customers apart."""
    lake = Lake(home.lake)
    model = model_in_force(lake)
    assert model is not None
    shares = model.parameters.shares | {"match": model.parameters.shares["match"] / 2**12}
    parameters = replace(model.parameters, shares=shares)
    name = name_version(parameters, model.term_frequencies)
    save_version(replace(model, version=name, parameters=parameters), lake, {})
    return name


def hold_together_by_hand(home: Home) -> frozenset[str]:
    """Decides that the two records of the weakest link of all customers are one person's; returns them."""
    links = Lake(home.lake).read("identity", "pairs").filter(pl.col("match_weight") >= LINK_THRESHOLD_BITS)
    customers = Lake(home.lake).read("identity", "customer_ids")
    for end in ("record_id_l", "record_id_r"):
        links = links.join(
            customers.select(pl.col("record_id").alias(end), pl.col("customer_id").alias(f"of_{end}")), on=end
        )
    inside = links.filter(pl.col("of_record_id_l") == pl.col("of_record_id_r")).sort("match_weight", "record_id_l")
    one, other = inside.row(0, named=True)["record_id_l"], inside.row(0, named=True)["record_id_r"]
    home.decisions.write_text(
        "verdict,record_a,record_b,author,reason,decided_on,expires_on\n"
        f"must_link,{one},{other},clerk,seen together at the counter,2026-01-05,\n"
    )
    return frozenset({one, other})


def published(home: Home) -> tuple[pl.DataFrame, dict[str, frozenset[str]]]:
    """The ledger as published, and the records of each customer by it."""
    ledger = pl.read_parquet(Lake(home.lake).committed_ledger)
    customers = current_map(ledger).group_by("customer_id").agg("record_id").iter_rows()
    return ledger, {customer: frozenset(records) for customer, records in customers}


def assert_replay_is_what_was_published(home: Home) -> None:
    ledger, _ = published(home)
    today = Lake(home.lake).read("identity", "customer_ids").select("record_id", "customer_id")
    assert current_map(ledger).equals(today.sort("record_id"))
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        rows = connection.execute("select record_id, customer_id from marts.customer_id_map order by all").fetchall()
    assert rows == today.sort("record_id").rows()


def test_ids_outlive_another_model_and_going_back_restores_them(home: Home, exports: Path, parcours: Command) -> None:
    sources = exports / "sources.yml"
    first = ask(parcours, home, "list")["in_force"]
    ledger_before, before = published(home)
    doubting = save_doubting_version(home)
    decided = hold_together_by_hand(home)

    chosen = ask(parcours, home, "use", doubting, "--sources", sources)["changed"]
    assert (chosen["version"], chosen["reason"], chosen["replaced"]) == (doubting, "chosen", first)
    night = parcours("run", "--home", home.root, "--sources", sources)
    assert night.returncode == 0, night.stderr
    assert " split" in night.stdout, "the run tells the churn"
    ledger_between, between = published(home)
    assert any(decided <= records for records in between.values()), "what a person decided holds under any model"
    together = {records: customer for customer, records in before.items()}
    kept = {records: customer for customer, records in between.items() if records in together}
    assert 20 < len(kept) < len(before), "some customers came apart, and some did not"
    assert kept == {records: together[records] for records in kept}
    assert ledger_between.head(ledger_before.height).equals(ledger_before)
    assert {resolve(ledger_between, customer).status for customer in before} <= {"active", "absorbed"}
    assert_replay_is_what_was_published(home)

    trained = parcours("train", "--home", home.root, "--sources", sources)
    assert trained.returncode == 1
    assert f"parcours model use {first}" in trained.stderr
    assert f"{doubting} stays in force" in trained.stderr
    assert "would change customer" in trained.stderr
    assert ask(parcours, home, "list")["in_force"] == doubting

    reverted = ask(parcours, home, "revert", "--sources", sources)["changed"]
    assert (reverted["version"], reverted["reason"], reverted["replaced"]) == (first, "reverted", doubting)
    night = parcours("run", "--home", home.root, "--sources", sources, "--full")
    assert night.returncode == 0, night.stderr
    ledger_after, after = published(home)
    assert after == before
    assert_replay_is_what_was_published(home)
    assert [entry["reason"] for entry in ask(parcours, home, "list")["history"]] == [
        "shipped",
        "chosen",
        "reverted",
    ]

    for customer in between:
        resolution = resolve(ledger_after, customer)
        assert resolution.customer_id in after
    born_between = min(set(between) - set(before))
    shown = parcours("id", born_between, "--home", home.root, "--json")
    told = json.loads(shown.stdout)
    assert (told["status"], told["customer_id"] in before) == ("absorbed", True)
    assert set(between[born_between]) <= set(told["records"])


@pytest.fixture(scope="module")
def two_versions(first_night: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home with a second version that is not in force, and its name."""
    root = tmp_path_factory.mktemp("two-versions") / "home"
    shutil.copytree(first_night[0].root, root)
    return Home(root), save_doubting_version(Home(root))


def test_list_and_show_print_what_their_schema_says(two_versions: tuple[Home, str], parcours: Command) -> None:
    home, second = two_versions
    listed = ask(parcours, home, "list")
    in_force = listed["in_force"]
    assert {each["version"]: each["is_in_force"] for each in listed["versions"]} == {in_force: True, second: False}
    assert [entry["reason"] for entry in listed["history"]] == ["shipped"]
    shown, other = ask(parcours, home, "show"), ask(parcours, home, "show", second)
    assert (shown["version"], shown["is_in_force"]) == (in_force, True)
    assert (other["version"], other["is_in_force"], other["put_in_force"]) == (second, False, [])
    table = parcours("model", "list", "--home", home.root).stdout
    assert f"* {in_force}" in table
    assert f"  {second}" in table
    page = parcours("model", "show", second, "--home", home.root).stdout
    for level in other["weights"]:
        assert f"    {level['level']:<42} {level['match_bits']:>+8.2f}" in page


def test_a_run_leaves_its_charts_in_the_home_folder_and_with_its_assets(two_versions: tuple[Home, str]) -> None:
    home, _ = two_versions
    drawn = {"model": ["household_weights"], "clusters": ["cluster_sizes"]}
    by_splink = {"model": ["match_weights", "m_u_parameters", "unlinkables"], "pairs": ["pair_weights"]}
    every = [*drawn.values(), *by_splink.values()]
    assert {page.stem for page in home.charts.iterdir()} == {name for names in every for name in names}
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:

        def read_metadata(asset: str) -> Mapping[str, dg.MetadataValue]:
            event = instance.get_latest_materialization_event(dg.AssetKey(["identity", asset]))
            assert event is not None
            assert event.asset_materialization is not None
            return event.asset_materialization.metadata

        for asset, names in drawn.items():
            for name in names:
                shown = read_metadata(asset)[name]
                assert isinstance(shown, dg.MarkdownMetadataValue)
                assert str(shown.value).startswith("![")
        for asset, names in by_splink.items():
            for name in names:
                assert Path(str(read_metadata(asset)[name].value)).name == f"{name}.html"


# ---- Opened and drawn by Splink ----

OF_RECORDS = {"waterfall", "comparison_viewer", "cluster_studio", "term_frequencies_email"}


def test_the_charts_of_a_version_show_nobody_unless_that_is_asked_for_and_are_their_owners_alone(
    two_versions: tuple[Home, str], parcours: Command, tmp_path: Path
) -> None:
    home, second = two_versions
    finished = parcours("model", "charts", second, "--home", home.root)
    assert finished.returncode == 0, finished.stderr
    written = [Path(line) for line in finished.stdout.splitlines()]
    assert {file.stem for file in written} == {"match_weights", "m_u_parameters", "unlinkables", "household_weights"}
    assert set(written) == set((home.charts / second).iterdir())
    assert second in written[0].read_text(encoding="utf-8")
    assert is_ours_alone(home.charts, home.root)
    assert is_ours_alone(home.charts / second, home.root)
    out = tmp_path / "out"
    finished = parcours("model", "charts", "--with-records", "--out", out, "--home", home.root)
    assert finished.returncode == 0, finished.stderr
    assert {file.stem for file in out.iterdir()} > OF_RECORDS
    assert "delete them" in finished.stderr
    assert {path.stat().st_mode & 0o777 for path in (out, home.charts / second)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (*out.iterdir(), *written)} == {0o600}
    shutil.rmtree(home.charts / second)


def test_charts_of_a_version_that_is_not_there_or_in_a_place_that_cannot_be_are_refused(
    two_versions: tuple[Home, str], parcours: Command, tmp_path: Path
) -> None:
    home, _ = two_versions
    refused = parcours("model", "charts", "m0", "--home", home.root)
    assert refused.returncode == 2
    assert "no identity model 'm0'; there are: " in refused.stderr
    (tmp_path / "file").touch()
    refused = parcours("model", "charts", "--out", tmp_path / "file", "--home", home.root)
    assert refused.returncode == 2
    assert f"--out names {tmp_path / 'file'}, which cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def open_with(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """``parcours model open`` with ``script`` on its standard input."""
    asked = [sys.executable, "-m", "pipelines", "model", "open", *map(str, arguments)]
    return subprocess.run(asked, input=script, capture_output=True, text=True, check=False, timeout=600)


def list_times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def test_a_script_works_with_the_linker_of_a_version_and_leaves_the_home_as_it_is(
    two_versions: tuple[Home, str],
) -> None:
    home, second = two_versions
    before = list_times(home.root)
    script = (
        "print(type(linker).__name__, customers.physical_name)\n"
        "prior = linker.misc.save_model_to_json()['probability_two_random_records_match']\n"
        "print(prior, len(linker.inference.predict(threshold_match_weight=0).as_record_list()) > 100)\n"
    )
    in_force, other = open_with(script, "--home", home.root), open_with(script, second, "--home", home.root)
    assert (in_force.returncode, in_force.stderr) == (0, "")
    (first_line, first), (second_line, doubting) = (each.stdout.splitlines() for each in (in_force, other))
    assert first_line == second_line == "Linker customers"
    assert first.endswith(" True")
    assert float(first.split()[0]) == pytest.approx(float(doubting.split()[0]) * 2**12)
    assert list_times(home.root) == before


@pytest.mark.parametrize(
    ("script", "exit_code", "said"),
    [
        ("linker = 1 / 0\nprint('after')", 1, 'File "<stdin>", line 1, in <module>'),
        ("if", 1, "SyntaxError"),
        ("exit(7)", 7, ""),
        ("exit('no more')", 1, "no more"),
        ("", 0, ""),
    ],
)
def test_a_script_ends_as_it_would_in_python(
    two_versions: tuple[Home, str], script: str, exit_code: int, said: str
) -> None:
    ended = open_with(script, "--home", two_versions[0].root)
    assert ended.returncode == exit_code
    assert said in ended.stderr
    assert "python_session" not in ended.stderr
    assert ended.stdout == ""


def test_a_version_that_is_not_there_is_not_opened(two_versions: tuple[Home, str], tmp_path: Path) -> None:
    refused = open_with("print(1)", "m0", "--home", two_versions[0].root)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no identity model 'm0'; there are: " in refused.stderr
    nothing = open_with("print(1)", "--home", tmp_path)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "`parcours run` trains the first" in nothing.stderr


@pytest.mark.parametrize(("ending", "exit_code"), [("\x04", 0), (signal.SIGTERM, 143)])
def test_at_a_terminal_it_prompts_until_its_end_and_ctrl_c_stops_what_it_is_at(
    two_versions: tuple[Home, str], ending: str | signal.Signals, exit_code: int
) -> None:
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "model", "open", "--home", two_versions[0].root],
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        env=os.environ | {"TERM": "dumb"},
        start_new_session=True,
    )
    os.close(its_end)
    shown = ""

    def read_until(words: str) -> None:
        nonlocal shown
        while words not in shown:
            shown += os.read(terminal, 65536).decode()
        shown = shown.partition(words)[2]

    def type_in(text: str) -> None:
        os.write(terminal, text.encode())

    read_until("Splink's Linker")
    read_until(">>> ")
    type_in("type(linker).__name__ + '!'\n")
    read_until("'Linker!'")
    read_until(">>> ")
    type_in("import time; print('be' + 'gun'); time.sleep(600)\n")
    read_until("begun")
    process.send_signal(signal.SIGINT)
    read_until("KeyboardInterrupt")
    read_until(">>> ")
    type_in("6 * 7\n")
    read_until("42")
    read_until(">>> ")
    if isinstance(ending, str):
        type_in(ending)
    else:
        process.send_signal(ending)
    assert process.wait(60) == exit_code
    os.close(terminal)


def test_the_version_that_runs_already_stays_and_one_that_is_not_there_is_refused(
    two_versions: tuple[Home, str], parcours: Command
) -> None:
    home, _ = two_versions
    before = (home.lake / "models" / "history.jsonl").read_bytes()
    in_force = ask(parcours, home, "list")["in_force"]
    assert ask(parcours, home, "use", in_force)["changed"] is None
    refused = parcours("model", "use", "m0", "--home", home.root)
    assert refused.returncode == 2
    assert in_force in refused.stderr
    alone = parcours("model", "revert", "--home", home.root)
    assert alone.returncode == 1
    assert "No model was in force before" in alone.stderr
    assert (home.lake / "models" / "history.jsonl").read_bytes() == before


def test_a_version_of_another_release_is_listed_and_not_put_in_force(
    first_night: tuple[Home, str], tmp_path: Path, parcours: Command
) -> None:
    shutil.copytree(first_night[0].lake / "models", tmp_path / "home" / "lake" / "models")
    home = Home(tmp_path / "home")
    old = save_doubting_version(home)
    file = home.lake / "models" / old / "model.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    del saved["parameters"]["levels"]["email"]["typing error"]
    file.write_text(json.dumps(saved), encoding="utf-8")
    refused = parcours("model", "use", old, "--home", home.root)
    assert refused.returncode == 1
    assert "it lacks the level email: typing error" in refused.stderr
    assert "parcours train" in refused.stderr
    [listed] = [each for each in ask(parcours, home, "list")["versions"] if each["version"] == old]
    assert listed["problem"] == "it lacks the level email: typing error"
    assert ask(parcours, home, "show", old)["problem"] == listed["problem"]


def test_a_home_without_models_says_how_to_get_one(tmp_path: Path, parcours: Command) -> None:
    for action in ("list", "show", "revert"):
        finished = parcours("model", action, "--home", tmp_path)
        assert finished.returncode == 1
        assert "parcours run" in finished.stderr
        assert "Traceback" not in finished.stderr


def test_what_training_came_to_is_told_with_the_weights_that_move_most() -> None:
    weights = [
        {"field": "email", "level": "new", "before": None, "after": 3.0, "bits": None},
        {"field": "gender", "level": "same", "before": 1.0, "after": -0.5, "bits": -1.5},
        {"field": "gender", "level": "different", "before": -2.0, "after": -2.0, "bits": 0.0},
    ]
    comparison = {
        "before": "m1", "after": "m2", "pairs": 2_000, "pairs_changed": 10, "share_of_pairs_changed": 0.005,
        "records": 1_000, "records_moved": 25, "share_moved": 0.025, "customers_before": 400, "customers_after": 410,
        "merges": 5, "splits": 15, "weights": weights,
    }  # fmt: skip
    learned = {"learned": "m2", "before": "m1", "in_force": "m1", "records_too_many": 25, "comparison": comparison}
    kept = render(learned, compare_only=False).splitlines()
    assert kept[0] == "m2 beside m1"
    assert "25 of 1,000 records (2.50%) would change customer" in kept[1]
    assert "5 merge into another, 15 parts split off" in kept[2]
    assert "10 of 2,000 pairs (0.50%)" in kept[3]
    assert "(2 of 3 move)" in kept[5]
    assert kept[6].split() == ["email:", "new", "none", "→", "+3.00"]
    assert kept[7].split() == ["gender:", "same", "+1.00", "→", "-0.50"]
    assert kept[-1] == "  parcours model use m2"
    assert "m1 stays in force" in kept[-3]
    fine = {**learned, "records_too_many": 0, "in_force": "m2"}
    assert render(fine, compare_only=False).splitlines()[-1].startswith("Identity model m2 is in force.")
    assert "m2 is saved and m1 stays in force" in render({**fine, "in_force": "m1"}, compare_only=True)
    few = {**fine, "is_default": True, "profiles": 1_200, "blocked_pairs": 40}
    assert (
        render(few, compare_only=False)
        .splitlines()[-1]
        .startswith(
            "1,200 distinct records, 40 pairs of them, are too few to learn from: the shipped model m2 is in force."
        )
    )
    assert "too few to learn from: m1 stays in force." in render({**few, "in_force": "m1"}, compare_only=False)
    assert "the shipped model m1 stays in force" in render({**few, "learned": "m1"}, compare_only=False)
    mended = {**fine, "comparison": {**comparison, "before": None, "pairs": None, "weights": []}}
    assert "can no longer run" in render(mended, compare_only=False)


def test_training_on_the_same_records_changes_nothing(two_versions: tuple[Home, str], parcours: Command) -> None:
    home, _ = two_versions
    before = ask(parcours, home, "list")
    trained = parcours("train", "--compare-only", "--home", home.root)
    assert trained.returncode == 0, trained.stderr
    assert f"{before['in_force']} stays in force, nothing changes" in trained.stdout
    assert ask(parcours, home, "list") == before
