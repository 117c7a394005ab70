"""The text of `sources.yml`."""

import json
import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.contracts.reference import describe_column
from pipelines.extracts.column_names import tellable
from pipelines.onboarding.draft import OPEN, Draft, Line, Remark, SourceDraft, TableDraft, Unused
from pipelines.onboarding.tables.blank_repeats import fill_sql
from pipelines.onboarding.tables.sql import name as _name
from pipelines.onboarding.writing.scalars import inline, is_awkward, scalar
from pipelines.texts.texts import Texts
from pipelines.visible_text import make_one_line

WIDTH = 110
MOST_COLUMNS = 60  # Of a file that is not recognised; a wide one has hundreds.


def write(draft: Draft, folder: Path, file: Path, texts: Texts) -> str:
    """``folder`` is the one that was looked at, ``file`` the one that is written. ``texts``: section `init`."""
    return "\n".join([*_list_all(draft, folder, file, texts), ""])


def _list_all(draft: Draft, folder: Path, file: Path, texts: Texts) -> Iterator[str]:
    yield from _comment(texts.say("head"), "")
    if draft.questions:
        yield from _comment(texts.count("head_questions", draft.questions).replace("TODO", OPEN), "")
    yield ""
    for setting in draft.settings:
        yield f"{setting.key}: {setting.value}  # {say(setting.remark, texts)}"
    yield ""
    yield "sources:"
    for source in draft.sources:
        yield from _write_source(source, folder, file, texts)
    if draft.unused:
        yield ""
        yield from _comment(texts.say("unused"), "")
        for unused in draft.unused:
            yield from _write_unused(unused, texts)


def _write_source(source: SourceDraft, folder: Path, file: Path, texts: Texts) -> Iterator[str]:
    yield ""
    for remark in source.remarks:
        yield from _comment(say(remark, texts), "  ")
    root = Path(os.path.relpath(folder / source.folder, file.parent)).as_posix()
    yield f"  - name: {source.name}"
    yield f"    kind: {source.kind}"
    yield f"    connector: {inline({'type': 'files', 'root': root})}"
    yield "    tables:"
    for number, table in enumerate(source.tables):
        if number and not (table.preset and source.tables[number - 1].preset):
            yield ""
        yield from _write_table(table, source.tables[:number], texts)


def _write_table(table: TableDraft, before: Sequence[TableDraft], texts: Texts) -> Iterator[str]:
    indent = " " * 6
    if not table.preset:
        yield from _comment(table.table.description, indent)
    asked = {remark.parts.get("question") for other in before for remark in other.remarks}
    for remark in table.remarks:
        if remark.key != "asks" or remark.parts["question"] not in asked:
            yield from _comment(say(remark, texts), indent)
    keys = {"from": table.from_, "preset": table.preset, "with": table.with_, "headers": table.headers}
    told = {key: value for key, value in (keys | {"options": table.options}).items() if value}
    whole = f"{indent}{table.table.name}: {inline(told)}"
    if table.preset and len(whole) < WIDTH:
        yield whole
        return
    yield f"{indent}{table.table.name}:"
    for key, value in told.items():
        yield from _write_key(key, value, f"{indent}  ")
    yield from _write_sql(table, f"{indent}  ", texts)


def _write_key(key: str, value: object, indent: str) -> Iterator[str]:
    """A key on one line, or an entry a line where that would be too long."""
    line = f"{indent}{key}: {_quoted(value) if key == 'from' else inline(value)}"
    if len(line) <= WIDTH or not isinstance(value, Mapping):
        yield line
        return
    yield f"{indent}{key}:"
    yield from (f"{indent}  {scalar(each)}: {inline(of)}" for each, of in value.items())


def _write_sql(table: TableDraft, indent: str, texts: Texts) -> Iterator[str]:
    if table.query:
        yield from _write_block("query", table.query.split("\n"), indent)
    if table.selected:
        yield from _write_block("query", _list_query(table, texts), indent)
    if table.lines:
        yield f"{indent}columns:"
        for line in table.lines:
            yield from _write_line(line, table, f"{indent}  ", texts)


def _quoted(pattern: object) -> str:
    """A pattern, in quotes as one writes them: a star would be an alias."""
    written = scalar(pattern)
    return written if written.startswith(("'", '"')) else f'"{pattern}"'


def _write_line(line: Line, table: TableDraft, indent: str, texts: Texts) -> Iterator[str]:
    column = table.table.column(line.column)
    # Whoever has to choose is told all: an example, what is lost, which marts it feeds.
    is_decided = line.is_active and not line.is_question
    described = column.documentation if is_decided else describe_column(table.table, column)
    mark = "" if line.is_active else "# "
    if line.remark:
        yield from _comment(say(line.remark, texts), indent)
    yield from (f"{indent}#   {make_one_line(offer)}" for offer in line.offers)
    if not is_awkward(line.value) and len(line.value) < WIDTH - 30:
        start = f"{indent}{mark}{line.column}: {scalar(line.value)}"
        if len(start) + len(described) + 4 <= WIDTH + 10:
            yield f"{start}  # {described}"
        else:
            yield from _comment(described, indent)
            yield start
        return
    yield from _comment(described, indent)
    yield f"{indent}{mark}{line.column}: >-"
    for part in line.value.split("\n"):
        for wrapped in _wrap_sql(part, WIDTH - len(indent)):
            yield f"{indent}{mark}  {wrapped}"


def _write_block(key: str, lines: Iterable[str], indent: str) -> Iterator[str]:
    """Lines as they are, or in quotes where a column's name holds what no block of YAML can."""
    written = list(lines)
    if not all(line.isprintable() for line in written):
        quoted = json.dumps("\n".join(written))
        yield f"{indent}{key}: {quoted}"
        return
    yield f"{indent}{key}: |-"
    yield from (f"{indent}  {line}" for line in written)


def _list_query(table: TableDraft, texts: Texts) -> Iterator[str]:
    """The lines of a `query` of a line a column, with what the columns are as comments of SQL."""
    for number, line in enumerate(table.selected):
        column = next((each for each in table.table.columns if each.name == line.column), None)
        if line.remark:
            # The first line of a block decides how far it is indented.
            yield from (f"{'  ' if number else ''}{comment}" for comment in _comment(say(line.remark, texts), "", "--"))
        start = "select " if number == 0 else "  "
        end = "," if number + 1 < len(table.selected) else ""
        value = _as_sql(line, table)
        parts = value.split("\n")
        for part in parts[:-1]:
            yield f"{start}{part}"
            start = "  "
        alias = line.column if column else f'"{line.column}"'
        said = f"  -- {column.documentation}" if column else ""
        last = f"{start}{parts[-1]} as {alias}{end}"
        yield last + said if len(last) + len(said) <= WIDTH else last
    grouped = ", ".join(_name(column) for column in table.grouped_by)
    if not table.filled_down:
        yield f"from source group by _file, {grouped}"
        return
    yield "from ("
    yield from (f"  {line}" for line in fill_sql(table.filled_down).split("\n"))
    yield f") group by _file, {grouped}"


def _as_sql(line: Line, table: TableDraft) -> str:
    if line.value not in table.export.columns:
        return line.value
    return _name(line.value) if line.value in table.grouped_by else f"any_value({_name(line.value)})"


def _write_unused(unused: Unused, texts: Texts) -> Iterator[str]:
    yield from _comment(f"- {unused.name}: {say(unused.reason, texts)}", "", hanging=2)
    shown = tellable(unused.columns, ())[:MOST_COLUMNS]
    if shown:
        left = len(unused.columns) - len(shown)
        more = [texts.count("more_columns", left)] if left else []
        yield from _comment(", ".join([*shown, *more]), "", hanging=4, first=4)


def say(remark: Remark, texts: Texts) -> str:
    """A remark in the language of ``texts``."""
    if remark.key == "unread":
        return remark.parts["reason"]
    return texts.say(remark.key, **remark.parts)


def _comment(text: str, indent: str, mark: str = "#", *, hanging: int = 0, first: int = 0) -> Iterator[str]:
    """Comment lines of bearable width. Line breaks in a text would end the comment, and are blanks."""
    plain = make_one_line(" ".join(text.split()))
    wrapped = textwrap.wrap(
        plain,
        WIDTH - len(indent),
        initial_indent=" " * first,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (f"{indent}{mark} {line}" for line in wrapped)


def _wrap_sql(text: str, width: int) -> list[str]:
    """SQL on several lines, broken only at blanks outside of quotes; folded, they are one line again."""
    pieces = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+", text)
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(piece) < width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines
