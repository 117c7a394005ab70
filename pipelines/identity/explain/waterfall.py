"""The rows that a weight is the sum of, from the prior to the total: what tables list and waterfall charts draw."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.charts.svg import Bar, draw_bars
from pipelines.identity.explain.evidence import Comparison, FieldEvidence, Pooled
from pipelines.identity.explain.words import Words


@dataclass(frozen=True)
class Row:
    """One part of a weight, in bits. ``note``: how the field compares; ``evidence``: the field itself, if it is one."""

    label: str
    weight: float
    note: str = ""
    evidence: FieldEvidence | None = None


def list_parts(weighed: Comparison | Pooled, words: Words) -> Iterator[Row]:
    """The prior, each field, and the household correction: they add up to the weight."""
    yield Row(words.say("prior"), weighed.prior)
    if isinstance(weighed, Comparison):
        for evidence in weighed.fields:
            yield Row(words.field(evidence.field), evidence.weight, words.level(evidence.level), evidence)
    else:
        for field in weighed.fields:
            yield Row(words.field(field.field), field.weight, words.say("mean", count=field.compared_pairs))
    yield Row(words.say("household_weight"), weighed.household_weight)


def draw_waterfall(weighed: Comparison | Pooled, title: str, words: Words) -> str:
    """The weight as a waterfall chart, in SVG; fields that say nothing are left out."""
    bars, reached = [], 0.0
    for row in list_parts(weighed, words):
        if row.evidence is not None and not row.evidence.is_counted:
            continue
        end = reached + row.weight
        bars.append(Bar(row.label, end, reached, words.bits(row.weight), row.note))
        reached = end
    bars.append(Bar(words.say("total"), weighed.weight, 0.0, words.bits(weighed.weight), tone="total"))
    return draw_bars(bars, title, words.say("bits"))
