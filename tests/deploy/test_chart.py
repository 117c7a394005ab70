"""The values of Dagster's Helm chart: of names that the chart has, and the same settings as beside them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pipelines.config.repository import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
FILE = DEPLOY / "helm" / "values.yaml"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text()))


def find_unknown(written: object, known: Any, path: str = "") -> Iterator[str]:
    """The paths of ``written`` that ``known`` has no name for; each item of a list is looked at by itself."""
    if known == "free":
        return
    for part in written if isinstance(written, list) else [written]:
        for name, value in part.items():
            if name in known:
                yield from find_unknown(value, known[name], f"{path}{name}.")
            else:
                yield f"{path}{name}"


def test_every_name_is_one_that_the_chart_reads(values: dict[str, Any]) -> None:
    known = yaml.safe_load(Path(__file__).with_name("chart_keys.yml").read_text())
    assert list(find_unknown(values, known)) == []


def test_a_name_that_the_chart_does_not_read_is_found() -> None:
    known = {"items": {"name": "free"}, "free": "free"}
    assert list(find_unknown({"items": [{"name": 1}, {"nam": 1}], "free": {"x": 1}, "y": 1}, known)) == [
        "items.nam",
        "y",
    ]


def test_the_chart_is_of_the_version_of_dagster_that_the_image_has(values: dict[str, Any]) -> None:
    version = re.search(r"^dagster==(\S+)", (DEPLOY / "requirements.lock").read_text(), re.MULTILINE)
    assert version is not None
    assert f"--version {version[1]}" in FILE.read_text()
    assert version[1] == dg.__version__


def test_the_chart_s_own_postgresql_has_the_password_that_dagster_asks_with(values: dict[str, Any]) -> None:
    """Without it the database is made with the password of the chart's own defaults, and lets nobody else in."""
    assert values["postgresql"]["enabled"]
    assert values["postgresql"]["existingSecret"] == values["global"]["postgresqlSecretName"]


def test_one_image_runs_as_the_user_that_it_has(values: dict[str, Any]) -> None:
    [location] = values["dagster-user-deployments"]["deployments"]
    assert location["podSecurityContext"]["runAsUser"] == 10001
    images = [location["image"], values["dagsterWebserver"]["image"], values["dagsterDaemon"]["image"]]
    assert all(image == images[0] for image in images)


def test_dagsters_settings_are_those_of_the_containers(values: dict[str, Any]) -> None:
    """The chart writes Dagster's settings from its values; compose has them as a file."""
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    storage, daemon = settings["storage"]["postgres"]["postgres_db"], values["dagsterDaemon"]
    assert values["postgresql"]["postgresqlScheme"] == storage["scheme"]
    assert values["postgresql"]["postgresqlDatabase"] == storage["db_name"]
    assert values["telemetry"] == settings["telemetry"]
    coordinator, limits = daemon["runCoordinator"], settings["run_coordinator"]
    assert coordinator["type"] == limits["class"]
    assert coordinator["config"]["queuedRunCoordinator"]["maxConcurrentRuns"] == limits["config"]["max_concurrent_runs"]
    assert daemon["runMonitoring"]["startTimeoutSeconds"] == settings["run_monitoring"]["start_timeout_seconds"]
    days = {kind: values["retention"][kind]["purgeAfterDays"] for kind in ("schedule", "sensor")}
    assert days["schedule"] == settings["retention"]["schedule"]["purge_after_days"]
    assert set(days["sensor"].values()) == {settings["retention"]["sensor"]["purge_after_days"]}
    logs = values["computeLogManager"]["config"]["customComputeLogManager"]
    assert (logs["module"], logs["class"]) == (settings["compute_logs"]["module"], settings["compute_logs"]["class"])
