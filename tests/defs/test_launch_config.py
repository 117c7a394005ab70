"""What a launch may configure, whichever webserver, schedule or sensor it comes from."""

from typing import Any

import dagster as dg
import pytest

from pipelines import definitions
from pipelines.config.home import ALLOW_LAUNCH_CONFIG
from pipelines.errors import ConfigurationError

GUARDED: list[dict[str, Any]] = [
    {"resources": {"night": {"config": {"home": "/tmp/elsewhere"}}}},
    {"resources": {"night": {"config": {"sources": "/tmp/elsewhere/sources.yml"}}}},
    {"ops": {"identity__drift": {"config": {"accept": True}}}},
    {"resources": {"io_manager": {"config": {"base_dir": "/tmp/elsewhere"}}}},
]
FREE: list[dict[str, Any]] = [
    {},
    {"resources": {"night": {"config": {"as_of": "2026-02-28", "full": True, "language": "fr", "wait_minutes": 7}}}},
    {"loggers": {"progress": {}}},
]


def nightly() -> dg.JobDefinition:
    return definitions.defs().resolve_job_def("nightly")


def takes(job: dg.JobDefinition, config: dict[str, Any]) -> bool:
    try:
        dg.validate_run_config(job, config)
    except dg.DagsterInvalidConfigError:
        return False
    return True


def test_a_launch_says_neither_where_nor_past_which_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (None, "", "0", "no"):
        monkeypatch.delenv(ALLOW_LAUNCH_CONFIG, raising=False)
        if said is not None:
            monkeypatch.setenv(ALLOW_LAUNCH_CONFIG, said)
        job = nightly()
        assert [takes(job, config) for config in GUARDED] == [False] * len(GUARDED)
        assert [takes(job, config) for config in FREE] == [True] * len(FREE)
    # Nor what is in the environment.
    assert not takes(job, {"resources": {"night": {"config": {"as_of": {"env": "HOME"}}}}})


def test_the_operator_may_let_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_LAUNCH_CONFIG, "1")
    job = nightly()
    assert all(takes(job, config) for config in [*GUARDED, *FREE])


def test_what_says_neither_yes_nor_no_lets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_LAUNCH_CONFIG, "perhaps")
    with pytest.raises(ConfigurationError, match=ALLOW_LAUNCH_CONFIG):
        nightly()


def test_every_other_config_of_the_code_location_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is added is to be thought about: does it point at a file, or lift a guard?"""
    monkeypatch.delenv(ALLOW_LAUNCH_CONFIG, raising=False)
    schema = nightly().run_config_schema.run_config_schema_type
    found = {}
    for kind in ("resources", "ops"):
        for name, field in schema.fields[kind].config_type.fields.items():  # type: ignore[attr-defined]
            config = field.config_type.fields.get("config")
            named = getattr(config.config_type, "fields", None) if config else None
            if named:
                found[name] = sorted(named)
    assert found == {
        "night": ["as_of", "full", "language", "wait_minutes"],
        "identity__model": ["compare_only", "retrain", "with_decisions"],
    }
