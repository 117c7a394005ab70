"""The code location: it loads, every asset says what it is and whose, and the lineage is unbroken."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.contracts import TABLES
from pipelines.definitions import build_definitions
from pipelines.defs.schedules import nightly_schedule
from pipelines.warehouse import dbt_project

SAMPLE = """
as_of: 2026-02-28
sources:
  - name: crm
    kind: crm
    connector: {type: files, root: .}
    tables: {contacts: {from: contacts.csv}}
"""


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def checks(definitions: dg.Definitions) -> dict[tuple[str, str], dg.AssetCheckSpec]:
    defined = (assets for assets in definitions.assets or [] if isinstance(assets, dg.AssetsDefinition))
    return {(spec.asset_key.to_user_string(), spec.name): spec for assets in defined for spec in assets.check_specs}


def upstream(specs: dict[str, dg.AssetSpec], key: str) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [key]
    while waiting:
        for dependency in specs[waiting.pop()].deps:
            name = dependency.asset_key.to_user_string()
            if name not in seen:  # There are more ways through the graph than anybody walks.
                seen.add(name)
                waiting.append(name)
                yield name


def test_the_code_location_loads_and_its_jobs_resolve(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert definitions.resolve_job_def("nightly").executor_def.name == "in_process"
    assert definitions.resolve_job_def("training").asset_layer.executable_asset_keys == {
        dg.AssetKey(["identity", "model"])
    }


def test_every_asset_has_an_owner_a_group_and_a_description(specs: dict[str, dg.AssetSpec]) -> None:
    assert {key for key, spec in specs.items() if not spec.owners} == set()
    assert {key for key, spec in specs.items() if spec.group_name in (None, "default")} == set()
    assert {key for key, spec in specs.items() if not (spec.description or "").strip()} == set()


def test_every_check_says_what_holds_and_what_to_do_where_it_does_not(
    checks: dict[tuple[str, str], dg.AssetCheckSpec],
) -> None:
    assert len(checks) > 300
    silent = {key for key, spec in checks.items() if not (spec.description or "").strip()}
    assert silent == set()
    told = {key: (spec.description or "").split(". ", 1) for key, spec in checks.items()}
    assert {key for key, sentences in told.items() if len(sentences) < 2 or "here " not in sentences[1]} == set()


def test_every_asset_that_is_a_table_has_columns_each_of_which_says_what_it_is(specs: dict[str, dg.AssetSpec]) -> None:
    columns = {key: spec.metadata.get("dagster/column_schema") for key, spec in specs.items()}
    # Files, and a database of such tables.
    others = {"identity/model", "published/warehouse", "published/report"}
    assert {key for key, schema in columns.items() if not isinstance(schema, dg.TableSchema)} == others
    tables = {key: schema for key, schema in columns.items() if isinstance(schema, dg.TableSchema)}
    assert {key for key, schema in tables.items() if not schema.columns} == set()
    silent = [
        f"{key}.{column.name}"
        for key, schema in tables.items()
        for column in schema.columns
        if not (column.description or "").strip()
    ]
    assert silent == []


def test_owners_differ_by_group(definitions: dg.Definitions) -> None:
    owners: dict[str | None, set[str]] = {}
    for spec in definitions.resolve_all_asset_specs():
        owners.setdefault(spec.group_name, set()).update(spec.owners)
    assert {group for group, of_group in owners.items() if len(of_group) != 1} == set()
    assert {group: owners[group] for group in ("extracts", "identity", "customer_value", "analyst_segments")} == {
        "extracts": {"team:data-platform"},
        "identity": {"team:customer-data"},
        "customer_value": {"team:analytics"},
        "analyst_segments": {"team:analytics"},
    }


def test_what_is_given_takes_the_place_of_the_usual() -> None:
    @dg.asset(key=["identity", "decisions"])
    def no_decisions() -> None: ...

    built = build_definitions(assets=[no_decisions], resources={"night": "another"}, is_scheduled=False)
    made = [assets for assets in built.assets or [] if isinstance(assets, dg.AssetsDefinition)]
    assert [assets for assets in made if dg.AssetKey(["identity", "decisions"]) in assets.keys] == [no_decisions]
    assert (built.resources, built.schedules) == ({"night": "another"}, [])


def test_every_canonical_table_is_an_asset_with_its_columns(specs: dict[str, dg.AssetSpec]) -> None:
    for table in TABLES:
        schema = specs[table.path].metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == ["source", *(column.name for column in table.columns)]


def test_no_asset_stands_without_something_that_makes_it(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.external_asset_keys} == set()


def test_the_lineage_is_unbroken_from_a_crm_contact_to_the_published_warehouse(specs: dict[str, dg.AssetSpec]) -> None:
    assert "marts/customer_360" in set(upstream(specs, "published/warehouse"))
    behind_customers = set(upstream(specs, "marts/customer_360"))
    assert {"identity/customer_ids", "identity/ledger", "identity/pairs", "identity/records"} <= behind_customers
    assert {"crm/contacts", "ecommerce/orders", "pos/tickets"} <= behind_customers


def test_publication_waits_for_every_mart(specs: dict[str, dg.AssetSpec]) -> None:
    marts = {key for key in specs if key.startswith("marts/")}
    assert marts == {dep.asset_key.to_user_string() for dep in specs["published/warehouse"].deps}
    assert len(marts) >= 10


def test_every_dbt_test_is_an_asset_check_and_blocks_unless_it_only_warns(
    checks: dict[tuple[str, str], dg.AssetCheckSpec],
) -> None:
    manifest = json.loads(dbt_project.prepare().read_text())
    tests = {
        node["name"]: (node["config"]["severity"] or "error").lower()
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
    }
    blocking = {name: spec.blocking for (_, name), spec in checks.items()}
    assert set(tests) - set(blocking) == set()
    assert {name for name, severity in tests.items() if blocking[name] != (severity == "error")} == set()


@pytest.mark.parametrize(
    ("asset", "check"),
    [
        ("crm/contacts", "rejects_stay_under_the_limit"),
        ("identity/records", "each_record_stands_once"),
        ("identity/records", "no_value_is_newly_shared_by_a_crowd"),
        ("identity/pairs", "candidate_pairs_do_not_explode"),
        ("identity/clusters", "each_record_is_in_one_cluster"),
        ("identity/ledger", "no_id_is_issued_twice"),
        ("identity/ledger", "the_past_is_not_rewritten"),
        ("identity/customer_ids", "each_record_has_one_customer"),
        ("identity/customer_ids", "the_ledger_replays_to_the_map"),
        ("identity/drift", "drift_within_blocking_limits"),
    ],
)
def test_a_blocking_check_guards(checks: dict[tuple[str, str], dg.AssetCheckSpec], asset: str, check: str) -> None:
    assert checks[(asset, check)].blocking


def test_a_warning_of_drift_holds_nothing_up(checks: dict[tuple[str, str], dg.AssetCheckSpec]) -> None:
    assert not checks[("identity/drift", "drift_within_warning_limits")].blocking


def test_no_mart_is_built_on_ids_that_drifted(specs: dict[str, dg.AssetSpec]) -> None:
    readers = {
        key
        for key, spec in specs.items()
        if key.startswith("staging/") and any(dep.asset_key.path[0] == "identity" for dep in spec.deps)
    }
    assert len(readers) >= 4
    assert all("identity/drift" in {dep.asset_key.to_user_string() for dep in specs[key].deps} for key in readers)


@pytest.mark.parametrize(
    ("timezone", "night"),
    [
        ("Europe/Paris", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),  # The day that skips from two to three.
        ("Australia/Sydney", datetime(2026, 3, 28, 15, 0, tzinfo=UTC)),
    ],
)
def test_the_schedule_runs_at_two_where_the_retailer_is_as_of_the_day_that_has_ended(
    timezone: str, night: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SAMPLE.replace("as_of: 2026-02-28", f"wait_minutes: 7\ntimezone: {timezone}")
    (tmp_path / "sources.yml").write_text(text)
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    every_night = nightly_schedule()
    assert (every_night.cron_schedule, every_night.execution_timezone) == ("0 2 * * *", timezone)
    context = dg.build_schedule_context(scheduled_execution_time=night)
    [request] = every_night.evaluate_tick(context).run_requests or []
    assert request.run_config["resources"]["night"]["config"] == {"as_of": "2026-03-28", "wait_minutes": 7}


def test_a_file_that_cannot_be_read_does_not_keep_the_interface_from_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.yml").write_text("timezone: Mars/Olympus\n")
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    assert nightly_schedule().execution_timezone == "Europe/Paris"


def test_exports_that_stand_still_keep_their_day_at_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.yml").write_text(SAMPLE)
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 5, 1, 0, 0, tzinfo=UTC))
    [request] = nightly_schedule().evaluate_tick(context).run_requests or []
    assert request.tags["as_of"] == "2026-02-28"
