"""What in a home folder Parcours has made itself, told by its name.

A home may be a folder that holds other things too, in the extreme somebody's home directory: what is not known here is
left alone by whatever looks after the home.
"""

import re
from pathlib import Path

from pipelines.contracts import TABLES

_TEMPORARY = r"(\.tmp-[\w-]+)?"
_KINDS = "|".join(sorted({table.kind for table in TABLES} | {"identity", "landed", "sources", "value", "segments"}))
_BELOW = r"(/.*)?"

_MADE = re.compile(
    "|".join(
        (
            rf"warehouse(\.previous|\.replaced)?\.duckdb(\.wal|\.zst)?{_TEMPORARY}",
            r"warehouse\.duckdb\.tmp" + _BELOW,  # Where DuckDB spills that reads it.
            rf"(report|quality)\.html{_TEMPORARY}",
            rf"decisions\.csv{_TEMPORARY}",
            r"(run|publication|page)\.lock",
            r"(restored|replaced-\d+|restore\.tmp-\w+)" + _BELOW,  # Of `parcours restore`.
            r"docs-\w{8}" + _BELOW,  # In which the dbt site is made.
            rf"lake(/({_KINDS}|quarantine|models|state|\w+\.tmp-\w+){_BELOW})?",
            rf"build(/(warehouse\.duckdb[\w.-]*|warehouse\.sealed\.json{_TEMPORARY}|(dbt|spill|spark){_BELOW}))?",
            rf"charts(/m[0-9a-f]{{12}})?(/\w+\.html{_TEMPORARY})?",  # A version's are of `parcours model charts`.
            rf"reports(/\d{{4}}-\d\d-\d\d-\w{{8}}(-quality)?\.html{_TEMPORARY})?",
            rf"(last_night\.json|morning\.html){_TEMPORARY}",
            rf"nights(/(history\.jsonl{_TEMPORARY}|alerts\.lock|alerts(/[\w.-]+\.json{_TEMPORARY})?))?",
            r"logs(/\d{8}T\d{6}Z-\w{8}\.log)?",
            r"docs(/(index|dictionary|lineage|report)\.html)?",
            rf"dagster(/(dagster\.yaml|\.\w+|(history|schedules|storage|logs){_BELOW}))?",
        )
    ),
    re.DOTALL,
)

WRITTEN_BY_PEOPLE = frozenset({"sources.yml", "segments.yml", "nights.yml"})
"""What belongs in a home and is not ours."""


def is_ours(path: Path, root: Path) -> bool:
    """Whether ``path``, which lies below ``root``, is called as only Parcours calls what it makes there."""
    return _MADE.fullmatch(path.relative_to(root).as_posix()) is not None


def is_ours_alone(folder: Path, root: Path) -> bool:
    """Whether all that lies in ``folder``, the home ``root`` itself or one below it, belongs in a home."""
    return all(
        is_ours(entry, root) or (folder == root and entry.name in WRITTEN_BY_PEOPLE) for entry in folder.iterdir()
    )
