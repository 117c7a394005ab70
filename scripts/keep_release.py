"""Keeps a home as this release leaves it, so that later ones prove that they go on from it.

    .venv/bin/python scripts/keep_release.py     # tests/releases/VERSION.tar.xz, 400 KB

Made once, when a version is released, and never again: `tests/cli/test_upgrade.py` runs the next night on each. In it
are the exports of a small generated retailer with its sources.yml, the home after one run, without records of runs,
pages and what a run makes anew, and a backup of it.
"""

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

KEPT = Path(__file__).parents[1] / "tests" / "releases"
PEOPLE, DAYS, SEED = 50, 60, 2
LEFT_OUT = {"build", "charts", "dagster", "logs", "reports"}  # They name the folder, or are made anew.


def main() -> None:
    """Writes the archive of the installed version. Refuses to write another in its place."""
    made = KEPT / f"{version('parcours')}.tar.xz"
    if made.exists():
        sys.exit(f"{made.name} is there: a release is kept as it was. Raise the version in pyproject.toml first.")
    with TemporaryDirectory(prefix="keep-release-") as folder:
        exports, home = Path(folder) / "exports", Path(folder) / "home"
        place = ["--home", home, "--sources", exports / "sources.yml"]
        _call("sample", "--out", exports, "--customers", PEOPLE, "--days", DAYS, "--seed", SEED)
        _call("run", *place)
        _call("backup", Path(folder) / "parcours.backup", *place)
        KEPT.mkdir(exist_ok=True)
        with tarfile.open(made, "x:xz") as archive:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file() and _is_kept(file.relative_to(folder)):
                    archive.add(file, file.relative_to(folder), filter=_without_owner)
    sys.stdout.write(f"{made}: {made.stat().st_size:,} bytes\n")


def _call(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "pipelines", *map(str, arguments)], check=True)


def _is_kept(place: Path) -> bool:
    return not (place.parts[0] == "home" and (place.parts[1] in LEFT_OUT or place.suffix in (".html", ".lock")))


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
