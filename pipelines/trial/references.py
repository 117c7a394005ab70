"""Whether the first rows name what is there: looked up in whole key columns, as far as they are quickly read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from pipelines import contracts
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.references import MATCHES_NOTHING, Finding, check_references
from pipelines.identity.decisions.merges import find_merged_records
from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.placeholders import with_own_values
from pipelines.identity.standardisation.spellings import CARDS_WRITTEN, read_cards
from pipelines.lake.tables import Lake
from pipelines.trial.tables import TableTrial

MOST_BYTES = 200 << 20  # Of plain text, in all: what takes a few seconds.
UNPACKED = 8  # Times the size of a file that is compressed: what exports of text come to.
PACKED = (".gz", ".zst", ".zip", ".xlsx", ".xlsm")
MERGES = "crm/merges"


@dataclass(frozen=True)
class ReferenceTrial:
    """``findings`` are of columns that were looked up, ``not_judged`` columns whose targets were not all read."""

    findings: tuple[Finding, ...]
    not_judged: tuple[str, ...]


def try_references(sources: Sources, trials: Sequence[TableTrial], lake: Lake, as_of: date) -> ReferenceTrial:
    """Looks up what the rows of ``lake`` name. ``lake`` has every table, and ``identity/records`` of its rows."""
    targets = Lake(lake.root.with_name("targets"))
    whole = set(_gather_targets(sources, trials, lake, targets, as_of))
    attributes = with_own_values(load_attributes(), sources.placeholders, sources.country)
    for each in (lake, targets):
        each.write("identity", "records", lake.read("identity", "records"))
    cards = pl.concat([read_cards(each, attributes) for each in (lake, targets)]).unique("written").sort("written")
    lake.write("identity", "loyalty_cards", cards)
    lake.write("identity", "merged_records", find_merged_records(targets))
    findings = [each for each in check_references(sources, lake, targets) if each.finding == MATCHES_NOTHING]
    judged, not_judged = [], set()
    for finding in findings:
        if _is_judged(sources, finding, whole):
            judged.append(finding)
        elif finding.is_checked:
            not_judged.add(f"{finding.table}.{finding.column}")
    return ReferenceTrial(tuple(judged), tuple(sorted(not_judged)))


def _is_judged(sources: Sources, finding: Finding, whole: set[str]) -> bool:
    kind, name = finding.table.split("/")
    reference = contracts.table(kind, name).column(finding.column).references  # type: ignore[arg-type]
    assert reference is not None
    looked_up = [path for path in reference.tables if sources.feeding(_table(path))]
    merges = [MERGES] if sources.feeding(_table(MERGES)) else []
    return finding.is_checked and whole.issuperset([*looked_up, *merges])


def _gather_targets(
    sources: Sources, trials: Sequence[TableTrial], lake: Lake, targets: Lake, as_of: date
) -> Iterator[str]:
    """Puts the key columns of all that is named into ``targets``, the small tables first; which of them are whole."""
    left = MOST_BYTES
    for path in sorted(_list_named(sources), key=lambda path: (_weigh(path, trials), path)):
        table, of_it = _table(path), [trial for trial in trials if trial.table.path == path]
        copied = targets.path(table.kind, table.name)
        if of_it and all(trial.is_whole for trial in of_it):
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.hardlink_to(lake.path(table.kind, table.name))
            yield path
            continue
        left -= _weigh(path, trials)
        if left >= 0 and not any(trial.exit_code for trial in of_it):
            try:
                extract_table(sources, _keep_keys(table), targets, as_of)
                yield path
            except ExtractError:
                pass  # Told of its first rows, or by the run; what names them is then not judged.
        if not copied.exists():
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.hardlink_to(lake.path(table.kind, table.name))


def _list_named(sources: Sources) -> set[str]:
    """The tables that are named by columns of others, and that some source fills; and the merges of contacts."""
    fed = [table for table in contracts.TABLES if sources.feeding(table)]
    named = {
        path for table in fed for column in table.columns if column.references for path in column.references.tables
    }
    return {path for path in {*named, MERGES} if sources.feeding(_table(path))}


def _keep_keys(table: Table) -> Table:
    """The table with its key, its cards, and what else others name; of all days."""
    named = {
        target.partition(".")[2]
        for other in contracts.TABLES
        for column in other.columns
        if column.references
        for target in column.references.targets
        if target.startswith(f"{table.path}.")
    }
    if table.path == MERGES:
        return table
    cards = {column for kind, name, column in CARDS_WRITTEN if (kind, name) == (table.kind, table.name)}
    kept = tuple(column for column in table.columns if column.name in {*table.key, *named, *cards})
    return replace(table, columns=kept, since=None, part_of=None)


def _weigh(path: str, trials: Sequence[TableTrial]) -> int:
    """About how much text the table's files hold, in bytes."""
    shapes = [trial.shape for trial in trials if trial.table.path == path and trial.shape]
    return sum(
        file.size * (UNPACKED if Path(file.file).suffix.lower() in PACKED or "!/" in file.file else 1)
        for shape in shapes
        for file in (*shape.files, *shape.beside)
    )


def _table(path: str) -> Table:
    return next(table for table in contracts.TABLES if table.path == path)
