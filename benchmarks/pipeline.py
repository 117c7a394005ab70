"""The whole run on a generated retailer, in a process of its own: time per stage, memory, the size of what came out.

python -m benchmarks pipeline                  100,000 people, into benchmarks/README.md
python -m benchmarks.pipeline [CUSTOMERS]      any size, only shown
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

CUSTOMERS = 100_000
DAYS = 730
SEED = 7


def measure(customers: int = CUSTOMERS) -> str:
    """A Markdown table: a row per stage of the first run (which also trains) and of the same run again."""
    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as folder:
        exports, home = Path(folder) / "exports", Path(folder) / "home"
        _, generating = run_parcours(
            ["sample", "--clean", "--out", exports, "--customers", customers, "--days", DAYS, "--seed", SEED],
        )
        run = ["run", "--home", home, "--sources", exports / "sources.yml"]
        first, first_seconds = run_parcours(run)
        second, second_seconds = run_parcours(run)
        # The peak is that of the largest process: `parcours sample` has one of its own and is counted too.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        sizes = sum(path.stat().st_size for path in exports.rglob("*") if path.is_file()) / 1e6
        rows_in = sum(
            int(found.replace(",", "")) for found in re.findall(r"(?m)^\w+ +(?:crm|ecommerce|pos) +([\d,]+)", first)
        )
        warehouse = home / "warehouse.duckdb"
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            orders, people = connection.execute(
                "select (select count(*) from marts.orders), (select count(*) from marts.customer_360)"
            ).fetchall()[0]
        published = warehouse.stat().st_size / 1e6
    first_stages, second_stages = _stages(first), _stages(second)
    lines = [
        f"{customers:,} people, {DAYS} days, seed {SEED}: {rows_in:,} rows in {sizes:,.0f} MB of exports "
        f"(generated in {generating:.0f} s); {people:,} customers, {orders:,} orders, {published:,.0f} MB published.",
        "",
        "| stage | first run (trains), s | same run again, s |",
        "|---|---:|---:|",
        *(f"| {stage} | {seconds:.1f} | {second_stages[stage]:.1f} |" for stage, seconds in first_stages.items()),
        f"| **whole process** | **{first_seconds:.1f}** | **{second_seconds:.1f}** |",
        "",
        f"Largest resident set of any process: {peak:.1f} GiB.",
    ]
    return "\n".join(lines)


def run_parcours(arguments: list[object]) -> tuple[str, float]:
    """What `parcours` printed, and how long it took."""
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("parcours"), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"parcours {arguments[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout, time.monotonic() - began


def _stages(summary: str) -> dict[str, float]:
    """The summary's own times: ``Time  12.3 s: extracts 1.0 s, identity 2.0 s, ...``."""
    line = next(line for line in summary.splitlines() if line.startswith("Time "))
    found = re.findall(r"([a-z][a-z ]*?) (\d+\.\d) s", line.partition(":")[2])
    return {name: float(seconds) for name, seconds in found}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=CUSTOMERS)
    print(measure(parser.parse_args().customers))


if __name__ == "__main__":
    main()
