"""The checks that compare a night with the published ones, as Dagster runs them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines.cli import run_job
from pipelines.cli.commands import run
from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.nights.outcome import Outcome
from pipelines.warehouse.publish import seal_path

Materialise = Callable[..., dg.ExecuteInProcessResult]

ACCEPT = {"identity__drift": {"config": {"accept": True}}}


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def publish_as_if_ten_times_larger(home: Home) -> None:
    """Makes the last publication one of the day before, with ten times the records."""
    file = Lake(home.lake).published_path("run_metrics")
    counts = pl.col("metric") == "record_count"
    pl.read_parquet(file).with_columns(
        pl.col("as_of") - timedelta(days=1),
        pl.when(counts).then(pl.col("value") * 10).otherwise(pl.col("value")).alias("value"),
    ).write_parquet(file)


def test_a_run_keeps_its_metrics_at_publication_and_the_same_input_again_is_no_drift(
    materialise: Materialise, home: Home, exports: Path
) -> None:
    lake = Lake(home.lake)
    kept = pl.read_parquet(lake.published_path("run_metrics"))
    assert kept["as_of"].n_unique() == 1
    assert not kept["is_accepted"].any()
    assert "id_churn" not in kept["metric"].unique(), "nothing had been published before"
    result = materialise(home, exports / "sources.yml", "identity/drift")
    assert result.success
    assert all(check.passed for check in checks_of(result).values())
    assert lake.read("identity", "drift").filter(pl.col("verdict") == "within").height > 0


def test_half_an_export_stops_the_run_before_the_marts_until_somebody_accepts_it(
    materialise: Materialise, home: Home, exports: Path
) -> None:
    publish_as_if_ten_times_larger(home)
    lake, before = Lake(home.lake), home.warehouse.read_bytes()
    baseline = lake.path("identity", "run_metrics").read_bytes()
    sources = exports / "sources.yml"
    stopped = materialise(home, sources, "identity/drift", "staging", "intermediate", "marts", "published")
    assert not stopped.success
    assert {event.asset_key.to_user_string() for event in stopped.get_asset_materialization_events()} == {
        "identity/drift"
    }
    blocking = checks_of(stopped)["drift_within_blocking_limits"]
    assert not blocking.passed
    assert "record_count, crm/contacts" in str(blocking.description)
    assert "--accept-drift" in str(blocking.description)
    assert lake.path("identity", "run_metrics").read_bytes() == baseline, "what nobody accepted is not usual"
    assert (home.warehouse.read_bytes(), seal_path(home).exists()) == (before, False)

    accepted = materialise(home, sources, "identity/drift", ops=ACCEPT)
    assert accepted.success
    checks = checks_of(accepted)
    assert checks["drift_within_blocking_limits"].metadata["accepted"].value is True
    warning = checks["drift_within_warning_limits"]
    assert (warning.passed, warning.severity) == (False, dg.AssetCheckSeverity.WARN)
    history = lake.read("identity", "run_metrics")
    assert history.group_by("as_of").agg(pl.col("is_accepted").all()).sort("as_of")["is_accepted"].to_list() == [
        False,
        True,
    ]


def test_the_command_hands_the_acceptance_to_the_asset(
    home: Home, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[dict[str, Any]] = []

    def note(*arguments: Any, **named: Any) -> Outcome:
        handed.append(arguments[5] if len(arguments) > 5 else named["ops"])
        return Outcome(succeeded=False, log=home.root / "none.log")

    monkeypatch.setattr(run_job, "launch", note)
    from pipelines.cli.main import build_parser

    for option in ((), ("--accept-drift",)):
        options = build_parser().parse_args(
            ["run", "--home", str(home.root), "--sources", str(exports / "sources.yml"), *option]
        )
        run.run(options)
    assert [ops["identity__drift"]["config"]["accept"] for ops in handed] == [False, True]


def test_a_crowd_is_found_again_by_every_run_until_it_is_gone(
    materialise: Materialise, home: Home, exports: Path
) -> None:
    lake, sources = Lake(home.lake), exports / "sources.yml"
    contacts = lake.read("crm", "contacts")
    [shared] = (
        lake.read("identity", "records")
        .filter((pl.col("table_name") == "contacts") & pl.col("email_key").is_not_null())["email"]
        .head(1)
    )
    lake.write("crm", "contacts", contacts.with_columns(pl.lit(shared).alias("email")))
    noted = lake.path("identity", "withdrawn_values").read_bytes()
    for _ in range(2):
        result = materialise(home, sources, "identity/records")
        check = checks_of(result)["no_value_is_newly_shared_by_a_crowd"]
        assert not result.success
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert shared not in str(check.description) + str(check.metadata)
        assert lake.path("identity", "withdrawn_values").read_bytes() == noted

    lake.published_path("withdrawn_values").unlink()
    first = checks_of(materialise(home, sources, "identity/records"))["no_value_is_newly_shared_by_a_crowd"]
    assert (first.passed, first.severity) == (False, dg.AssetCheckSeverity.WARN), "before any publication it only warns"
