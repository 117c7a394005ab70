"""Rows that were pulled from a system: the batches that lie in the lake, of each key the latest version.

Serves every connector that pulls; the network is not touched here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.config.connectors import PulledMapping
from pipelines.errors import ExtractError
from pipelines.extracts.connectors.protocol import FileShape
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.landed import Batch, LandedTable, read_landed

_TYPES = {
    "integer": "bigint",
    "decimal": "decimal(38, 6)",
    "float": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
}
"""What the columns of a table without rows are, by their kinds: SQL that sums one of numbers sums this one too."""


class LandedRows:
    """The live rows of one landed table (see :class:`pipelines.extracts.connectors.protocol.Rows`).

    Without a ``table`` there are none: the source does not have it, and need not. ``most`` were asked for.
    """

    def __init__(self, table: LandedTable | None, folder: Path, name: str, malformed: Path, most: int | None) -> None:
        batches = table.batches if table else ()
        self._table, self._folder, self._batches = table, folder, batches
        self.columns = tuple(table.columns) if table else ()
        self.lacking: dict[str, list[str]] = {}
        self.files: tuple[str, ...] = (name,)
        self.paths = tuple(folder / file for batch in batches for file in batch.files)
        size = sum(path.stat().st_size for path in self.paths)
        self.shapes: tuple[FileShape, ...] = (FileShape(name, "pulled", None, None, len(self.columns), size),)
        self.is_whole = table is None or most is None or table.rows < most
        self.malformed = malformed

    def select(self, *, numbered: bool) -> str:
        names = [quote_name(column) for column in self.columns]
        selects = []
        for number, batch in enumerate(self._batches):
            if batch.rows and self._table:
                placed = [f'{number} as "_file_number"', 'file_row_number + 1 as "_row"'] if numbered else []
                columns = ", ".join([*names, f'{quote_text(self.files[0])} as "_file"', *placed])
                selects.append(select_batch(self._table, self._folder, number, columns))
        if not selects:
            kinds = self._table.columns if self._table and names else {"line": "text"}
            empty = [
                *(f"cast(null as {_TYPES.get(kind, 'varchar')}) as {quote_name(name)}" for name, kind in kinds.items()),
                f"'' as {quote_name('_file')}",
            ]
            placed = ['0 as "_file_number"', '0 as "_row"'] if numbered else []
            return f"select {', '.join([*empty, *placed])} where false"
        return "\nunion all by name\n".join(selects)

    def set_aside_malformed(self) -> bool:
        """What was landed has types already: no line of it can be none."""
        return False

    def find_changed(self) -> list[str]:
        """Batches are never changed."""
        return []

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:  # noqa: ARG002
        """A database has no lines."""
        return {}


def open_rows(
    connector: object,  # noqa: ARG001
    mapping: PulledMapping,
    base: Path,  # noqa: ARG001
    scratch: Path,
    most: int | None = None,
) -> LandedRows:
    """What has been landed of the pull that the mapping names.

    Raises ExtractError where that is nothing, as before the first pull.
    """
    if mapping.landed is None:
        raise ExtractError("the source has not been pulled.", at=("from",))
    landed, name = read_landed(mapping.landed), mapping.from_
    if name not in landed.tables:
        raise ExtractError(
            f"nothing has been pulled of '{name}' yet. `parcours run` pulls it; in Dagster, materialise landed/pulls.",
            at=("from",),
        )
    table: LandedTable | None = landed.tables[name]
    if table is not None and not table.batches and not table.columns:
        table = None  # An optional table that the source does not have.
    return LandedRows(table, landed.folder(name), name, scratch / "malformed.jsonl", most)


def select_live(table: LandedTable, folder: Path, columns: Sequence[str]) -> str:
    """A SELECT of ``columns`` of all live rows of ``table``."""
    names = ", ".join(map(quote_name, columns))
    selects = [select_batch(table, folder, number, names) for number, batch in enumerate(table.batches) if batch.rows]
    empty = ", ".join(f"cast(null as varchar) as {quote_name(column)}" for column in columns)
    return "\nunion all by name\n".join(selects) or f"select {empty} where false"


def select_batch(table: LandedTable, folder: Path, number: int, columns: str) -> str:
    """A SELECT of ``columns``, SQL, of the rows of one batch that no later one has in another version, or took away."""
    rows = f"read_parquet({quote_text(str(folder / table.batches[number].file))}, file_row_number = true)"
    later = list_keys(table.batches[number + 1 :], table.key, folder)
    if not later:
        return f"select {columns} from {rows} as batch"
    same = " and ".join(f"later.{quote_name(name)} = batch.{quote_name(name)}" for name in table.key)
    return f"select {columns} from {rows} as batch where not exists (select 1 from ({later}) as later where {same})"


def list_keys(batches: Iterable[Batch], key: Sequence[str], folder: Path) -> str:
    """A SELECT of the keys that ``batches`` have or took away; empty where these are none."""
    files = [folder / file for batch in batches for file in batch.files]
    names = ", ".join(map(quote_name, key))
    return " union all by name ".join(f"select {names} from read_parquet({quote_text(str(file))})" for file in files)
