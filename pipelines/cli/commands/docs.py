"""``parcours docs``: pages that describe the warehouse."""

import argparse
import sys
from pathlib import Path

from pipelines.cli.arguments import Subcommands, add_home


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "docs",
        help="write the data dictionary and the dbt site of the published warehouse",
        description="Writes pages about the published warehouse into one folder: each mart and column, the models and "
        "tests with their lineage, and the report of the last run if there is one. They need no network.",
    )
    add_home(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (else <home>/docs)")
    parser.set_defaults(command=write_docs)


def write_docs(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.warehouse.docs_site import write_documentation

    home = find_home(options.home)
    index = write_documentation(home, options.out.expanduser().resolve() if options.out else home.root / "docs")
    sys.stdout.write(f"Open {index}\n")
    return 0
