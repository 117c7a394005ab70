"""From recognised exports to sources and their tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipelines.contracts import TABLES, Table
from pipelines.contracts import table as find_table
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.draft import OPEN, Line, Remark, SourceDraft, TableDraft, Unused
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables import date_order, repeated_rows
from pipelines.onboarding.tables.amounts import settle_taxes
from pipelines.onboarding.tables.blank_repeats import fill_down, fill_sql, is_blank_below
from pipelines.onboarding.tables.candidates import HEADERS, Candidate
from pipelines.onboarding.tables.consents import draft_consents
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.derived import add_products, add_stores
from pipelines.onboarding.tables.keys import find_key
from pipelines.onboarding.tables.lines import write_lines
from pipelines.onboarding.tables.matching import Match
from pipelines.onboarding.tables.references import settle_keys
from pipelines.onboarding.tables.reversals import find_reversals
from pipelines.onboarding.tables.systems import System, group_systems
from pipelines.onboarding.values.number_marks import NumberMarks, find_number_marks
from pipelines.presets.headers import find_columns
from pipelines.presets.preset import PresetRelation
from pipelines.presets.recognise import Recognised

WEAK = 0.6  # Of the best export's score; below, another export of the folder only resembles the table.
NUMBERED = ("ticket_id", "order_id")
MAKING_KEYS = ("store_id", "sold_at")
ORDER = {table.path: number for number, table in enumerate(TABLES)}


@dataclass(frozen=True)
class Drafted:
    """The sources, and the exports that fill nothing."""

    sources: tuple[SourceDraft, ...]
    unused: tuple[Unused, ...]


def draft_sources(candidates: Sequence[Candidate], vocabulary: Vocabulary) -> Drafted:
    """A source for each system; an export that no source uses is told of."""
    kept, weak = _leave_out_weak(candidates)
    unused = [
        Unused(each.export.label, Remark("not_recognised"), each.export.columns)
        for each in candidates
        if each.kind is None
    ]
    unused += [
        Unused(each.export.label, Remark("weaker", {"table": each.tables[0]}), each.export.columns) for each in weak
    ]
    sources = []
    joined: set[str] = set()
    for system in group_systems(kept, vocabulary):
        tables = list(_draft_system(system, candidates, vocabulary))
        joined |= {pattern for draft in tables for pattern in draft.with_.values()}
        used = {draft.export.label for draft in tables}
        unused += [
            Unused(each.export.label, Remark("filled_already"), each.export.columns)
            for each in system.candidates
            if each.export.label not in used
        ]
        remarks = (Remark("several_shops"),) if system.is_one_of_several else ()
        ordered = tuple(sorted(tables, key=lambda draft: ORDER[draft.table.path]))
        sources.append(SourceDraft(system.name, system.kind, system.system, system.folder, ordered, remarks))
    sources = add_stores(add_products(sources, vocabulary))
    told = [each for each in unused if not any(each.name.endswith(pattern) for pattern in joined)]
    return Drafted(tuple(sources), tuple(sorted(told, key=lambda each: each.name)))


def _leave_out_weak(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Without exports that resemble a table which another of the folder is far more like."""
    best: dict[tuple[str, str], float] = {}
    for candidate in candidates:
        for match in filter(None, (candidate.match,)):
            place = (candidate.export.folder, match.table.path)
            best[place] = max(best.get(place, 0.0), match.score)
        if candidate.preset:
            for name in candidate.tables:
                best[candidate.export.folder, f"{candidate.kind}/{name}"] = float("inf")
    weak = [
        candidate
        for candidate in candidates
        if candidate.match and candidate.match.score < WEAK * best[candidate.export.folder, candidate.match.table.path]
    ]
    return [candidate for candidate in candidates if candidate not in weak], weak


def _draft_system(system: System, spare: Sequence[Candidate], vocabulary: Vocabulary) -> Iterator[TableDraft]:
    order = date_order.find_order(candidate.export for candidate in system.candidates)
    filled: set[str] = set()
    ranked = sorted(map(settle_taxes, settle_keys(system.candidates)), key=_rank)
    for candidate in ranked:
        if candidate.preset:
            for name in candidate.tables:
                if name not in filled:
                    filled.add(name)
                    yield _draft_preset(
                        candidate.preset, find_table(system.kind, name), candidate.export, system, spare
                    )
        elif candidate.match and candidate.match.table.name not in filled:
            filled.add(candidate.match.table.name)
            draft = _draft_match(candidate, candidate.match, None, system, order, vocabulary)
            yield draft
            people = Context(candidate.match, candidate.export, vocabulary, order)
            consents = draft_consents(people, draft.from_, draft.options)
            if consents is not None and "consents" not in filled:
                filled.add("consents")
                yield consents
    for candidate in ranked:  # What lines repeat is taken from them where no export of its own is there.
        if candidate.match and candidate.header and candidate.header.table.name not in filled:
            filled.add(candidate.header.table.name)
            yield _draft_match(candidate, candidate.header, candidate.match, system, order, vocabulary)


def _rank(candidate: Candidate) -> tuple[int, float, str]:
    if candidate.preset:
        return (0 if candidate.preset.is_certain else 1, -len(candidate.preset.found), candidate.export.label)
    return (2, -(candidate.match.score if candidate.match else 0.0), candidate.export.label)


def _from(export: Export, system: System) -> str:
    below = PurePosixPath(export.folder).relative_to(system.folder) if system.folder else PurePosixPath(export.folder)
    return export.pattern if str(below) == "." else f"{below}/{export.pattern}"


def _draft_preset(
    found: Recognised, table: Table, export: Export, system: System, spare: Sequence[Candidate]
) -> TableDraft:
    preset = found.preset
    options = {key: value for key, value in export.options.items() if preset.options.get(key) != value}
    read = find_columns(preset.headers, export.columns, {}).columns
    marks = _find_marks(export, [column for columns in read.values() for column in columns])
    if marks and marks.decimal == "," and not marks.is_open and preset.options.get("decimal", ".") != ",":
        if preset.options.get("thousands") == ",":  # The preset's own mark, which parts the decimals here.
            options["thousands"] = None
        options |= _mark_options(marks)
    remarks = []
    joined = {}
    for name, relation in preset.tables[table.name].with_.items():
        others = [
            each
            for each in spare
            if each.export is not export
            and each.export.folder.startswith(system.folder)
            and _is_of(each, export, system)
            and _is_read_alike(each.export, export)
        ]
        if joining := _find_relation(name, relation, others):
            joined[name] = _from(joining, system)
        elif not relation.optional:
            joined[name] = OPEN
            remarks.append(Remark("ask_with", {"name": name, "usual": ", ".join(relation.files) or f"{name}*.csv"}))
    asked = [question for question in preset.asks if _is_open(question, found, table, joined, marks)]
    remarks = [*(Remark("asks", {"question": question}) for question in asked), *remarks]
    headers = dict.fromkeys(found.missing, OPEN)
    return TableDraft(
        table, export, _from(export, system), options, preset.name, joined, headers, remarks=tuple(remarks)
    )


def _is_open(
    question: str,
    found: Recognised,
    table: Table,
    joined: Mapping[str, str],
    marks: NumberMarks | None,
) -> bool:
    """Whether a preset's question is still one, and of this table: what its files have answered is not asked again."""
    tables = found.preset.tables
    named = [name for code in re.findall(r"`([^`]*)`", question) for name in re.findall(r'(\w+): (?:"|\.\.\.)', code)]
    relations = {name for each in tables.values() for name in each.with_}.intersection(named)
    if relations and (not relations & tables[table.name].with_.keys() or relations <= joined.keys()):
        return False
    if "`decimal`" in question and marks is not None and not marks.is_open:
        return False
    if "encoding: " in question:
        return False  # Told from the bytes of the file.
    return not any(f"column {header}?" in question for header in found.found)


def _find_relation(name: str, relation: PresetRelation, candidates: Sequence[Candidate]) -> Export | None:
    """The export that the preset's query reads beside its own.

    It has the columns, and its file is called as usual or fills the table of that name; without either it is only taken
    where the preset cannot do without.
    """
    usual = {word for text in (name, *relation.files) for word in _words(text)} - {"csv"}
    needed = {own for own, header in relation.headers.items() if not header.is_optional}
    ranked = []
    for candidate in candidates:
        export = candidate.export
        if needed & set(find_columns(relation.headers, export.columns, {}).missing):
            continue
        named = _words(export.stem)
        is_table = name in candidate.tables[:1]
        if usual & named or is_table or not relation.optional:
            rank = (not is_table, -len(usual & named), len(named - usual), export.label)
            ranked.append((rank, export))
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _is_of(candidate: Candidate, export: Export, system: System) -> bool:
    """Whether an export may be of the system: another shop's people have other ids.

    Where the names of files tell shops apart, that of an export without a system has to name the shop as well.
    """
    if candidate in system.candidates:
        return True
    if system.is_one_of_several:
        return bool(_label_words(candidate.export.stem) & _label_words(export.stem))
    return (candidate.kind, candidate.system or "") != (system.kind, system.system or "")


def _label_words(stem: str) -> set[str]:
    return set(re.findall(r"[a-z]{2,}", stem.lower()))


def _is_read_alike(one: Export, other: Export) -> bool:
    """Further files of a query are read with the options of its own."""
    return all(one.options.get(key) == other.options.get(key) for key in ("encoding", "skip", "sheet", "member"))


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text.lower())}


def _draft_match(
    candidate: Candidate,
    match: Match,
    lines: Match | None,
    system: System,
    order: tuple[str, str] | None,
    vocabulary: Vocabulary,
) -> TableDraft:
    export, is_filled = _fill_down(candidate, lines or match)
    key = _find_key(export, match, candidate.header)
    context = Context(match, export, vocabulary, order, key, lines, lines is not None)
    columns = [each.source for each in (*match.assigned.values(), *(lines.assigned.values() if lines else ()))]
    options, remarks = dict(export.options), []
    marks = _find_marks(export, columns)
    if marks is None:
        remarks.append(Remark("marks_contradict"))
    elif marks.is_open:
        remarks.append(Remark("marks_open", {"mark": marks.decimal}))
        options |= _mark_options(marks)
    else:
        options |= _mark_options(marks)
    if unread := find_reversals(export, match.table, (match, lines or match), vocabulary):
        remarks.append(Remark("reversals", {"columns": ", ".join(unread)}))
    if lines is None:
        made = tuple(write_lines(context))
        query = fill_sql(key) if is_filled else None
        return TableDraft(
            match.table, export, _from(export, system), options, lines=made, query=query, remarks=tuple(remarks)
        )
    selected = list(repeated_rows.select_lines(context))
    if discount := repeated_rows.find_line_discount(context):
        remarks.append(Remark("line_discount", {"column": discount}))
    carried = [Line(source, source) for source in repeated_rows.find_carried(context)]
    return TableDraft(
        match.table,
        export,
        _from(export, system),
        options,
        lines=tuple(repeated_rows.ask_lines(context)),
        selected=(*selected, *carried),
        grouped_by=key,
        filled_down=key if is_filled else (),
        remarks=tuple(remarks),
    )


def _fill_down(candidate: Candidate, lines: Match) -> tuple[Export, bool]:
    """The export with what makes a ticket on every line, and whether it is left out on some."""
    export, key = candidate.export, lines.source_of(lines.table.key[0])
    goods = lines.source_of("product_id") or lines.source_of("product_name")
    if lines.table.path not in HEADERS or not key or not goods or not is_blank_below(export, key, goods):
        return export, False
    further = [candidate.header.source_of(name) for name in MAKING_KEYS] if candidate.header else []
    return fill_down(export, [key, *(column for column in further if column)]), True


def _find_key(export: Export, match: Match, header: Match | None) -> tuple[str, ...]:
    """The columns that make a ticket or an order, for tables in which they are the key or a part of it."""
    if match.table.key[0] not in NUMBERED or (own := match.source_of(match.table.key[0])) is None:
        return ()
    whole = match if len(match.table.key) == 1 else header
    further = [whole.source_of(name) for name in MAKING_KEYS] if whole else []
    return find_key(export, own, [column for column in further if column and column != own])


def _find_marks(export: Export, columns: Sequence[str]) -> NumberMarks | None:
    """The marks of the numbers among ``columns``. In workbooks and Parquet numbers are no texts, and have the point."""
    numbers = [
        export.shapes[column].sample
        for column in dict.fromkeys(columns)
        if export.shapes[column].are_numbers and not export.shapes[column].date
    ]
    return find_number_marks(numbers)


def _mark_options(marks: NumberMarks) -> dict[str, Any]:
    options: dict[str, Any] = {"decimal": ","} if marks.decimal == "," else {}
    if marks.thousands:
        options["thousands"] = marks.thousands
    return options
