"""The home folder, in which everything that is built lies, and what is found by option, environment and default.

The only reader of the environment's settings, beside `sources.yml`'s own `${NAME}` and those of who may open the page,
which `parcours ui` reads.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.repository import BUNDLED_SAMPLE
from pipelines.errors import ConfigurationError

ALLOW_LAUNCH_CONFIG = "PARCOURS_ALLOW_LAUNCH_CONFIG"
ATTENDED = "PARCOURS_ATTENDED"


_MISREAD = re.compile(r"\?|%[0-9A-Fa-f]{2}|(?<=/)\*\*(?=/|$)")
"""What addresses of SQLite end at or unfold, and folders that are a pattern of DuckDB's of whatever depth."""


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
    def workshop(self) -> Path:
        """The database beside it, in which dbt builds what is not published; gone once the marts are."""
        return self.build_database.with_name(f"{self.build_database.name}.workshop")

    @property
    def workshop_shape(self) -> Path:
        """The tables of the workshop with their columns and without a row: what is left of it for the docs."""
        return self.build_database.with_name(f"{self.build_database.name}.shape")

    @property
    def warehouse(self) -> Path:
        """The published database, which analysts read."""
        return self.root / "warehouse.duckdb"

    @property
    def previous_warehouse(self) -> Path:
        """The published database of before, compressed."""
        return self.root / "warehouse.previous.duckdb.zst"

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
    chosen = option or Path(os.environ.get("PARCOURS_HOME", "").strip() or "data")
    way_out = "Name a folder with --home or PARCOURS_HOME."
    try:
        root = chosen.expanduser().resolve()
        is_other = root.exists() and not root.is_dir()
        str(root).encode()
    except (OSError, ValueError, RuntimeError) as fault:
        raise ConfigurationError(f"The home folder {chosen} cannot be: {_explain(fault)}. {way_out}") from None
    odd = _MISREAD.search(str(root))
    if odd:
        raise ConfigurationError(
            f"The home folder {root} has '{odd[0]}' in its path, which Dagster or DuckDB takes for "
            f"something else. {way_out}"
        )
    if is_other:
        raise ConfigurationError(f"The home folder {root} is a file. {way_out}")
    return Home(root)


def find_own(file: Path) -> Path | None:
    """``file`` where it is there, else None.

    Raises ConfigurationError where something else than a file has its name: it is not to be passed over in silence.
    """
    try:
        if file.is_file():
            return file
        if file.is_symlink() or file.exists():
            what = "a link to nothing that can be read" if file.is_symlink() else "not a file"
            raise ConfigurationError(f"{file} is {what}. Put a file in its place, or take it away.")
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be read: {_explain(fault)}. Grant the right to read it.") from None
    return None


def _explain(fault: Exception) -> str:
    """Why a path cannot be, without the path."""
    if isinstance(fault, UnicodeEncodeError):
        return "its name is not UTF-8, which DuckDB and Dagster need"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return str(fault).rstrip(".")


def find_sources(option: Path | None, home: Home) -> Path:
    """The `sources.yml` to use: ``option``, else ``PARCOURS_SOURCES``, else the home's own, else the bundled sample's.

    Raises ConfigurationError where the one asked for does not exist.
    """
    from_environment = os.environ.get("PARCOURS_SOURCES", "").strip()
    for wanted, origin in ((option, "--sources"), (from_environment, "PARCOURS_SOURCES")):
        if wanted:
            try:
                path = Path(wanted).expanduser().resolve()
                is_file = path.is_file()
            except (OSError, ValueError, RuntimeError) as fault:
                why = f"cannot be: {_explain(fault)}"
                raise ConfigurationError(f"{origin} names {wanted}, which {why}. Correct the path.") from None
            if not is_file:
                raise ConfigurationError(f"{origin} names {path}, which is not a file. Correct the path.")
            return path
    own = home.root / "sources.yml"
    if find_own(own):
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


def is_attended() -> bool:
    """Whether somebody watches the run of this process, who need not be told of it, and for whom nothing waits."""
    return bool(os.environ.get(ATTENDED, "").strip())
