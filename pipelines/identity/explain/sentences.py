"""An explanation in sentences: the verdict first, then what else there is to know."""

from collections.abc import Iterator, Sequence
from math import inf

from pipelines.identity.clustering.agglomerate import MERGE_THRESHOLD_BITS
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.clustering.connected_components import LARGEST_COMPONENT
from pipelines.identity.explain.evidence import NOT_COMPARED, Comparison
from pipelines.identity.explain.explanations import Story
from pipelines.identity.explain.how import Decisive, Join
from pipelines.identity.explain.neighbourhood import Decision
from pipelines.identity.explain.record_ties import Tie
from pipelines.identity.explain.resolve_ids import Side
from pipelines.identity.explain.why import Answer
from pipelines.texts.texts import Texts


def sum_up_why(answer: Answer, texts: Texts) -> str:
    """The verdict in one sentence."""
    comparison, divided = answer.comparison, answer.reason == "divided_by_pooled_evidence"
    certain = answer.reason == "chain" and _weakest(answer) == inf
    return texts.say(
        "certain_chain" if certain else answer.reason,
        **_name_pair(comparison.record_id_l, comparison.record_id_r, answer.decision, texts),
        weight=texts.write("bits", _told_weight(answer)),
        probability=texts.write("probability", comparison.match_probability),
        count=texts.write("count", len(answer.path) or len(answer.email_users)),
        pairs=texts.count("pairs", answer.pooled.profile_pairs) if answer.pooled else "",
        customers=shorten(answer.email_users, texts),
        needed=texts.write("bits", MERGE_THRESHOLD_BITS if divided else LINK_THRESHOLD_BITS),
        short=texts.write("decimal", answer.bits_short or 0.0),
        largest=texts.write("count", LARGEST_COMPONENT),
    )


def note_why(answer: Answer, texts: Texts) -> Iterator[str]:
    """What else there is to know of the verdict, a sentence each."""
    for side in answer.sides:
        yield from note_id(side, texts)
    if answer.decision is not None and answer.decision.expires_on is not None:
        yield texts.say("until", expires_on=texts.write("day", answer.decision.expires_on))
    yield from note_comparison(answer.comparison, texts)
    silent = [evidence for evidence in answer.comparison.fields if evidence.level in NOT_COMPARED]
    fields = ", ".join(texts.name("field", evidence.field) for evidence in silent if not evidence.withdrawn_from)
    if fields and not answer.is_together:
        yield texts.say("cannot_be_compared", fields=fields)


def title_pooled(answer: Answer, texts: Texts) -> str | None:
    """The heading of the pooled evidence; None where there is none, or it is that of one pair."""
    if answer.pooled is None or answer.pooled.profile_pairs == 1:
        return None
    pairs = texts.count("pairs", answer.pooled.profile_pairs)
    return texts.say("pooled_within" if answer.is_together else "pooled", pairs=pairs)


def note_id(side: Side, texts: Texts) -> Iterator[str]:
    """What the id asked about is today, where it is another."""
    if side.kind == "customer" and side.asked != side.customer_id:
        yield texts.say("asked_resolved", asked=side.asked, customer=side.customer_id)


def note_comparison(comparison: Comparison, texts: Texts) -> Iterator[str]:
    """How the two came to be compared, what speaks against one person, and what does not count."""
    keys = ", ".join(texts.name("blocking_key", key) for key in comparison.common_keys)
    found_by = comparison.stored.found_by if comparison.stored is not None else ""
    yield texts.say(comparison.candidacy, keys=keys, key=texts.name("blocking_key", found_by))
    weights = {evidence.field: evidence.weight for evidence in comparison.fields}
    against = [
        f"{texts.name('field', name)} ({texts.write('bits', weights[name])})" for name in comparison.speaking_against
    ]
    if against:
        yield texts.say("speaking_against", fields=", ".join(against))
    for evidence in comparison.fields:
        if evidence.withdrawn_from:
            records = shorten(evidence.withdrawn_from, texts)
            yield texts.say("withdrawn", field=texts.name("field", evidence.field), records=records)


def sum_up_how(story: Story, texts: Texts) -> str:
    """How many records came together, in one sentence."""
    records, customer = story.asked.records, story.asked.customer_id
    if not story.joins:
        return texts.say("single_record", customer=customer, record=records[0])
    joins = texts.count("joins", len(story.joins))
    return texts.say("joined", customer=customer, records=texts.count("records", len(records)), joins=joins)


def tell_join(join: Join, texts: Texts) -> str:
    """What joined two sides, without its number."""
    sentence = tell_tie(join.tie, texts)
    if join.tie.rule == "link" and join.pooled_weight is not None and join.pooled_weight != join.tie.weight:
        weight = texts.write("bits", join.pooled_weight)
        sentence += f" ({texts.say('over_all_pairs', weight=weight)})"
    return sentence


def tell_tie(tie: Tie, texts: Texts) -> str:
    """What holds two records together."""
    parts = _name_pair(tie.record_id_l, tie.record_id_r, tie.decision, texts)
    return texts.say(f"join_{tie.rule}", **parts, weight=texts.write("bits", tie.weight or 0.0))


def tell_decisive(decisive: Decisive, texts: Texts) -> str:
    """The join that the customer cannot do without, and what it hangs on."""
    left, right = shorten(decisive.left, texts), shorten(decisive.right, texts)
    sentences = [texts.say("decisive", number=texts.write("count", decisive.number), left=left, right=right)]
    if decisive.decisions:
        sentences.append(texts.count("decisive_decisions", len(decisive.decisions)))
    elif decisive.is_only_link:
        [link] = decisive.links
        sentences.append(texts.say("decisive_only_link", left=link.record_id_l, right=link.record_id_r))
    elif decisive.links:
        pairs = ", ".join(f"{link.record_id_l} – {link.record_id_r}" for link in decisive.links)
        sentences.append(texts.say("decisive_links", links=texts.count("links", len(decisive.links)), pairs=pairs))
    sentences.append(texts.say("decisive_rule", left=decisive.tie.record_id_l, right=decisive.tie.record_id_r))
    return " ".join(sentences)


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


def shorten(records: Sequence[str], texts: Texts, most: int = 3) -> str:
    """Some record or customer ids, only the first few where there are many."""
    if len(records) <= most:
        return ", ".join(records)
    return texts.say("and_more", first=", ".join(records[:most]), count=texts.write("count", len(records) - most))


def _name_pair(left: str, right: str, decision: Decision | None, texts: Texts) -> dict[str, str]:
    if decision is None:
        return {"left": left, "right": right}
    return {
        "left": decision.record_id_l, "right": decision.record_id_r, "author": decision.author,
        "decided_on": texts.write("day", decision.decided_on), "why": decision.reason,
    }  # fmt: skip
