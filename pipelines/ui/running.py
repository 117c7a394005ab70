"""Runs that are at work when the page stops: they stop with it, which is no failure."""

import dagster as dg

from pipelines.defs.run_tags import LAUNCHED_BY

AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def note_stopped() -> None:
    """Tells Dagster that the runs launched from the page are being stopped, so that it does not call them failed.

    They end afterwards, with the processes that they are in. Runs of a command have one of their own, and go on.
    """
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=AT_WORK)):
            if LAUNCHED_BY not in run.tags:
                instance.report_run_canceling(run, "The page was stopped, and its runs with it.")


def note_ended() -> None:
    """Tells Dagster that those runs have ended, once the processes are gone: some had no time to say so themselves."""
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELING])):
            if LAUNCHED_BY not in run.tags:
                instance.report_run_canceled(run, "The page was stopped, and its runs with it.")
