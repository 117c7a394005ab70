"""Of which export a file is, by its columns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.contracts import Kind
from pipelines.presets.headers import find_folded, fold_name, fold_names
from pipelines.presets.preset import Preset, load_presets

LEAST_SHARE = 0.6  # Of the columns that no export lacks; below, a file only happens to have some names in common.
LEAST_FOUND = 2  # Columns; a list with one column called `id` is of no system.


@dataclass(frozen=True)
class Recognised:
    """A preset that a file may be of.

    ``found`` are its headers that the file has, ``missing`` those that every such export has and this file has not,
    ``without`` those that it may lack and does. ``unknown`` are columns of the file that the preset does not read.
    """

    preset: Preset
    found: tuple[str, ...]
    missing: tuple[str, ...]
    without: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_certain(self) -> bool:
        """Whether the file has every column that the preset needs."""
        return not self.missing


def recognise(columns: Sequence[str], kind: Kind | None = None) -> list[Recognised]:
    """The presets that a file of ``columns`` may be of, the likeliest first; of ``kind`` only, if asked for.

    One that lacks nothing goes before others; then counts how many headers are there, each for the less the more
    presets know it; then the share of the file's columns that are known; then the name.
    """
    presets = load_presets()
    known_by = Counter(
        name
        for preset in presets.values()
        for name in {fold_name(each) for own, header in preset.headers.items() for each in header.names(own)}
    )
    folded = fold_names(columns)
    candidates = []
    for preset in presets.values():
        if kind is not None and preset.kind != kind:
            continue
        match = _compare(preset, columns, folded)
        needed = sum(not header.is_optional for header in preset.headers.values())
        if len(match.found) < LEAST_FOUND or needed - len(match.missing) < LEAST_SHARE * needed:
            continue
        weight = sum(1 / known_by[fold_name(name)] for name in match.found)
        known_share = len(match.found) / max(len(columns), 1)
        rank = (len(match.missing) / max(needed, 1) if match.missing else 0, -weight, -known_share, preset.name)
        candidates.append((rank, match))
    return [match for _, match in sorted(candidates, key=lambda candidate: candidate[0])]


def _compare(preset: Preset, columns: Sequence[str], folded: Mapping[str, str]) -> Recognised:
    found = find_folded(preset.headers, folded, {})
    taken = {column for names in found.columns.values() for column in names}
    return Recognised(
        preset,
        found=tuple(found.columns),
        missing=tuple(name for name in found.missing if not preset.headers[name].is_optional),
        without=tuple(name for name in found.missing if preset.headers[name].is_optional),
        unknown=tuple(column for column in columns if column not in taken),
    )
