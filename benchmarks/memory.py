"""The whole run in little memory: whether it ends, how long it takes, and what its process holds at most.

python -m benchmarks memory                         5,000 people within 150 MB of DuckDB's, into benchmarks/README.md
python -m benchmarks.memory [CUSTOMERS] [LIMIT]     any size and limit, only shown
"""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.watched_run import command_of, run_parcours, watch
from pipelines.frames.memory_limit import VARIABLE

CUSTOMERS, DAYS, SEED = 5_000, 730, 7
LIMIT = "150MB"


def measure(customers: int = CUSTOMERS, limit: str = LIMIT) -> str:
    """One sentence; ends the process where the run fails, with what it said."""
    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as folder:
        exports, home = Path(folder) / "exports", Path(folder) / "home"
        run_parcours(["sample", "--out", exports, "--customers", customers, "--days", DAYS, "--seed", SEED])
        os.environ[VARIABLE] = limit
        try:
            watched = watch(command_of("run", "--home", home, "--sources", exports / "sources.yml"))
        finally:
            del os.environ[VARIABLE]
    whole = watched.whole
    return (
        f"{customers:,} people, {DAYS} days, seed {SEED}, with {VARIABLE}={limit}: published in "
        f"{whole.wall:.0f} s. Largest resident set, Python's and Polars' memory included: {whole.peak:.1f} GiB."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=CUSTOMERS)
    parser.add_argument("limit", nargs="?", default=LIMIT)
    options = parser.parse_args()
    print(measure(options.customers, options.limit))


if __name__ == "__main__":
    main()
