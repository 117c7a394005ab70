"""Which module speaks to a place: by its `connector.type`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pipelines.pulls.drops.place import Place
from pipelines.pulls.drops.places import azure, gcs, s3, sftp

OpenPlace = Callable[[Any, Path], AbstractContextManager[Place]]

PLACES: dict[str, OpenPlace] = {
    "sftp": sftp.open_place,
    "s3": s3.open_place,
    "gcs": gcs.open_place,
    "azure": azure.open_place,
}
"""Per `connector.type` of files that lie elsewhere, what opens the place, given the connector as `sources.yml` has it
and the folder from which relative paths start. Raises SourceError."""
