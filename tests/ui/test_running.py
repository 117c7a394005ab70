"""Runs that are at work when the page stops, as Dagster's records tell of them."""

from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.defs.run_tags import COMMAND_LINE, LAUNCHED_BY
from pipelines.ui.running import note_ended, note_stopped

STARTED, CANCELING, CANCELED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def test_a_run_that_was_killed_with_the_page_is_canceled_and_one_of_a_command_goes_on(
    instance: dg.DagsterInstance,
) -> None:
    @dg.job
    def nightly() -> None: ...

    of_page = instance.create_run_for_job(nightly, status=STARTED)
    of_command = instance.create_run_for_job(nightly, status=STARTED, tags={LAUNCHED_BY: COMMAND_LINE})

    def statuses() -> list[dg.DagsterRunStatus]:
        return [run.status for each in (of_page, of_command) if (run := instance.get_run_by_id(each.run_id))]

    note_stopped()
    assert statuses() == [CANCELING, STARTED]
    note_ended()
    assert statuses() == [CANCELED, STARTED]
