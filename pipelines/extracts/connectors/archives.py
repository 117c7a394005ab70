"""Exports that come as a .zip: the files inside, unpacked into the scratch folder."""

import lzma
import shutil
import zipfile
import zlib
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipelines.errors import ExtractError
from pipelines.extracts.connectors import file_kinds
from pipelines.extracts.connectors.decoding import CHUNK
from pipelines.extracts.connectors.limits import count_fine
from pipelines.unexpected import DISK_FULL

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, UnicodeDecodeError)
"""What the standard library raises where an archive is damaged, beside OSError."""

MOST_MEMBERS = 10_000  # Exports are cut into days or stores at most; beyond that, somebody packed a whole disk.


def unpack(path: Path, shown: str, member: str | None, folder: Path) -> list[tuple[Path, str]]:
    """The files of an archive that can be read and match ``member`` (a pattern), each with its name inside, by name.

    They are written to ``folder``, one numbered folder each, so that no name inside can lead elsewhere. Raises
    ExtractError where there are none, or the archive is damaged, encrypted or out of all proportion.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            chosen = _choose(archive, shown, member)
            return [(_extract(archive, entry, folder / str(n)), entry.filename) for n, entry in enumerate(chosen)]
    except BROKEN as fault:
        raise ExtractError(
            f"{shown} is cut short, damaged or packed in a way that is not read ({type(fault).__name__}). Fetch it "
            "again; nothing of it was taken."
        ) from fault
    except OSError as fault:
        if fault.errno in DISK_FULL:
            raise
        raise ExtractError(f"{shown} cannot be read: {fault.strerror or type(fault).__name__}.") from None


def _choose(archive: zipfile.ZipFile, shown: str, member: str | None) -> list[zipfile.ZipInfo]:
    named = [entry for entry in archive.infolist() if PurePosixPath(entry.filename).name]
    files = [entry for entry in named if not entry.is_dir() and not _is_debris(entry.filename)]
    if member:
        chosen = [entry for entry in files if fnmatchcase(entry.filename, member) or _name(entry) == member]
    else:
        chosen = [entry for entry in files if _has_known_suffix(entry.filename)]
    if not chosen:
        asked = f"that matches `member: {member}`" if member else "that can be read"
        raise ExtractError(
            f"{shown} holds no file {asked}, and {len(files):,} others, which `unzip -l` lists. Correct `member`, or "
            "pack the export alone."
        )
    if len(chosen) > MOST_MEMBERS:
        raise ExtractError(f"{shown} holds {len(chosen):,} files, over {MOST_MEMBERS:,}. Unpack it and name them.")
    for entry in chosen:
        if entry.flag_bits & 1:
            raise ExtractError(f"{shown} is encrypted. Pack it without a password, or unpack it first.")
    unpacked, packed = sum(entry.file_size for entry in chosen), Path(str(archive.filename)).stat().st_size
    if unpacked > count_fine(packed):
        raise ExtractError(
            f"{shown} claims to unpack {packed:,} bytes into {unpacked:,}, which no export does. Unpack it yourself if "
            "you trust it."
        )
    return sorted(chosen, key=lambda entry: entry.filename)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Path:
    """Reading stops at the size that was judged, and fails where the checksum is another than the archive's."""
    folder.mkdir(parents=True)
    copy = folder / f"member{''.join(PurePosixPath(entry.filename).suffixes[-2:])}"
    with archive.open(entry) as packed, copy.open("wb") as written:
        shutil.copyfileobj(packed, written, CHUNK)
    return copy


def _name(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).name


def _is_debris(name: str) -> bool:
    """What a Mac or a desktop puts into archives beside the files."""
    parts = PurePosixPath(name).parts
    return (
        any(part == "__MACOSX" or (part.startswith(".") and part.strip(".")) for part in parts)
        or parts[-1].lower() == "thumbs.db"
    )


def _has_known_suffix(name: str) -> bool:
    path = PurePosixPath(name)
    inner = path.with_suffix("") if path.suffix.lower() in file_kinds.COMPRESSIONS else path
    return inner.suffix.lower() in file_kinds.FORMATS
