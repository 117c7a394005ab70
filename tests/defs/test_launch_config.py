"""What a launch may configure, whichever webserver, schedule or sensor it comes from."""

from collections.abc import Iterator
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
]
NOBODYS: dict[str, Any] = {"resources": {"io_manager": {"config": {"base_dir": "/tmp/elsewhere"}}}}
FREE: list[dict[str, Any]] = [
    {},
    {"resources": {"night": {"config": {"as_of": "2026-02-28", "full": True, "language": "fr", "wait_minutes": 7}}}},
    {"ops": {"identity__model": {"config": {"retrain": True, "compare_only": True, "with_decisions": False}}}},
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
        assert not takes(job, NOBODYS)


@pytest.mark.parametrize("allowed", ["", "1"])
def test_no_launch_of_any_job_asks_for_a_variable_of_the_environment(
    allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster takes ``{"env": NAME}`` for many a value, and what becomes of the launch tells whether NAME is set."""
    monkeypatch.setenv(ALLOW_LAUNCH_CONFIG, allowed)
    monkeypatch.setenv("PARCOURS_TEST_SET", "true")
    jobs = definitions.defs().get_repository_def().get_all_jobs()
    assert {"nightly", "training"} < {job.name for job in jobs}
    for job in jobs:
        schema = job.run_config_schema.run_config_schema_type
        assert list(find_variables(schema)) == []
        asked = {"ops": {"identity__model": {"config": {"retrain": {"env": "PARCOURS_TEST_SET"}}}}}
        assert not takes(job, asked)


def test_what_asks_for_a_variable_is_found() -> None:
    """Else nothing above would prove anything."""

    class Asks(dg.Config):
        known: bool = False

    @dg.op(config_schema={"plain": str, "deep": [{"deeper": dg.Noneable(dg.StringSource)}], "map": {str: dg.IntSource}})
    def written() -> None: ...

    @dg.op
    def declared(config: Asks) -> None: ...

    @dg.job
    def both() -> None:
        written()
        declared()

    found = list(find_variables(both.run_config_schema.run_config_schema_type))
    assert sorted(path.partition("/config/")[2] for path in found) == [
        "deep/<inner_type>/deeper/<inner_type>",
        "known/<inner_type>",
        "map/<inner_type>",
    ]


def find_variables(of: Any, path: str = "", above: frozenset[int] = frozenset()) -> Iterator[str]:
    """Where in a schema of Dagster's, and within what, a launch may say ``env``: one string for each place."""
    if id(of) in above:
        return
    above |= {id(of)}
    fields = getattr(of, "fields", None) or {}
    parts = {name: field.config_type for name, field in fields.items()}
    parts |= {f"<{name}>": getattr(of, name, None) for name in ("inner_type", "key_type", "scalar_type")}
    for name, part in parts.items():
        if part is not None:
            yield from find_variables(part, f"{path}/{name}", above)
    if "env" in (getattr(getattr(of, "non_scalar_type", None), "fields", None) or {}):
        yield path


def test_the_operator_may_let_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_LAUNCH_CONFIG, "1")
    job = nightly()
    assert all(takes(job, config) for config in [*GUARDED, *FREE])
    assert not takes(job, NOBODYS)


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
