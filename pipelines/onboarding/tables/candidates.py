"""What each export may be: that of a known system, or one that its columns tell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipelines.contracts import Kind
from pipelines.contracts import table as find_table
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables.keys import overlap
from pipelines.onboarding.tables.matching import Match, match_header, match_tables
from pipelines.onboarding.tables.preset_rows import has_rows
from pipelines.presets.recognise import Recognised, recognise

PEOPLE = ("crm/contacts", "ecommerce/customers", "pos/members")
BUYERS = {"ecommerce/orders": ("account_id", "ecommerce/customers"), "pos/tickets": ("member_id", "pos/members")}
KNOWN_IDS = 0.3  # Of the buyers' ids; many buyers left long ago, or the export is of one year.
SAME_PEOPLE = 8.0  # Beside scores of tables: whose ids they are is worth more than what files are called.
SAME_FOLDER = 2.0  # People beside orders, and no tickets, are the shop's; as much as a word of the file's name.
PER_MISSING = 8  # Needed columns that are there, for each that a file lacks and a question stands for.
MOST_MISSING = 2
FAR_MORE = 1.25  # Columns: an export of Lightspeed's has most that the preset reads, a till's own five of fifteen.
_ONLINE = re.compile(r"en[ _-]?ligne|on-line", re.IGNORECASE)
HEADERS = {
    "ecommerce/order_lines": "ecommerce/orders",
    "pos/ticket_lines": "pos/tickets",
}
"""Per table of lines, the one whose columns its rows may repeat."""


@dataclass(frozen=True)
class Candidate:
    """An export and what it may be: of ``preset``, else the ``match`` its columns make. ``header``: the table that its
    rows repeat, if they do."""

    export: Export
    preset: Recognised | None = None
    match: Match | None = None
    header: Match | None = None

    @property
    def kind(self) -> Kind | None:
        if self.preset:
            return self.preset.preset.kind
        return self.match.table.kind if self.match else None

    @property
    def system(self) -> str | None:
        return self.preset.preset.system if self.preset else None

    @property
    def tables(self) -> tuple[str, ...]:
        """The canonical tables that it may fill, by name, its own first."""
        if self.preset:
            return tuple(self.preset.preset.tables)
        return tuple(match.table.name for match in (self.match, self.header) if match)


def list_candidates(exports: Sequence[Export], vocabulary: Vocabulary) -> list[Candidate]:
    """One for each export and kind, in their order; neither preset nor match where nothing is recognised."""
    matches = [[] if _is_something_else(export, vocabulary) else _match(export, vocabulary) for export in exports]
    known = [_find_presets(export, found) for export, found in zip(exports, matches, strict=True)]
    own = [[] if presets else found for presets, found in zip(known, matches, strict=True)]
    return [
        candidate
        for export, presets, found in zip(exports, known, own, strict=True)
        for candidate in (
            [Candidate(export, preset) for preset in presets] or [_choose(export, found, exports, own, vocabulary)]
        )
    ]


def _find_presets(export: Export, matches: Sequence[Match]) -> list[Recognised]:
    """The known exports that it is: one, and for each other kind one of which it holds rows too.

    None where its columns say far more than the known one would read.
    """
    found = [each for each in recognise(export.columns) if has_rows(export, each.preset)]
    if not found:
        return []
    best = found[0]
    told = {each.source for match in matches[:2] for each in match.assigned.values() if each.is_sure}
    needed = sum(not header.is_optional for header in best.preset.headers.values())
    is_near = len(best.missing) <= MOST_MISSING and needed - len(best.missing) >= PER_MISSING * len(best.missing)
    if not (best.is_certain or is_near) or len(told) > FAR_MORE * len(best.found):
        return []
    others = {each.preset.kind: each for each in reversed(found) if each.is_certain and each.preset.rows}
    return [best, *(each for kind, each in sorted(others.items()) if kind != best.preset.kind)]


def _is_something_else(export: Export, vocabulary: Vocabulary) -> bool:
    """Whether the file is of things that look like orders or people and are none: carts left behind, quotes, logs."""
    return bool(vocabulary.never.intersection(vocabulary.folding.fold(export.stem).words))


def _match(export: Export, vocabulary: Vocabulary) -> list[Match]:
    return match_tables(export.shapes, _list_words(export, vocabulary), vocabulary)


def _list_words(export: Export, vocabulary: Vocabulary) -> set[str]:
    """The words of the file's name and of the folders it lies in."""
    parts = [export.stem, *PurePosixPath(export.folder).parts]
    words = {word for part in parts for word in vocabulary.folding.fold(_ONLINE.sub(" online ", part)).words}
    return words - {"store"} if words & {"online", "web", "site", "ecommerce"} else words


def _choose(
    export: Export,
    found: Sequence[Match],
    exports: Sequence[Export],
    matches: Sequence[Sequence[Match]],
    vocabulary: Vocabulary,
) -> Candidate:
    """The likeliest table; of people, that of the system in which they buy."""
    if not found:
        return Candidate(export)
    scored = [
        replace(match, score=match.score + _count_buyers(export, match, exports, matches))
        if match.table.path in PEOPLE
        else match
        for match in found
    ]
    ranked = sorted(scored, key=lambda match: (-match.score, match.table.path))
    by_path = {match.table.path: match for match in ranked}
    best = ranked[0]
    for lines, header in HEADERS.items():  # Rows with a product and a quantity are lines, whatever they repeat.
        if best.table.path == header and lines in by_path:
            best = by_path[lines]
    repeated_path = HEADERS.get(best.table.path)
    if repeated_path is None:
        return Candidate(export, match=best)
    repeated = by_path.get(repeated_path) or match_header(
        export.shapes, find_table(best.table.kind, repeated_path.partition("/")[2]), vocabulary
    )
    return Candidate(export, match=best, header=repeated)


def _count_buyers(export: Export, match: Match, exports: Sequence[Export], matches: Sequence[Sequence[Match]]) -> float:
    """Whether those who buy in another export are the people of this one: by their ids, or as both lie together."""
    id_ = match.source_of(match.table.key[0])
    beside = {
        each[0].table.path for other, each in zip(exports, matches, strict=True) if each and _is_beside(export, other)
    }
    bought = {BUYERS[path][1] for path in beside & BUYERS.keys()} | {
        BUYERS[HEADERS[path]][1] for path in beside & HEADERS.keys()
    }
    for other, found in zip(exports, matches, strict=True):
        for each in found[:3]:
            column, people = BUYERS.get(each.table.path, ("", ""))
            named = each.source_of(column) if people == match.table.path else None
            if id_ and named and other is not export and overlap(export, id_, other, named) >= KNOWN_IDS:
                return SAME_PEOPLE
    return SAME_FOLDER if bought == {match.table.path} else 0.0


def _is_beside(one: Export, other: Export) -> bool:
    return other is not one and other.folder == one.folder
