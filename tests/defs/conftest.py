"""Parts of the nightly job run on a home, as the interface runs them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.config.home import Home
from pipelines.definitions import build_definitions

Materialise = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture(scope="session")
def materialise() -> Materialise:
    """Runs the part of the nightly job whose asset keys are, or begin with, one of the prefixes."""
    nightly = build_definitions(is_scheduled=False).resolve_job_def("nightly")

    def run(
        home: Home, sources: Path, *prefixes: str, as_of: str | None = None, ops: dict[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        keys = nightly.asset_layer.executable_asset_keys
        wanted = [key for key in keys if key.path[0] in prefixes or key.to_user_string() in prefixes]
        settings = {"home": str(home.root), "sources": str(sources), **({"as_of": as_of} if as_of else {})}
        with dg.DagsterInstance.ephemeral() as instance:
            return nightly.execute_in_process(
                run_config={
                    "resources": {"night": {"config": settings}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "ops": ops or {},
                },
                asset_selection=wanted,
                instance=instance,
                raise_on_error=False,
            )

    return run
