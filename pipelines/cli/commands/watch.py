"""``parcours watch``: was the last night a good one; and tells those whom nights.yml names where it was not."""

import argparse
import sys

from pipelines.cli.arguments import Subcommands, add_home, add_sources


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "watch",
        help="look whether the last night was good, and tell who is to know where it was not",
        description="Looks whether the last night was good, was killed, or is too long ago for what nights.yml "
        "declares; tells those whom it names, once, and makes the next attempt at what did not arrive. For cron, a "
        "systemd timer or a monitor. Exits 0 where all is well, 1 where not.",
    )
    add_home(parser)
    add_sources(parser)
    parser.set_defaults(command=watch)


def watch(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from pathlib import Path

    from pipelines.config.home import find_home, find_sources
    from pipelines.errors import ConfigurationError
    from pipelines.nights.settings import find_nights, load_nights
    from pipelines.nights.telling import Teller

    home = find_home(options.home)
    if not home.root.is_dir():
        raise ConfigurationError(f"There is no folder {home.root}. Name the home with --home or PARCOURS_HOME.")
    try:
        sources_file: Path | None = find_sources(options.sources, home)
    except ConfigurationError:
        sources_file = None
    nights = load_nights(find_nights(home, sources_file))
    teller = Teller(home, nights, lambda words: sys.stderr.write(f"parcours: {words}\n"))
    wrong = teller.watch(datetime.now(UTC))
    sys.stdout.writelines(f"✗ {line}\n" for line in wrong)
    if not wrong:
        sys.stdout.write("✓ The last night was good.\n")
    return 1 if wrong else 0
