"""Declares the code that decides results: when it changes, no step reuses what an earlier night left.

Modules are named one by one, so that a text or a chart can change without a rebuild, and a file that has moved raises
an error instead of silently narrowing the digest.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]  # The package `pipelines`.

DECIDING: tuple[str, ...] = (
    "frames.background",
    "frames.hash_columns",
    "frames.in_memory_sql",
    "frames.nearly_sorted",
    "identity.clustering",
    "identity.customer_ids.ledger",
    "identity.incremental",
    "identity.model.dialects",
    "identity.model.calibration",
    "identity.model.registry",
    "identity.model.specification",
    "identity.model.splink_settings",
    "identity.scoring.blocking",
    "identity.scoring.engine",
    "identity.scoring.household",
    "identity.scoring.linker",
    "identity.scoring.match_weights",
    "identity.scoring.predict",
    "identity.scoring.profiles",
    "identity.scoring.weighed_pairs",
    "identity.standardisation",
    "lake.amendments",
    "lake.fingerprints",
    "lake.tables",
)
"""The modules of ``pipelines`` whose code, and the packages whose code and data files, a step's result depends on."""

NOT_DECIDING: Mapping[str, str] = {
    "": "says only how long polars keeps freed memory",
    "contracts": "only the type of a kind is read; the rows of the extracts are hashed as they are",
    "frames.memory_limit": "how much memory a step may take; what it finds is the same",
    "errors": "the classes of errors, which end a run without a result",
    "identity.decisions.file": "decisions are an input: the rows read last night are compared with today's",
    "identity.decisions.read": "decisions are an input: the rows read last night are compared with today's",
    "lake.owner_only": "who may read what is written, not what is written",
    "identity.model.history": "when a version came in force; the version itself is a condition of every step",
    "name_lists": "says how messages name what is listed",
    "unfinished": "removes temporary files where a command is stopped",
    "visible_text": "how messages write what cannot be seen",
}
"""The modules and packages that the steps import besides, each with the reason why it changes no result."""


@cache
def digest_code() -> str:
    """SHA-256 of everything that :data:`DECIDING` names."""
    return digest_modules(ROOT, DECIDING)


def digest_modules(root: Path, names: Sequence[str]) -> str:
    """SHA-256 of the paths and contents of the modules and packages ``names`` of the package in ``root``.

    The same whatever their order. Raises ModuleNotFoundError where there is none of that name.
    """
    code = hashlib.sha256()
    for file in sorted({file for name in names for file in _list_files(root, name)}):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        code.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return code.hexdigest()


def _list_files(root: Path, name: str) -> Iterator[Path]:
    path = root.joinpath(*name.split("."))
    if path.with_suffix(".py").is_file():
        yield path.with_suffix(".py")
    elif (path / "__init__.py").is_file():
        yield from (file for file in path.rglob("*") if file.suffix in (".py", ".yml", ".json"))
    else:
        raise ModuleNotFoundError(
            f"pipelines.{name} is named in {Path(__file__).name} and does not exist: name what took its place."
        )
