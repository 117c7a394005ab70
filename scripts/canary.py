"""Tries the newest versions that pyproject.toml allows, before somebody installs them.

``make canary`` calls it with any Python that Parcours runs on; it needs nothing installed. In a temporary folder it
makes an environment without the lock, says which versions are newer than the lock's, and runs the quick tests and the
bundled sample with them. Exit code 0 where all of it passed, 1 where something failed, which is named.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def read_versions(text: str) -> dict[str, set[str]]:
    """Versions by normalised name, of a lock or of what ``pip freeze`` prints. Other lines are left out."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(version)
    return found


def compare(locked: Mapping[str, set[str]], installed: Mapping[str, set[str]]) -> list[str]:
    """A line for each package that is installed in another version than the lock has, or that it has not."""
    lines = []
    for name, versions in sorted(installed.items()):
        if not versions <= locked.get(name, set()):
            before = ", ".join(sorted(locked[name])) if name in locked else "not in the lock"
            lines.append(f"{name} {', '.join(sorted(versions))} (lock: {before})")
    return lines


def run(title: str, command: Sequence[str | Path], **environment: str) -> bool:
    """Whether ``command`` succeeded, from the folder of the project; what it prints is shown."""
    sys.stdout.write(f"== {title}\n")
    sys.stdout.flush()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PARCOURS_", "DAGSTER_"))}
    return subprocess.run(command, cwd=ROOT, env=inherited | environment, check=False).returncode == 0


def try_newest(folder: Path, workers: int) -> int:
    """Installs into ``folder`` and tries what was installed. Returns the exit code."""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    if not run("Installing the newest versions", [python, *PIP, "install", "--editable", ".[dev]"]):
        sys.stdout.write("Canary: the newest versions cannot be installed together.\n")
        return 1
    frozen = subprocess.run([python, *PIP, "freeze", "--exclude-editable"], capture_output=True, text=True, check=True)
    locked = read_versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    newer = compare(locked, read_versions(frozen.stdout))
    sys.stdout.write("".join(f"  {line}\n" for line in newer) or "  none differs from the lock\n")
    tests: list[str | Path] = [
        python,
        "-m",
        "pytest",
        "-n",
        str(workers),
        "--dist",
        "loadfile",
        "-m",
        "not run and not long",
    ]
    sample: list[str | Path] = [python, "-m", "pipelines", "run", "--home", folder / "home"]
    failed = [
        title
        for title, command in (("the quick tests", tests), ("the bundled sample", sample))
        if not run(title.capitalize(), command, POLARS_MAX_THREADS="1")
    ]
    told = f"failed: {' and '.join(failed)}" if failed else "all passed"
    sys.stdout.write(f"Canary: {len(newer)} packages differ from the lock; {told}.\n")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Tries the newest versions that pyproject.toml allows.")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="of the tests (default: 2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parcours-canary-") as folder:
        return try_newest(Path(folder), options.workers)


if __name__ == "__main__":
    sys.exit(main())
