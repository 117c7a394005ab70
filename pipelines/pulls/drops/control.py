"""What the sender says of a file, found in its control file or its name, and whether the file agrees."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from pipelines.config.connectors import FileOptions
from pipelines.config.drops import Control, name_beside
from pipelines.errors import ExtractError
from pipelines.extracts import sandbox
from pipelines.extracts.connectors import files
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.pulls.digits import has_at_most
from pipelines.pulls.drops.patterns import Look
from pipelines.pulls.drops.place import Entry, FileError, Place
from pipelines.pulls.reconciliation import Reconciled, describe_worst
from pipelines.pulls.system import ROWS
from pipelines.visible_text import make_one_line

LONGEST = 1 << 16  # Bytes of a control file: a line or a few.
MOST_DIGITS = 30  # Before the point, and behind it: what a message or a sum can hold.
_SPACES = " \u00a0\u202f'’"


def find_control(control: Control, entry: Entry, look: Look) -> Entry | None:
    """The control file of ``entry``; None where its own name is the control. Raises FileError where it is missing."""
    if control.file is None:
        return None
    name = name_beside(control.file, entry.name)
    found = look.look_up(name)
    if found is None or found.is_folder:
        raise FileError(f"its control file {_shown(name)} is not there")
    if found.size > LONGEST:
        raise FileError(f"its control file {_shown(name)} has {found.size:,} bytes, which is no control file")
    return found


def read_control(
    control: Control, entry: Entry, beside: Entry | None, place: Place, options: FileOptions
) -> dict[str, str]:
    """What is said of the file, by measure: `rows`, `sha256`, `md5` and the names of amounts. Raises FileError."""
    if beside is None:
        text, where = entry.base, "its name"
    else:
        content = b""
        for piece in place.read(beside.name):
            content += piece
            if len(content) > LONGEST:  # It has grown since it was listed.
                shown = _shown(beside.name)
                raise FileError(f"its control file {shown} has more than {LONGEST:,} bytes, which is no control file")
        text, where = content.decode("utf-8-sig", errors="replace"), f"its control file {_shown(beside.name)}"
    wanted = {ROWS: control.rows, "sha256": control.sha256, "md5": control.md5}
    said: dict[str, str] = {}
    for measure, pattern in [*wanted.items(), *control.amounts.items()]:
        if pattern is None:
            continue
        found = re.search(pattern, text, re.MULTILINE)
        written = found[1] if found else None
        if not written:
            raise FileError(f"{where} does not say {_describe(measure)} where `control` expects it")
        if measure in ("sha256", "md5"):
            said[measure] = written.lower()
        else:
            said[measure] = str(_as_number(written, options, f"{_describe(measure)} in {where}"))
    return said


def _describe(measure: str) -> str:
    if measure in (ROWS, "sha256", "md5"):
        return {ROWS: "the number of rows", "sha256": "the SHA-256", "md5": "the MD5"}[measure]
    return f"the sum of {make_one_line(measure)}"


def _as_number(written: str, options: FileOptions, shown: str) -> Decimal:
    plain = written.strip()
    for separator in (*_SPACES, options.thousands or ""):
        plain = plain.replace(separator, "") if separator else plain
    if options.decimal != ".":
        plain = plain.replace(options.decimal, ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise FileError(f"{shown} is no number") from None
    if not number.is_finite():
        raise FileError(f"{shown} is no number")
    if not has_at_most(number, MOST_DIGITS):
        raise FileError(f"{shown} has more digits than rows or amounts have")
    return number


def compare_digests(said: Mapping[str, str], digests: Mapping[str, str], where: str) -> None:
    """Raises FileError where the content is another than ``where`` says."""
    for algorithm in ("sha256", "md5"):
        if algorithm in said and said[algorithm] != digests[algorithm]:
            raise FileError(f"what arrived has another {algorithm.upper()} than {where} says")


def count_file(
    control: Control, name: str, path: Path, options: FileOptions, shown_root: str, scratch: Path
) -> dict[str, str]:
    """Rows and sums of one file, read as its table reads it. Raises FileError where it cannot be read so."""
    try:
        rows = files.open_files([(make_one_line(name), path)], shown_root, options, scratch)
        lacking = [column for column in control.amounts if column not in rows.columns]
        if lacking:
            raise FileError(f"it has no column {make_one_line(lacking[0])}, of which `control` gives the sum")
        with sandbox.connect("UTC", scratch, list(rows.paths), is_single=False) as connection:
            counted = _count(connection, rows, control, options)
        if counted is None:
            with sandbox.connect("UTC", scratch, list(rows.paths), is_single=False) as connection:
                counted = _count(connection, rows, control, options)
    except ExtractError as error:
        raise FileError(f"it cannot be read to be counted: {error}") from None
    if counted is None:
        raise FileError("it cannot be read to be counted: its lines are none of a table")
    names = [ROWS, *control.amounts]
    found = dict(zip(names, counted, strict=True))
    if rows.malformed.exists():  # Lines that are no rows were rows to whoever counted them.
        with rows.malformed.open("rb") as lines:
            found[ROWS] += sum(1 for _ in lines)
    return {measure: str(value) for measure, value in found.items()}


def _count(
    connection: duckdb.DuckDBPyConnection, rows: files.FileRows, control: Control, options: FileOptions
) -> list[Decimal] | None:
    """None where lines had to be set aside first: what is to be read is another file then."""
    counted = ", ".join(["count(*)", *(_sum(column, options) for column in control.amounts)])
    try:
        found = connection.execute(f"select {counted} from ({rows.select(numbered=False)})").fetchone()
    except duckdb.Error:
        if rows.set_aside_malformed():
            return None
        raise ExtractError("DuckDB cannot read it") from None
    assert found is not None
    return [Decimal(str(value or 0)) for value in found]


def _sum(column: str, options: FileOptions) -> str:
    plain = f"translate(cast({quote_name(column)} as varchar), {quote_text(_SPACES + (options.thousands or ''))}, '')"
    if options.decimal != ".":
        plain = f"replace({plain}, {quote_text(options.decimal)}, '.')"
    return f"sum(try_cast({plain} as decimal(38, 6)))"


def reconcile(said: Mapping[str, str], counted: Mapping[str, str], tolerance: float) -> list[Reconciled]:
    """Both sides, by measure."""
    found = []
    for measure in sorted(said.keys() & counted.keys()):
        one, other = Decimal(said[measure]), Decimal(counted[measure])
        is_taken = abs(one - other) <= Decimal(str(tolerance)) * max(abs(one), abs(other))
        found.append(Reconciled(None, measure, one, other, is_taken))
    return found


def refuse_short(reconciled: Sequence[Reconciled]) -> None:
    """Raises FileError where the file is not what its control says."""
    if not all(each.is_taken for each in reconciled):
        raise FileError(f"it is not what its control says: {describe_worst(reconciled)}")


def _shown(name: str) -> str:
    return make_one_line(name.rpartition("/")[2])
