"""The home folder, in which everything that is built lies, and what is found by option, environment and default.

The only reader of the environment's settings beside `sources.yml`'s own `${NAME}`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.repository import BUNDLED_SAMPLE
from pipelines.errors import ConfigurationError

ALLOW_LAUNCH_CONFIG = "PARCOURS_ALLOW_LAUNCH_CONFIG"


@dataclass(frozen=True)
class Home:
    """The folder in which everything that is built lies."""

    root: Path

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def build_database(self) -> Path:
        """The database only dbt writes to."""
        return self.root / "build" / "warehouse.duckdb"

    @property
    def warehouse(self) -> Path:
        """The published database, which analysts read."""
        return self.root / "warehouse.duckdb"

    @property
    def previous_warehouse(self) -> Path:
        return self.root / "warehouse.previous.duckdb"

    @property
    def charts(self) -> Path:
        """Pages that show the model in force and the last night's pairs and customers."""
        return self.root / "charts"

    @property
    def report(self) -> Path:
        """The report of the published warehouse, a page for people who run the shop."""
        return self.root / "report.html"

    @property
    def quality(self) -> Path:
        """The page for data engineers beside the report."""
        return self.root / "quality.html"

    @property
    def reports(self) -> Path:
        """The reports of past runs."""
        return self.root / "reports"

    @property
    def decisions(self) -> Path:
        """The file of human decisions, where sources.yml names no other."""
        return self.root / "decisions.csv"

    @property
    def logs(self) -> Path:
        """The logs of the runs that the command started."""
        return self.root / "logs"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME of the command line and of the UI."""
        return self.root / "dagster"


def find_home(option: Path | None = None) -> Home:
    """The home folder: ``option``, else ``PARCOURS_HOME``, else ``data``. It need not exist yet."""
    chosen = option or Path(os.environ.get("PARCOURS_HOME") or "data")
    root = chosen.expanduser().resolve()
    if root.exists() and not root.is_dir():
        raise ConfigurationError(f"The home folder {root} is a file. Name a folder with --home or PARCOURS_HOME.")
    return Home(root)


def find_sources(option: Path | None, home: Home) -> Path:
    """The `sources.yml` to use: ``option``, else ``PARCOURS_SOURCES``, else the home's own, else the bundled sample's.

    Raises ConfigurationError where the one asked for does not exist.
    """
    from_environment = os.environ.get("PARCOURS_SOURCES")
    for wanted, origin in ((option, "--sources"), (from_environment, "PARCOURS_SOURCES")):
        if wanted:
            path = Path(wanted).expanduser().resolve()
            if not path.is_file():
                raise ConfigurationError(f"{origin} names {path}, which is not a file. Correct the path.")
            return path
    own = home.root / "sources.yml"
    if own.is_file():
        return own
    if BUNDLED_SAMPLE.is_file():
        return BUNDLED_SAMPLE
    raise ConfigurationError(
        f"There is no sources.yml: {own} does not exist and this copy has no bundled sample. "
        "Write one (docs/sources.md), name one with --sources, or make a sample with `parcours sample --out DIR`."
    )


def find_author(option: str | None) -> str:
    """Who decides: ``option``, else ``PARCOURS_AUTHOR``, else git's name for its user, else the login name.

    Raises ConfigurationError where nobody is named.
    """
    from_environment = (os.environ.get(name) for name in ("PARCOURS_AUTHOR", "GIT_AUTHOR_NAME", "USER", "LOGNAME"))
    for name in (option, *from_environment):
        if name and name.strip():
            return name.strip()
    raise ConfigurationError("Who decides? Say so with --author or the environment variable PARCOURS_AUTHOR.")


def may_configure_launches() -> bool:
    """Whether the operator lets whoever launches a run in Dagster set its home, its sources, the acceptance of drift.

    Raises ConfigurationError where ``PARCOURS_ALLOW_LAUNCH_CONFIG`` says neither yes nor no.
    """
    said = os.environ.get(ALLOW_LAUNCH_CONFIG, "").strip().lower()
    if said in ("", "0", "no", "false"):
        return False
    if said in ("1", "yes", "true"):
        return True
    raise ConfigurationError(f"{ALLOW_LAUNCH_CONFIG} says neither yes nor no: set it to 1, or leave it out.")
