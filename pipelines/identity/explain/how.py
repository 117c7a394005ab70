"""The order in which a customer's records joined, and the join that it cannot do without.

The ties shown are the strongest that connect all its records (Kruskal's maximum spanning tree): identical content,
human decisions, links by weight, pooled evidence where no single link connects, receipts by e-mail. As in clustering,
records join by evidence first, strongest first; must-link decisions connect what is left.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.errors import ParcoursError
from pipelines.identity.explain.evidence import Comparison, Evidence, every_pair
from pipelines.identity.explain.neighbourhood import Decision, Neighbourhood, StoredPair, strongest_first
from pipelines.identity.explain.record_ties import Rule, Tie, certain_ties, link_ties, receipt_ties

_STRENGTH: tuple[Rule, ...] = ("pooled_evidence", "link", "receipt_email", "identical_content", "decision")
"""From the rule that holds weakest to the strongest."""

_ORDER: tuple[Rule, ...] = ("identical_content", "link", "pooled_evidence", "receipt_email", "decision")
"""In which order rules join."""


@dataclass(frozen=True)
class Join:
    """One step: the records of ``left`` and of ``right`` come together by ``tie``, whose records stand one on each.

    ``pooled_weight`` is the evidence between the sides over all their pairs of profiles, None where a rule joins.
    """

    number: int
    tie: Tie
    left: tuple[str, ...]
    right: tuple[str, ...]
    pooled_weight: float | None
    comparison: Comparison


@dataclass(frozen=True)
class Decisive:
    """The weakest join that the customer cannot do without: without it, ``left`` and ``right`` are two customers.

    ``links`` are the stored links, and ``decisions`` the must-links, that must go for that: they leave no chain between
    the sides, over records of other customers neither. ``is_only_link``: that is one single link, and no decision.
    """

    number: int
    tie: Tie
    left: tuple[str, ...]
    right: tuple[str, ...]
    links: tuple[StoredPair, ...]
    decisions: tuple[Decision, ...]

    @property
    def is_only_link(self) -> bool:
        return len(self.links) == 1 and not self.decisions


def order_joins(evidence: Evidence, customer_id: str) -> list[Join]:
    """The joins that make the customer out of its single records: one fewer than it has records."""
    around = evidence.around
    records = around.records_of[customer_id]
    evidence.weigh(every_pair(evidence.profiles_of(records)))
    ties = sorted(_choose_ties(evidence, records), key=lambda tie: _ORDER.index(tie.rule))
    if len(ties) != len(records) - 1:
        raise ParcoursError(
            f"Nothing in the lake holds the records of {customer_id} together: its tables are of different runs. "
            "Run `parcours run` again."
        )
    evidence.weigh((around.subject_of[tie.record_id_l], around.subject_of[tie.record_id_r]) for tie in ties)
    parts: dict[str, tuple[str, ...]] = {record: (record,) for record in records}
    joins = []
    for number, tie in enumerate(ties, start=1):
        left, right = parts[tie.record_id_l], parts[tie.record_id_r]
        joins.append(_join(evidence, number, tie, left, right))
        _merge(parts, left, right)
    return joins


def _choose_ties(evidence: Evidence, records: tuple[str, ...]) -> list[Tie]:
    """The ties that hold the records together, strongest first: each joins what those before it left apart."""
    parts: dict[str, tuple[str, ...]] = {record: (record,) for record in records}
    chosen = []
    for tie in _ties(evidence, records, parts):
        left, right = parts[tie.record_id_l], parts[tie.record_id_r]
        if left != right:
            chosen.append(tie)
            _merge(parts, left, right)
    return chosen


def _merge(parts: dict[str, tuple[str, ...]], left: tuple[str, ...], right: tuple[str, ...]) -> None:
    merged = tuple(sorted(left + right))
    parts |= dict.fromkeys(merged, merged)


def _join(evidence: Evidence, number: int, tie: Tie, left: tuple[str, ...], right: tuple[str, ...]) -> Join:
    pooled = evidence.pool(left, right) if tie.rule in ("link", "pooled_evidence") else None
    weight = None if pooled is None else pooled.weight
    if tie.rule == "pooled_evidence":
        tie = replace(tie, weight=weight)
    return Join(number, tie, left, right, weight, evidence.compare(tie.record_id_l, tie.record_id_r))


def find_own_part(evidence: Evidence, record_id: str) -> tuple[str, ...]:
    """The records of its customer that hold together with ``record_id`` whatever people decided, sorted."""
    records = evidence.around.records_of[evidence.around.customer_of[record_id]]
    ties = _choose_ties(evidence, records)
    return tuple(sorted(_hold_together(record_id, [tie for tie in ties if tie.rule != "decision"])))


def find_decisive(around: Neighbourhood, joins: list[Join]) -> Decisive | None:
    """The decisive one of ``joins``, all those of a customer; None where it has a single record."""
    if not joins:
        return None
    # Of equals the last: it joined by the weaker tie.
    decisive = min(reversed(joins), key=lambda join: _STRENGTH.index(join.tie.rule))
    left = _hold_together(decisive.tie.record_id_l, [join.tie for join in joins if join is not decisive])
    right = {record for join in joins for record in (*join.left, *join.right)} - left
    by_rule = decisive.tie.rule in ("identical_content", "receipt_email")
    crossing = tuple(decision for decision in around.must_links if _crosses(decision, left, right))
    return Decisive(
        decisive.number,
        decisive.tie,
        tuple(sorted(left)),
        tuple(sorted(right)),
        () if by_rule else _cut(around, left, right),
        crossing,
    )


def _ties(evidence: Evidence, records: tuple[str, ...], parts: Mapping[str, tuple[str, ...]]) -> Iterator[Tie]:
    """What may join the records, best first. ``parts`` is where each record stands by the time a tie is asked for."""
    around = evidence.around
    yield from certain_ties(around, records)
    yield from link_ties(around, records)
    yield from _pooled_ties(evidence, records, parts)
    yield from receipt_ties(around, records)


def _pooled_ties(evidence: Evidence, records: tuple[str, ...], parts: Mapping[str, tuple[str, ...]]) -> Iterator[Tie]:
    """Between parts that no link joins, the best evidence over all their pairs, until one part is left."""
    compared = [record for record in records if evidence.around.standing[record] == "profile"]
    while True:
        left_over = sorted({parts[record] for record in compared})
        if len(left_over) < 2:
            return
        scored = []
        for one, other in ((one, other) for at, one in enumerate(left_over) for other in left_over[at + 1 :]):
            pooled = evidence.pool(one, other)
            assert pooled is not None  # both parts have a profile
            scored.append((-pooled.weight, one, other))
        weight, one, other = min(scored)
        pairs = (
            (-evidence.weight_between(left, right), left, right)
            for left in one
            for right in other
            if evidence.around.standing[left] == evidence.around.standing[right] == "profile"
        )
        _, left, right = min(pairs)
        yield Tie("pooled_evidence", left, right, -weight)


def _hold_together(start: str, ties: Iterable[Tie]) -> set[str]:
    """The records that ``ties`` lead to from ``start``, and itself."""
    neighbours: dict[str, list[str]] = {}
    for tie in ties:
        neighbours.setdefault(tie.record_id_l, []).append(tie.record_id_r)
        neighbours.setdefault(tie.record_id_r, []).append(tie.record_id_l)
    return _spread({start}, neighbours, barred=set())


def _spread(start: set[str], neighbours: dict[str, list[str]], barred: set[str]) -> set[str]:
    """What is reached from ``start`` without stepping on ``barred``."""
    reached, waiting = set(start), sorted(start)
    while waiting:
        new = [found for found in neighbours.get(waiting.pop(), ()) if found not in reached and found not in barred]
        reached.update(new)
        waiting += new
    return reached


def _cut(around: Neighbourhood, left: set[str], right: set[str]) -> tuple[StoredPair, ...]:
    """Links without which no chain leads from one side to the other, over records of other customers neither.

    The records of others are counted with one side or the other, whichever takes fewer links.
    """
    cuts = []
    for near, far in ((left, right), (right, left)):
        reached = _spread(near, around.tied_to, barred=far)
        leaving = {pair for record in far for pair in around.links_of.get(record, ()) if _crosses(pair, reached, far)}
        cuts.append(tuple(sorted(leaving, key=strongest_first)))
    return min(cuts, key=len)


def _crosses(pair: StoredPair | Decision, left: set[str], right: set[str]) -> bool:
    one, other = pair.record_id_l, pair.record_id_r
    return (one in left and other in right) or (one in right and other in left)
