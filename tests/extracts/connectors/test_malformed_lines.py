"""Delimited text record by record: what is no record, and where a record begins."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.extracts.connectors import malformed_lines
from pipelines.extracts.connectors.line_faults import Encoding
from pipelines.extracts.connectors.malformed_lines import STRAY_QUOTE, TOO_LONG
from pipelines.extracts.connectors.quoted_lines import LONGEST_QUOTED, LONGEST_RECORD, Dialect

COMMAS = Dialect(",", '"', '"', field_count=3, skip=1)


def set_aside(folder: Path, text: str | bytes, dialect: Dialect = COMMAS) -> tuple[bytes, list[dict[str, Any]]]:
    path, copy, malformed = folder / "in.csv", folder / "out.csv", folder / "malformed.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    malformed.unlink(missing_ok=True)
    count = malformed_lines.set_aside(path, dialect, copy, malformed, "in.csv")
    entries = [json.loads(line) for line in malformed.read_text(encoding="utf-8").splitlines()]
    assert count == len(entries)
    return copy.read_bytes(), entries


def test_a_stray_quote_costs_its_own_line_and_no_other(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,y\n2,x,y\n3,"x",y\n4,x,y\n'
    copy, entries = set_aside(tmp_path, text)
    assert copy == b'a,b,c\n\n2,x,y\n3,"x",y\n4,x,y\n'
    assert [(entry["line"], entry["reason"]) for entry in entries] == [
        (2, "has a quote or a line break in the wrong place")
    ]


def test_a_quote_that_nothing_closes_costs_its_own_line(tmp_path: Path) -> None:
    copy, entries = set_aside(tmp_path, 'a,b,c\n1,"x,y\n' + "2,x,y\n" * 3000)
    assert copy.count(b"2,x,y\n") == 3000
    assert [(entry["line"], entry["reason"]) for entry in entries] == [(2, "opens a quote that nothing closes")]


@pytest.mark.parametrize(("further", "is_one"), [(LONGEST_QUOTED - 1, True), (LONGEST_QUOTED, False)])
def test_a_value_goes_over_so_many_lines_and_no_more(tmp_path: Path, further: int, is_one: bool) -> None:
    text = 'a,b,c\n1,"x' + "\n" * further + '",y\n'
    copy, entries = set_aside(tmp_path, text)
    if is_one:
        assert (copy.decode(), entries) == (text, [])
    else:
        assert [entry["reason"] for entry in entries] == [STRAY_QUOTE, STRAY_QUOTE]


def test_values_over_lines_follow_each_other(tmp_path: Path) -> None:
    text = "a,b,c\n" + '1,"x\ny",z\n' * 50 + '2,"x\n,y\n,z",z\n' + '3,"x\ny",z,z\n' + '4,"x\ny",z\n'
    copy, entries = set_aside(tmp_path, text)
    assert [(entry["line"], entry["reason"]) for entry in entries[:1]] == [
        (105, "has 4 fields where 3 are expected"),
    ]
    assert copy.count(b'1,"x\ny",z\n') == 50
    assert copy.endswith(b'4,"x\ny",z\n')


def test_values_of_many_bytes_over_lines_are_each_measured_by_themselves(tmp_path: Path) -> None:
    half = "x" * (LONGEST_RECORD * 2 // 5)
    text = "a,b,c\n" + f'1,"{half}\n{half}",z\n' * 3
    copy, entries = set_aside(tmp_path, text)
    assert (copy.decode(), entries) == (text, [])


def test_a_line_that_is_too_long_closes_no_value(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x\ny",' + "z" * (LONGEST_RECORD + 1) + "\n2,x,y\n"
    copy, entries = set_aside(tmp_path, text)
    assert copy == b"a,b,c\n\n\n2,x,y\n"
    assert [(entry["line"], entry["reason"]) for entry in entries] == [(2, STRAY_QUOTE), (3, TOO_LONG)]


@pytest.mark.parametrize("lines", [b"1,%s x,y\n", b'1,"x\n%s",y\n', b'1,"%s\nx",y\n'])
@pytest.mark.parametrize(
    ("written", "fault"),
    [(b"\xe9", Encoding.WINDOWS), (b"\x81", Encoding.UNKNOWN), (b"\xc3\xc2\xa9", Encoding.MISREAD)],
)
def test_a_line_of_another_encoding_is_told_wherever_it_stands_in_its_record(
    tmp_path: Path, lines: bytes, written: bytes, fault: Encoding
) -> None:
    _, entries = set_aside(tmp_path, b"a,b,c\n" + lines % written)
    assert (entries[0]["line"], entries[0]["reason"]) == (2, fault.value)


@pytest.mark.parametrize(
    ("text", "most", "is_cut", "copied", "has_more"),
    [
        ("a,b,c\n1,x,y\n2,x,y\n", 1, False, "a,b,c\n1,x,y\n", True),
        ("a,b,c\n1,x,y\n2,x,y\n", 2, False, "a,b,c\n1,x,y\n2,x,y\n", False),
        ("a,b,c\n1,x,y\n2,x", 9, False, "a,b,c\n1,x,y\n2,x", False),
        ("a,b,c\n1,x,y\n2,x", 9, True, "a,b,c\n1,x,y\n", True),
        ('a,b,c\n1,x,y\n2,"x\ny\n', 9, True, "a,b,c\n1,x,y\n", True),
        ('a,b,c\n1,x,y\n2,"x\ny",z', 9, True, "a,b,c\n1,x,y\n", True),
        ('a,b,c\n1,"x,y\n2,x,y\n', 9, False, 'a,b,c\n1,"x,y\n2,x,y\n', False),
    ],
)
def test_of_a_file_that_is_cut_half_a_record_is_none(
    tmp_path: Path, text: str, most: int, is_cut: bool, copied: str, has_more: bool
) -> None:
    (tmp_path / "in.csv").write_text(text)
    cut = malformed_lines.copy_head(tmp_path / "in.csv", COMMAS, most, tmp_path / "out.csv", is_cut=is_cut)
    assert (cut, (tmp_path / "out.csv").read_text()) == (has_more, copied)


def test_a_stray_quote_in_a_long_file_loses_no_row(exports: Any) -> None:
    """DuckDB alone drops every row from the quote to the end of its buffer, as one reject."""
    lines = [f"{i},2024-01-01,1\n" for i in range(200_000)]
    lines[10] = '10,"2024-01-01,1\n'
    exports.write("orders.csv", "id,moment,total\n" + "".join(lines))
    extracted = exports.extract_orders()
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (200_000, 199_999, 1)
    assert exports.quarantine().select("line", "reason").rows() == [(12, "opens a quote that nothing closes")]


def test_records_over_several_lines_and_inch_marks_are_left_alone(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x\ny ""z""\n",27" screen\n\n2, "x, y",z\n'
    copy, entries = set_aside(tmp_path, text)
    assert (copy.decode(), entries) == (text, [])
    assert malformed_lines.find_lines(tmp_path / "in.csv", COMMAS, [1, 2]) == {1: 2, 2: 6}


def test_a_skipped_line_is_never_judged(tmp_path: Path) -> None:
    dialect = Dialect(",", '"', '"', field_count=2, skip=2)
    copy, entries = set_aside(tmp_path, 'made by "till 7\na,b\n1,2\n', dialect)
    assert (copy, entries) == (b'made by "till 7\na,b\n1,2\n', [])
    assert malformed_lines.find_lines(tmp_path / "in.csv", dialect, [1]) == {1: 3}


def test_an_escape_before_a_quote_keeps_the_value_open(tmp_path: Path) -> None:
    dialect = Dialect(",", '"', "\\", field_count=2, skip=0)
    text = '1,"a \\" b\nc"\n2,x\n'
    copy, entries = set_aside(tmp_path, text, dialect)
    assert (copy.decode(), entries) == (text, [])
    assert malformed_lines.find_lines(tmp_path / "in.csv", dialect, [2]) == {2: 3}


def test_blanks_may_part_values_of_which_some_have_quotes(tmp_path: Path) -> None:
    dialect = Dialect(" ", '"', '"', field_count=2, skip=0)
    text = '1 "a\nb"\n "2" x\n3 27"\n'
    copy, entries = set_aside(tmp_path, text, dialect)
    assert (copy.decode(), entries) == (text, [])
    assert malformed_lines.find_lines(tmp_path / "in.csv", dialect, [2, 3]) == {2: 3, 3: 4}


def test_lines_of_one_column_count_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("a\n1\n\n2\n")
    assert malformed_lines.find_lines(path, Dialect(",", '"', '"', 1, 1), [1, 3]) == {1: 2, 3: 4}


FIELDS = st.text(alphabet=st.sampled_from(list('ab,"; \n')), max_size=6)


@pytest.mark.long
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=8))
def test_whatever_a_csv_writer_writes_is_read_whole_and_on_its_lines(rows: list[tuple[str, str]], exports: Any) -> None:
    """Every field survives, bar the blanks around it; a rejected row is told with the line on which it begins."""
    exports.kind = "pos"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["store_id", "name", "city"])
    lines = []
    for number, row in enumerate(rows):
        lines.append(buffer.getvalue().count("\n") + 1)
        writer.writerow([f"{number:03}", *row])
    exports.write("stores.csv", buffer.getvalue())
    extracted = exports.extract("stores", {"from": "stores.csv"})
    blank = [not row[0].strip(" \n") for row in rows]
    kept = exports.rows("stores").select("name", "city").rows()
    trimmed = [tuple(field.strip(" \n") or None for field in row) for row in rows]
    assert kept == [row for row, is_blank in zip(trimmed, blank, strict=True) if not is_blank]
    expected = sorted(line for line, is_blank in zip(lines, blank, strict=True) if is_blank)
    assert exports.quarantine("stores")["line"].to_list() == expected
    assert extracted.rows_read == len(rows)


@pytest.mark.long
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(alphabet=st.sampled_from(list('a1,"\n\r ')), max_size=60))
@example(content=",\r,")
def test_whatever_a_file_holds_nothing_raises_and_every_line_is_accounted_for(content: str, exports: Any) -> None:
    exports.kind = "pos"
    exports.write("stores.csv", "store_id,name\n" + content)
    extracted = exports.extract("stores", {"from": "stores.csv"})
    assert extracted.rows_read == (
        extracted.rows_kept + extracted.rows_rejected + extracted.rows_filtered + extracted.rows_repeated
    )
    assert exports.quarantine("stores").height == extracted.rows_rejected
    assert exports.quarantine("stores")["line"].null_count() == 0


@pytest.mark.parametrize("line", [b"\xff\n", b"a\x1fb\n", b"a\rb\n"])
def test_a_json_line_that_is_no_text_is_set_aside(tmp_path: Path, line: bytes) -> None:
    path, copy, malformed = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "malformed.jsonl"
    path.write_bytes(b"{}\r\n" + line + b"{}\n")
    assert malformed_lines.set_aside_lines(path, copy, malformed, "in.jsonl") == 1
    assert copy.read_bytes() == b"{}\n\n{}\n"


def test_a_json_line_longer_than_any_record_is_set_aside_and_shown_by_its_beginning(tmp_path: Path) -> None:
    path, copy, malformed = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "malformed.jsonl"
    path.write_text('{"a": "' + "x" * 5_000_000 + '"}\n{}\n')
    assert malformed_lines.set_aside_lines(path, copy, malformed, "in.jsonl") == 1
    assert copy.read_text() == "\n{}\n"
    entry = json.loads(malformed.read_text())
    assert (entry["line"], entry["reason"]) == (1, TOO_LONG)
    assert len(entry["raw"]) < 11_000
