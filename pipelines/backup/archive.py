"""The file of a backup: a zip archive with its manifest first, and at its end a digest of all that precedes.

Any tool for zip files opens it, in an emergency. The same contents give the same bytes. What is read is held to be
hostile until it is judged: nothing is believed of sizes, names and kinds but what the manifest says, and that only
within the limits here.
"""

import hashlib
import io
import lzma
import os
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from pipelines.backup import encryption
from pipelines.backup.errors import BackupError
from pipelines.backup.manifest import LARGEST_MANIFEST, NAME, Entry, Manifest, parse_manifest
from pipelines.errors import ConfigurationError

SEAL = b"parcours backup, sha256 "
SEAL_LENGTH = len(SEAL) + 64
CHUNK = 1 << 20
OLDEST = (1980, 1, 1, 0, 0, 0)
LARGEST_RATIO = 200  # Of the contents to the file. Tables and texts of a home compress to a tenth.
ALLOWANCE = 16 << 20  # Bytes that a small file may hold however well it is compressed.
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip


def write_archive(target: IO[bytes], manifest: Manifest, contents: Mapping[str, IO[bytes]]) -> None:
    """Writes the backup to ``target``, a file open for reading and writing that is empty.

    Raises BackupError where a file of ``contents`` is not what the manifest says: somebody writes to it just now.
    """
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(_describe(NAME), manifest.dump())
        for entry in manifest.files:
            with archive.open(_describe(entry.name), "w", force_zip64=entry.size > 1 << 30) as written:
                contents[entry.name].seek(0)
                _copy(contents[entry.name], written.write, entry)
        archive.comment = SEAL + b"0" * 64
    digest = _digest_before_seal(target)
    target.seek(-64, os.SEEK_END)
    target.write(digest)
    target.flush()


def _describe(name: str) -> zipfile.ZipInfo:
    described = zipfile.ZipInfo(name, OLDEST)
    described.compress_type = zipfile.ZIP_DEFLATED
    described.create_system = 3  # Unix, whose modes are those that follow.
    described.external_attr = (stat.S_IFREG | 0o600) << 16
    return described


def _copy(source: IO[bytes], write: Callable[[bytes], Any], entry: Entry) -> None:
    """Copies no more than the entry promises, and raises BackupError where it is not that."""
    digest, size = hashlib.sha256(), 0
    while chunk := _read_chunk(source, entry):
        size += len(chunk)
        if size > entry.size:
            break
        digest.update(chunk)
        write(chunk)
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise BackupError(f"{entry.name} is not the file that the manifest names: it is damaged")


def _read_chunk(source: IO[bytes], entry: Entry) -> bytes:
    try:
        return source.read(CHUNK)
    except (OSError, *BROKEN):
        raise BackupError(f"{entry.name} cannot be read: it is damaged") from None


def _digest_before_seal(file: IO[bytes]) -> bytes:
    file.flush()
    left = file.seek(0, os.SEEK_END) - SEAL_LENGTH
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode()


@dataclass(frozen=True)
class Archive:
    """A backup that is open, whose manifest is judged."""

    manifest: Manifest
    _archive: zipfile.ZipFile

    def verify(self) -> None:
        """Reads everything, and writes nothing. Raises BackupError where a file is not what the manifest says."""
        for entry in self.manifest.files:
            self._extract(entry, lambda _: None)

    def extract(self, folder: Path) -> None:
        """Writes all files beneath ``folder``, for their owner only, verified as they are written."""
        for entry in self.manifest.files:
            target = folder / entry.name
            for parent in reversed([target.parent, *target.parent.parents]):
                if parent.is_relative_to(folder):
                    parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                self._extract(entry, written.write)
                written.flush()
                os.fsync(descriptor)

    def _extract(self, entry: Entry, write: Callable[[bytes], Any]) -> None:
        try:
            content = self._archive.open(entry.name)
        except (OSError, KeyError, *BROKEN):
            raise BackupError(f"{entry.name} cannot be read: it is damaged") from None
        with content:
            _copy(content, write, entry)


@contextmanager
def open_archive(file: Path, identity: Path | None, scratch: Path | None = None) -> Iterator[Archive]:
    """The backup in ``file``, decrypted with the keys in ``identity`` where it is encrypted.

    What is decrypted lies in a nameless file, in the folder ``scratch`` or where the system has such files, and is gone
    with the process. Raises BackupError or ConfigurationError that say what is wrong with the file.
    """
    try:
        with file.open("rb") as source, tempfile.TemporaryFile(dir=scratch) as decrypted:
            beginning = source.read(64)
            source.seek(0)
            plain: IO[bytes] = source
            if encryption.is_encrypted(beginning):
                if identity is None:
                    raise ConfigurationError(f"{file} is encrypted. Name the file of your secret key with --identity.")
                encryption.decrypt(source, cast(IO[bytes], decrypted), encryption.read_identities(identity))
                plain = cast(IO[bytes], decrypted)
            with _open_plain(plain) as archive:
                yield archive
    except BackupError as error:
        raise BackupError(f"{file} cannot be used: {error}. Take another backup.") from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        if error.filename is None or Path(error.filename) != file:
            raise
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None


@contextmanager
def _open_plain(file: IO[bytes]) -> Iterator[Archive]:
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise BackupError("it is no backup of Parcours")
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - SEAL_LENGTH))
    seal = file.read()
    if not re.fullmatch(re.escape(SEAL) + rb"[0-9a-f]{64}", seal):
        raise BackupError("it is cut or altered, or no backup of Parcours: its end is not there")
    if _digest_before_seal(file) != seal[len(SEAL) :]:
        raise BackupError("it is altered: it has not the digest that stands at its end")
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, *BROKEN):
        raise BackupError("it is damaged: its directory cannot be read") from None
    with archive:
        manifest = _read_manifest(archive)
        _compare(archive, manifest, size)
        yield Archive(manifest, archive)


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        with archive.open(NAME) as content:
            written = content.read(LARGEST_MANIFEST + 1)
    except (OSError, KeyError, *BROKEN):
        raise BackupError("it has no manifest that can be read") from None
    if len(written) > LARGEST_MANIFEST:
        raise BackupError("its manifest is larger than any that Parcours writes")
    return parse_manifest(written)


def _compare(archive: zipfile.ZipFile, manifest: Manifest, size: int) -> None:
    """Raises BackupError where the archive holds anything but what the manifest lists."""
    listed = {entry.name: entry.size for entry in manifest.files}
    found = [info for info in archive.infolist() if info.filename != NAME]
    for info in found:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.is_dir():
            raise BackupError(f"it holds something other than files, such as a link: {info.filename[:80]!a}")
    names = [info.filename for info in found]
    if len(archive.infolist()) != len(listed) + 1 or set(names) != set(listed):
        raise BackupError("it does not hold the files that its manifest lists, each once")
    if any(info.file_size != listed[info.filename] for info in found):
        raise BackupError("a file in it has not the size that the manifest gives")
    if manifest.size > LARGEST_RATIO * size + ALLOWANCE:
        raise BackupError(f"its {size:,} bytes claim to hold {manifest.size:,}, which no backup does")


def looks_like_backup(file: Path) -> bool:
    """Whether the file may be a backup, and so be replaced by a new one."""
    with suppress(OSError), file.open("rb") as content:
        beginning = content.read(64)
        if encryption.is_encrypted(beginning):
            return True
        content.seek(max(0, content.seek(0, io.SEEK_END) - SEAL_LENGTH))
        return content.read(len(SEAL)) == SEAL
    return False
