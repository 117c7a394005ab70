"""Twice the input is twice the work: what comes from outside is never looked at for each part of itself."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.connectors import FileOptions, FilesMapping
from pipelines.contracts import table as find_table
from pipelines.errors import ExtractError
from pipelines.extracts import named_rows
from pipelines.extracts.amount_columns import amount_columns
from pipelines.extracts.connectors import files, json_documents, malformed_lines, sheet_extent
from pipelines.extracts.connectors.quoted_lines import LONGEST_RECORD, Ahead, Dialect, Quotes, read_lines
from pipelines.extracts.currency_signs import signs_of
from pipelines.extracts.named_rows import NamedRows, list_mentioned
from pipelines.extracts.unseen_columns import find_unseen
from pipelines.presets.headers import Header
from pipelines.presets.preset import load_presets
from pipelines.presets.recognise import recognise
from tests.steps import CountedName, count_comparisons, count_seconds, count_steps

COMMAS = Dialect(",", '"', '"', field_count=3, skip=1)
HEAD = b"a,b,c\n"
TWICE = 2.2  # Times the steps, for twice the input; what is done once however much there is makes it less.
SIXTEEN_TIMES = 40  # The seconds, for sixteen times the input; the square would take 256 times as long.

LINES: dict[str, Callable[[int], bytes]] = {
    "one quote over all lines": lambda n: HEAD + b'1,"' + b"x\n" * n,
    "every line opens a quote": lambda n: HEAD + b'a"b,"c\n' * n,
    "quotes that are at fault at their end": lambda n: HEAD + (b'",a,"\n' * 99 + b'"\n') * (n // 100),
    "every line is too short": lambda n: HEAD + b"1\n" * n,
    "every line is in another encoding": lambda n: HEAD + b"1,2,\xe9\n" * n,
    "quotes that end on the line after": lambda n: HEAD + b'1,"2\n2",3\n' * n,
    "blank lines": lambda n: HEAD + b"\n" * n,
}


@pytest.mark.parametrize("shape", LINES)
def test_lines_that_are_no_record_are_each_looked_at_once(shape: str, tmp_path: Path) -> None:
    def set_aside(count: int) -> int:
        (tmp_path / "in").write_bytes(LINES[shape](count))
        return count_steps(
            lambda: malformed_lines.set_aside(tmp_path / "in", COMMAS, tmp_path / "out", tmp_path / "log", "in")
        )

    # About as many lines as are looked ahead at: each of many more, looked at again for each before it, seems linear.
    assert set_aside(2_000) < TWICE * set_aside(1_000)


@pytest.mark.parametrize("shape", LINES)
def test_the_first_records_are_found_without_looking_further_than_a_record_may_reach(
    shape: str, tmp_path: Path
) -> None:
    def copy_head(count: int) -> int:
        (tmp_path / "in").write_bytes(LINES[shape](count))
        return count_steps(
            lambda: malformed_lines.copy_head(tmp_path / "in", COMMAS, 10, tmp_path / "out", is_cut=False)
        )

    # A blank line is no record, and is copied.
    assert copy_head(8_000) <= copy_head(4_000) * (TWICE if shape == "blank lines" else 1.1)


WITHIN_A_LINE: dict[str, Callable[[int], bytes]] = {
    "a quote that is never closed": lambda n: b'1,"' + b"x" * n,
    "quotes in pairs that never end": lambda n: b'1,"' + b'""' * (n // 2),
    "quotes at every comma": lambda n: b"1," + b',"' * (n // 2),
    "blanks behind a comma": lambda n: b"1," + b" " * n + b'x"',
    "commas and blanks": lambda n: b'"1"' + b", " * (n // 2) + b'x"',
}


@pytest.mark.parametrize(("delimiter", "escape"), [(",", '"'), (",", "\\"), (" ", '"'), ("\t", '"')])
@pytest.mark.parametrize("shape", WITHIN_A_LINE)
def test_the_end_of_a_quoted_value_is_found_in_one_pass(shape: str, delimiter: str, escape: str) -> None:
    quotes = Quotes(Dialect(delimiter, '"', escape, 3, 0))

    def look(size: int) -> float:
        line = WITHIN_A_LINE[shape](size).replace(b",", delimiter.encode())
        return count_seconds(lambda: [quotes.stay_open(line, is_open) for is_open in (False, True)])

    assert look(1_600_000) < SIXTEEN_TIMES * max(look(100_000), 0.0005)


def test_a_line_of_megabytes_is_one_row_of_the_quarantine_and_shown_by_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(HEAD + b'1,"' + b"x" * 10_000_000 + b"\n1,2,3\n")
    count = malformed_lines.set_aside(tmp_path / "in", COMMAS, tmp_path / "out", tmp_path / "log", "in")
    assert (count, (tmp_path / "out").read_bytes()) == (1, HEAD + b"\n1,2,3\n")
    entry = json.loads((tmp_path / "log").read_text())
    assert (entry["line"], entry["reason"]) == (2, f"is longer than {LONGEST_RECORD} bytes")
    assert len(entry["raw"]) < 11_000


def test_of_lines_without_an_end_no_more_is_held_than_a_record_may_have() -> None:
    assert max(map(len, read_lines(io.BytesIO(b"x" * 10_000_000)))) == LONGEST_RECORD + 1
    assert [len(line) for line in read_lines(io.BytesIO(b"x" * 10_000_000 + b"\n1,2\n"))][1:] == [4]
    file = io.BytesIO(b'1,"x\n' + (b"x" * 100_000 + b"\n") * 200)
    ahead = Ahead(file, COMMAS)
    ahead.take()
    assert ahead.count_to_end() is None
    assert file.tell() < LONGEST_RECORD + 200_000


def name_columns(count: int) -> list[str]:
    return [CountedName(f"column_{number}") for number in range(count)]


def open_files(columns: list[str], scratch: Path) -> files.FileRows:
    return files.FileRows(
        [files._File(name, scratch / name, "csv", list(columns)) for name in ("a.csv", "b.csv")], scratch, {}
    )


COLUMNS: dict[str, Callable[[list[str], Path], object]] = {
    "the columns that a file lacks": open_files,
    "a SELECT of all": lambda columns, scratch: open_files(columns, scratch).select(numbered=True),
    "names for SQL": lambda columns, scratch: NamedRows(open_files(columns, scratch), {}, ()),
    "those that no SQL sees": lambda columns, _: find_unseen(
        columns,
        [f"select {', '.join(f'other_{number}' for number in range(len(columns)))} from source"],
        columns[::2],
        (),
    ),
    "those that become amounts": lambda columns, _: amount_columns(
        find_table("ecommerce", "orders"),
        FilesMapping.model_validate({"from": "x", "columns": {"total_amount": "column_1 / 100"}}),
        columns,
        signs_of("EUR"),
    ),
    "which known export it is": lambda columns, _: recognise(columns),
}


@pytest.mark.parametrize("step", COLUMNS)
def test_columns_are_looked_up_not_searched_for(step: str, tmp_path: Path) -> None:
    def compare(count: int) -> int:
        return count_comparisons(lambda: COLUMNS[step](name_columns(count), tmp_path))

    assert compare(4_000) <= TWICE * max(compare(2_000), 100)


@pytest.mark.parametrize("step", COLUMNS)
def test_twice_the_columns_is_twice_the_work(step: str, tmp_path: Path) -> None:
    recognise([])  # Reads the presets, once.

    def work(count: int) -> int:
        return count_steps(lambda: COLUMNS[step](name_columns(count), tmp_path))

    assert work(2_000) < TWICE * work(1_000)


def test_the_columns_that_are_left_of_a_known_export_are_looked_up_too() -> None:
    preset = max(load_presets().values(), key=lambda each: len(each.headers))
    columns = [*map(CountedName, preset.headers), *name_columns(1_000)]
    assert len(preset.headers) > 40
    assert preset in [match.preset for match in recognise(columns)]
    assert count_comparisons(lambda: recognise(columns)) < 5 * len(columns)
    assert count_steps(lambda: recognise(columns)) < 600 * len(columns), "a name is made comparable for each export"


def test_of_a_header_no_more_is_read_than_one_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LONGEST_HEADER", 1_000)
    options = FileOptions()

    def read(count: int) -> int:
        (tmp_path / "in").write_text('id,"moment\n' + "x\n" * count)
        return count_steps(lambda: files._read_header(tmp_path / "in", 0, options))

    few = read(8_000)
    assert read(16_000) <= few
    assert list(files._short_lines(io.StringIO("x" * 100_000 + "\n1,2\n"))) == ["x" * 1_000, "1,2\n"]


def test_a_header_that_repeats_one_name_is_numbered_in_one_pass() -> None:
    def number(count: int) -> int:
        return count_steps(lambda: files._make_unique(["a"] * count))

    assert number(4_000) < TWICE * number(2_000)
    assert files._make_unique(["a", "A", "a_1", "a"]) == ["a", "A_1", "a_1_1", "a_2"]


def test_sql_is_taken_apart_once_for_all_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken_apart: list[str] = []

    def take_apart(sql: list[str]) -> set[str]:
        taken_apart.extend(sql)
        return list_mentioned(sql)

    monkeypatch.setattr(named_rows, "list_mentioned", take_apart)
    headers = {f"other_{number}": Header() for number in range(50)}
    named_rows.name_rows(open_files(["a", "b"], tmp_path), headers, ["a + b"], None)
    assert taken_apart == ["a + b"]


SQL: dict[str, Callable[[int], str]] = {
    "comments that never end": lambda n: "/* " * (n // 3),
    "texts in dollars that never end": lambda n: "".join(f"$a{number}$ " for number in range(n // 7)),
    "texts that never end": lambda n: "'a " * (n // 3 | 1),
    "casts that never end": lambda n: "cast( " * (n // 6),
    "calls that never end": lambda n: "sum( " * (n // 5),
    "one word": lambda n: "a" * n,
    "names that are cast": lambda n: "a::" * (n // 3),
    "blanks": lambda n: "a" + " " * n,
}


@pytest.mark.parametrize("shape", SQL)
def test_sql_is_searched_in_one_pass(shape: str) -> None:
    orders = find_table("ecommerce", "orders")

    def search(size: int) -> float:
        sql = SQL[shape](size)
        declared = FilesMapping.model_validate({"from": "x", "where": sql, "columns": {"order_id": "id"}})
        return count_seconds(
            lambda: (find_unseen(["id"], [sql], (), ("source",)), amount_columns(orders, declared, ["id"], ("€",)))
        )

    assert search(96_000) < SIXTEEN_TIMES * max(search(6_000), 0.0005)


def test_columns_are_told_from_the_texts_of_sql() -> None:
    assert list_mentioned(['"Order ""no""" + 1', "'text'", "Total"]) >= {'order "no"', "total"}
    assert "text" not in list_mentioned(["'text'"]) - {"'text'"}


@pytest.mark.parametrize(
    "write",
    [
        lambda n: "[" + ",".join('{"a": [1, 2]}' for _ in range(n)) + "]",
        lambda n: json.dumps({"data": [{"a": 1}] * n, "next": None}),
        lambda n: json.dumps([{"a": 1}] * n, indent=1),
    ],
)
def test_rows_of_json_are_each_parsed_once(
    write: Callable[[int], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, decoder = 0, json_documents._DECODER

    class CountingDecoder:
        """Counts the characters that are parsed, which the decoder does in C."""

        def raw_decode(self, text: str, at: int = 0) -> tuple[Any, int]:
            nonlocal parsed
            try:
                value, end = decoder.raw_decode(text, at)
            except json.JSONDecodeError:
                parsed += len(text) - at
                raise
            parsed += end - at
            return value, end

        def decode(self, text: str) -> Any:
            nonlocal parsed
            parsed += len(text)
            return decoder.decode(text)

    def parse(count: int) -> tuple[int, int]:
        nonlocal parsed
        parsed = 0
        (tmp_path / "in.json").write_text(write(count))
        return count_steps(write_lines), parsed

    def write_lines() -> object:
        return json_documents.write_lines(tmp_path / "in.json", tmp_path / "out", "in.json")

    monkeypatch.setattr(json_documents, "_DECODER", CountingDecoder())
    few, many = parse(1_000), parse(2_000)
    assert all(twice < TWICE * once for once, twice in zip(few, many, strict=True))
    assert many[1] < 5 * (tmp_path / "in.json").stat().st_size, "to know what it is, and to read it"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_json_within_json_without_end_is_refused(opening: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(opening * 200_000)
    with pytest.raises(ExtractError, match=r"within each other|cut short"):
        json_documents.write_lines(tmp_path / "in.json", tmp_path / "out", "in.json")


def test_a_number_of_thousands_of_digits_is_a_text_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('[{"a": ' + "9" * 5_000 + "}]")
    starts = json_documents.write_lines(tmp_path / "in.json", tmp_path / "out", "in.json")
    assert starts is not None
    assert list(starts) == [1]


def write_sheet(path: Path, cells: str) -> zipfile.ZipFile:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b'\x89PNG\r\n <c r="XFD1048576"><v>')
        archive.writestr("xl/drawings/vmlDrawing1.vml", b"<xml><br></xml>")
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns:x="x"><sheetData>{cells}</sheetData><pageMargins left="1"/></worksheet>',
        )
    return zipfile.ZipFile(path)


FAR = '<c r="XFD1048576"><v>1</v></c>'


@pytest.mark.parametrize("chunk", [7, 1 << 20])
@pytest.mark.parametrize(
    "cells",
    [
        f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{FAR}</row>',
        f'<row r="1048576">{FAR}</row><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row><c r="A1"><v>1</v></c></row><row r="99999999"><c r="ZZZZZ99999999" t="x>"><v>1</v></c></row>',
        "<row><c r='A1'><is><t>1</t></is></c></row><row><c t='>' r='XFD1048576'><is><t>1</t></is></c></row>",
        "<row>" + "<c><v>1</v></c>" * 6_000 + "</row>" + "<row><c><v>1</v></c></row>" * 6_000,
        '<x:row><x:c r="A1"><x:v>1</x:v></x:c><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
        f'<row><c r="A1"><v>1</v></c><!-- <c r="A2" t=" -->{FAR}<!-- "> --></row>',
        f'<row><c r="A1"><v>1</v></c><![CDATA[ <c r="A2" t=" ]]>{FAR}<![CDATA[ "> ]]></row>',
        "<row><c r='A1'><v>1</v></c><c x=\" r='A1'\" r='XFD1048576'><v>1</v></c></row>",
        f'<row><c r="A1"><v>1</v></c><c x="{"y" * 20_000}" r="XFD1048576"><v>1</v></c></row>',
        '<row><c r="A1"><v>1</v></c><c r="&#88;FD1048576"><v>1</v></c></row>',
    ],
)
def test_values_far_from_each_other_are_refused_before_there_is_room_for_all_between(
    cells: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_extent, "CHUNK", chunk)
    with write_sheet(tmp_path / "s.xlsx", cells) as archive, pytest.raises(ExtractError, match="reach over"):
        sheet_extent.check_extent(archive, "s.xlsx")


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="3"/></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="3"></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><f>A1</f></c></row>',
        # All in the last rows and columns; and rows of which each begins at its first column.
        f'<row r="1048576">{FAR}</row><row r="1048575"><c r="XFC1048575"><v>1</v></c></row>',
        "<row><c><v>1</v></c><c><v>1</v></c></row>" * 10_000,
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a\x01\x0bb</t></is></c></row>',
    ],
)
def test_colours_far_from_the_table_and_tables_far_from_the_beginning_are_taken(cells: str, tmp_path: Path) -> None:
    with write_sheet(tmp_path / "s.xlsx", cells) as archive:
        sheet_extent.check_extent(archive, "s.xlsx")


@pytest.mark.parametrize(
    "cells",
    [
        f'<row><c r="A1" t="<">{FAR}</row>',
        f'<row><c r="A1"><v>1</v></d>{FAR}</row>',
        '<row><c r="A1" r="XFD1048576"><v>1</v></c></row>',
        '<row><c r="A1"><v>&nothing;</v></c></row>',
    ],
)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_a_sheet_of_which_two_readers_could_think_differently_is_damage(
    cells: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_extent, "CHUNK", chunk)
    with write_sheet(tmp_path / "s.xlsx", cells) as archive, pytest.raises(zipfile.BadZipFile):
        sheet_extent.check_extent(archive, "s.xlsx")


def test_a_sheet_that_ends_too_early_is_damage(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("xl/sheet1.xml", '<worksheet><sheetData><row><c r="A1"><v>1</v></c></row>')
    with zipfile.ZipFile(tmp_path / "s.xlsx") as archive, pytest.raises(zipfile.BadZipFile):
        sheet_extent.check_extent(archive, "s.xlsx")


def test_a_sheet_is_read_as_utf_8_whatever_it_calls_itself(tmp_path: Path) -> None:
    declared = '<?xml version="1.0" encoding="us-ascii"?>'
    rows = '<row><c r="A1" t="inlineStr"><is><t>Zoé</t></is></c></row>'
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("xl/sheet1.xml", f"{declared}<worksheet><sheetData>{rows}</sheetData></worksheet>")
    with zipfile.ZipFile(tmp_path / "s.xlsx") as archive:
        sheet_extent.check_extent(archive, "s.xlsx")


def test_a_tag_of_megabytes_is_damage_and_a_text_of_megabytes_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_extent, "LONGEST_TAG", 100_000)
    monkeypatch.setattr(sheet_extent, "CHUNK", 10_000)
    long = "y" * 300_000
    with write_sheet(tmp_path / "s.xlsx", f'<row><c r="A1"><v>{long}</v></c></row>') as archive:
        sheet_extent.check_extent(archive, "s.xlsx")
    for cells in (f'<row><c r="A1" x="{long}"><v>1</v></c></row>', f"<!-- {long} -->"):
        with write_sheet(tmp_path / "s.xlsx", cells) as archive, pytest.raises(zipfile.BadZipFile):
            sheet_extent.check_extent(archive, "s.xlsx")


def test_a_sheet_that_declares_what_it_is_made_of_is_damage(tmp_path: Path) -> None:
    declared = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaa">]><worksheet><sheetData><row/></sheetData></worksheet>'
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", declared)
    with zipfile.ZipFile(tmp_path / "s.xlsx") as archive, pytest.raises(zipfile.BadZipFile):
        sheet_extent.check_extent(archive, "s.xlsx")


def test_a_sheet_is_measured_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_extent, "CHUNK", 4_096)

    def measure(count: int) -> int:
        cells = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, count))
        with write_sheet(tmp_path / "s.xlsx", cells) as archive:
            return count_steps(lambda: sheet_extent.check_extent(archive, "s.xlsx"))

    assert measure(4_000) < TWICE * measure(2_000)
