"""``parcours export``: the published marts as files, for tools that open no DuckDB database."""

import argparse
import sys
from pathlib import Path

from pipelines.cli.arguments import Subcommands, add_home
from pipelines.errors import ConfigurationError


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "export",
        help="write the published marts as Parquet or CSV files",
        description="Writes the marts of the published warehouse into a folder, a file each. A file that is there "
        "already is replaced once its successor is whole. The files hold customers' names and addresses: put them "
        "where the warehouse might stand.",
    )
    add_home(parser)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder to write to; made where it is not there")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="default: parquet")
    parser.add_argument("--marts", nargs="+", metavar="MART", default=(), help="only these (else all)")
    parser.add_argument(
        "--spreadsheet",
        action="store_true",
        help="CSV to be opened in a spreadsheet: ' before texts that it would run as formulas (=, +, -, @)",
    )
    parser.set_defaults(command=export)


def export(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.warehouse.export import export_marts

    if options.spreadsheet and options.format != "csv":
        raise ConfigurationError("--spreadsheet goes with --format csv.")
    folder = options.folder.expanduser().resolve()
    written = export_marts(find_home(options.home), folder, options.format, options.marts, defuses=options.spreadsheet)
    rows = sum(written.values())
    sys.stdout.write(f"{len(written)} marts with {rows:,} rows as {options.format.upper()} in {folder}\n")
    return 0
