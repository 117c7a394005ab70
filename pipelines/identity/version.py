"""A trained model as data: its parameters, its frozen term frequencies, and where versions lie on disk.

``lake.models/<version>/`` holds ``model.json`` (parameters and metadata), ``splink.json`` (the same m and u as Splink
settings, for its charts) and ``term_frequencies/<field>.parquet``. ``lake.models/in_force`` names the one that runs.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import ParcoursError
from pipelines.identity.model import Field, declare_fields
from pipelines.lake import Lake, replacing


@dataclass(frozen=True)
class Parameters:
    """What the model knows, all of it numbers. Probabilities are of a level, given that the field can be compared.

    ``levels[field][level]`` has match, household and stranger. ``shares`` (match, household) are of all pairs.
    ``rarest[field]`` is the frequency of a value that no record had at training. ``largest_blocks[key]`` is how many
    profiles may share a blocking key.
    """

    levels: dict[str, dict[str, dict[str, float]]]
    shares: dict[str, float]
    rarest: dict[str, float]
    largest_blocks: dict[str, int]


@dataclass(frozen=True)
class ModelVersion:
    """One trained model. ``term_frequencies[field]``: one row per value: value, frequency (share of the profiles)."""

    version: str
    parameters: Parameters
    term_frequencies: dict[str, pl.DataFrame]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(declared for declared in declare_fields() if declared.name in self.parameters.levels)


def name_version(parameters: Parameters, term_frequencies: dict[str, pl.DataFrame]) -> str:
    """A name that depends on the content only: the same training data give the same version."""
    digest = hashlib.sha256(_dump(_as_dict(parameters)).encode())
    for name in sorted(term_frequencies):
        rows = term_frequencies[name].sort("value")
        digest.update(name.encode())
        digest.update("\x1f".join(rows["value"]).encode())
        digest.update(rows["frequency"].to_numpy().tobytes())
    return f"m{digest.hexdigest()[:12]}"


def save_version(model: ModelVersion, lake: Lake, splink_settings: dict[str, Any]) -> Path:
    """Writes the version's folder, whole or not at all, and returns it. One that is there already stays as it is."""
    folder = lake.models / model.version
    if folder.exists():
        return folder
    building = lake.models / f"{model.version}.tmp-build"
    shutil.rmtree(building, ignore_errors=True)
    (building / "term_frequencies").mkdir(parents=True)
    for name, frequencies in model.term_frequencies.items():
        frequencies.write_parquet(building / "term_frequencies" / f"{name}.parquet")
    (building / "splink.json").write_text(_dump(splink_settings), encoding="utf-8")
    (building / "model.json").write_text(
        _dump({"version": model.version, "metadata": model.metadata, "parameters": _as_dict(model.parameters)}),
        encoding="utf-8",
    )
    building.replace(folder)
    return folder


def put_in_force(version: str, lake: Lake) -> None:
    """Makes ``version`` the one that runs. Raises ParcoursError where there is no such version."""
    if not (lake.models / version / "model.json").exists():
        known = ", ".join(list_versions(lake)) or "none"
        raise ParcoursError(f"No identity model {version!r} in {lake.models}; there are: {known}.")
    with replacing(lake.models / "in_force") as pointer:
        pointer.write_text(version + "\n", encoding="utf-8")


def list_versions(lake: Lake) -> list[str]:
    """The versions on disk, in name order."""
    return sorted(path.parent.name for path in lake.models.glob("*/model.json") if ".tmp-" not in path.parent.name)


def model_in_force(lake: Lake) -> ModelVersion | None:
    """The version that runs, or None before the first training. Raises ParcoursError where its files are damaged."""
    pointer = lake.models / "in_force"
    if not pointer.exists():
        return None
    return load_version(pointer.read_text(encoding="utf-8").strip(), lake)


def load_version(version: str, lake: Lake) -> ModelVersion:
    """The version as saved. Raises ParcoursError where it is not there or cannot be read."""
    folder = lake.models / version
    try:
        saved = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        parameters = read_parameters(saved["parameters"])
        frequencies = {
            path.stem: pl.read_parquet(path) for path in sorted((folder / "term_frequencies").glob("*.parquet"))
        }
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise ParcoursError(
            f"The identity model {version!r} in {folder} cannot be read ({type(error).__name__}). "
            "Train again with `parcours train`."
        ) from error
    return ModelVersion(saved["version"], parameters, frequencies, saved["metadata"])


def read_parameters(saved: dict[str, Any]) -> Parameters:
    """Parameters from their JSON form."""
    return Parameters(saved["levels"], saved["shares"], saved["rarest"], saved["largest_blocks"])


def _as_dict(parameters: Parameters) -> dict[str, Any]:
    return asdict(parameters)


def _dump(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
