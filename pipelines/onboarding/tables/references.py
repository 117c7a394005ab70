"""Which of several likely columns is a key: the one by which the rows of another export name it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.onboarding.tables.candidates import Candidate
from pipelines.onboarding.tables.keys import overlap
from pipelines.onboarding.tables.matching import Assigned, Match

CLEARLY = 0.2  # Of the ids, by which another column must know more.


def settle_keys(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of one system, each with the key that the others know it by."""
    settled = list(candidates)
    for number, candidate in enumerate(settled):
        if candidate.match is None:
            continue
        key = candidate.match.table.key[0]
        path = f"{candidate.match.table.path}.{key}"
        chosen = candidate.match.assigned.get(key)
        if len(candidate.match.table.key) > 1 or chosen is None or not chosen.others:
            continue
        known = {source: _count_known(candidate, source, path, settled) for source in (chosen.source, *chosen.others)}
        best = max(known, key=lambda source: known[source])
        if known[best] > known[chosen.source] + CLEARLY:
            others = tuple(source for source in known if source != best)
            assigned: Mapping[str, Assigned] = {
                **candidate.match.assigned,
                key: Assigned(best, chosen.score, others if known[best] < 1 else ()),
            }
            settled[number] = replace(candidate, match=replace(candidate.match, assigned=assigned))
    return settled


def _count_known(candidate: Candidate, source: str, path: str, others: Sequence[Candidate]) -> float:
    """The largest share of the ids of another export that ``source`` knows."""
    shares = [0.0]
    for other in others:
        if other.match is not None and other is not candidate:
            shares += [overlap(candidate.export, source, other.export, named) for named in _naming(other.match, path)]
    return max(shares)


def _naming(match: Match, path: str) -> list[str]:
    """The source columns by which a match names rows of ``path``."""
    return [
        source
        for column in match.table.columns
        if column.references and path in column.references.targets and (source := match.source_of(column.name))
    ]
