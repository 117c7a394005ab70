"""Describes model versions in plain values: what each learned, and which was in force when and why."""

from dataclasses import asdict
from typing import Any

from pipelines.errors import ParcoursError
from pipelines.identity.model.history import find_latest, read_history
from pipelines.identity.model.registry import ModelVersion, find_gaps, list_versions, name_in_force, read_version
from pipelines.identity.scoring.level_weights import LevelWeight, list_weights
from pipelines.lake.tables import Lake


def describe_versions(lake: Lake) -> dict[str, Any]:
    """``in_force``, ``versions`` (oldest training first) and ``history`` (oldest change first).

    A version that is damaged, or of another release, is listed with its ``problem``.
    """
    history, in_force = read_history(lake), name_in_force(lake)
    versions = []
    for name in list_versions(lake):
        learned, problem = _read(name, lake)
        latest = find_latest(history, name)
        versions.append(
            {
                "version": name,
                "as_of": learned.get("as_of"),
                "profiles": learned.get("profiles"),
                "blocked_pairs": learned.get("blocked_pairs"),
                "is_in_force": name == in_force,
                "put_in_force": None if latest is None else asdict(latest),
                "problem": problem,
            }
        )
    versions.sort(key=lambda version: (version["as_of"] or "", version["version"]))
    return {"in_force": in_force, "versions": versions, "history": [asdict(entry) for entry in history]}


def _read(name: str, lake: Lake) -> tuple[dict[str, Any], str | None]:
    """The metadata of a version, and why it cannot run, where it cannot."""
    try:
        model = read_version(name, lake)
    except ParcoursError:
        return {}, "it cannot be read"
    return model.metadata, _find_problem(model)


def _find_problem(model: ModelVersion) -> str | None:
    return "; ".join(find_gaps(model.parameters, model.term_frequencies)) or None


def describe_version(model: ModelVersion, lake: Lake) -> dict[str, Any]:
    """One version: what it learned from, its shares, the weights of its levels, and when it was in force and why."""
    learned = {name: value for name, value in model.metadata.items() if name != "observed"}
    return {
        "version": model.version,
        "is_in_force": model.version == name_in_force(lake),
        "problem": _find_problem(model),
        "learned": learned,
        "shares": model.parameters.shares,
        "weights": [_describe_level(level, model) for level in list_weights(model)],
        "largest_blocks": model.parameters.largest_blocks,
        "put_in_force": [asdict(entry) for entry in read_history(lake) if entry.version == model.version],
    }


def _describe_level(level: LevelWeight, model: ModelVersion) -> dict[str, Any]:
    name = f"{level.field}: {level.level}"
    borrowed = level.field in model.metadata.get("fields_from_default_model", [])
    held = name in model.metadata.get("levels_held_at_declared_values", [])
    return {
        "field": level.field,
        "level": level.level,
        "match_bits": level.match,
        "household_bits": level.household,
        "probabilities": level.probabilities,
        "seen": model.metadata.get("observed", {}).get(name),
        "from": "default model" if borrowed else "declared" if held else "records",
    }
