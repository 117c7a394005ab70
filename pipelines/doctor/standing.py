"""How Dagster's schedule of the nights stands, as somebody who may ask Dagster has found it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Standing:
    """``heard_at``: when the daemon was last heard of, None where never. ``is_stopped``: a person stopped the schedule.

    ``failed_at``: when its last tick failed, None where it did not.
    """

    heard_at: datetime | None = None
    is_stopped: bool = False
    failed_at: datetime | None = None
