"""The night after 1% of the records changed: recognition of what changed against recognition of everything.

    python -m benchmarks incremental
    python -m benchmarks.incremental --customers 400000 --rounds 5

A retailer is recognised once and its ledger published. Then a third of a percent each of its records is added, edited
and deleted, and the next night runs on two copies of the home: one as every night does, one with ``--full``. These are
the identity assets themselves, from reading the extracts to customers, with their checks and charts, each run in a
process of its own. Both must come to the same records, pairs, clusters, ids and ledger.
"""

import argparse
import os
import shutil
import statistics
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import polars as pl

from benchmarks import people
from benchmarks.changes import change_lake
from benchmarks.own_process import run_in_own_process
from pipelines.config.home import Home
from pipelines.defs.identity import identity_assets
from pipelines.defs.resources import Night
from pipelines.lake.tables import Lake
from pipelines.sample.world import generate
from pipelines.warehouse.publish import COMPARED_WITH

CUSTOMERS, SEED, ROUNDS, SHARE = 400_000, 11, 2, 0.01
MOST_OF_FULL = 0.20
COMPARED = ("records", "pairs", "clusters", "ledger", "customer_ids", "customers")
CORE = ("records", "pairs", "clusters", "ledger", "customer_ids", "customers")
SOURCES = """
as_of: {as_of}
sources:
  - name: crm
    kind: crm
    connector: {{type: files, root: .}}
    tables: {{contacts: {{from: none.csv, columns: {{contact_id: id, updated_at: changed}}}}}}
"""


def build_home(home: Path, customers: int, seed: int) -> date:
    """Generates a retailer into the lake of ``home``; returns its last day."""
    world = generate(customers, people.DAYS, seed)
    people.write_world(world, Lake(Home(home).lake))
    return world.as_of


def run_night(home: Path, as_of: date, full: bool) -> dict[str, float]:
    """Materialises the identity assets of ``home``; seconds by step."""
    (home / "sources.yml").write_text(SOURCES.format(as_of=as_of.isoformat()), encoding="utf-8")
    night = Night(home=str(home), sources=str(home / "sources.yml"), full=full)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = dg.materialize(identity_assets(), resources={"night": night}, run_config=quiet)
    return {
        str(event.step_key).removeprefix("identity__"): event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.is_step_success
    }


def publish_state(home: Path) -> None:
    """Makes the identity state of ``home`` that of the last publication."""
    lake = Lake(Home(home).lake)
    for name in COMPARED_WITH:
        if lake.path("identity", name).exists():
            lake.published_path(name).parent.mkdir(exist_ok=True)
            shutil.copyfile(lake.path("identity", name), lake.published_path(name))
    shutil.copyfile(lake.path("identity", "ledger"), lake.committed_ledger)


def find_differences(one: Path, other: Path) -> list[str]:
    """Which of the COMPARED tables differ between two homes, in any row, column or their order."""
    sides = [Lake(Home(home).lake) for home in (one, other)]
    return [name for name in COMPARED if not sides[0].read("identity", name).equals(sides[1].read("identity", name))]


def count_tables(home: Path) -> dict[str, int]:
    """Rows of the COMPARED tables."""
    lake = Lake(Home(home).lake)
    return {name: lake.scan("identity", name).select(pl.len()).collect().item() for name in COMPARED}


def measure(customers: int = CUSTOMERS, rounds: int = ROUNDS, share: float = SHARE) -> str:
    """The section of this page."""
    with TemporaryDirectory() as temporary:
        base, copies = Path(temporary) / "base", {"changed only": False, "full": True}
        as_of, _ = run_in_own_process(build_home, base, customers, SEED)
        first, _ = run_in_own_process(run_night, base, as_of, True)
        print(f"first night: {first}", flush=True)
        publish_state(base)
        next_day = as_of + timedelta(days=1)
        changed, _ = run_in_own_process(change_lake, Lake(Home(base).lake), as_of, share, SEED)
        turns: dict[str, list[dict[str, float]]] = {name: [] for name in copies}
        differing: set[str] = set()
        for turn in range(rounds):
            homes = {name: Path(temporary) / name for name in copies}
            for name in list(copies)[:: -1 if turn % 2 else 1]:
                shutil.copytree(base, homes[name])
                os.sync()  # So that the copy is not still on its way to the disk while the night runs.
                steps, peak = run_in_own_process(run_night, homes[name], next_day, copies[name])
                turns[name].append({**steps, "whole": sum(steps.values()), "peak": peak})
                print(f"round {turn + 1}, {name}: {turns[name][-1]}", flush=True)
            found, _ = run_in_own_process(find_differences, *homes.values())
            differing.update(found)
            rows, _ = run_in_own_process(count_tables, homes["full"])
            for home in homes.values():
                shutil.rmtree(home)
    return render(rows, changed, turns, sorted(differing))


def render(
    rows: dict[str, int], changed: dict[str, int], turns: dict[str, list[dict[str, float]]], differing: list[str]
) -> str:
    """The Markdown table: seconds by step, medians over the rounds, and the verdict."""
    steps = [step for step in turns["full"][0] if step not in ("whole", "peak")]
    medians = {
        name: {step: statistics.median(turn[step] for turn in found) for step in (*steps, "whole")}
        for name, found in turns.items()
    }
    some, everything = medians["changed only"], medians["full"]
    share = some["whole"] / everything["whole"]
    by_round = ", ".join(
        f"{one['whole'] / other['whole']:.0%}" for one, other in zip(turns["changed only"], turns["full"], strict=True)
    )
    core = sum(some[step] for step in CORE) / sum(everything[step] for step in CORE)
    peaks = {name: max(turn["peak"] for turn in found) for name, found in turns.items()}
    counts = ", ".join(f"{count:,} {name}" for name, count in changed.items())
    verdict = "met" if share <= MOST_OF_FULL and not differing else "**missed**"
    same = f"**Different**: {', '.join(differing)}." if differing else f"Identical: {', '.join(COMPARED)}."
    lines = [
        f"{rows['records']:,} records and {rows['pairs']:,} scored pairs after the change; {counts}. "
        f"Medians of {len(turns['full'])} rounds.",
        "",
        "| step | what changed, s | everything (`--full`), s |",
        "|---|---:|---:|",
        *(f"| {step} | {some[step]:.1f} | {everything[step]:.1f} |" for step in steps),
        f"| **all** | **{some['whole']:.1f}** | **{everything['whole']:.1f}** |",
        f"| peak GiB | {peaks['changed only']:.1f} | {peaks['full']:.1f} |",
        "",
        f"{same} The night after takes {share:.0%} of a full one (by round: {by_round}; {core:.0%} by "
        f"{', '.join(CORE)} alone); "
        f"at most {MOST_OF_FULL:.0%}: {verdict}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m benchmarks.incremental",
    )
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--share", type=float, default=SHARE, help="of the records that change")
    options = parser.parse_args()
    print(measure(options.customers, options.rounds, options.share))


if __name__ == "__main__":
    main()
