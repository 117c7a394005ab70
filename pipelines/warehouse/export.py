"""The published marts as files of their own, for tools that open no DuckDB database."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.config.home import Home
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.sql_quoting import quote_text
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import replacing
from pipelines.warehouse import access

Format = Literal["parquet", "csv"]

DEFUSING = (
    ('(^|[;\t\r\n])([" \u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20])', r"\1'\2"),
    (r"^([\t\r\n])", r"'\1"),
)
"""What a spreadsheet takes for the start of a formula, and the same as text: one replaced after the other.

Where its country parts cells by `;`, quotes in a file whose cells are parted by commas part nothing: a cell may begin
within a text, and with a quote, which goes when the cell is read. The signs of East Asian width count as the others.
"""

HOW: dict[Format, str] = {
    "parquet": "format parquet, compression zstd",
    # A list or a missing text is told from an empty one by nobody who reads CSV: null is empty, and texts have quotes
    # where they need them.
    "csv": "format csv, header true",
}


def export_marts(
    home: Home, folder: Path, how: Format, marts: Sequence[str] = (), *, defuses: bool = False
) -> dict[str, int]:
    """Writes `<folder>/<mart>.<parquet|csv>` for each of ``marts``, else for all; the rows of each, by name.

    All files are of one published warehouse, also where another is published meanwhile; the rows stand in the order of
    the warehouse. Raises ParcoursError where there is no warehouse, or it cannot be read or the folder written,
    ConfigurationError where one of the marts is not there. ``defuses``: texts that a spreadsheet would run as formulas
    get a quote before them.
    """
    with _open(home.warehouse) as connection:
        known = [
            str(name)
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
            ).fetchall()
        ]
        _refuse_unknown(marts, known)
        _make(folder, home)
        rows = {}
        for mart in marts or known:
            with replacing(folder / f"{mart}.{how}") as temporary:
                rows_of = _defuse(connection, mart) if defuses else f'marts."{mart}"'
                [(count,)] = connection.execute(
                    f"copy {rows_of} to '{str(temporary).replace(chr(39), chr(39) * 2)}' ({HOW[how]})"
                ).fetchall()
                access.share_export(temporary, home)
            rows[mart] = int(count)
    return rows


def _defuse(connection: duckdb.DuckDBPyConnection, mart: str) -> str:
    """SELECT of a mart, in brackets, with a quote before what begins like a formula."""
    described = connection.execute(f'describe marts."{mart}"').fetchall()
    texts = [f'"{name}"' for name, type_, *_ in described if type_ == "VARCHAR"]
    replaced = ", ".join(f"{_defuse_text(name)} as {name}" for name in texts)
    return f'(select * replace ({replaced}) from marts."{mart}")' if texts else f'marts."{mart}"'


def _defuse_text(column: str) -> str:
    for pattern, text in DEFUSING:
        column = f"regexp_replace({column}, {quote_text(pattern)}, {quote_text(text)}, 'g')"
    return column


@contextmanager
def _open(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not warehouse.exists():
        raise ParcoursError(f"There is no published warehouse at {warehouse}. `parcours run` publishes one.")
    try:
        with duckdb.connect(warehouse, read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise ParcoursError(f"The marts of {warehouse} cannot be exported: {explain(error)}") from error


def _refuse_unknown(marts: Sequence[str], known: Sequence[str]) -> None:
    unknown = sorted(set(marts).difference(known))
    if unknown:
        near = {name: difflib.get_close_matches(name, known, 1) for name in unknown}
        told = ", ".join(
            f"{name!r} (did you mean {found[0]!r}?)" if found else repr(name) for name, found in near.items()
        )
        raise ConfigurationError(f"--marts names what is no mart: {told}. docs/data_dictionary.md lists them.")


def _make(folder: Path, home: Home) -> None:
    is_new = not folder.exists()
    try:
        make_folder(folder)
        if is_new:
            access.share_export(folder, home)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error
