"""``parcours backup``: one file with all that a home cannot make anew."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import Subcommands, add_home, add_sources
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.backup.manifest import Manifest


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "backup",
        help="write a backup, or verify one",
        description="Writes one file with all that cannot be made anew from the exports: the ledger of customer ids, "
        "the identity models, people's decisions, the memory of the analysts' segments, what the next run is compared "
        "with, rows that a pulled system may have deleted since, and the configuration; neither the exports nor the "
        "warehouse. It may run while a run is at work: the file holds the state as last published. `parcours restore` "
        "is the way back.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the file to write; an earlier backup is replaced")
    add_home(parser)
    add_sources(parser)
    parser.add_argument(
        "--encrypt-to",
        action="append",
        default=[],
        metavar="KEY",
        help="encrypt the file to a public key of age (age1...) or SSH, or to those in a file; may be repeated",
    )
    parser.add_argument(
        "--verify", action="store_true", help="write nothing: read FILE to its end, and say whether it is whole"
    )
    add_identity(parser)
    parser.set_defaults(command=back_up)


def add_identity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--identity", type=Path, metavar="KEYFILE", help="the file of the secret key that opens an encrypted FILE"
    )


def back_up(options: argparse.Namespace) -> int:
    if options.verify:
        return _verify(options)
    from pipelines.backup.encryption import read_recipients
    from pipelines.backup.write import write_backup
    from pipelines.cli.run_job import DAGSTER_SETTINGS
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.lake import run_lock
    from pipelines.segments.definitions import find_segments

    if options.identity:
        raise ConfigurationError("--identity opens a backup, to --verify it. To encrypt one, name --encrypt-to.")
    recipients = read_recipients(options.encrypt_to)
    home = find_home(options.home)
    if not home.root.is_dir():
        raise ConfigurationError(f"There is no home folder {home.root}. Name it with --home or PARCOURS_HOME.")
    sources_file = find_sources(options.sources, home)
    sources = load_sources(sources_file)
    segments = find_segments(home, sources)
    is_at_work = not run_lock.is_free(home.root)
    manifest = write_backup(
        options.file, home, sources, sources_file, segments, DAGSTER_SETTINGS, recipients, find_version()
    )
    sys.stdout.write(_describe(options.file, manifest))
    if is_at_work:
        sys.stdout.write("A run is at work: the backup holds what was published before it ends.\n")
    if not recipients:
        sys.stdout.write("It is not encrypted (--encrypt-to KEY): keep it as safe as the home.\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from pipelines.backup.archive import open_archive

    if options.encrypt_to:
        raise ConfigurationError("--verify writes nothing, and --encrypt-to is for a backup that is written.")
    with open_archive(options.file.resolve(), options.identity) as archive:
        archive.verify()
        manifest = archive.manifest
    width = max((len(f"{entry.size:,}") for entry in manifest.files), default=0)
    sys.stdout.write("".join(f"{entry.size:>{width},}  {entry.name}\n" for entry in manifest.files))
    sys.stdout.write(_describe(options.file, manifest))
    sys.stdout.write(f"It is whole: every file has the digest of the manifest. Parcours {manifest.parcours_version}.\n")
    return 0


def _describe(file: Path, manifest: "Manifest") -> str:
    """The backup in one line: how much, and of which publication."""
    published = f"as last published for {manifest.as_of}" if manifest.as_of else "from before the first publication"
    return f"{file}: {len(manifest.files):,} files of {manifest.size:,} bytes, {published}.\n"


def find_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("parcours")
    except PackageNotFoundError:
        return "not installed"
