"""A backup, from the home to the file: atomically, for its owner only, encrypted where keys are named."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from pipelines.backup import encryption
from pipelines.backup.archive import looks_like_backup, write_archive
from pipelines.backup.contents import OUTSIDE
from pipelines.backup.errors import BackupError
from pipelines.backup.manifest import Manifest
from pipelines.backup.snapshot import list_manifest, open_contents
from pipelines.config.home import Home
from pipelines.config.sources import Sources
from pipelines.errors import ConfigurationError
from pipelines.lake.tables import replacing, sync
from pipelines.unexpected import DISK_FULL


def write_backup(
    file: Path,
    home: Home,
    retailer: Sources,
    sources_file: Path,
    segments_file: Path,
    dagster_default: str,
    recipients: list[Any],
    version: str,
) -> Manifest:
    """Writes the backup of ``home`` to ``file``, mode 0600, and returns its manifest.

    ``recipients`` are the public keys to encrypt it to; none: it is not. Raises BackupError, KeptStateError or
    ConfigurationError; a file that was there is then as it was.
    """
    target = file.expanduser().resolve()
    _require_writable(target)
    with open_contents(home, retailer, sources_file, segments_file, dagster_default) as contents:
        outside = {name: Path(content.name) for name, content in contents.items() if name.startswith(f"{OUTSIDE}/")}
        manifest = list_manifest(contents, outside, version)
        try:
            with replacing(target) as temporary, created(temporary) as written:
                if recipients:
                    with _nameless(home) as plain:
                        write_archive(plain, manifest, contents)
                        plain.seek(0)
                        encryption.encrypt(plain, written, recipients)
                else:
                    write_archive(written, manifest, contents)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise BackupError(f"{target} cannot be written: {error.strerror or 'an error of the disk'}.") from None
    sync(target.parent)
    return manifest


def _require_writable(target: Path) -> None:
    if target.is_dir():
        raise ConfigurationError(f"{target} is a folder. Name the file to write.")
    if not target.parent.is_dir():
        raise ConfigurationError(f"{target.parent} is no folder. Make it, or name another file.")
    if target.exists() and not looks_like_backup(target):
        raise ConfigurationError(f"{target} is there already, and is no backup of Parcours. Name another file.")


@contextmanager
def created(file: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read, from its first byte on."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as opened:
        yield opened


def _nameless(home: Home) -> IO[bytes]:
    """A file without a name, on the disk of the home, that is gone with the process: what is not encrypted yet."""
    try:
        return cast(IO[bytes], tempfile.TemporaryFile(dir=home.root))
    except OSError:  # A home that is read only.
        return cast(IO[bytes], tempfile.TemporaryFile())
