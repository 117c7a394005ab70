"""``parcours report``: redraws the report of the published warehouse, in any language."""

import argparse
import sys
from pathlib import Path

from pipelines.cli.arguments import Subcommands, add_home, add_language_of_sources, add_sources


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "report",
        help="redraw the report of the published warehouse",
        description="Draws the report of the published warehouse, one HTML page that needs no network, with counts and "
        "sums only, and beside it quality.html, a page for data engineers. Every run does so; use this for another "
        "language or place, or after a rollback.",
    )
    add_home(parser)
    add_sources(parser)
    add_language_of_sources(parser, "the report")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (else <home>/report.html)")
    parser.set_defaults(command=report)


def report(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.report.write import write_report

    home = find_home(options.home)
    language = options.lang or load_sources(find_sources(options.sources, home)).language
    written = write_report(home, language, options.out.expanduser().resolve() if options.out else None)
    sys.stdout.write(f"{written.file}\n")
    return 0
