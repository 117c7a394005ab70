"""``parcours doctor``: what is wrong with a home folder, and what to do about it."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import Subcommands, add_home, add_sources

if TYPE_CHECKING:
    from pipelines.doctor.findings import Examined
    from pipelines.doctor.standing import Standing


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="look for what is wrong with a home folder, and mend what can be",
        description="Looks at a home folder and the machine it is on: who may read what, room on the disk, the lock, "
        "the published warehouse and the one before, the ledger, sources.yml and its exports, the systems that are "
        "pulled from, what starts the nights, Dagster's records, what killed runs have left. Changes nothing without "
        "--mend. Exits 0 where all is well, 1 where not.",
    )
    add_home(parser)
    add_sources(parser)
    parser.add_argument(
        "--mend",
        action="store_true",
        help="close what is open to others than declared, and remove what killed runs have left; nothing else",
    )
    parser.set_defaults(command=examine_home)


def examine_home(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.doctor.examine import examine, mend
    from pipelines.doctor.findings import Case

    case = Case(find_home(options.home), options.sources, _ask_dagster)
    examined = examine(case)
    if options.mend:
        mended = mend(examined)
        for subject, what in mended:
            sys.stdout.write(f"mended: {subject}: {what}\n")
        if mended:
            examined = examine(case)
    sys.stdout.write(render(examined))
    return 1 if any(each.findings for each in examined) else 0


def _ask_dagster(folder: Path) -> "Standing":
    """Imports Dagster, which takes seconds, only where it has records to be asked."""
    from pipelines.cli.silence import silence

    with silence():
        from pipelines.defs.standing import read_standing

        return read_standing(folder)


def render(examined: "list[Examined]") -> str:
    """A line for each subject that is well; for each finding one with what it is, and one with the way out."""
    width = max(len(each.subject) for each in examined) + 2
    margin = "\n" + " " * (width + 2)
    lines = []
    for each in examined:
        if not each.findings:
            lines.append(f"✓ {each.subject:<{width}}{each.well}")
        for finding in each.findings:
            said = [*finding.what.splitlines(), finding.fix]
            lines.append(f"{'✗' if finding.is_grave else '!'} {each.subject:<{width}}{margin.join(said)}")
    return "\n".join(lines) + "\n"
