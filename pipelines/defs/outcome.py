"""What became of a run, from its events: whether it was carried out by the command or by Dagster."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.defs.asset import OWNERS
from pipelines.nights.outcome import Failure, Outcome

KINDS = frozenset(
    {
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
    }
)
"""The events that tell it."""


def read_outcome(instance: dg.DagsterInstance, run: dg.DagsterRun, log: Path, graph: Any = None) -> Outcome:
    """The outcome of a run that has ended, from Dagster's records."""
    entries = [instance.all_logs(run.run_id, of_type=kind) for kind in KINDS]
    events = sorted((entry for of_kind in entries for entry in of_kind), key=lambda entry: entry.timestamp)
    told = (entry.dagster_event for entry in events if entry.dagster_event is not None)
    return gather(told, run.status == dg.DagsterRunStatus.SUCCESS, log, graph)


def gather(events: Iterable[dg.DagsterEvent], succeeded: bool, log: Path, graph: Any = None) -> Outcome:
    """The outcome that ``events`` tell of. ``graph`` is the asset graph, which knows the owners."""
    outcome = Outcome(succeeded, log)
    for event in events:
        kind = event.event_type_value
        if kind == "ASSET_MATERIALIZATION":
            materialization = event.step_materialization_data.materialization
            outcome.assets[materialization.asset_key.to_user_string()] = plain(materialization.metadata)
        elif kind == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            name = f"{check.check_name} on {check.asset_key.to_user_string()}"
            if check.metadata:
                outcome.check_metadata[name] = plain(check.metadata)
            if check.passed:
                outcome.checks_passed += 1
                continue
            is_warning = check.severity.value == "WARN"
            (outcome.checks_warned if is_warning else outcome.checks_failed).append(name)
            if check.description:
                outcome.check_descriptions[name] = check.description
        elif kind == "STEP_FAILURE":
            outcome.failures.append(_explain(event, outcome, graph))
        elif kind == "PIPELINE_FAILURE" and not outcome.failures:  # Before the first step, for example in the settings.
            data: Any = event.event_specific_data  # None where another process has reported it.
            said = event.message or "unknown" if data is None or data.error is None else _innermost(data.error)
            outcome.failures.append(Failure("run", said, 1, OWNERS["publication"]))
    return outcome


def plain(metadata: Any) -> dict[str, Any]:
    """Metadata of an event as plain values; what has none is left out."""
    return {name: value.value for name, value in metadata.items() if hasattr(value, "value")}


def _explain(event: dg.DagsterEvent, outcome: Outcome, graph: Any) -> Failure:
    """The message of a failed step: its own, that of its failed checks, or what Dagster stumbled over."""
    data, step = event.step_failure_data, str(event.step_key).replace("__", "/")
    owner = _find_owner(step, outcome, graph)
    expected = data.user_failure_data
    if expected is not None:
        return Failure(step, expected.description or "", int(plain(expected.metadata).get("exit_code", 1)), owner)
    failed_checks = [
        f"{name}:\n{outcome.check_descriptions[name]}"
        for name in outcome.checks_failed
        if name.endswith(f" on {step}") and name in outcome.check_descriptions
    ]
    return Failure(step, "\n".join(failed_checks) or _innermost(data.error), 1, owner)


def _find_owner(step: str, outcome: Outcome, graph: Any) -> str:
    """The team of the asset that the step makes; of a step that makes many, that of the first whose check failed."""
    failed = [name.rpartition(" on ")[2] for name in outcome.checks_failed]
    for key in (step, *failed):
        asset = dg.AssetKey.from_user_string(key)
        if graph is not None and graph.has(asset) and graph.get(asset).owners:
            return str(graph.get(asset).owners[0])
    return OWNERS["publication"]


def _innermost(error: Any) -> str:
    """What is at the root of ``error``: ours in its own words, of any other exception only the kind."""
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "unknown"
    kind, _, said = str(error.message).strip().partition(": ")
    if kind.startswith("pipelines."):
        return said
    return f"unexpected {error.cls_name}. What it says is told on a terminal only: add --debug."
