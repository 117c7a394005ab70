"""dbt's events about models and tests, turned into materialisations and check results (docs/adr/0013)."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pipelines.defs.results import Result

DBT_ID = "dagster_dbt/unique_id"
SECONDS_BETWEEN_LINES = 2.0  # A line in the log for each of hundreds of tests would be noise, and costs time.


@dataclass(frozen=True)
class FinishedNode:
    """A model, seed or test that dbt has finished, with dbt's word for how it ended as ``status``."""

    dbt_id: str
    status: str
    failures: int
    seconds: float
    message: str


@dataclass
class Listener:
    """Gathers the nodes as they finish, and logs dbt's progress now and then. dbt calls it from its worker threads."""

    say: Callable[[str], None]
    expected: int
    finished: list[FinishedNode] = field(default_factory=list)
    _last_line: float = 0.0

    def listen(self, event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        result = event.data.run_result
        node = FinishedNode(
            dbt_id=event.data.node_info.unique_id,
            status=str(result.status),
            failures=int(result.num_failures),
            seconds=float(result.execution_time),
            message=str(result.message),
        )
        self._note(node)

    def note_passed(self, dbt_id: str, seconds: float) -> None:
        """A test that passed, and that dbt did not have to run."""
        self._note(FinishedNode(dbt_id, "pass", 0, seconds, ""))

    def _note(self, node: FinishedNode) -> None:
        self.finished.append(node)
        if time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self.say(f"{len(self.finished)} of {self.expected} models and tests, now {node.dbt_id.split('.')[2]}")

    def forget_errors(self) -> None:
        """For a run that is stopped: what dbt was at work on ended in an error, and neither failed nor passed.

        A test that found rows at fault has failed all the same.
        """
        self.finished = [node for node in self.finished if "error" not in node.status]

    def count(self, status: str) -> int:
        """How many tests ended as ``status``: ``pass``, ``warn`` or ``fail``."""
        return sum(node.status == status for node in self.finished if node.dbt_id.startswith("test."))


def node_results(
    context: dg.AssetExecutionContext, finished: list[FinishedNode], rows: Mapping[str, int]
) -> Iterator[Result | dg.AssetCheckResult]:
    """One materialisation per model built and one check result per test made, in dbt's order.

    ``rows`` are row counts by ``<schema>/<table>``. What was not selected is left out: dbt also runs tests that belong
    to a selected model and another one.
    """
    assets = {spec.metadata[DBT_ID]: spec.key for spec in context.assets_def.specs if DBT_ID in spec.metadata}
    checks = {spec.metadata[DBT_ID]: spec.key for spec in context.assets_def.check_specs if spec.metadata}
    for node in finished:
        asset, check = assets.get(node.dbt_id), checks.get(node.dbt_id)
        if node.status == "skipped":
            continue
        if asset in context.selected_asset_keys and node.status == "success":
            assert asset is not None
            count = rows.get(asset.to_user_string())
            yield Result(
                asset_key=asset,
                metadata={"seconds": node.seconds, **({} if count is None else {"dagster/row_count": count})},
            )
        elif check in context.selected_asset_check_keys:
            assert check is not None
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=node.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_at_fault": node.failures, "seconds": node.seconds},
            )


def selected_names(context: dg.AssetExecutionContext) -> list[str]:
    """The dbt names of what was selected in Dagster; empty for everything."""
    if not context.is_subset:
        return []
    selected = [spec for spec in context.assets_def.specs if spec.key in context.selected_asset_keys]
    checks = [spec for spec in context.assets_def.check_specs if spec.key in context.selected_asset_check_keys]
    ids = [spec.metadata[DBT_ID] for spec in (*selected, *checks) if spec.metadata and DBT_ID in spec.metadata]
    return sorted(dbt_id.split(".")[2] for dbt_id in ids)
