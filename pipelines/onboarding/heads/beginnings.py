"""The beginning of a text file as a file of its own: what is to be said of gigabytes shows in the first megabytes."""

from pathlib import Path

from pipelines.extracts.connectors.decoding import open_decompressed

LARGEST = 4 << 20  # Bytes; some ten thousand rows.


def cut(path: Path, copy: Path) -> Path:
    """The whole lines within the first megabytes of ``path``, decompressed; in ``copy``."""
    with open_decompressed(path) as file:
        start = file.read(LARGEST + 1)
    if len(start) > LARGEST:
        start = start[: start.rfind(b"\n") + 1] or start[:LARGEST]
    copy.write_bytes(start)
    return copy
