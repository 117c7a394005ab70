"""``parcours restore``: a backup becomes a home again."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import Subcommands, add_home
from pipelines.cli.commands.backup import add_identity

if TYPE_CHECKING:
    from pipelines.backup.restore import Restored
    from pipelines.config.home import Home


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "restore",
        help="restore a home from a backup",
        description="Restores what `parcours backup` saved into a new or empty home. The whole file is verified before "
        "anything is touched. It holds no warehouse: the next run reads the exports, makes everything else anew, and "
        "gives each customer the id they had.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup to restore")
    add_home(parser)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="also into a home that is not empty: the state and configuration there are moved to a folder "
        "replaced-1 of it, with the previous warehouse; the published warehouse stays",
    )
    add_identity(parser)
    parser.set_defaults(command=restore_home)


def restore_home(options: argparse.Namespace) -> int:
    from pipelines.backup.restore import restore
    from pipelines.config.home import find_home

    home = find_home(options.home)
    restored = restore(options.file.expanduser().resolve(), home, options.identity, replace=options.replace)
    sys.stdout.write("\n".join(_describe(restored, home)) + "\n")
    return 0


def _describe(restored: "Restored", home: "Home") -> list[str]:
    manifest = restored.manifest
    published = f"as last published for {manifest.as_of}" if manifest.as_of else "as before its first publication"
    lines = [f"{home.root} is restored, {published}: {len(manifest.files):,} files of {manifest.size:,} bytes."]
    if restored.replaced:
        lines.append(f"What was there before is in {restored.replaced}; remove it when you no longer need it.")
    for place, file in restored.outside.items():
        lines.append(f"{file} lay outside the home, at {ascii(place)[1:-1]}: put it back there before the next run.")
    if restored.unknown_ids:
        lines.append(
            f"The published warehouse is younger than the backup: {restored.unknown_ids:,} of its customers have ids "
            "that the backup does not know. The next run may give them other ones: whoever was told these ids has to "
            "be told again."
        )
    if not home.warehouse.exists():
        lines.append("There is no warehouse yet, and no previous one to roll back to: the next run publishes one.")
    lines.append(f"Next: parcours run --home {home.root}; it reads everything anew, as a first run does.")
    return lines
