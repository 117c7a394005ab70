"""An expected error of any step fails it with the error's words and exit code, and no traceback."""

from typing import Any

import dagster as dg
import pytest

from pipelines.definitions import build_definitions
from pipelines.errors import ConfigurationError

WORDS = "sources.yml: there is no such folder"


class FaultyNight:
    """Whatever a step asks of its night, the answer is an error that a person can mend."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Dagster looks for marks of its own.
            raise AttributeError(name)
        raise ConfigurationError(WORDS)


@pytest.mark.long
def test_an_expected_error_of_any_step_is_told_in_its_own_words() -> None:
    faulty = build_definitions(resources={"night": FaultyNight()}, is_scheduled=False)
    nightly = faulty.resolve_job_def("nightly")
    told: dict[str, tuple[str | None, object] | None] = {}
    with dg.DagsterInstance.ephemeral() as instance:
        for step in faulty.assets or []:
            assert isinstance(step, dg.AssetsDefinition)
            result = nightly.execute_in_process(
                asset_selection=list(step.keys),
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                instance=instance,
                raise_on_error=False,
            )
            [failed] = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
            said = failed.step_failure_data.user_failure_data
            told[step.op.name] = said and (said.description, said.metadata["exit_code"].value)
    assert len(told) > 30
    assert told == dict.fromkeys(told, (WORDS, ConfigurationError.exit_code)), "where it is None, it was a traceback"
