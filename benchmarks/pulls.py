"""A table of a real server pulled into the lake, beside a COPY of it to CSV: rows a second, and the memory it takes.

    python -m benchmarks.pulls --rows 1000000

Starts servers of its own on free ports and ends them. The pull runs in a process of its own, of which the highest
resident memory is told; processor times of both are those of the client.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.database_servers import PASSWORD, SERVERS, USER, Server

MADE = {
    "postgresql": "insert into orders select n, 'buyer ' || n % 9973, timestamptz '2025-01-01' + n * interval '30 s', "
    "(n % 100000) / 100.0, timestamptz '2025-01-01' + n * interval '30 seconds', repeat('x', 40) "
    "from generate_series(1, {rows}) as n",
    "mariadb": "insert into orders select seq, concat('buyer ', seq % 9973), '2025-01-01' + interval seq * 30 second, "
    "(seq % 100000) / 100.0, '2025-01-01' + interval seq * 30 second, repeat('x', 40) from seq_1_to_{rows}",
}
TABLE = (
    "create table orders (id bigint primary key, buyer varchar(40), placed {moment}, total decimal(12, 2), "
    "changed {moment}, note varchar(80))"
)
COPY = {"postgresql": "copy orders to stdout (format csv, header)", "mariadb": "select * from orders"}


def pull(folder: Path) -> dict[str, float]:
    """Pulls what the sources.yml in ``folder`` names; run in a process of its own."""
    from pipelines.config.sources import load_sources
    from pipelines.lake.tables import Lake
    from pipelines.pulls.night import pull_sources
    from pipelines.pulls.pull import Settings

    sources = load_sources(folder / "sources.yml")
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    [outcome] = pull_sources(sources, Lake(folder / "lake"), Settings(folder))
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    assert outcome.state == "taken", outcome.message
    assert outcome.batch is not None
    return {
        "rows": outcome.batch.rows,
        "seconds": seconds,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "mb": after.ru_maxrss / 1024,
    }


def copy(server: Server, target: Path) -> dict[str, float]:
    """The same rows by the server's own client, as CSV or, of MariaDB, as text with tabs."""
    if server.type == "postgresql":
        command = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", USER, "-qc", COPY[server.type], "shop"]
    else:
        address = ["-h", "127.0.0.1", "-P", str(server.port), "-u", USER]
        command = ["mariadb", *address, "--quick", "--batch", "-e", COPY[server.type], "shop"]
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "MYSQL_PWD": PASSWORD}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with target.open("wb") as file:
        subprocess.run(command, stdout=file, check=True, env=environment)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def measure(rows: int = 100_000) -> str:
    """A table of all that is measured, as Markdown."""
    lines = [line for kind in MADE for line in _measure_server(kind, rows)]
    head = [
        "| server | what | rows | s | rows a second | processor, s | MB at most |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *lines])


def _measure_server(kind: str, rows: int) -> Iterator[str]:
    with SERVERS[kind]() as server, TemporaryDirectory(prefix="pulls-") as made:
        folder = Path(made)
        moment = "timestamptz" if kind == "postgresql" else "timestamp null"
        server.run(TABLE.format(moment=moment), MADE[kind].format(rows=rows))
        (folder / "sources.yml").write_text(json.dumps({"sources": [_source(server)]}))
        yield _write_row(kind, "pull, all rows", _pull_apart(server, folder))
        day = "'400 days'" if kind == "postgresql" else "400 day"
        server.run(f"update orders set total = total + 1, changed = changed + interval {day} where id % 100 = 0")
        yield _write_row(kind, "pull, changes", _pull_apart(server, folder))
        yield _write_row(kind, "copy to text", {"rows": rows, **copy(server, folder / "orders.csv")})


def _source(server: Server) -> dict[str, Any]:
    pull = {"key": "id", "cursor": "changed", "day": "placed", "amounts": "total"}
    named = {"name": "shop", "kind": "ecommerce", "connector": server.connector}
    return {**named, "pulls": {"orders": pull}, "tables": {"orders": {"from": "orders"}}}


def _pull_apart(server: Server, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.pulls", "--folder", str(folder)]
    environment = {**os.environ, **server.environment}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    told: dict[str, float] = json.loads(said)
    return told


def _write_row(kind: str, what: str, told: dict[str, float]) -> str:
    memory = f"{told['mb']:,.0f}" if "mb" in told else ""
    rate = told["rows"] / told["seconds"]
    numbers = f"{told['rows']:,.0f} | {told['seconds']:.1f} | {rate:,.0f} | {told['cpu']:.1f}"
    return f"| {kind} | {what} | {numbers} | {memory} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    print(json.dumps(pull(options.folder)) if options.folder else measure(options.rows))


if __name__ == "__main__":
    main()
