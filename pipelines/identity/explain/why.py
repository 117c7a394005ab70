"""Why two sides, records or customers, are one person or are not: the verdict, and the evidence it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipelines.identity.clustering.agglomerate import MERGE_THRESHOLD_BITS
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.clustering.connected_components import LARGEST_COMPONENT
from pipelines.identity.explain.evidence import Comparison, Evidence, Pooled
from pipelines.identity.explain.how import find_own_part, order_joins
from pipelines.identity.explain.neighbourhood import Decision, Neighbourhood
from pipelines.identity.explain.record_ties import (
    Tie,
    both_ways,
    certain_ties,
    find_direct_tie,
    link_ties,
    pick_by_subject,
    receipt_ties,
)
from pipelines.identity.explain.resolve_ids import Side
from pipelines.identity.explain.strongest_path import find_strongest_path

Reason = Literal[
    "decision", "identical_content", "receipt_email", "link", "chain", "pooled_evidence",
    "kept_apart_by_decision", "says_nothing", "receipt_of_other_email", "placed_by_decision",
    "receipt_email_of_several", "divided_by_pooled_evidence", "component_too_large", "never_compared",
    "too_little_evidence",
]  # fmt: skip
"""Together: a must-link; identical content; the receipt's e-mail; a link between the two; a chain of such ties; the
evidence over all pairs, without a chain.

Apart: a cannot-link; a record that says nothing; a receipt, which goes by its e-mail only, and the other has another or
none; a receipt that a must-link placed elsewhere; one whose e-mail several customers use; a chain ties them but the
evidence over all pairs is against; a chain ties them but so many hang on it that only stronger links counted; the
evidence would do but they share no blocking key that is not too common; the evidence falls short."""


@dataclass(frozen=True)
class Step:
    """A step of a path, from ``record_id_l`` of the comparison to its ``record_id_r``."""

    tie: Tie
    comparison: Comparison


@dataclass(frozen=True)
class Answer:
    """Why the two sides are together or apart.

    ``comparison`` is of the two records asked about, or of the strongest pair between two customers. ``path`` is the
    strongest chain between the compared two where no tie is direct. ``pooled`` is the evidence between the two
    customers (of one customer: between the two sides) over all their pairs. ``bits_short``: how much more the evidence
    would have to say. ``email_users``: the customers who use a receipt's e-mail. ``decision``: the one that applied.
    """

    sides: tuple[Side, Side]
    reason: Reason
    comparison: Comparison
    decision: Decision | None = None
    path: tuple[Step, ...] = ()
    pooled: Pooled | None = None
    bits_short: float | None = None
    email_users: tuple[str, ...] = ()

    @property
    def is_together(self) -> bool:
        return self.sides[0].customer_id == self.sides[1].customer_id

    @property
    def is_between_records(self) -> bool:
        return all(side.kind == "record" for side in self.sides)


def answer_why(evidence: Evidence, sides: tuple[Side, Side]) -> Answer:
    """Why the sides are one customer, or are not."""
    if sides[0].customer_id == sides[1].customer_id:
        return _why_together(evidence, sides)
    return _why_apart(evidence, sides)


def _why_together(evidence: Evidence, sides: tuple[Side, Side]) -> Answer:
    around = evidence.around
    records = around.records_of[sides[0].customer_id]
    between_records = all(side.kind == "record" for side in sides)
    pooled = None if between_records else evidence.pool(sides[0].records, sides[1].records)
    direct = find_direct_tie(around, sides[0].records, sides[1].records)
    if direct is not None:
        comparison = evidence.compare(direct.record_id_l, direct.record_id_r)
        return Answer(sides, direct.rule, comparison, direct.decision, pooled=pooled)
    left, right = _strongest_pair(evidence, sides)
    ties = [*certain_ties(around, records), *link_ties(around, records), *receipt_ties(around, records)]
    path = find_strongest_path(ties, left, right)
    if path is None:
        path = find_strongest_path([join.tie for join in order_joins(evidence, sides[0].customer_id)], left, right)
        assert path is not None  # the joins hold all records of the customer together
    by_pool = any(tie.rule == "pooled_evidence" for tie in path)
    steps = _walk(evidence, path, left)
    reason: Reason = "pooled_evidence" if by_pool else "chain"
    return Answer(sides, reason, evidence.compare(left, right), None, steps, pooled)


def _why_apart(evidence: Evidence, sides: tuple[Side, Side]) -> Answer:
    around = evidence.around
    left, right = _strongest_pair(evidence, sides)
    comparison = evidence.compare(left, right)
    pooled = evidence.pool(*(around.records_of[side.customer_id] for side in sides))
    decision = _find_cannot_link(around, sides)
    if decision is not None:
        return Answer(sides, "kept_apart_by_decision", comparison, decision, pooled=pooled)
    if {around.standing[left], around.standing[right]} != {"profile"}:
        return _why_not_by_rule(around, sides, comparison, pooled)
    component = around.component_of(left)
    if around.representative(right) in component:
        return _why_divided(evidence, sides, comparison, component)
    if comparison.weight >= LINK_THRESHOLD_BITS:
        return Answer(sides, "never_compared", comparison, pooled=pooled)
    return Answer(
        sides, "too_little_evidence", comparison, pooled=pooled, bits_short=LINK_THRESHOLD_BITS - comparison.weight
    )


def _why_divided(evidence: Evidence, sides: tuple[Side, Side], comparison: Comparison, component: set[str]) -> Answer:
    """Why two records are apart although a chain of links leads from one to the other."""
    around, left, right = evidence.around, comparison.record_id_l, comparison.record_id_r
    everyone = list(around.subject_of)
    path = find_strongest_path([*certain_ties(around, everyone), *link_ties(around, everyone)], left, right)
    assert path is not None  # they are of one component
    steps = _walk(evidence, path, left) if len(path) > 1 else ()
    # What people tied together came together last, and was weighed by its parts.
    pooled = evidence.pool(find_own_part(evidence, left), find_own_part(evidence, right))
    assert pooled is not None  # chains lead from profile to profile
    if pooled.weight > MERGE_THRESHOLD_BITS and len(component) > LARGEST_COMPONENT:
        return Answer(sides, "component_too_large", comparison, None, steps, pooled)
    short = max(0.0, MERGE_THRESHOLD_BITS - pooled.weight)
    return Answer(sides, "divided_by_pooled_evidence", comparison, None, steps, pooled, short)


def _strongest_pair(evidence: Evidence, sides: tuple[Side, Side]) -> tuple[str, str]:
    """The records of the two sides with the most evidence for one person: of those that are compared, if any are."""
    around = evidence.around
    groups = []
    for side in sides:
        compared = [record for record in side.records if around.standing[record] == "profile"]
        groups.append(sorted(pick_by_subject(around, compared or side.records).values()))
    evidence.weigh((around.subject_of[one], around.subject_of[other]) for one in groups[0] for other in groups[1])
    return min(
        ((one, other) for one in groups[0] for other in groups[1]),
        key=lambda pair: (-evidence.weight_between(*pair), *pair),
    )


def _find_cannot_link(around: Neighbourhood, sides: tuple[Side, Side]) -> Decision | None:
    """The decision that keeps the customers of the two sides apart: about the sides' own records first."""
    own = (sides[0].records, sides[1].records)
    whole = (around.records_of[sides[0].customer_id], around.records_of[sides[1].customer_id])
    for left, right in (own, whole):
        for decision in around.cannot_links:
            if any(one in left and other in right for one, other in both_ways(decision)):
                return decision
    # Two receipts that are held apart and would go to one customer stay out of it, both.
    receipts = {record for side in sides for record in side.records if around.standing[record] == "receipt"}
    emails = [{around.email_of(record) for record in side.records} for side in sides]
    if emails[0] & emails[1] - {None}:
        for decision in around.cannot_links:
            if {decision.record_id_l, decision.record_id_r} & receipts:
                return decision
    return None


def _why_not_by_rule(
    around: Neighbourhood, sides: tuple[Side, Side], comparison: Comparison, pooled: Pooled | None
) -> Answer:
    """Why two records, one of which is not compared, are apart."""
    pair = (comparison.record_id_l, comparison.record_id_r)
    if "blank" in (around.standing[record] for record in pair):
        return Answer(sides, "says_nothing", comparison, pooled=pooled)
    email, other_email = (around.email_of(record) for record in pair)
    if email != other_email:
        return Answer(sides, "receipt_of_other_email", comparison, pooled=pooled)
    receipts = {record for record in pair if around.standing[record] == "receipt"}
    for decision in around.must_links:
        if {decision.record_id_l, decision.record_id_r} & receipts:
            return Answer(sides, "placed_by_decision", comparison, decision, pooled=pooled)
    users = {
        around.customer_of[record]
        for record in around.rows
        if around.email_of(record) == email and around.standing[record] == "profile"
    }
    return Answer(sides, "receipt_email_of_several", comparison, pooled=pooled, email_users=tuple(sorted(users)))


def _walk(evidence: Evidence, path: Iterable[Tie], start: str) -> tuple[Step, ...]:
    """The path as steps, each from where the one before ended."""
    steps = []
    for tie in path:
        end = tie.record_id_r if tie.record_id_l == start else tie.record_id_l
        steps.append(Step(tie, evidence.compare(start, end)))
        start = end
    return tuple(steps)
