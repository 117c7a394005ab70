"""`sources.yml` and `segments.yml` are valid, and the exports that they name are there."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.config.connectors import FilesConnector, PulledSource
from pipelines.config.drop_sources import DropSource
from pipelines.config.home import find_sources
from pipelines.config.sources import Sources, load_sources
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.errors import ConfigurationError
from pipelines.pulls.drops.arrivals import find_missing
from pipelines.pulls.errors import SourceError, TableError
from pipelines.segments.definitions import find_segments, load_segments

SUBJECT = "sources"


def examine(case: Case) -> Examined:
    try:
        file = find_sources(case.sources, case.home)
        sources = load_sources(file)
        load_segments(find_segments(case.home, sources))
    except ConfigurationError as error:
        return Examined(SUBJECT, "", (Finding(str(error), "`parcours check` tries the file once it is corrected."),))
    missing = _find_missing(sources)
    named = sum(len(source.tables) for source in sources.sources if not isinstance(source, PulledSource))
    findings = tuple(
        Finding(f"{file}: no file matches {pattern}.", "Fetch the export, or take its table out.")
        for pattern in missing[:10]
    )
    if len(missing) > len(findings):
        findings += (Finding(f"{file}: {len(missing) - len(findings)} more match nothing.", "As above."),)
    findings += tuple(_ask_places(file, sources))
    exports = f", and the exports of {named} tables are there" if named else ""
    return Examined(SUBJECT, f"{file} is valid{exports}", findings)


def _ask_places(file: Path, sources: Sources) -> Iterator[Finding]:
    """What is wrong with files on other machines, which are asked for them."""
    for source in sources.sources:
        if not isinstance(source, DropSource):
            continue
        try:
            missing = find_missing(source, sources.base)
        except (SourceError, TableError) as error:
            yield Finding(
                f"{file}, source {source.name}: {error}", "`parcours check` tries it again once it is mended."
            )
            continue
        for pattern in missing:
            what = f"{file}, source {source.name}: no file matches {pattern} there."
            yield Finding(what, "Ask whoever sends them, or take the table out.", is_grave=False)


def _find_missing(sources: Sources) -> list[str]:
    """Each pattern that finds no file, as it is written, with its source and table."""
    missing = []
    for source in sources.sources:
        if not isinstance(source.connector, FilesConnector):
            continue
        folder = source.connector.folder(sources.base)
        for table, declared in source.tables.items():
            patterns = [declared.from_, *(each.from_ for each in declared.with_.values() if each.from_ is not None)]
            missing += [
                f"{pattern} (source {source.name}, table {table})"
                for pattern in patterns
                if not any(path.is_file() for path in folder.glob(pattern))
            ]
    return missing
