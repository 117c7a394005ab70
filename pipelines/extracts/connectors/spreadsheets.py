"""Excel workbooks: one sheet as a Parquet file of texts, as if it had been saved as CSV with ISO dates.

Numbers of whole value lose their point, so that an id stays an id. The reader holds the sheet in memory, half as
much again as it unpacks to; hence a limit on that.
"""

import math
import zipfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipelines.errors import ExtractError
from pipelines.extracts.connectors.archives import BROKEN
from pipelines.extracts.connectors.sheet_extent import check_extent

LARGEST = (
    512 << 20
)  # Bytes of XML, unpacked: about a million rows of ten columns, and the most that Excel's sheets hold.
BATCH = 10_000

Cell = int | float | str | bool | time | date | datetime | timedelta


def list_rows(path: Path, sheet: str | int | None, shown: str) -> Iterator[tuple[int, list[Cell]]]:
    """Every row of a sheet that holds anything, with its number in the sheet, from 1.

    ``sheet`` is a name or a position from 1; by default the first sheet that is visible. Raises ExtractError where the
    workbook is damaged, protected or too large, or has no such sheet.
    """
    with _open_workbook(path, shown) as workbook:
        found = _choose_sheet(workbook, sheet, shown)
        for number, row in enumerate(found.iter_rows(), start=1):
            if any(cell != "" for cell in row):
                yield number, row


def list_sheets(path: Path, shown: str) -> list[str]:
    """The names of the sheets that are visible, in their order. Raises ExtractError like :func:`list_rows`."""
    with _open_workbook(path, shown) as workbook:
        return [
            meta.name
            for meta in workbook.sheets_metadata
            if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
        ]


@contextmanager
def _open_workbook(path: Path, shown: str) -> Iterator[CalamineWorkbook]:
    try:
        _check_size(path, shown)
        with CalamineWorkbook.from_path(path) as workbook:
            yield workbook
    except (CalamineError, OSError, *BROKEN) as fault:
        raise _refuse(shown, fault) from fault
    except RuntimeError as fault:  # Of the standard library, for a part that is encrypted.
        raise _refuse(shown, fault) from fault
    except BaseException as fault:
        # Where the reader, which is written in Rust, meets what it did not expect: that is no Exception to Python.
        if type(fault).__name__ == "PanicException":
            raise _refuse(shown, fault) from fault
        raise


def _refuse(shown: str, fault: BaseException) -> ExtractError:
    return ExtractError(
        f"{shown} is not a whole Excel workbook, or is protected by a password ({type(fault).__name__}). Fetch it "
        "again, or save it without one; nothing of it was taken."
    )


def write_rows(
    rows: Iterator[tuple[int, list[Cell]]], columns: Sequence[str], decimal: str, copy: Path
) -> "array[int]":
    """Writes the rows as texts to the Parquet file ``copy``; the number in the sheet of each.

    Numbers are written with the mark ``decimal``, as the texts beside them are.
    """
    schema = pa.schema([(column, pa.string()) for column in columns])
    numbers = array("Q")
    with pq.ParquetWriter(copy, schema) as writer:
        while batch := _take(rows, BATCH):
            numbers.extend(number for number, _ in batch)
            texts = [
                pa.array([write_cell(row[n], decimal) if n < len(row) else None for _, row in batch], pa.string())
                for n in range(len(columns))
            ]
            writer.write_table(pa.Table.from_arrays(texts, schema=schema))
    return numbers


def write_cell(cell: Cell, decimal: str) -> str | None:
    """A cell as text, null for an empty one or one whose formula failed."""
    match cell:
        case "":
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float() if not math.isfinite(cell):  # 1e999, which Excel does not write.
            return str(cell)
        case int() | float():
            whole = int(cell)
            return str(whole) if whole == cell else format(Decimal(repr(cell)), "f").replace(".", decimal)
        case datetime():
            return _round_to_milliseconds(cell).isoformat(sep=" ")
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case _:
            return cell.isoformat()


def _round_to_milliseconds(moment: datetime) -> datetime:
    """Excel counts days as a float, so that a second may miss by microseconds."""
    rounded = moment + timedelta(microseconds=500)
    return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)


def _take(rows: Iterator[tuple[int, list[Cell]]], most: int) -> list[tuple[int, list[Cell]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == most:
            break
    return batch


def _check_size(path: Path, shown: str) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise ExtractError(
                f"{shown} unpacks to {size >> 20:,} MB, over {LARGEST >> 20}. Save the sheet as CSV: it has no limit."
            )
        check_extent(archive, shown)  # A size that is not true is found out here too, before the reader trusts it.


def _choose_sheet(workbook: CalamineWorkbook, wanted: str | int | None, shown: str) -> CalamineSheet:
    sheets = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    names = [meta.name for meta in sheets]
    chosen: str | None
    if wanted is None:
        visible = [meta.name for meta in sheets if meta.visible == SheetVisibleEnum.Visible]
        chosen = next(iter(visible or names), None)
    elif str(wanted) in names:  # A sheet called 2026 is a number to YAML.
        chosen = str(wanted)
    else:
        chosen = names[wanted - 1] if isinstance(wanted, int) and wanted <= len(names) else None
    if chosen is None:
        raise ExtractError(
            f"{shown} has no sheet {wanted if wanted is not None else 'at all'}. It has {len(names)}: name one by its "
            "place, from 1, or as the workbook does, in `sheet` under its `options`."
        )
    return workbook.get_sheet_by_name(chosen)
