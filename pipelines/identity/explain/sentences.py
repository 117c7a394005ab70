"""An explanation in sentences: the verdict first, then what else there is to know."""

from collections.abc import Iterator
from math import inf

from pipelines.identity.clustering.agglomerate import MERGE_THRESHOLD_BITS
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.clustering.connected_components import LARGEST_COMPONENT
from pipelines.identity.explain.ask import Story
from pipelines.identity.explain.asked import Side
from pipelines.identity.explain.evidence import Comparison
from pipelines.identity.explain.how import Decisive, Join
from pipelines.identity.explain.neighbourhood import Decision
from pipelines.identity.explain.ties import Tie
from pipelines.identity.explain.why import Answer
from pipelines.identity.explain.words import Words


def sum_up_why(answer: Answer, words: Words) -> str:
    """The verdict in one sentence."""
    comparison, divided = answer.comparison, answer.reason == "divided_by_pooled_evidence"
    certain = answer.reason == "chain" and _weakest(answer) == inf
    count = len(answer.path) or len(answer.email_users)
    return words.say(
        "certain_chain" if certain else answer.reason,
        **_name_pair(comparison.record_id_l, comparison.record_id_r, answer.decision),
        weight=words.bits(_told_weight(answer)),
        probability=words.probability(comparison.match_probability),
        count=answer.pooled.profile_pairs if divided and answer.pooled else count,
        customers=words.sides(answer.email_users),
        needed=words.bits(MERGE_THRESHOLD_BITS if divided else LINK_THRESHOLD_BITS),
        short=words.number(answer.bits_short or 0.0),
        largest=LARGEST_COMPONENT,
    )


def note_why(answer: Answer, words: Words) -> Iterator[str]:
    """What else there is to know of the verdict, a sentence each."""
    for side in answer.sides:
        yield from note_id(side, words)
    if answer.decision is not None and answer.decision.expires_on is not None:
        yield words.say("until", expires_on=answer.decision.expires_on)
    yield from note_comparison(answer.comparison, words)
    silent = [evidence for evidence in answer.comparison.fields if evidence.level == "missing"]
    fields = ", ".join(words.field(evidence.field) for evidence in silent if not evidence.withdrawn_from)
    if fields and not answer.is_together:
        yield words.say("cannot_be_compared", fields=fields)


def title_pooled(answer: Answer, words: Words) -> str | None:
    """The heading of the pooled evidence; None where there is none, or it is that of one pair."""
    if answer.pooled is None or answer.pooled.profile_pairs == 1:
        return None
    return words.say("pooled_within" if answer.is_together else "pooled", count=answer.pooled.profile_pairs)


def note_id(side: Side, words: Words) -> Iterator[str]:
    """What the id asked about is today, where it is another."""
    if side.kind == "customer" and side.asked != side.customer_id:
        yield words.say("asked_resolved", asked=side.asked, customer=side.customer_id)


def note_comparison(comparison: Comparison, words: Words) -> Iterator[str]:
    """How the two came to be compared, what speaks against one person, and what does not count."""
    keys = ", ".join(words.key(key) for key in comparison.common_keys)
    if comparison.stored is not None:
        yield words.say("found_by", key=words.key(comparison.stored.found_by))
    else:
        yield words.say(comparison.candidacy, keys=keys)
    weights = {evidence.field: evidence.weight for evidence in comparison.fields}
    against = [f"{words.field(name)} ({words.bits(weights[name])})" for name in comparison.speaking_against]
    if against:
        yield words.say("speaking_against", fields=", ".join(against))
    for evidence in comparison.fields:
        if evidence.withdrawn_from:
            records = words.sides(evidence.withdrawn_from)
            yield words.say("withdrawn", field=words.field(evidence.field), records=records)


def sum_up_how(story: Story, words: Words) -> str:
    """How many records came together, in one sentence."""
    records, customer = story.asked.records, story.asked.customer_id
    if not story.joins:
        return words.say("single_record", customer=customer, record=records[0])
    return words.say("joined", customer=customer, count=len(records), joins=len(story.joins))


def tell_join(join: Join, words: Words) -> str:
    """What joined two sides, without its number."""
    told = tell_tie(join.tie, words)
    if join.tie.rule == "link" and join.pooled_weight is not None and join.pooled_weight != join.tie.weight:
        told += f" ({words.say('over_all_pairs', weight=words.bits(join.pooled_weight))})"
    return told


def tell_tie(tie: Tie, words: Words) -> str:
    """What holds two records together."""
    parts = _name_pair(tie.record_id_l, tie.record_id_r, tie.decision)
    return words.say(f"join_{tie.rule}", **parts, weight=words.bits(tie.weight or 0.0))


def tell_decisive(decisive: Decisive, words: Words) -> str:
    """The join that the customer cannot do without, and what it hangs on."""
    left, right = words.sides(decisive.left), words.sides(decisive.right)
    told = [words.say("decisive", number=decisive.number, left=left, right=right)]
    if decisive.decisions:
        told.append(words.say("decisive_decisions", count=len(decisive.decisions)))
    elif decisive.is_only_link:
        [link] = decisive.links
        told.append(words.say("decisive_only_link", left=link.record_id_l, right=link.record_id_r))
    elif decisive.links:
        links = ", ".join(f"{link.record_id_l} – {link.record_id_r}" for link in decisive.links)
        told.append(words.say("decisive_links", count=len(decisive.links), links=links))
    told.append(words.say("decisive_rule", left=decisive.tie.record_id_l, right=decisive.tie.record_id_r))
    return " ".join(told)


def _told_weight(answer: Answer) -> float:
    """The weight that the verdict rests on."""
    if answer.reason in ("chain", "pooled_evidence"):
        return _weakest(answer)
    if answer.reason == "divided_by_pooled_evidence" and answer.pooled is not None:
        return answer.pooled.weight
    return answer.comparison.weight


def _weakest(answer: Answer) -> float:
    """The weight of the weakest tie of the path: of pooled evidence if any, infinite where rules hold it together."""
    for rule in ("pooled_evidence", "link"):
        weights = [step.tie.weight for step in answer.path if step.tie.rule == rule and step.tie.weight is not None]
        if weights:
            return min(weights)
    return inf


def _name_pair(left: str, right: str, decision: Decision | None) -> dict[str, object]:
    if decision is None:
        return {"left": left, "right": right}
    return {
        "left": decision.record_id_l, "right": decision.record_id_r, "author": decision.author,
        "decided_on": decision.decided_on, "why": decision.reason,
    }  # fmt: skip
