"""What no export has is refused before it is read, with a message of a few lines; all that exports have is read."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config.connectors import FileOptions
from pipelines.errors import ExtractError
from pipelines.extracts.connectors import files, limits
from pipelines.extracts.connectors.limits import LONGEST_HEADER, MOST_COLUMNS, MOST_TIMES_PACKED
from pipelines.onboarding.heads import read
from pipelines.onboarding.heads.folder import FoundFile


def names(count: int) -> list[str]:
    return ["id", "moment", "total", *(f"c{number}" for number in range(count - 3))]


def told(exports: Any, **mapping: Any) -> str:
    with pytest.raises(ExtractError) as raised:
        exports.extract_orders(**mapping)
    assert len(str(raised.value)) < 2_000
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", ",".join(names(100_000)) + "\n"),
        ("orders.jsonl", json.dumps(dict.fromkeys(names(100_000), 1)) + "\n"),
    ],
    ids=["csv", "jsonl"],
)
def test_a_hundred_thousand_columns_are_refused_where_the_header_is_read(
    name: str, content: str, tmp_path: Path
) -> None:
    """All that comes after the header would take its time over so many."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ExtractError, match=f"{name} has more than {MOST_COLUMNS:,} columns"):
        files.open_files([(name, tmp_path / name)], "exports", FileOptions(), tmp_path)


def test_more_columns_than_a_sheet_of_excel_has_are_refused(exports: Any) -> None:
    exports.write("orders.csv", ",".join(names(MOST_COLUMNS + 1)) + "\n")
    assert f"has more than {MOST_COLUMNS:,} columns" in told(exports)


def test_a_key_for_every_row_is_refused(exports: Any) -> None:
    exports.write("orders.jsonl", "".join(f'{{"key{number}": 1}}\n' for number in range(MOST_COLUMNS + 1)))
    assert f"has more than {MOST_COLUMNS:,} columns" in told(exports)


def test_parquet_of_as_many_columns_is_refused(exports: Any) -> None:
    written = io.BytesIO()
    pq.write_table(pa.table({name: pa.nulls(0, pa.string()) for name in names(MOST_COLUMNS + 1)}), written)
    exports.write("orders.parquet", written.getvalue())
    assert f"has more than {MOST_COLUMNS:,} columns" in told(exports)


def test_thousands_of_columns_are_read(exports: Any) -> None:
    row = ["1", "2026-01-01", "5", *["x"] * 1_997]
    exports.write("orders.csv", ",".join(names(2_000)) + "\n" + ",".join(row) + "\n")
    assert exports.extract_orders().rows_kept == 1


@pytest.mark.parametrize(
    "content",
    [
        b'id,"moment' + b"x" * (2 * LONGEST_HEADER) + b"\n1,2\n",
        b"x" * (2 * LONGEST_HEADER) + b"\n1,2\n",
        b'id,"moment\n' + b"x\n" * LONGEST_HEADER,
    ],
    ids=["a quote of megabytes", "a name of megabytes", "a quote over a million lines"],
)
def test_a_header_of_megabytes_is_refused(content: bytes, exports: Any) -> None:
    exports.write("orders.csv", content)
    assert "has no header" in told(exports)


def test_a_line_break_of_another_kind_within_the_header_is_no_traceback(exports: Any) -> None:
    exports.write("orders.csv", "id,mo\rment,total\n1,2026-01-01,5\n")
    assert "has no header that can be read" in told(exports)


def test_values_of_megabytes_are_set_apart_or_emptied_and_counted(exports: Any) -> None:
    rows = {
        "id": ["1", "2" * 10_000_000, "3"],
        "moment": ["2026-01-01"] * 3,
        "total": ["5"] * 3,
        "mail": ["a@exemple.fr", "b@exemple.fr", "c" * 10_000_000],
    }
    written = io.BytesIO()
    pq.write_table(pa.table(rows), written)
    exports.write("orders.parquet", written.getvalue())
    columns = {**exports.order_columns, "contact_email": "mail"}
    extracted = exports.extract_orders(columns=columns)
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (3, 2, 1)
    assert exports.rows()["contact_email"].to_list() == ["a@exemple.fr", None]
    assert exports.quarantine()["reason"].to_list() == ["order_id is longer than 1,000 bytes"]
    mails = next(field for field in extracted.fields if field.column_name == "contact_email")
    assert (mails.implausible_count, mails.reason) == (1, "is longer than 1,000 bytes")


def test_a_packed_file_out_of_all_proportion_is_refused(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALWAYS_FINE", 1 << 20)
    bomb = b"id,moment,total\n" + b"1,2026-01-01,5\n" * 1_000_000
    exports.write("orders.csv.gz", gzip.compress(bomb))
    assert "which no export does" in told(exports)
    usual = "".join(f"{number},2026-01-01,{number % 97}\n" for number in range(200_000))
    exports.write("orders.csv.gz", gzip.compress(b"id,moment,total\n" + usual.encode()))
    assert exports.extract_orders().rows_kept == 200_000


def test_a_packed_file_of_few_megabytes_is_read_whatever_the_proportion(exports: Any) -> None:
    rows = b"id,moment,total\n" + b"1,2026-01-01,5\n" * 100_000
    packed = gzip.compress(rows)
    assert len(rows) > 1.5 * MOST_TIMES_PACKED * len(packed)
    exports.write("orders.csv.gz", packed)
    assert exports.extract_orders().rows_read == 100_000


def test_a_packed_file_in_an_archive_is_judged_by_the_archive(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is packed once is in proportion, and so is what is packed again: together they are not."""
    monkeypatch.setattr(limits, "ALWAYS_FINE", 1 << 20)
    part = b"1,2026-01-01,5\n" * 200
    once = gzip.compress(b"id,moment,total\n") + gzip.compress(part) * 1_000
    assert len(part) * 1_000 < MOST_TIMES_PACKED * len(once)
    with zipfile.ZipFile(exports.write("orders.zip", b""), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv.gz", once)
    assert "orders.zip!/orders.csv.gz unpacks from" in told(exports)
    (exports.folder / "exports" / "orders.zip").unlink()
    exports.write("orders.csv.gz", once)
    assert exports.extract_orders().rows_read == 200_000


def test_init_looks_at_no_bomb_and_at_no_sheet_of_ten_thousand_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_FINE", 1 << 20)
    contents = {
        "bomb.csv.gz": gzip.compress(b"id,moment\n" + b"1,2\n" * 2_000_000),
        "cut.csv.gz": gzip.compress(b"id,moment\n" + bytes(range(256)) * 100)[:-20],
        "wide.csv": (",".join(names(10_000)) + "\n" + ",".join("x" * 10_000) + "\n").encode(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    heads, unread = read.read_heads([FoundFile(tmp_path / name, name) for name in sorted(contents)])
    assert heads == []
    assert [each.name for each in unread] == sorted(contents)
    assert "which no export does" in unread[0].reason
    assert "columns, more than are looked at" in unread[2].reason


def test_init_looks_at_fewer_rows_where_there_are_many_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_CELLS", 100)
    header = ",".join(f"c{number}" for number in range(20))
    (tmp_path / "wide.csv").write_text(header + "\n" + (",".join(["x"] * 20) + "\n") * 50)
    [head], _ = read.read_heads([FoundFile(tmp_path / "wide.csv", "wide.csv")])
    assert (len(head.columns), len(head.rows)) == (20, 5)
