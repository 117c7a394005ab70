"""The compose file: closed, pinned, healthy before others start, and of commands that there are."""

import re
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest
import yaml

from pipelines.cli.main import build_parser
from pipelines.cli.run_job import DAGSTER_SETTINGS
from pipelines.config.repository import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yml").read_text()))


@pytest.mark.skipif(find_spec("check_jsonschema") is None, reason="needs check-jsonschema")
def test_the_file_is_one_by_the_specification_of_compose() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yml"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout


def test_every_service_is_watched_pinned_and_bound(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "code", "daemon", "web"}
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped"
        assert "no-new-privileges:true" in service["security_opt"]
        assert re.search(r":[0-9][\w.-]*\}?$", service["image"]), "an image without a version"
        assert "privileged" not in service
        assert set(service.get("networks", [])) <= set(compose["networks"])
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            known = source in compose["volumes"] or (DEPLOY / source).exists() or source.startswith("${")
            assert known, volume
    for name in ("code", "daemon", "web"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]


def test_nothing_listens_beyond_this_machine_and_nobody_but_the_page_listens_at_all(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:3000:3000"]}
    assert compose["networks"]["back"] == {"internal": True}
    assert compose["services"]["postgres"]["networks"] == ["back"]


def test_each_waits_until_what_it_needs_is_healthy(compose: dict[str, Any]) -> None:
    needs = {name: service.get("depends_on", {}) for name, service in compose["services"].items()}
    assert {name: set(each) for name, each in needs.items()} == {
        "postgres": set(), "code": {"postgres"}, "daemon": {"code"}, "web": {"code"},
    }  # fmt: skip
    assert all(how == {"condition": "service_healthy"} for each in needs.values() for how in each.values())


def test_no_password_stands_in_a_file_of_the_repository(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            assert "PASSWORD" not in name or value.startswith(("${", "/run/secrets/")), name
    assert "DAGSTER_POSTGRES_PASSWORD=\n" in (DEPLOY / "example.env").read_text()


def test_the_page_is_opened_by_a_command_that_there_is(compose: dict[str, Any]) -> None:
    command = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", part) for part in compose["services"]["web"]["command"]]
    assert command[0] == "parcours"
    options = build_parser().parse_args(command[1:])
    assert (options.code_server, options.host) == ("code:4266", "0.0.0.0")
    served = compose["services"]["code"]["command"]
    assert served[served.index("--port") + 1] == "4266"
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert (workspace["host"], workspace["port"]) == ("code", 4266)


def test_dagsters_settings_are_those_of_the_command_but_for_the_storage() -> None:
    here = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    assert here.pop("storage").keys() == {"postgres"}
    assert here == yaml.safe_load(DAGSTER_SETTINGS)
