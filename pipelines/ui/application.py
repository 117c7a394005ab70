"""Dagster's web application, as an object: the only module that knows what ``dagster-webserver`` is made of.

docs/adr/0016 says what that saves, and which test notices a change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.types import ASGIApp

POLL_MILLISECONDS = 2000  # As `dagster dev` has it: how often the page asks for what is new.


@contextmanager
def open_application(workspace: Path) -> Iterator[ASGIApp]:
    """The application of the instance in DAGSTER_HOME, for the code location that the file ``workspace`` names."""
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)]), version=dg.__version__) as context,
    ):
        yield create_app_from_workspace_process_context(context, "", POLL_MILLISECONDS)
