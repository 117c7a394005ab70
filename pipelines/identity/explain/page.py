"""An explanation as a page: HTML that stands for itself, with waterfall charts, no script and nothing to download."""

from collections.abc import Iterable, Sequence
from html import escape

from pipelines.charts.page import make_page
from pipelines.identity.explain.ask import Explained, Story
from pipelines.identity.explain.evidence import Comparison
from pipelines.identity.explain.sentences import (
    note_comparison,
    note_id,
    note_why,
    sum_up_how,
    sum_up_why,
    tell_decisive,
    tell_join,
    tell_tie,
    title_pooled,
)
from pipelines.identity.explain.waterfall import draw_waterfall, list_parts
from pipelines.identity.explain.words import Words


def page_why(explained: Explained, words: Words) -> str:
    """The answer to ``parcours why`` as an HTML page."""
    answer = explained.answer
    left, right = (side.asked for side in answer.sides)
    blocks = [_strong(sum_up_why(answer, words)), _listed(note_why(answer, words))]
    if not answer.is_between_records:
        pair = answer.comparison.record_id_l, answer.comparison.record_id_r
        blocks.append(_paragraph(words.say("strongest_pair", left=pair[0], right=pair[1])))
    blocks += _show_comparison(answer.comparison, words)
    if answer.path:
        ends = answer.path[0].comparison.record_id_l, answer.path[-1].comparison.record_id_r
        blocks.append(_heading(words.say("path", left=ends[0], right=ends[1])))
        for step in answer.path:
            blocks += [_paragraph(tell_tie(step.tie, words)), *_show_comparison(step.comparison, words)]
    title = title_pooled(answer, words)
    if answer.pooled is not None and title is not None:
        blocks.append(draw_waterfall(answer.pooled, title, words))
    return _page(words.say("why", left=left, right=right), blocks, explained.model_version, words)


def page_how(story: Story, words: Words) -> str:
    """The answer to ``parcours how`` as an HTML page."""
    blocks = [_strong(sum_up_how(story, words)), _listed(note_id(story.asked, words))]
    if story.decisive is not None:
        blocks.append(_paragraph(tell_decisive(story.decisive, words)))
    for join in story.joins:
        blocks.append(_heading(f"{join.number}. {tell_join(join, words)}"))
        blocks.append(_paragraph(words.say("sides", left=", ".join(join.left), right=", ".join(join.right))))
        if not story.is_told_before(join):
            blocks += [*_show_comparison(join.comparison, words), _listed(note_comparison(join.comparison, words))]
    return _page(words.say("how", customer=story.asked.customer_id), blocks, story.model_version, words)


def _page(title: str, blocks: Sequence[str], model_version: str, words: Words) -> str:
    foot = [_paragraph(words.say("page_note")), _paragraph(words.say("model", version=model_version))]
    return make_page(title, [*blocks, *foot], words.language)


def _show_comparison(comparison: Comparison, words: Words) -> list[str]:
    title = f"{comparison.record_id_l} – {comparison.record_id_r}"
    return [draw_waterfall(comparison, title, words), _table(comparison, words)]


def _table(comparison: Comparison, words: Words) -> str:
    heads = (words.say("field"), comparison.record_id_l, comparison.record_id_r, words.say("level"), words.say("bits"))
    rows = [
        (
            row.label,
            row.evidence.value_l or "",
            row.evidence.value_r or "",
            row.note,
            words.bits(row.weight) if row.evidence.is_counted else "",
        )
        for row in list_parts(comparison, words)
        if row.evidence is not None
    ]
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>\n{body}\n</table>"


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _strong(text: str) -> str:
    return f"<p><strong>{escape(text)}</strong></p>"


def _listed(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""
