"""Files that are one export, and the pattern that finds them: names that differ by a date, a number, a month only."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pipelines.headers.folding import strip_accents
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.heads.head import Head

SAME_COLUMNS = 0.8  # Of all columns of two files of one export: systems add one, or leave out an empty one.

_MONTHS = (
    "janvier|fevrier|février|mars|avril|mai|juin|juillet|aout|août|septembre|octobre|novembre|decembre|décembre|"
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_VARIABLE = re.compile(
    rf"(?:(?<![^\W_])(?:{_MONTHS}|copie|copy|part|partie|lot)(?![^\W_])|[ _\-]?\(\d+\)|\d+)", re.IGNORECASE
)
_MARKS = re.compile(r"\*(?:[ _\-.()]*\*)+")


def group_heads(heads: Sequence[Head]) -> list[Export]:
    """The exports that the heads are of, in the order of their first files."""
    groups: list[list[Head]] = []
    keys: dict[tuple[str, ...], list[int]] = {}
    for head in heads:
        key = _key(head)
        near = [n for n in keys.get(key, ()) if _share_columns(groups[n][0], head)]
        if near:
            groups[near[0]].append(head)
        else:
            keys.setdefault(key, []).append(len(groups))
            groups.append([head])
    names = sorted({head.name for head in heads})
    return [export for group in groups for export in _make_exports(group, names, heads)]


def _key(head: Head) -> tuple[str, ...]:
    path = PurePosixPath(head.name)
    fixed = _MARKS.sub("*", _VARIABLE.sub("*", path.name)).lower()
    inside = _MARKS.sub("*", _VARIABLE.sub("*", head.member or "")).lower()
    return (str(path.parent), fixed, inside, strip_accents(head.sheet or ""))


def _share_columns(one: Head, other: Head) -> bool:
    ours, theirs = set(one.columns), set(other.columns)
    return len(ours & theirs) >= SAME_COLUMNS * len(ours | theirs) and _reading(one) == _reading(other)


def _reading(head: Head) -> tuple[object, ...]:
    return tuple(head.options.get(key) for key in ("encoding", "skip", "sheet"))


def _make_exports(group: list[Head], names: Sequence[str], heads: Sequence[Head]) -> list[Export]:
    """One export where a pattern finds just these files, else one a file."""
    folder = str(PurePosixPath(group[0].name).parent)
    folder = "" if folder == "." else folder
    here = [PurePosixPath(name).name for name in names if _folder(name) == folder]
    wanted = {PurePosixPath(head.name).name for head in group}
    pattern = _find_pattern(sorted(wanted), here)
    if pattern is None:
        return [export for head in group for export in _make_exports([head], names, heads)]
    member = None
    if group[0].member:
        inside = sorted({head.member or "" for head in group})
        others = sorted({head.member or "" for head in heads if head.name in {each.name for each in group}})
        member = None if inside == others else _find_pattern(inside, others)
    return [Export(tuple(group), pattern, folder, member)]


def _folder(name: str) -> str:
    parent = str(PurePosixPath(name).parent)
    return "" if parent == "." else parent


def _find_pattern(wanted: Sequence[str], there: Iterable[str]) -> str | None:
    """The plainest pattern that finds the names ``wanted`` and none of the others that are ``there``."""
    if len(wanted) == 1:
        return _escape(wanted[0])
    others = set(there) - set(wanted)
    parts = [part for part in _VARIABLE.split(wanted[0]) if part is not None]
    digits = re.sub(r"\d", "[0-9]", _escape(wanted[0]))
    for pattern in (_MARKS.sub("*", "*".join(map(_escape, parts))), digits):
        if all(fnmatchcase(name, pattern) for name in wanted) and not any(fnmatchcase(o, pattern) for o in others):
            return pattern
    return None


def _escape(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
