"""What became of a run of the nightly job, whoever ran it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DRIFT = "drift_within_blocking_limits"


@dataclass(frozen=True)
class Failure:
    """A step that failed: the message for the user, its exit code, and the team whose step it is."""

    step: str
    message: str
    exit_code: int
    owner: str = ""


@dataclass
class Outcome:
    """What a job did. ``assets`` maps the key of each asset that was materialised to its metadata as plain values.

    ``check_descriptions`` are the results' own descriptions of checks that warned or failed, by the names in the two
    lists; ``check_metadata`` that of all results that have any.
    """

    succeeded: bool
    log: Path
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    checks_passed: int = 0
    checks_warned: list[str] = field(default_factory=list)
    checks_failed: list[str] = field(default_factory=list)
    check_descriptions: dict[str, str] = field(default_factory=dict)
    check_metadata: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def published(self) -> bool:
        """Whether the warehouse was published, whatever happened afterwards."""
        return "published/warehouse" in self.assets

    @property
    def is_drift(self) -> bool:
        """Whether it was drift that kept it from being published."""
        return any(name.startswith(f"{DRIFT} on ") for name in self.checks_failed)
