"""What ``parcours check`` prints: each table with its files and columns, then all that is wrong, then the verdict.

Messages of faults are in English, like all errors; everything around them is in the language asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.cli.tables_of_text import lay_out
from pipelines.config.sources import Sources
from pipelines.extracts.connectors.protocol import FileShape
from pipelines.identity.monitoring.field_report import tell_example
from pipelines.name_lists import list_names
from pipelines.texts.texts import Texts
from pipelines.trial.tables import TableTrial, TrialFault
from pipelines.trial.trial import Trial

MOST_FILES = 3  # Of one table by name; a year of daily files tells nothing more.
MOST_COLUMNS = 50  # By name, where they are what is asked for; --json has all.
NUMBERS = ("filled", "distinct", "unreadable", "implausible", "placeholder")


def render(trial: Trial, sources: Sources, as_of: date, rows: int, texts: Texts, *, with_values: bool = False) -> str:
    """The findings, in the language of ``texts`` (section ``check``); ``with_values``: what may be one is named too."""
    page = _Page(trial, sources, texts, with_values)
    paragraphs = [
        [texts.say("checked", file=sources.file, rows=texts.write("count", rows), day=texts.write("day", as_of))],
        *(page.show_table(tried) for tried in trial.tables),
        page.list_references(),
        page.list_not_judged(),
        page.list_without(),
        page.list_unread(),
        page.list_unfed(),
        page.list_faults("told"),
        page.list_faults("stops"),
        [texts.say(f"verdict_{trial.exit_code}", file=sources.file)],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


class _Page:
    """The paragraphs, as lists of lines."""

    def __init__(self, trial: Trial, sources: Sources, texts: Texts, with_values: bool) -> None:
        self.trial, self.sources, self.texts, self.with_values = trial, sources, texts, with_values

    def show_table(self, tried: TableTrial) -> list[str]:
        preset = f" ({tried.preset})" if tried.preset else ""
        head = f"{tried.source}, {tried.table.path}{preset}: {self._count_rows(tried)}"
        lines = [f"{'✗' if tried.exit_code else '✓'} {head}"]
        if tried.shape is None:
            return lines
        files = (*tried.shape.files, *tried.shape.beside)
        lines += [f"  {self._describe_file(file)}" for file in files[:MOST_FILES]]
        if len(files) > MOST_FILES:
            lines.append(f"  {self.texts.count('more_files', len(files) - MOST_FILES)}")
        rows = []
        for row in self.trial.fields_of(tried).iter_rows(named=True):
            share = self.texts.write("percent", row["filled_count"] / max(row["row_count"], 1))
            counts = [self._number(row[f"{name}_count"]) for name in NUMBERS[1:]]
            rows.append([row["column_name"], share, *counts, self._place_example(row), row["reason"] or ""])
        headings = [self.texts.say(f"field_{name}") for name in ("column", *NUMBERS, "example", "reason")]
        return [*lines, *(f"  {line}" for line in lay_out(headings, rows, numbers=range(1, 6)) if rows)]

    def _place_example(self, row: Mapping[str, Any]) -> str:
        return tell_example(row) or str((self.with_values and row["example_record_id"]) or "")

    def _count_rows(self, tried: TableTrial) -> str:
        counts, shape = tried.counts, tried.shape
        if counts is None or shape is None:
            return self.texts.say("not_read")
        said = [self.texts.count("rows_of_all" if shape.is_whole else "rows_of_more", counts.rows_read)]
        numbers = {name: getattr(counts, f"rows_{name}") for name in ("rejected", "set_apart", "filtered", "repeated")}
        said += [
            self.texts.say(f"rows_{name}", count=self._number(number)) for name, number in numbers.items() if number
        ]
        if tried.exit_code:
            limit = self.texts.write("fine_share", counts.reject_limit)
            said.append(
                self.texts.say("over_limit", share=self.texts.write("fine_share", counts.reject_share), limit=limit)
            )
        return ", ".join(said)

    def _describe_file(self, file: FileShape) -> str:
        delimiter = None if file.delimiter is None else repr(file.delimiter)
        columns = self.texts.count("file_columns", file.column_count)
        return f"{file.file}: {', '.join(filter(None, (file.format, file.encoding, delimiter, columns)))}"

    def list_references(self) -> list[str]:
        """What names rows that are not there, the largest share first, with the line to paste where one would help."""
        found = [finding for finding in self.trial.references.findings if finding.unmatched]
        lines = []
        for each in sorted(found, key=lambda finding: (-finding.share, finding.table, finding.column)):
            name = each.table.partition("/")[2]
            line = self.sources.line(each.source, name, "columns", each.column)
            said = self.texts.say(
                "matches_nothing",
                source=each.source,
                column=f"{each.table}.{each.column}",
                targets=each.targets,
                count=self._number(each.unmatched),
                rows=self._number(each.rows),
                share=self.texts.write("share", each.share),
            )
            lines.append(f"  {_place(self.sources.file, line)}: {said}")
            if each.mend:
                mended = self.texts.say("would_match", count=self._number(each.mended), line=each.mend)
                lines.append(f"    {mended}")
        return [self.texts.say("references"), *lines] if lines else []

    def list_not_judged(self) -> list[str]:
        columns = self.trial.references.not_judged
        return [self.texts.say("not_judged", columns=self._list(columns))] if columns else []

    def list_without(self) -> list[str]:
        lines = [
            f"  {tried.source}, {tried.table.path}: {self._list(tried.shape.without)}"
            for tried in self.trial.tables
            if tried.shape and tried.shape.without
        ]
        return [self.texts.say("without"), *lines] if lines else []

    def list_unread(self) -> list[str]:
        told = self.trial.list_unread(self.with_values)
        by_columns: dict[tuple[str, tuple[str, ...], int], list[str]] = {}
        for (source, file), columns in self.trial.unread.items():
            named = told[source, file]
            by_columns.setdefault((source, named, len(columns) - len(named)), []).append(file)
        lines = [
            f"  {source}, {files[0]}{', …' if len(files) > 1 else ''}: {self._list_with_others(columns, others)}"
            for (source, columns, others), files in by_columns.items()
        ]
        return [self.texts.say("unread"), *lines] if lines else []

    def _list_with_others(self, columns: Sequence[str], others: int) -> str:
        listed = [self._list(columns)] if columns else []
        return ", ".join([*listed, self.texts.count("unread_others", others)] if others else listed)

    def list_unfed(self) -> list[str]:
        lines = [f"  {table.path}: {table.loses or table.description}" for table in self.trial.unfed]
        return [self.texts.say("unfed"), *lines] if lines else []

    def list_faults(self, weight: str) -> list[str]:
        lines = [
            line
            for tried in self.trial.tables
            for fault in tried.faults
            if fault.weight == weight
            for line in self._write_fault(tried, fault)
        ]
        if weight == "stops":
            stopping = (finding for finding in self.trial.references.findings if finding.stops)
            lines += [f"  {self.sources.file}: {finding.describe()}" for finding in stopping]
        return [self.texts.say(f"faults_{weight}"), *lines] if lines else []

    def _write_fault(self, tried: TableTrial, fault: TrialFault) -> Iterable[str]:
        column = f".{fault.column}" if fault.column else ""
        preset = f" ({tried.preset})" if tried.preset else ""
        first, *rest = fault.message.splitlines()
        said = f"  {_place(self.sources.file, fault.line)}: {tried.source}, {tried.table.path}{column}{preset}: {first}"
        if fault.rows is not None:
            place = f" ({_place(fault.file, fault.file_line)})" if fault.file else ""
            said += f"; {self.texts.count('rows_at_fault', fault.rows)}{place}"
        return [said, *(f"    {line}" for line in rest)]

    def _list(self, names: Sequence[str]) -> str:
        shown = list_names(names[:MOST_COLUMNS], most=MOST_COLUMNS)
        left = len(names) - MOST_COLUMNS
        return f"{shown} {self.texts.count('more_columns', left)}" if left > 0 else shown

    def _number(self, count: int) -> str:
        return self.texts.write("count", count)


def _place(file: str | None, line: int | None) -> str:
    return (file or "") if line is None else f"{file}:{line}"
