"""What an examination gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.home import Home
from pipelines.doctor.standing import Standing


@dataclass(frozen=True)
class Case:
    """What is examined: a home, and the sources.yml that was named for it, if one was.

    ``ask_dagster`` reads how the schedule stands from the records in a folder; None leaves them alone.
    """

    home: Home
    sources: Path | None = None
    ask_dagster: Callable[[Path], Standing] | None = None


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: what, where, and what to do about it.

    ``is_grave``: a run would fail, or somebody reads what is not theirs. ``mend`` puts it right.
    """

    what: str
    fix: str
    is_grave: bool = True
    mend: Callable[[], object] | None = None


@dataclass(frozen=True)
class Examined:
    """The outcome for one subject: the findings, or in words that all is well."""

    subject: str
    well: str
    findings: tuple[Finding, ...] = ()
