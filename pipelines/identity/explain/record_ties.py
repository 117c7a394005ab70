"""What ties two records together: identical content, a decision, a link, a receipt's e-mail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.identity.explain.neighbourhood import Decision, Neighbourhood, StoredPair

Rule = Literal["identical_content", "decision", "link", "pooled_evidence", "receipt_email"]


@dataclass(frozen=True)
class Tie:
    """What holds two records together. ``weight`` in bits: of a link its own, of pooled evidence that of the sides."""

    rule: Rule
    record_id_l: str
    record_id_r: str
    weight: float | None = None
    decision: Decision | None = None


def certain_ties(around: Neighbourhood, records: Iterable[str]) -> Iterator[Tie]:
    """Records of identical content with the one that stands for them, then what people decided."""
    included = set(records)
    for record in sorted(included):
        standing_for_it = around.representative(record)
        if record != standing_for_it:
            yield Tie("identical_content", standing_for_it, record)
    for decision in around.must_links:
        if {decision.record_id_l, decision.record_id_r} <= included:
            yield Tie("decision", decision.record_id_l, decision.record_id_r, decision=decision)


def link_ties(around: Neighbourhood, records: Iterable[str]) -> Iterator[Tie]:
    """The stored links within ``records``, strongest first."""
    for pair in around.links_within(records):
        yield Tie("link", pair.record_id_l, pair.record_id_r, pair.match_weight)


def receipt_ties(around: Neighbourhood, records: Iterable[str]) -> Iterator[Tie]:
    """Each receipt with the smallest record that uses its e-mail, of the compared ones if there is any."""
    receipts = sorted(record for record in records if around.standing[record] == "receipt")
    users: dict[str | None, list[str]] = {}
    for record in sorted(records, key=lambda record: (around.standing[record] == "receipt", record)):
        users.setdefault(around.email_of(record), []).append(record)
    for receipt in receipts:
        user = users[around.email_of(receipt)][0]
        if user != receipt:
            yield Tie("receipt_email", user, receipt)


def find_direct_tie(around: Neighbourhood, left: Sequence[str], right: Sequence[str]) -> Tie | None:
    """The strongest tie that leads from a record of ``left`` (which stands left in it) to one of ``right``."""
    return next(_direct_ties(around, left, right), None)


def _direct_ties(around: Neighbourhood, left: Sequence[str], right: Sequence[str]) -> Iterator[Tie]:
    for decision in around.must_links:
        for one, other in both_ways(decision):
            if one in left and other in right:
                yield Tie("decision", one, other, decision=decision)
    left_subjects, right_subjects = pick_by_subject(around, left), pick_by_subject(around, right)
    for subject in sorted(left_subjects.keys() & right_subjects.keys()):
        yield Tie("identical_content", left_subjects[subject], right_subjects[subject])
    for pair in around.links:
        for one, other in both_ways(pair):
            first, second = around.subject_of[one], around.subject_of[other]
            if first in left_subjects and second in right_subjects:
                yield Tie("link", left_subjects[first], right_subjects[second], pair.match_weight)
    yield from _shared_receipts(around, left, right)


def _shared_receipts(around: Neighbourhood, left: Sequence[str], right: Sequence[str]) -> Iterator[Tie]:
    for one in left:
        for other in right:
            has_receipt = "receipt" in (around.standing[one], around.standing[other])
            if has_receipt and around.email_of(one) == around.email_of(other):
                yield Tie("receipt_email", one, other)


def both_ways(pair: StoredPair | Decision) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two records of a pair, in either order."""
    return (pair.record_id_l, pair.record_id_r), (pair.record_id_r, pair.record_id_l)


def pick_by_subject(around: Neighbourhood, records: Iterable[str]) -> dict[int, str]:
    """The subjects of ``records``, each with the smallest of them that it stands for."""
    return {around.subject_of[record]: record for record in sorted(records, reverse=True)}
