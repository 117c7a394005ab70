"""The whole way: a folder of exports in, a draft of `sources.yml` out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.contracts import table as find_table
from pipelines.errors import ConfigurationError
from pipelines.headers.vocabulary import Vocabulary, read_vocabulary
from pipelines.onboarding.draft import Draft, Remark, Unused
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.exports.file_patterns import group_heads
from pipelines.onboarding.heads.folder import list_files
from pipelines.onboarding.heads.read import read_heads
from pipelines.onboarding.settings.guess import guess_settings
from pipelines.onboarding.tables.candidates import Candidate, list_candidates
from pipelines.onboarding.tables.drafting import draft_sources
from pipelines.onboarding.tables.matching import assign


def draft_from_folder(folder: Path, language: str | None) -> Draft:
    """What a `sources.yml` of the exports in ``folder`` would say. ``language``: that of the report, if it is known.

    Raises ConfigurationError where there is no such folder, or nothing in it is recognised.
    """
    heads, unread = read_heads(list_files(folder))
    vocabulary = read_vocabulary()
    candidates = list_candidates(group_heads(heads), vocabulary)
    drafted = draft_sources(candidates, vocabulary)
    told = [Unused(each.name, Remark("unread", {"reason": each.reason})) for each in unread]
    unused = tuple(sorted([*drafted.unused, *told], key=lambda each: each.name))
    if not drafted.sources:
        listed = "".join(f"\n  {each.name}" for each in unused[:20])
        raise ConfigurationError(
            f"Nothing in {folder} is recognised as an export of customers, orders or tickets.{listed}\n"
            "Write sources.yml by hand: docs/sources.md."
        )
    used = [candidate for candidate in candidates if candidate.kind]
    assigned = list(_list_assigned(used, vocabulary))
    settings = guess_settings([candidate.export for candidate in used], assigned, language)
    return Draft(settings, drafted.sources, unused)


def _list_assigned(candidates: Sequence[Candidate], vocabulary: Vocabulary) -> Iterator[tuple[Export, str, str]]:
    """Which column of which export is which canonical one, also in exports of known systems."""
    contacts, orders = find_table("crm", "contacts"), find_table("ecommerce", "orders")
    for candidate in candidates:
        tables = [candidate.match.table] if candidate.match else [contacts, orders]
        for table in tables:
            for name, each in assign(candidate.export.shapes, table, vocabulary).items():
                if each.is_sure:
                    yield candidate.export, name, each.source
