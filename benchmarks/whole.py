"""The whole of Parcours on a generated retailer: the first run, the same again, the night after, and what it rests on.

    python -m benchmarks whole                              40,000 and 400,000 people, into benchmarks/README.md
    python -m benchmarks.whole --customers 4000             any sizes, only shown; 2000000 are five million records
    python -m benchmarks.whole --customers 400000 --write   as the first, of the sizes named

For each size, in one run:

- the floor: DuckDB alone, from the same files to sorted Parquet of the same types (`benchmarks/floor.py`);
- the first run in an empty home, which trains, and the same again;
- the night after one more day of events and with 1% of the people's records edited (`benchmarks/nightly_exports.py`),
  on two copies of the home: as every night, and with ``--full``. The marts of both must be equal, row for row.

Each is a process of its own, watched by stage (`benchmarks/watched_run.py`). `PARCOURS_MEMORY_LIMIT` and the other
settings of the environment hold. What was measured is kept in `benchmarks/whole.json`; behind each figure of the next
measurement of a size stands how many times that it is.
"""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from benchmarks import size_chart
from benchmarks.machine import describe_machine
from benchmarks.nightly_exports import list_files, split_by_month, write_next_day
from benchmarks.page import write_section
from benchmarks.watched_run import STAGE_NAMES, Taken, Watched, command_of, run_parcours, watch
from pipelines.frames.memory_limit import VARIABLE
from pipelines.lake.tables import Lake
from scripts.compare_warehouses import hash_tables

CUSTOMERS = (40_000, 400_000)
DAYS, SEED, SHARE = 730, 501, 0.01
RECORDED = Path(__file__).with_name("whole.json")
FLOOR = "floor"
RUNS = {"first": "first run", "again": "the same again", "night": "the night after", "full": "that night, --full"}


@dataclass(frozen=True)
class Size:
    """A size that was measured: what there is of it, and by run and stage what was taken; ``whole`` is a stage too."""

    customers: int
    counts: dict[str, int]
    gigabytes: dict[str, float]
    runs: dict[str, dict[str, Taken]]
    differing: list[str]
    settings: str
    machine: str


def measure(
    customers: Sequence[int] = CUSTOMERS, exports: Path | None = None, where: Path | None = None, *, keep: bool = True
) -> str:
    """The section: a table a size, and a chart of all sizes on record.

    Ready-made ``exports`` of the one size are copied instead of generated. ``where`` is a folder on a disk with room.
    """
    recorded = _read_recorded()
    measured = {}
    for number in customers:
        with TemporaryDirectory(prefix="parcours-whole-", dir=where) as folder:
            measured[str(number)] = _measure_size(number, Path(folder), exports)
        if keep:
            _record(_read_recorded() | {str(number): measured[str(number)]})
    shown = (recorded | measured) if keep else measured
    by_size = [shown[number] for number in sorted(shown, key=int)]
    if keep:
        size_chart.write({size.customers: _seconds(size) for size in by_size})
    parts = [render(size, recorded.get(str(size.customers)), str(size.customers) in measured) for size in by_size]
    return "\n\n".join([*([size_chart.LINK] if keep else []), *parts])


def _measure_size(customers: int, folder: Path, ready: Path | None) -> Size:
    exports, later, home = folder / "exports", folder / "exports-later", folder / "home"
    if ready is None:
        run_parcours(["sample", "--out", exports, "--customers", customers, "--days", DAYS, "--seed", SEED])
    else:
        shutil.copytree(ready, exports)
    split_by_month(exports)
    size_of_exports = sum(file.stat().st_size for file in list_files(exports)) / 1e9
    changed = write_next_day(exports, later, SHARE, SEED)

    runs: dict[str, Watched] = {}
    with _dropped(folder / "floor"):
        runs[FLOOR] = watch([sys.executable, "-m", "benchmarks.floor", exports, folder / "floor"])
        _tell(customers, FLOOR, runs[FLOOR])

    def run(name: str, of_home: Path, of_exports: Path, *options: str) -> None:
        command = command_of("run", "--home", of_home, "--sources", of_exports / "sources.yml", *options)
        runs[name] = watch(command, of_home)
        _tell(customers, name, runs[name])

    run("first", home, exports)
    run("again", home, exports)
    gigabytes = {"exports": size_of_exports, **_measure_home(home)}
    with _dropped(folder / "full") as full:
        shutil.copytree(home, full)
        os.sync()  # What was copied is not to be on its way to the disk while the night is measured.
        run("full", full, later, "--full")
        expected = hash_tables(full / "warehouse.duckdb")
    run("night", home, later)
    found = hash_tables(home / "warehouse.duckdb")
    differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    counts = {**_count(home), "rows": _count_extracted(home), **changed}
    taken = {name: {**watched.stages, "whole": watched.whole} for name, watched in runs.items()}
    limit = os.environ.get(VARIABLE, "")
    settings = f"with {VARIABLE}={limit}" if limit else "with the default memory limit"
    return Size(customers, counts, gigabytes, taken, differing, settings, describe_machine())


@contextmanager
def _dropped(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: a million records leave no room for what is not needed."""
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure_home(home: Path) -> dict[str, float]:
    """Gigabytes of the home and of what lies in it; a file of two names counts once."""
    sizes: dict[str, float] = {}
    seen: set[int] = set()
    for file in home.rglob("*"):
        state = file.lstat()
        if file.is_file() and state.st_ino not in seen:
            seen.add(state.st_ino)
            part = file.relative_to(home).parts[0]
            sizes[part] = sizes.get(part, 0.0) + state.st_size / 1e9
    return {"home": sum(sizes.values()), **{part: size for part, size in sorted(sizes.items()) if size > 0.001}}


def _count(home: Path) -> dict[str, int]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        orders, people, records = connection.execute(
            "select (select count(*) from marts.orders), (select count(*) from marts.customer_360), "
            "(select count(*) from marts.customer_id_map)"
        ).fetchall()[0]
    return {"orders": orders, "people": people, "records": records}


def _count_extracted(home: Path) -> int:
    files = [str(file) for kind in ("crm", "ecommerce", "pos") for file in (Lake(home / "lake").root / kind).glob("*")]
    with duckdb.connect() as connection:
        parquet = [file for file in files if file.endswith(".parquet")]
        return int(connection.execute("select sum(num_rows) from parquet_file_metadata(?)", [parquet]).fetchall()[0][0])


def _tell(customers: int, name: str, watched: Watched) -> None:
    whole = watched.whole
    print(f"{customers:,} {name}: {whole.wall:.0f} s, {whole.processor:.0f} s of processor", flush=True)


def _seconds(size: Size) -> dict[str, float]:
    return {name: stages["whole"].processor for name, stages in size.runs.items()}


def render(size: Size, before: Size | None, is_new: bool) -> str:
    """The table of one size: a row a run and stage, the ratios to what was recorded ``before``, and the verdicts."""
    counts, held = size.counts, size.gigabytes
    floor, extracts = size.runs[FLOOR]["whole"], size.runs["first"]["extracts"]
    parts = ", ".join(f"{name} {gb:.2f}" for name, gb in held.items() if name not in ("exports", "home"))
    lines = [
        f"### {size.customers:,} people",
        "",
        f"{counts['records']:,} records, {counts['orders']:,} orders, {counts['rows']:,} rows in "
        f"{held['exports']:.2f} GB of exports ({DAYS} days, seed {SEED}), {size.settings}. The night brings "
        f"{counts['events']:,} more events, {counts['edited']:,} edited records and {counts['new']:,} new ones.",
        "",
        "| run | stage | seconds | of processor | peak GiB | GB written |",
        "|---|---|---:|---:|---:|---:|",
        *_rows(size, before if is_new else None),
        "",
        f"Extracts of the first run take {extracts.processor / floor.processor:.1f} times the floor's processor time "
        f"({extracts.wall / floor.wall:.1f} by the clock). The night takes {_ratio(size, 'night', 'full')} of a full "
        f"one's, the same again {_ratio(size, 'again', 'first')} of the first run's.",
        "",
        f"The home holds {held['home']:.2f} GB after the second run, {held['home'] / held['exports']:.1f} times the "
        f"exports: {parts}.",
        "",
        _tell_equality(size),
        *(["", f"Of an earlier measurement, on {size.machine}."] if size.machine != describe_machine() else []),
    ]
    return "\n".join(lines)


def _tell_equality(size: Size) -> str:
    if size.differing:
        return f"**The marts of the night differ from those of `--full`**: {', '.join(size.differing)}."
    return "The marts of the night and of `--full` are equal, row for row."


def _ratio(size: Size, one: str, other: str) -> str:
    return f"{size.runs[one]['whole'].processor / size.runs[other]['whole'].processor:.0%}"


def _rows(size: Size, before: Size | None) -> Iterator[str]:
    names = {FLOOR: "floor: DuckDB alone", **RUNS}
    for run, title in names.items():
        taken = size.runs[run]
        earlier = before.runs.get(run, {}) if before else {}
        for stage in ("whole", *STAGE_NAMES):
            if stage in taken and not (run == FLOOR and stage != "whole"):
                label = f"**{title}**" if stage == "whole" else ""
                yield f"| {label} | {stage} | {_cells(taken[stage], earlier.get(stage))} |"


def _cells(taken: Taken, before: Taken | None) -> str:
    """The figures; behind each, how many times what was recorded before."""

    def tell(name: str, digits: int) -> str:
        value = getattr(taken, name)
        earlier = getattr(before, name) if before else 0
        return f"{value:,.{digits}f}" + (f" ({value / earlier:.2f})" if earlier > 10**-digits else "")

    return " | ".join((tell("wall", 1), tell("processor", 1), tell("peak", 2), tell("written", 2)))


def _read_recorded() -> dict[str, Size]:
    if not RECORDED.exists():
        return {}
    noted: Mapping[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return {number: Size(**{**size, "runs": _as_taken(size["runs"])}) for number, size in noted.items()}


def _as_taken(runs: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, Taken]]:
    return {run: {stage: Taken(**taken) for stage, taken in stages.items()} for run, stages in runs.items()}


def _record(sizes: Mapping[str, Size]) -> None:
    noted = {number: asdict(sizes[number]) for number in sorted(sizes, key=int)}
    RECORDED.write_text(_shorten(json.dumps(noted, indent=1)) + "\n", encoding="utf-8")


def _shorten(text: str) -> str:
    """Numbers with as many digits as mean something, so that a record can be read in a diff."""
    return re.sub(r"\d+\.\d{4,}(e-\d+)?", lambda found: f"{float(found[0]):.3f}", text)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.whole", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, nargs="+", default=CUSTOMERS)
    parser.add_argument("--exports", type=Path, help="ready-made exports of the one size, as `parcours sample` wrote")
    parser.add_argument("--where", type=Path, help="a folder on a disk with room for six times the exports")
    parser.add_argument("--write", action="store_true", help="into benchmarks/README.md and whole.json")
    options = parser.parse_args()
    text = measure(options.customers, options.exports, options.where, keep=options.write)
    print(text)
    if options.write:
        write_section("whole", text)


if __name__ == "__main__":
    main()
