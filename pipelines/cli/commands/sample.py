"""``parcours sample``: a generated retailer with known truth."""

import argparse
import sys
from pathlib import Path

from pipelines.cli.arguments import Subcommands, at_least_one
from pipelines.errors import ConfigurationError
from pipelines.sample import CUSTOMERS, DAYS, SEED, generate_sample


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "sample",
        help="generate a retailer's exports with known truth",
        description="Writes a generated French omnichannel retailer: its exports, a sources.yml that maps them, and "
        "truth.parquet (record_id, person_id). The exports have the faults of real ones, each listed in faults.parquet "
        "with its right value. The same options give the same bytes.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; new or empty")
    parser.add_argument("--customers", type=at_least_one, default=CUSTOMERS, metavar="N", help=f"default: {CUSTOMERS}")
    parser.add_argument("--days", type=at_least_one, default=DAYS, metavar="D", help=f"default: {DAYS}")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help=f"default: {SEED}")
    parser.add_argument("--clean", action="store_true", help="exports without faults, as the bundled sample has them")
    parser.set_defaults(command=write)


def write(options: argparse.Namespace) -> int:
    out: Path = options.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"--out names {out}, which already exists and is not empty. Name a new folder.")

    world = generate_sample(out, options.customers, options.days, options.seed, faults=not options.clean)
    rows = sum(table.height for table in world.tables.values())
    sys.stdout.write(
        f"{rows:,} rows of {options.customers:,} people in {out}, as of {world.as_of}.\n"
        f"Next: parcours run --home {out / 'home'} --sources {out / 'sources.yml'}\n"
    )
    return 0
