"""The build of the warehouse, model by model: where its time goes, and whether one model takes too much of it.

python -m benchmarks marts                     the bundled sample and 100,000 people, into benchmarks/README.md
python -m benchmarks.marts [CUSTOMERS]         any size, only shown; 0 for the sample alone
python -m benchmarks.marts --of HOME SOURCES   a home that has run already, only shown
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.watched_run import run_parcours
from pipelines.config.home import find_home
from pipelines.config.sources import load_sources
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import find_segments, load_segments
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.warehouse import dbt_project, publish

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "data" / "sample" / "sources.yml"
CUSTOMERS, DAYS, SEED = 100_000, 730, 7
SHOWN = 15
LARGEST_SHARE = 0.25  # Of the build: beyond it, one model decides how long a night takes.


@dataclass(frozen=True)
class Build:
    """One build of the warehouse: seconds of each model, in both passes, and rows of those that are tables."""

    elapsed: float
    models: dict[str, float]
    tests: dict[str, float]
    rows: dict[str, int]
    marts: frozenset[str]
    peak_gib: float


def measure(customers: int = CUSTOMERS) -> str:
    """A Markdown section per retailer, each with the models that take longest."""
    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as folder:
        parts = [_measure_sources("The bundled sample", Path(folder) / "sample", BUNDLED)]
        if customers:
            exports = Path(folder) / "exports"
            run_parcours(
                ["sample", "--clean", "--out", exports, "--customers", customers, "--days", DAYS, "--seed", SEED]
            )
            title = f"{customers:,} people, {DAYS} days, seed {SEED}"
            parts.append(_measure_sources(title, Path(folder) / "home", exports / "sources.yml"))
    return "\n\n".join(parts)


def _measure_sources(title: str, home: Path, sources: Path) -> str:
    run_parcours(["run", "--home", home, "--sources", sources])
    return render(title, _build_in_own_process(home, sources))


def _build_in_own_process(home: Path, sources: Path) -> Build:
    """The same build again in a process of its own, so that its memory is that of the build."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.marts", "--build", home, sources],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise SystemExit(f"the build of {home} failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return Build(**figures | {"marts": frozenset(figures["marts"])})


def build(home_folder: Path, sources_file: Path) -> Build:
    """Builds the warehouse again from the lake of the home."""
    home, sources = find_home(home_folder), load_sources(sources_file)
    if sources.as_of is None:
        raise SystemExit(f"{sources_file} names no as_of")
    seconds: dict[str, dict[str, float]] = {"model": {}, "test": {}}

    def listen(event: Any) -> None:
        if event.info.name == "NodeFinished":
            kind, _, name = event.data.node_info.unique_id.split(".")[:3]
            seconds.setdefault(kind, {})[name] = float(event.data.run_result.execution_time)

    def note_passed(test: str, took: float) -> None:
        seconds["test"][test.split(".")[2]] = took

    publish.begin(home, afresh=True)
    segments = load_segments(find_segments(home, sources))
    write_dbt_inputs(Lake(home.lake), segments, sources.as_of)
    built = dbt_project.build(home, sources, sources.as_of, segments=segments, listeners=[listen], passed=note_passed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    marts = _count(home.build_database, "marts")
    rows = marts | _count(home.workshop, "intermediate")
    return Build(built.seconds, seconds["model"], seconds["test"], rows, frozenset(marts), peak)


def _count(database: Path, schema: str) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = ?", [schema]).fetchall()
        return {
            name: connection.execute(f'select count(*) from "{schema}"."{name}"').fetchall()[0][0] for (name,) in names
        }


def render(title: str, built: Build) -> str:
    """The section: totals, the verdict, and the slowest models with their share of the whole build's time."""
    slowest = sorted(built.models.items(), key=lambda item: (-item[1], item[0]))
    name, seconds = slowest[0]
    verdict = "met" if seconds <= LARGEST_SHARE * built.elapsed else "not met"
    marts = {mart: built.models[mart] for mart in built.marts}
    return "\n".join(
        [
            f"### {title}",
            "",
            f"The build took {built.elapsed:.1f} s in both passes, at a peak of {built.peak_gib:.1f} GiB. Two at a "
            f"time, {len(built.models)} models took {sum(built.models.values()):.1f} s together, {len(marts)} of them "
            f"marts with {sum(marts.values()):.1f} s; {len(built.tests)} tests took {sum(built.tests.values()):.1f} s.",
            "",
            f"No model takes over a quarter of the build: **{verdict}**. The longest, {name}, takes "
            f"{seconds / built.elapsed:.0%} of it.",
            "",
            "| model | kind | seconds | share of the build | rows |",
            "|---|---|---:|---:|---:|",
            *(_row(model, took, built) for model, took in slowest[:SHOWN]),
            f"| all {len(built.models)} models | | {sum(built.models.values()):.1f} | | |",
        ]
    )


def _row(model: str, seconds: float, built: Build) -> str:
    kind = "mart" if model in built.marts else "staging" if model.startswith("stg_") else "intermediate"
    return f"| {model} | {kind} | {seconds:.1f} | {seconds / built.elapsed:.1%} | {_rows(built.rows, model)} |"


def _rows(rows: Mapping[str, int], model: str) -> str:
    return f"{rows[model]:,}" if model in rows else "(view)"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marts", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=CUSTOMERS)
    parser.add_argument("--of", nargs=2, type=Path, metavar=("HOME", "SOURCES"))
    parser.add_argument("--build", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        figures = vars(build(*options.build))
        print(json.dumps(figures | {"marts": sorted(figures["marts"])}))
    elif options.of:
        print(render(str(options.of[0]), _build_in_own_process(*options.of)))
    else:
        print(measure(options.customers))


if __name__ == "__main__":
    main()
