"""Files of another machine: as they were taken into the lake, read as those of a folder of this one are.

Serves every connector that mirrors files; the network is not touched here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipelines.config.drop_sources import DropConnector, DropMapping
from pipelines.errors import ExtractError
from pipelines.extracts.connectors import files
from pipelines.extracts.connectors.protocol import KnownFile
from pipelines.lake.mirror import Mirror, MirroredPattern, read_mirror
from pipelines.visible_text import make_one_line


@dataclass(frozen=True)
class _Taken:
    mirror: Mirror
    pattern: MirroredPattern

    def list_files(self) -> list[tuple[str, Path]]:
        """The names of the files and where their contents lie."""
        return [(make_one_line(file.name), self.mirror.path(file)) for file in self.pattern.read]


def find_exports(connector: DropConnector, mapping: DropMapping, base: Path) -> list[tuple[str, Path]]:  # noqa: ARG001
    """The files that were taken of the mapping's pattern, by name (see ``FindExports``)."""
    return [(f"{connector.shown_root}/{name}", path) for name, path in _find(mapping).list_files()]


def open_rows(
    connector: DropConnector,
    mapping: DropMapping,
    base: Path,  # noqa: ARG001
    scratch: Path,
    most: int | None = None,
    known: Mapping[str, KnownFile] = MappingProxyType({}),
) -> files.FileRows:
    """The rows of the files that were taken of the mapping's pattern; what is wrong with them, as of any files.

    Raises ExtractError where none were taken, as before the first pull.
    """
    taken = _find(mapping)
    rows = files.open_files(taken.list_files(), connector.shown_root, mapping.options, scratch, most, known)
    rows.is_whole = rows.is_whole and taken.pattern.is_whole
    return rows


def _find(mapping: DropMapping) -> _Taken:
    if mapping.landed is None:
        raise ExtractError("the files of the source have not been taken.", at=("from",))
    mirror, pattern = read_mirror(mapping.landed), mapping.from_
    if pattern not in mirror.patterns:
        raise ExtractError(
            f"no file of '{make_one_line(pattern)}' has been taken yet. `parcours run` takes them; in Dagster, "
            "materialise landed/pulls.",
            at=("from",),
        )
    taken = _Taken(mirror, mirror.patterns[pattern])
    missing = [file for file in taken.pattern.read if not mirror.has(file)]
    if missing:
        raise ExtractError(
            f"{make_one_line(missing[0].name)} was taken, and what was taken is no longer in the lake as a whole. "
            "`parcours run` takes it again where it is still there.",
            at=("from",),
        )
    return taken
