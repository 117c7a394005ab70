"""Scored pairs are kept from night to night: the same records under the same model need no second scoring."""

import hashlib
from pathlib import Path

import polars as pl

from pipelines.identity.version import ModelVersion
from pipelines.lake import Lake, replacing


def fingerprint(records: pl.DataFrame, model: ModelVersion) -> str:
    """Of all that scores depend on: which records with which content, the model version, and the code that scores."""
    digest = hashlib.sha256(model.version.encode())
    for source in sorted(Path(__file__).parent.iterdir()):
        if source.is_file():
            digest.update(source.read_bytes())
    for column in ("record_id", "content_hash"):
        digest.update("\x1f".join(records[column].cast(pl.String)).encode())
    return digest.hexdigest()


def read_reusable_pairs(lake: Lake, wanted: str) -> pl.DataFrame | None:
    """The pairs in the lake where they are those of the fingerprint ``wanted``, else None."""
    noted = _note(lake)
    if not noted.exists() or noted.read_text() != wanted:
        return None
    return lake.read("identity", "pairs")


def write_pairs(lake: Lake, pairs: pl.DataFrame, made_of: str) -> None:
    """Writes ``identity/pairs`` with its fingerprint; a kill between the two only makes the next run score again."""
    _note(lake).unlink(missing_ok=True)
    lake.write("identity", "pairs", pairs)
    with replacing(_note(lake)) as temporary:
        temporary.write_text(made_of)


def _note(lake: Lake) -> Path:
    return lake.root / "state" / "pairs.fingerprint"
