"""Ten million CSV lines through the extract: time and the largest resident set, duplicate-key detection included.

    python -m benchmarks extract_memory           into benchmarks/README.md
    python -m benchmarks.extract_memory [ROWS]    only shown

Once with every line good, once with a thousandth of the lines at fault in each of two ways, so that the second look at
the file, for lines and raw rows, is measured too. Each in a process of its own: its peak is the operating system's.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake

ROWS = 10_000_000
ROOT = Path(__file__).resolve().parents[1]

SOURCES = """
as_of: 2026-01-01
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: .}
    tables:
      orders:
        from: orders.csv
        options: {delimiter: ";", decimal: ","}
        columns:
          order_id: numero
          account_id: client
          channel: "'web'"
          fulfilment: "'delivery'"
          status: etat
          ordered_at: strptime(date, '%d/%m/%Y %H:%M:%S')
          total_amount: montant
          session_id: session
          updated_at: modifie
"""


def write_export(folder: Path, rows: int, *, is_dirty: bool) -> None:
    """An export of ``rows`` orders in no order of their numbers, about 90 bytes a line."""
    number = "i * 7919 % $rows"
    key = f"case when i % 1000 = 7 then ({number} + 7919) % $rows else {number} end" if is_dirty else number
    amount = "replace(printf('%.2f', (i % 20000) / 100), '.', ',')"
    amount = f"case when i % 1000 = 500 then 'n/a' else {amount} end" if is_dirty else amount
    export = f"""
        select
            'O' || lpad(cast({key} as varchar), 9, '0') as numero,
            'A' || (i * 31 % 800000) as client,
            'delivered' as etat,
            strftime(timestamp '2022-01-01' + to_seconds(i * 9), '%d/%m/%Y %H:%M:%S') as date,
            {amount} as montant,
            'S' || i as session,
            strftime(timestamp '2022-01-02' + to_seconds(i * 9), '%Y-%m-%dT%H:%M:%SZ') as modifie
        from range($rows) as numbers(i)""".replace("$rows", str(rows))
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy ({export}) to '{folder / 'orders.csv'}' (header, delimiter ';')")
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")


def extract(folder: Path) -> dict[str, float]:
    """The extract of the export in ``folder``, in this process: counts, seconds, peak in GB."""
    started = time.perf_counter()
    extracted = extract_table(
        load_sources(folder / "sources.yml"),
        contracts.table("ecommerce", "orders"),
        Lake(folder / "lake"),
        date(2030, 1, 1),
    )
    return {
        "read": extracted.rows_read,
        "kept": extracted.rows_kept,
        "rejected": extracted.rows_rejected,
        "seconds": time.perf_counter() - started,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def measure(rows: int = ROWS) -> str:
    """A Markdown table, one row per export."""
    lines = [
        "| export | lines | size | kept | quarantined | seconds | largest resident set |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, is_dirty in (("clean", False), ("1 in 500 at fault", True)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_export(folder, rows, is_dirty=is_dirty)
            size = (folder / "orders.csv").stat().st_size / 1e6
            command = [sys.executable, "-m", "benchmarks.extract_memory", "--extract", str(folder)]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            figures = json.loads(done.stdout)
        lines.append(
            f"| {name} | {figures['read']:,} | {size:,.0f} MB | {figures['kept']:,} | {figures['rejected']:,} "
            f"| {figures['seconds']:.0f} | {figures['peak']:.2f} GiB |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_memory", description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--extract", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.extract:
        print(json.dumps(extract(arguments.extract)))
    else:
        print(measure(arguments.rows))


if __name__ == "__main__":
    main()
