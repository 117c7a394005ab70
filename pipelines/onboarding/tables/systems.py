"""Which exports are of one system, and what to call it: a source of `sources.yml`."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.contracts import Kind
from pipelines.headers.folding import strip_accents
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.tables.candidates import Candidate

KIND_NAMES: dict[Kind, str] = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
LONGEST_NAME = 40
_SILENT = {"export", "exports", "csv", "data", "donnees", "all", "liste", "list", "extract", "extraction", "report"}


@dataclass(frozen=True)
class System:
    """The exports of one system. ``folder`` is the one that holds them all. ``is_one_of_several``: told apart from
    others of its kind by the names of the files alone."""

    name: str
    kind: Kind
    system: str | None
    folder: str
    candidates: tuple[Candidate, ...]
    is_one_of_several: bool = False


def group_systems(candidates: Sequence[Candidate], vocabulary: Vocabulary) -> list[System]:
    """The systems that the recognised exports are of, by name.

    Exports of one kind and known system are of one, unless two of them are the same export: then it is the folders that
    tell them apart, and within one folder the words in which the names of the files differ.
    """
    groups: dict[tuple[Kind, str], dict[str, list[Candidate]]] = {}
    for candidate in candidates:
        if candidate.kind is not None:
            by_folder = groups.setdefault((candidate.kind, candidate.system or ""), {})
            by_folder.setdefault(candidate.export.folder, []).append(candidate)
    found = [
        (folder, kind, system, group)
        for (kind, system), by_folder in sorted(groups.items())
        for folder, group in sorted(_merge_folders(by_folder).items())
    ]
    in_folder = Counter(folder for folder, *_ in found)
    taken: set[str] = set()
    systems = []
    for folder, kind, system, group in found:
        parts = _part(group, vocabulary)
        for label, part in parts:
            name = _name(system, folder if in_folder[folder] == 1 else "", kind, label, taken)
            systems.append(System(name, kind, system or None, folder, tuple(part), len(parts) > 1))
    return sorted(systems, key=lambda system: (system.kind, system.name))


def _merge_folders(groups: Mapping[str, list[Candidate]]) -> dict[str, list[Candidate]]:
    """Exports of folders side by side are of one system where none of them is there twice."""
    merged = dict(groups)
    parents = {str(parent) for folder in groups for parent in PurePosixPath(folder, "x").parents}
    for parent in sorted(parents, key=lambda each: (-len(PurePosixPath(each).parts), each)):
        place = "" if parent == "." else parent
        below = [folder for folder in merged if not place or folder == place or folder.startswith(f"{place}/")]
        union = [candidate for folder in sorted(below) for candidate in merged[folder]]
        if len(below) > 1 and not _collide(union):
            merged = {folder: group for folder, group in merged.items() if folder not in below}
            merged[common_folder(below)] = union
    return merged


def _part(group: Sequence[Candidate], vocabulary: Vocabulary) -> list[tuple[str, list[Candidate]]]:
    """The shops of one folder, each by the words that only its files have."""
    if not _collide(group):
        return [("", list(group))]
    shops: dict[str, list[Candidate]] = {}
    for candidate in group:
        shops.setdefault(_label(candidate, vocabulary), []).append(candidate)
    parts: list[tuple[str, list[Candidate]]] = []
    for label, shop in sorted(shops.items()):
        left = shop
        while left:
            first: list[Candidate] = []
            for candidate in left:
                if not _collide([*first, candidate]):
                    first.append(candidate)
            parts.append((label, first))
            left = [candidate for candidate in left if candidate not in first]
    return parts


def _collide(group: Sequence[Candidate]) -> bool:
    """Whether two exports are the same one: of one preset, or for one table."""
    seen = [_what(candidate) for candidate in group]
    return len(set(seen)) < len(seen)


def _what(candidate: Candidate) -> tuple[str, ...]:
    if candidate.preset:
        return (candidate.preset.preset.name,)
    return (candidate.tables[0],)


def _label(candidate: Candidate, vocabulary: Vocabulary) -> str:
    """The words of an export's name that speak neither of a table nor of the system: `fr` of `orders_fr.csv`."""
    known = {word for table in vocabulary.tables.values() for word in table.files} | _SILENT
    words = re.findall(r"[a-z]+", strip_accents(candidate.export.stem))
    system = re.findall(r"[a-z]+", strip_accents(candidate.system or ""))
    kept = [word for word in words if word not in system and not set(vocabulary.folding.fold(word).words) & known]
    return "_".join(dict.fromkeys(kept))


def _name(system: str, folder: str, kind: Kind, label: str, taken: set[str]) -> str:
    """A name that no other source has: of the system, else of the folder, else of the kind."""
    own = _slug(re.split(r"[,(]", system)[0]) or _slug(PurePosixPath(folder).name) or KIND_NAMES[kind]
    folders = [_slug(part) for part in PurePosixPath(folder).parts]
    proposed = [f"{own}_{label}" if label else own, f"{own}_{KIND_NAMES[kind]}" if not label else ""]
    proposed += [f"{own}_{part}" for part in reversed(folders) if part and part != own]
    proposed += (f"{proposed[0]}_{number}" for number in range(2, 1000))
    chosen = next(name for name in map(_cut, proposed) if name and name not in taken)
    taken.add(chosen)
    return chosen


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", strip_accents(text)).strip("_")
    return slug if re.match(r"[a-z]", slug) else ""


def _cut(name: str) -> str:
    return name[:LONGEST_NAME].strip("_")


def common_folder(folders: Iterable[str]) -> str:
    """The folder that holds all of them."""
    parts = [PurePosixPath(folder).parts for folder in folders]
    shared = []
    for steps in zip(*parts, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return "/".join(shared)
