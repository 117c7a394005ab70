"""What was found and what is asked, for the person at the terminal."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from pipelines.onboarding.draft import Draft, SourceDraft
from pipelines.onboarding.writing.document import say
from pipelines.texts.texts import Texts

MOST_UNUSED = 12


def summarise(draft: Draft, file: Path, texts: Texts) -> str:
    """Plain lines; no values of the files."""
    return "\n".join([*_list_lines(draft, file, texts), ""])


def _list_lines(draft: Draft, file: Path, texts: Texts) -> Iterator[str]:
    yield texts.say("written", file=str(file))
    yield ""
    for source in draft.sources:
        yield from _tell_source(source, texts)
    yield "  " + ", ".join(f"{setting.key}: {setting.value}" for setting in draft.settings)
    if draft.unused:
        yield ""
        yield texts.count("unused_count", len(draft.unused))
        for unused in draft.unused[:MOST_UNUSED]:
            yield f"  {unused.name}: {say(unused.reason, texts)}"
        if len(draft.unused) > MOST_UNUSED:
            yield f"  {texts.count('unused_more', len(draft.unused) - MOST_UNUSED)}"
    yield ""
    yield texts.count("asked_count", draft.questions) if draft.questions else texts.say("asked_nothing")
    if draft.assumptions:
        yield texts.count("assumed_count", draft.assumptions)
    yield texts.say("next", command=f"parcours check --sources {shlex.quote(str(file))}")


def _tell_source(source: SourceDraft, texts: Texts) -> Iterator[str]:
    yield f"  {source.name} ({source.kind}{f', {source.system}' if source.system else ''})"
    width = max(len(table.table.name) for table in source.tables)
    for table in source.tables:
        count = len(table.export.heads)
        files = table.from_ if count == 1 else f"{table.from_} ({texts.count('files', count)})"
        inside = f" {table.export.member or table.export.heads[0].sheet or ''}".rstrip()
        by = f", {table.preset}" if table.preset else ""
        asked = f", {texts.count('questions', table.questions)}" if table.questions else ""
        yield f"    {table.table.name:<{width}}  {files}{inside}{by}{asked}"
