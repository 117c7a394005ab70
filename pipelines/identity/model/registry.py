"""Trained model versions: parameters and frozen term frequencies, saved, loaded and put in force.

``lake.models/<version>/`` holds ``model.json`` (parameters and metadata), ``splink.json`` (the same m and u as Splink
settings, for its charts) and ``term_frequencies/<field>.parquet``. ``lake.models/in_force`` names the one that runs;
:mod:`pipelines.identity.model.history` keeps which ones did.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.identity.model.calibration import Calibration
from pipelines.identity.model.history import Entry, Reason, append_entry
from pipelines.identity.model.specification import BLOCKING_KEYS, CLASSES, Field, declare_fields
from pipelines.lake.tables import Lake, replacing
from pipelines.name_lists import list_names

DEFAULT_MODEL = "default_model.json"  # Of pipelines/identity/training, where records are too few to learn from.
MAX_GAPS_NAMED = 5  # In a message; further ones are only counted.


@dataclass(frozen=True)
class Parameters:
    """What the model has learned, all numbers. Probabilities are of a level, given that the field can be compared.

    ``levels[field][level]`` has match, household and stranger. ``shares`` (match, household) are of all pairs.
    ``rarest[field]`` is the frequency of a value that no record had at training. ``largest_blocks[key]`` is how many
    profiles may share a blocking key. ``calibration`` is the probability behind a match weight.
    """

    levels: dict[str, dict[str, dict[str, float]]]
    shares: dict[str, float]
    rarest: dict[str, float]
    largest_blocks: dict[str, int]
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True)
class ModelVersion:
    """One trained model. ``term_frequencies[field]``: one row per value: value, frequency (share of the profiles)."""

    version: str
    parameters: Parameters
    term_frequencies: dict[str, pl.DataFrame]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def is_default(self) -> bool:
        """Whether nothing was learned: the parameters are those shipped with the package."""
        return str(self.metadata.get("learned_from", "")).startswith(DEFAULT_MODEL)

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
    """Writes the version's folder, whole or not at all, and returns it. One that exists and is sound stays as it is."""
    folder = lake.models / model.version
    if _is_sound(model.version, lake):
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
    shutil.rmtree(folder, ignore_errors=True)  # What is still there by now is damaged.
    building.replace(folder)
    return folder


def _is_sound(version: str, lake: Lake) -> bool:
    """Whether the version is on disk with the content that its name stands for."""
    if not (lake.models / version).exists():
        return False
    try:
        saved = read_version(version, lake)
    except ParcoursError:
        return False
    return saved.version == version and is_as_named(saved)


def is_as_named(model: ModelVersion) -> bool:
    """Whether the model has the content that its name stands for."""
    return name_version(model.parameters, model.term_frequencies) == model.version


def put_in_force(
    version: str,
    lake: Lake,
    reason: Reason = "chosen",
    as_of: date | None = None,
    comparison: dict[str, Any] | None = None,
) -> Entry:
    """Makes ``version`` the one that runs, and notes when and why. Raises ParcoursError where there is no such version.

    A kill between the two leaves the version in force and only its note missing.
    """
    _require_version(version, lake)
    replaced = name_in_force(lake)
    with replacing(lake.models / "in_force") as pointer:
        pointer.write_text(version + "\n", encoding="utf-8")
    return append_entry(lake, version, reason, replaced, as_of, comparison)


def list_versions(lake: Lake) -> list[str]:
    """The versions on disk, in name order."""
    return sorted(path.parent.name for path in lake.models.glob("*/model.json") if ".tmp-" not in path.parent.name)


def name_in_force(lake: Lake) -> str | None:
    """The name of the version that runs, or None before the first training."""
    pointer = lake.models / "in_force"
    return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None


def model_in_force(lake: Lake) -> ModelVersion | None:
    """The version that runs, or None before the first training. Raises ParcoursError where it cannot run."""
    version = name_in_force(lake)
    return None if version is None else load_version(version, lake)


def find_version(version: str | None, lake: Lake) -> str:
    """The version that somebody names, or the one in force where nobody does.

    Raises ParcoursError where there is none yet, or none is in force, and ConfigurationError where there is none of
    that name.
    """
    known = list_versions(lake)
    if not known:
        raise ParcoursError(f"There is no identity model in {lake.root.parent} yet: `parcours run` trains the first.")
    if version is None:
        version = name_in_force(lake)
        if version is None:
            raise ParcoursError("No identity model is in force. Name one that `parcours model list` shows.")
    elif version not in known:
        raise ConfigurationError(f"There is no identity model {version!r}; there are: {list_names(known)}.")
    return version


def load_version(version: str, lake: Lake) -> ModelVersion:
    """The version as saved, fit to run.

    Raises ParcoursError where it is not there, cannot be read, or was trained by other code than this: with other
    fields, levels or blocking keys.
    """
    model = read_version(version, lake)
    gaps = find_gaps(model.parameters, model.term_frequencies)
    if gaps:
        rest = f"; and {len(gaps) - MAX_GAPS_NAMED} more" if len(gaps) > MAX_GAPS_NAMED else ""
        raise ParcoursError(
            f"The identity model {version!r} in {lake.models / version} was trained by another release of Parcours and "
            f"cannot run with this one: {'; '.join(gaps[:MAX_GAPS_NAMED])}{rest}. Train again with `parcours train`."
        )
    return model


def read_version(version: str, lake: Lake) -> ModelVersion:
    """The version as saved, whether or not it can run. Raises ParcoursError where it is not there or is damaged."""
    _require_version(version, lake)
    folder = lake.models / version
    try:
        saved = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        parameters = read_parameters(saved["parameters"])
        frequencies = {
            path.stem: pl.read_parquet(path, glob=False)
            for path in sorted((folder / "term_frequencies").glob("*.parquet"))
        }
        return ModelVersion(saved["version"], parameters, frequencies, saved["metadata"])
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise ParcoursError(
            f"The identity model {version!r} in {folder} cannot be read ({type(error).__name__}). "
            "Restore the folder from a backup, or train again with `parcours train`."
        ) from error


def _require_version(version: str, lake: Lake) -> None:
    known = list_versions(lake)
    if version not in known:
        raise ParcoursError(
            f"No identity model {version!r} in {lake.models}; there are: {list_names(known)}. "
            "Name one of these, or train one with `parcours train`."
        )


def find_gaps(
    parameters: Parameters, term_frequencies: Iterable[str], fields: tuple[Field, ...] | None = None
) -> list[str]:
    """What keeps a version from running with the declared fields, in words and by name; empty where nothing does.

    ``fields`` are those declared (default: those of the model), ``term_frequencies`` the names of the fields that have
    some.
    """
    declared = declare_fields() if fields is None else fields
    gaps = [gap for compared in declared for gap in _find_field_gaps(compared, parameters, set(term_frequencies))]
    names = {compared.name for compared in declared}
    gaps += [f"it has the field {name}, which is no longer compared" for name in parameters.levels if name not in names]
    gaps += [f"it lacks the blocking key {key!r}" for key in BLOCKING_KEYS if key not in parameters.largest_blocks]
    gaps += [f"it lacks the share of pairs that are a {name}" for name in CLASSES if name not in parameters.shares]
    return gaps


def _find_field_gaps(compared: Field, parameters: Parameters, with_frequencies: set[str]) -> list[str]:
    known = parameters.levels.get(compared.name)
    if known is None:
        return [f"it lacks the field {compared.name}"]
    gaps = []
    for level in compared.levels:
        learned = known.get(level.name, {})
        if not learned:
            gaps.append(f"it lacks the level {compared.name}: {level.name}")
        gaps += [
            f"it lacks the {name} probability of {compared.name}: {level.name}"
            for name in (*CLASSES, "stranger")
            if learned and not learned.get(name, 0.0) > 0.0
        ]
    names = {level.name for level in compared.levels}
    gaps += [
        f"it has the level {compared.name}: {name}, which is no longer a level" for name in known if name not in names
    ]
    weighs_rarity = any(level.is_agreement for level in compared.levels)
    if weighs_rarity and (compared.name not in with_frequencies or compared.name not in parameters.rarest):
        gaps.append(f"it lacks the term frequencies of {compared.name}")
    return gaps


def read_parameters(saved: dict[str, Any]) -> Parameters:
    """Parameters from their JSON form."""
    curve = saved.get("calibration", {})  # A version trained before there were any takes its weights at their word.
    calibration = Calibration(*(tuple(curve.get(name, ())) for name in ("weights", "log_odds")))
    return Parameters(saved["levels"], saved["shares"], saved["rarest"], saved["largest_blocks"], calibration)


def _as_dict(parameters: Parameters) -> dict[str, Any]:
    content = asdict(parameters)
    if not parameters.calibration.weights:
        del content["calibration"]
    return content


def _dump(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
