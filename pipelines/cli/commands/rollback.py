"""``parcours rollback``: restores the previous warehouse."""

import argparse
import sys

from pipelines.cli.arguments import Subcommands, add_home


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "rollback",
        help="restore the previous warehouse",
        description="Restores the previous warehouse and keeps the one it replaces: a second rollback undoes the "
        "first. Customer ids stay as they are: an id once issued is never reused.",
    )
    add_home(parser)
    parser.set_defaults(command=roll_back)


def roll_back(options: argparse.Namespace) -> int:
    from pipelines.cli import standing, stopping
    from pipelines.config.home import find_home
    from pipelines.lake import run_lock
    from pipelines.warehouse.publish import rollback

    home = find_home(options.home)
    with run_lock.hold(home.root, "rollback"):
        stopping.say_when_stopped(standing.note_standing(home).tell_after_rollback)
        warehouse = rollback(home)
    sys.stdout.write(
        f"{warehouse} is the previous warehouse again. A second rollback undoes this one.\n"
        "`parcours report` redraws its report.\n"
    )
    return 0
