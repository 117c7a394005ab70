"""One export against one canonical table: which of its columns is which, and how well the two go together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipelines.contracts import TABLES, Table
from pipelines.headers.vocabulary import LIKELY, Vocabulary
from pipelines.onboarding.draft import Remark
from pipelines.onboarding.tables.fitting import weigh
from pipelines.onboarding.values.shapes import Shape

LEAST = 0.45  # Below, a header and a column have a word in common and no more.
CERTAIN = 0.8  # Below, the reader is told to look twice.
NEAR = 0.12  # Within so much of the best, another column is as good a guess.
LEAST_SCORE = 3.0  # Of a table: a key, and two columns that belong to it.


@dataclass(frozen=True)
class Assigned:
    """The source column that a canonical column is taken from; ``others`` may be it as well."""

    source: str
    score: float
    others: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.score >= LIKELY

    @property
    def doubt(self) -> Remark | None:
        """What to say of a column that may be another."""
        if self.others:
            return Remark("or_else", {"columns": ", ".join(self.others)})
        return Remark("look_twice") if self.score < CERTAIN else None


@dataclass(frozen=True)
class Match:
    """A canonical table that an export may fill."""

    table: Table
    assigned: Mapping[str, Assigned]
    score: float

    def source_of(self, column: str) -> str | None:
        """The source column of a canonical one, if it is sure enough to be written."""
        assigned = self.assigned.get(column)
        return assigned.source if assigned and assigned.is_sure else None


def match_tables(shapes: Mapping[str, Shape], words: Collection[str], vocabulary: Vocabulary) -> list[Match]:
    """The tables that an export with columns of ``shapes`` may fill, the likeliest first.

    ``words`` are those of the file's name and of the folders it lies in, folded.
    """
    matches = [
        match
        for table in TABLES
        if table.path in vocabulary.tables and (match := _match(shapes, words, table, vocabulary))
    ]
    return sorted(matches, key=lambda match: (-match.score, match.table.path))


def match_header(shapes: Mapping[str, Shape], table: Table, vocabulary: Vocabulary) -> Match | None:
    """The ticket or order that lines repeat, where they say its number and its day: its total is theirs."""
    assigned = assign(shapes, table, vocabulary)
    needs = vocabulary.tables[table.path].needs[:2]
    there = {column for column, each in assigned.items() if each.is_sure and not shapes[each.source].is_empty}
    return Match(table, assigned, 0.0) if all(there.intersection(group) for group in needs) else None


def _match(shapes: Mapping[str, Shape], words: Collection[str], table: Table, vocabulary: Vocabulary) -> Match | None:
    tells = vocabulary.tables[table.path].tells
    told = {word for source in shapes for word in vocabulary.folding.fold(source).words} | set(words)
    if tells and not tells & told:
        return None
    assigned = assign(shapes, table, vocabulary)
    needs = vocabulary.tables[table.path].needs
    there = {column for column, each in assigned.items() if each.is_sure and not shapes[each.source].is_empty}
    if not all(there.intersection(group) for group in needs):
        return None
    wanted = {column for group in needs for column in group} | set(table.required)
    score = sum((2 if column in wanted else 1) * each.score for column, each in assigned.items() if each.is_sure)
    lacking = sum(
        column not in assigned and f"{table.path}.{column}" not in vocabulary.assumed for column in table.required
    )
    score += 1.5 * len(set(words) & vocabulary.tables[table.path].files) - 0.8 * lacking
    score += 1.5 * len(set(words) & vocabulary.kinds[table.kind])
    return Match(table, assigned, score) if score >= LEAST_SCORE else None


def assign(shapes: Mapping[str, Shape], table: Table, vocabulary: Vocabulary) -> dict[str, Assigned]:
    """The best source column of each canonical one; a source column is only one of them."""
    columns = list(vocabulary.columns_of(table))
    scores: dict[tuple[str, str], float] = {}
    for source, shape in shapes.items():
        header = vocabulary.folding.fold(source)
        for column in columns:
            said = vocabulary.match(header, table, column)
            score = weigh(said, shape, table, column, vocabulary, is_bare=header.words == ("id",))
            if score >= LEAST:
                scores[column, source] = score
    order = {name: number for number, name in enumerate(columns)}
    places = {name: number for number, name in enumerate(shapes)}
    assigned: dict[str, Assigned] = {}
    taken: set[str] = set()
    ranked = sorted(scores.items(), key=lambda item: (-item[1], order[item[0][0]], places[item[0][1]]))
    for (column, source), score in ranked:
        if column in assigned or source in taken:
            continue
        assigned[column] = Assigned(source, score)
        taken.add(source)
    return {
        column: Assigned(each.source, each.score, _find_others(column, each, scores, taken, places))
        for column, each in assigned.items()
    }


def _find_others(
    column: str,
    chosen: Assigned,
    scores: Mapping[tuple[str, str], float],
    taken: Collection[str],
    places: Mapping[str, int],
) -> tuple[str, ...]:
    near: Sequence[str] = [
        source
        for (named, source), score in scores.items()
        if named == column and source not in taken and score >= chosen.score - NEAR
    ]
    return tuple(sorted(near, key=places.__getitem__))[:4]
