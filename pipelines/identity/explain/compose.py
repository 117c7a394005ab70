"""From an explanation to the document that tells it: the order of what is said, in the words of one language."""

from collections.abc import Iterator

from pipelines.identity.explain.document import Document, Part, Section, Step, Waterfall
from pipelines.identity.explain.evidence import Comparison, Pooled
from pipelines.identity.explain.explanations import Explained, Story
from pipelines.identity.explain.how import Join
from pipelines.identity.explain.sentences import (
    note_comparison,
    note_id,
    note_why,
    shorten,
    sum_up_how,
    sum_up_why,
    tell_decisive,
    tell_join,
    tell_tie,
    title_pooled,
)
from pipelines.identity.explain.why import Answer
from pipelines.texts.texts import Texts


def compose_why(explained: Explained, texts: Texts) -> Document:
    """The answer to ``parcours why``."""
    answer = explained.answer
    left, right = (side.asked for side in answer.sides)
    return Document(
        texts.language,
        texts.decimal_mark,
        texts.say("why", left=left, right=right),
        sum_up_why(answer, texts),
        tuple(note_why(answer, texts)),
        tuple(_list_evidence(answer, texts)),
        texts.say("model", version=explained.model_version),
        texts.say("page_note"),
    )


def compose_how(story: Story, texts: Texts) -> Document:
    """The answer to ``parcours how``."""
    steps = tuple(_describe_join(join, story, texts) for join in story.joins)
    return Document(
        texts.language,
        texts.decimal_mark,
        texts.say("how", customer=story.asked.customer_id),
        sum_up_how(story, texts),
        tuple(note_id(story.asked, texts)),
        (Section(steps=steps),),
        texts.say("model", version=story.model_version),
        texts.say("page_note"),
        "" if story.decisive is None else tell_decisive(story.decisive, texts),
    )


def _list_evidence(answer: Answer, texts: Texts) -> Iterator[Section]:
    """The two records, the chain between them where there is one, and all pairs where there are several."""
    left, right = answer.comparison.record_id_l, answer.comparison.record_id_r
    pair = "" if answer.is_between_records else texts.say("strongest_pair", left=left, right=right)
    yield Section(text=pair, waterfall=break_down_comparison(answer.comparison, texts))
    if answer.path:
        first, last = answer.path[0].comparison.record_id_l, answer.path[-1].comparison.record_id_r
        steps = tuple(
            Step(f"{number}. {tell_tie(step.tie, texts)}", waterfall=break_down_comparison(step.comparison, texts))
            for number, step in enumerate(answer.path, start=1)
        )
        yield Section(texts.say("path", left=first, right=last), steps=steps)
    title = title_pooled(answer, texts)
    if answer.pooled is not None and title is not None:
        yield Section(title, waterfall=break_down_pooled(answer.pooled, title, texts))


def _describe_join(join: Join, story: Story, texts: Texts) -> Step:
    title = f"{join.number}. {tell_join(join, texts)}"
    sides = texts.say("sides", left=", ".join(join.left), right=", ".join(join.right))
    in_short = texts.say("sides", left=shorten(join.left, texts), right=shorten(join.right, texts))
    if story.is_told_before(join):
        return Step(title, sides, in_short)
    comparison = break_down_comparison(join.comparison, texts)
    return Step(title, sides, in_short, comparison, tuple(note_comparison(join.comparison, texts)))


def break_down_comparison(comparison: Comparison, texts: Texts) -> Waterfall:
    """The weight of two records: the prior, each field with its values, and the household correction."""
    parts = [
        Part(
            texts.name("field", evidence.field),
            evidence.weight,
            texts.write("bits", evidence.weight),
            texts.name("level", evidence.level),
            (evidence.value_l or "", evidence.value_r or ""),
            evidence.is_counted,
        )
        for evidence in comparison.fields
    ]
    records = (comparison.record_id_l, comparison.record_id_r)
    return _break_down(comparison, " – ".join(records), records, parts, texts)


def break_down_pooled(pooled: Pooled, title: str, texts: Texts) -> Waterfall:
    """The weight of two groups of records: each field by the mean over the pairs that can be compared on it."""
    parts = [
        Part(
            texts.name("field", field.field),
            field.weight,
            texts.write("bits", field.weight),
            texts.say("mean", pairs=texts.count("pairs", field.compared_pairs)),
        )
        for field in pooled.fields
    ]
    return _break_down(pooled, title, (), parts, texts)


def _break_down(
    weighed: Comparison | Pooled, title: str, records: tuple[str, ...], fields: list[Part], texts: Texts
) -> Waterfall:
    def part(name: str, weight: float) -> Part:
        return Part(texts.say(name), weight, texts.write("bits", weight))

    return Waterfall(
        title,
        (texts.say("column_field"), *records, texts.say("column_level"), texts.say("column_bits")),
        (part("prior", weighed.prior), *fields, part("household_weight", weighed.household_weight)),
        part("total", weighed.weight),
    )
