"""Which module asks a system: by its `connector.type`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pipelines.pulls.connectors import mysql, postgresql
from pipelines.pulls.snapshot import Snapshot

OpenSnapshot = Callable[[Any, Path], AbstractContextManager[Snapshot]]

SYSTEMS: dict[str, OpenSnapshot] = {
    "postgresql": postgresql.open_snapshot,
    "mysql": mysql.open_snapshot,
    "mariadb": mysql.open_snapshot,
}
"""Per `connector.type` that is pulled, what opens one state of the system, given the connector as `sources.yml` has it
and the folder from which relative paths start. Raises SourceError."""
