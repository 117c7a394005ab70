"""An explanation for a person at a terminal."""

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.identity.explain.document import Document, Section, Step, Waterfall
from pipelines.visible_text import make_one_line, plain_stream

PIPED_WIDTH = (
    200  # Columns where there is no terminal to ask: wide enough that no value is broken for a reader of files.
)


def print_document(document: Document) -> None:
    """Prints the explanation to standard output."""
    console = Console(file=plain_stream(sys.stdout), highlight=False)
    blocks = Group(*_list_blocks(document))
    if console.is_terminal:
        console.print(blocks)
        return
    piped = Console(highlight=False, width=PIPED_WIDTH)
    with piped.capture() as captured:
        piped.print(blocks)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _list_blocks(document: Document) -> Iterator[RenderableType]:
    yield _bold(document.verdict)
    yield from _lines(document.notes)
    if document.decisive:
        yield _plain(document.decisive)
    for section in document.sections:
        yield from _list_section(section)
    yield Text()
    yield from _lines([document.model])


def _list_section(section: Section) -> Iterator[RenderableType]:
    if section.heading or section.waterfall:
        yield Text()
    if section.heading:
        yield _bold(section.heading)
    if section.text:
        yield _plain(section.text)
    if section.waterfall:
        yield _tabulate(section.waterfall)
    for step in section.steps:
        yield Text()
        yield _bold(step.title)
        yield Padding(Group(*_list_step(step)), (0, 0, 0, 3))


def _list_step(step: Step) -> Iterator[RenderableType]:
    if step.sides_in_short:
        yield _plain(step.sides_in_short)
    if step.waterfall:
        yield _tabulate(step.waterfall)
    yield from _lines(step.notes)


def _tabulate(waterfall: Waterfall) -> Table:
    """The parts of a weight, a row each, with the values of both records where it is of two."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    *headings, bits = waterfall.headings
    for heading in headings:
        table.add_column(_plain(heading), overflow="fold")
    table.add_column(bits, justify="right", no_wrap=True)
    width = len(headings) - 2  # Of the values, between the field and how it compares.
    for part in waterfall.parts:
        values = [_plain(value) for value in part.values] or [Text()] * width
        tone = "green" if part.weight > 0 else "red"
        weight = Text(part.bits, tone) if part.is_counted else Text()
        table.add_row(_plain(part.label), *values, _plain(part.note), weight, style="" if part.is_counted else "dim")
    total = waterfall.total
    table.add_row(_bold(total.label), *[Text()] * (width + 1), _bold(total.bits))
    return table


def _plain(text: str) -> Text:
    """Text as it is: no markup, and no control codes that a value may have brought along."""
    return Text(make_one_line(text))


def _bold(text: str) -> Text:
    title = _plain(text)
    title.stylize("bold")
    return title


def _lines(sentences: Iterable[str]) -> list[Text]:
    return [_plain(f"· {sentence}") for sentence in sentences]
