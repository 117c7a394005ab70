"""An explanation for a person at a terminal."""

import sys
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.identity.explain.ask import Explained, Story
from pipelines.identity.explain.evidence import Comparison, Pooled
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
from pipelines.identity.explain.waterfall import list_parts
from pipelines.identity.explain.words import Words

PIPED_WIDTH = (
    200  # Columns where there is no terminal to ask: wide enough that no value is broken for a reader of files.
)


def print_why(explained: Explained, words: Words) -> None:
    """Prints the answer to ``parcours why``."""
    answer = explained.answer
    blocks: list[RenderableType] = [_title(sum_up_why(answer, words)), *_lines(note_why(answer, words)), Text()]
    if not answer.is_between_records:
        pair = answer.comparison.record_id_l, answer.comparison.record_id_r
        blocks.append(Text(words.say("strongest_pair", left=pair[0], right=pair[1])))
    blocks.append(_tabulate(answer.comparison, words))
    if answer.path:
        ends = answer.path[0].comparison.record_id_l, answer.path[-1].comparison.record_id_r
        blocks += [Text(), _title(words.say("path", left=ends[0], right=ends[1]))]
        for number, step in enumerate(answer.path, start=1):
            blocks.append(_plain(f"{number}. {tell_tie(step.tie, words)}"))
            blocks.append(Padding(_tabulate(step.comparison, words), (0, 0, 1, 3)))
    title = title_pooled(answer, words)
    if answer.pooled is not None and title is not None:
        blocks += [Text(), _title(title)]
        blocks.append(_tabulate(answer.pooled, words))
    _print([*blocks, Text(), *_lines([words.say("model", version=explained.model_version)])])


def print_how(story: Story, words: Words) -> None:
    """Prints the answer to ``parcours how``."""
    blocks: list[RenderableType] = [_title(sum_up_how(story, words)), *_lines(note_id(story.asked, words))]
    if story.decisive is not None:
        blocks.append(_plain(tell_decisive(story.decisive, words)))
    for join in story.joins:
        blocks += [Text(), _title(f"{join.number}. {tell_join(join, words)}")]
        inside: list[RenderableType] = [
            _plain(words.say("sides", left=words.sides(join.left), right=words.sides(join.right)))
        ]
        if not story.is_told_before(join):
            inside += [_tabulate(join.comparison, words), *_lines(note_comparison(join.comparison, words))]
        blocks.append(Padding(Group(*inside), (0, 0, 0, 3)))
    _print([*blocks, Text(), *_lines([words.say("model", version=story.model_version)])])


def _print(blocks: Iterable[RenderableType]) -> None:
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Group(*blocks))
        return
    piped = Console(highlight=False, width=PIPED_WIDTH)
    with piped.capture() as captured:
        piped.print(Group(*blocks))
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _tabulate(weighed: Comparison | Pooled, words: Words) -> Table:
    """The parts of a weight, a row each, with the values of both records where it is of two."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(words.say("field"))
    if isinstance(weighed, Comparison):
        table.add_column(_plain(weighed.record_id_l), overflow="fold")
        table.add_column(_plain(weighed.record_id_r), overflow="fold")
    table.add_column(words.say("level"))
    table.add_column(words.say("bits"), justify="right", no_wrap=True)
    for row in list_parts(weighed, words):
        values: list[Text] = []
        if isinstance(weighed, Comparison):
            shown = (row.evidence.value_l, row.evidence.value_r) if row.evidence else (None, None)
            values = [_plain(value or "") for value in shown]
        is_silent = row.evidence is not None and not row.evidence.is_counted
        bits = "" if is_silent else words.bits(row.weight)
        tone = "green" if row.weight > 0 else "red"
        table.add_row(_plain(row.label), *values, _plain(row.note), Text(bits, tone), style="dim" if is_silent else "")
    filler = [Text()] * (len(table.columns) - 2)
    table.add_row(Text(words.say("total"), "bold"), *filler, Text(words.bits(weighed.weight), "bold"))
    return table


def _plain(text: str) -> Text:
    """Text as it is: no markup, and no control codes that a value may have brought along."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))


def _title(text: str) -> Text:
    title = _plain(text)
    title.stylize("bold")
    return title


def _lines(sentences: Iterable[str]) -> list[Text]:
    return [_plain(f"· {sentence}") for sentence in sentences]
