"""Excel workbooks: what becomes of their cells, their sheets and their faults."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from pipelines.errors import ExtractError
from pipelines.extracts.connectors import spreadsheets

Workbook = Callable[..., bytes]


def rewrite(content: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with ``old`` in its parts written as ``new``."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(made, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name).replace(old, new))
    return made.getvalue()


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def read_stores(exports: Any, columns: tuple[str, ...] = ("store_id", "name"), **options: Any) -> list[tuple[Any, ...]]:
    exports.kind = "pos"
    exports.extract("stores", {"from": "stores*", "options": options})
    return exports.rows("stores").select(columns).rows()


def test_dates_are_iso_and_ids_have_no_point(exports: Any, workbook: Workbook) -> None:
    rows = [
        ["member_id", "loyalty_card_id", "birth_date", "created_at", "updated_at", "postcode"],
        [123, 250123456789, date(1988, 7, 5), utc(2026, 1, 5, 10, 29, 59), date(2026, 1, 6), "01000"],
        [124.0, "'250123456780", None, utc(2026, 1, 5), utc(2025, 7, 6, 23, 59, 59), 69003],
    ]
    exports.kind = "pos"
    exports.write("members.xlsx", workbook({"Feuil1": rows}))
    exports.extract("members", {"from": "members.xlsx"})
    found = exports.rows("members").select(rows[0]).rows()
    assert found == [
        ("123", "250123456789", date(1988, 7, 5), utc(2026, 1, 5, 9, 29, 59), utc(2026, 1, 5, 23), "01000"),
        ("124", "250123456780", None, utc(2026, 1, 4, 23), utc(2025, 7, 6, 21, 59, 59), "69003"),
    ]


@pytest.mark.parametrize("decimal", [".", ","])
def test_amounts_follow_the_declared_mark_whether_they_are_numbers_or_texts(
    exports: Any, workbook: Workbook, decimal: str
) -> None:
    rows = [["product_id", "name", "category", "list_price"], ["1", "a", "x", 12.5], ["2", "b", "x", f"7{decimal}25 €"]]
    rows += [["3", "c", "x", 1250], ["4", "d", "x", "#DIV/0!"], ["5", "e", "x", 0.00001]]
    exports.write("products.xlsx", workbook({"p": rows}))
    exports.extract("products", {"from": "products.xlsx", "options": {"decimal": decimal}})
    assert exports.rows("products")["list_price"].to_list() == [
        Decimal("12.50"),
        Decimal("7.25"),
        Decimal("1250.00"),
        None,
        Decimal("0.00"),
    ]


def test_yes_and_no_and_times_are_texts(exports: Any) -> None:
    assert [spreadsheets.write_cell(cell, ".") for cell in (True, False, time(9, 30), "", "  x")] == [
        "true",
        "false",
        "09:30:00",
        None,
        "  x",
    ]


@pytest.mark.parametrize(
    ("column", "written"),
    [*((b"12.5", number) for number in (b"1e999", b"-1e999", b"NaN", b"inf")), (b"44000.25", b"1e999")],
)
def test_a_number_that_is_none_is_set_aside_with_its_row(
    exports: Any, workbook: Workbook, column: bytes, written: bytes
) -> None:
    """Excel writes no such thing; the reader takes it for a number without an end."""
    moment = utc(2020, 6, 18, 6)
    rows = [["product_id", "name", "category", "list_price"], ["1", "a", "x", 12.5], ["2", moment, "x", 7]]
    exports.head = "reject_limit: 1\n"
    exports.write("products.xlsx", rewrite(workbook({"p": rows}), b"<v>%s</v>" % column, b"<v>%s</v>" % written))
    exports.extract("products", {"from": "products.xlsx"})
    taken, refused = exports.rows("products").height, exports.quarantine("products").height
    assert taken + refused == 2


def test_a_part_with_a_name_of_no_letters_is_damage(exports: Any, workbook: Workbook) -> None:
    content = bytearray(workbook({"s": [["store_id", "name"], ["1", "a"]]}).replace(b"styles.xml", b"style\xff.xml"))
    for place in [found.start() for found in re.finditer(rb"PK\x01\x02", content)]:
        content[place + 9] |= 8
    exports.write("stores.xlsx", bytes(content))
    with pytest.raises(ExtractError, match="is not a whole Excel workbook"):
        read_stores(exports)


def test_the_first_visible_sheet_is_read_or_the_one_that_is_named_or_counted(exports: Any, workbook: Workbook) -> None:
    sheets = {name: [["store_id", "name"], [number, name]] for number, name in enumerate(("lists", "Lyon", "Nice"))}
    exports.write("stores.xlsx", workbook(sheets, hidden=("lists",)))
    assert read_stores(exports) == [("1", "Lyon")]
    assert read_stores(exports, sheet="Nice") == [("2", "Nice")]
    assert read_stores(exports, sheet=1) == [("0", "lists")]
    exports.write("stores.xlsx", workbook({"2025": [["store_id", "name"]], "2026": [["store_id", "name"], ["3", "c"]]}))
    assert read_stores(exports, sheet=2026) == [("3", "c")]
    exports.write("stores.xlsx", workbook(sheets))
    with pytest.raises(ExtractError, match=r"has no sheet Paris. It has 3: name one by its place"):
        read_stores(exports, sheet="Paris")


def test_a_header_is_the_first_row_that_holds_anything_and_titles_above_it_are_skipped(
    exports: Any, workbook: Workbook
) -> None:
    rows = [["Shops, all"], [], ["store_id", "name", None], ["1", "a", "note"], [None, None], [None, "b"]]
    exports.write("stores.xlsx", workbook({"s": rows}))
    exports.head = "reject_limit: 1\n"
    assert read_stores(exports, skip=1) == [("1", "a")]
    assert exports.quarantine("stores").select("line", "reason").rows() == [(6, "store_id is missing")]


def test_a_sheet_without_a_header_has_names(exports: Any, workbook: Workbook) -> None:
    exports.write("stores.xlsx", workbook({"s": [["1", "a"], ["2", "b"]]}))
    assert read_stores(exports, names=["store_id", "name"]) == [("1", "a"), ("2", "b")]


def test_an_empty_sheet_and_a_damaged_workbook_are_told(exports: Any, workbook: Workbook) -> None:
    exports.write("stores.xlsx", workbook({"s": []}))
    with pytest.raises(ExtractError, match="is empty: not even a header"):
        read_stores(exports)
    whole = workbook({"s": [["store_id", "name"], ["1", "a"]]})
    for content in (whole[: len(whole) // 2], b"PK\x03\x04nonsense", b"store_id;name\n1;a\n"):
        exports.write("stores.xlsx", content)
        with pytest.raises(ExtractError, match="is not a whole Excel workbook"):
            read_stores(exports)


def test_a_value_in_the_last_row_and_column_is_refused_before_the_sheet_is_read(
    exports: Any, workbook: Workbook
) -> None:
    whole = workbook({"s": [["store_id", "name"], ["1", "a"]]})
    exports.write("stores.xlsx", rewrite(whole, b'r="B2"', b'r="XFD1048576"'))
    with pytest.raises(ExtractError, match="has values that reach over 17,179,869,184 cells"):
        read_stores(exports)


def test_a_workbook_of_which_a_part_has_a_password_or_is_no_workbook_is_told(exports: Any, workbook: Workbook) -> None:
    content = bytearray(workbook({"s": [["store_id", "name"], ["1", "a"]]}))
    content[6] |= 1  # The flag of the first part's own header, then that of the directory's.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    broken = rewrite(workbook({"s": [["store_id", "name"], ["1", "a"]]}), b"</sheetData>", b"</sheetdata>")
    for written in (bytes(content), other.getvalue(), broken):
        exports.write("stores.xlsx", written)
        with pytest.raises(ExtractError, match="is not a whole Excel workbook, or is protected by a password"):
            read_stores(exports)


@pytest.mark.parametrize(("name", "is_told"), [("PanicException", True), ("KeyboardInterrupt", False)])
def test_what_the_reader_did_not_expect_is_damage_and_a_stop_is_none(
    exports: Any, workbook: Workbook, monkeypatch: pytest.MonkeyPatch, name: str, is_told: bool
) -> None:
    """Of the reader's library, a panic is no Exception."""
    fault = type(name, (BaseException,), {})

    def panic(_: object) -> None:
        raise fault

    monkeypatch.setattr(spreadsheets.CalamineWorkbook, "from_path", panic, raising=True)
    exports.write("stores.xlsx", workbook({"s": [["store_id", "name"], ["1", "a"]]}))
    with pytest.raises(ExtractError if is_told else fault):
        read_stores(exports)


def test_a_workbook_beyond_the_limit_is_refused_before_it_is_read(
    exports: Any, workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "LARGEST", 1000)
    exports.write("stores.xlsx", workbook({"s": [["store_id", "name"]] * 100}))
    with pytest.raises(ExtractError, match="Save the sheet as CSV"):
        read_stores(exports)


@pytest.mark.parametrize(
    "name", ["stores.xls", "stores.ods", "stores.pdf", "stores.7z", "stores.xlsb", "stores.sqlite"]
)
def test_what_is_not_read_is_refused_by_its_name_with_the_way_out(exports: Any, name: str) -> None:
    exports.write(name, b"whatever")
    with pytest.raises(ExtractError, match=rf"{name} is .* not read\. (Save|Export|Unpack)"):
        read_stores(exports)


def test_a_text_that_is_called_xls_is_read_if_its_format_is_declared(exports: Any) -> None:
    exports.write("stores.xls", "store_id\tname\r\n1\ta\r\n")
    assert read_stores(exports, format="csv") == [("1", "a")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"%PDF-1.7 x", "a PDF document"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "compressed by gzip"),
        (b"PAR1", "Parquet"),
    ],
)
def test_a_csv_that_is_none_is_told_by_its_content(exports: Any, content: bytes, told: str) -> None:
    exports.write("stores.csv", content)
    with pytest.raises(ExtractError, match=f"stores.csv is {told}"):
        read_stores(exports)


def test_a_workbook_called_csv_is_told(exports: Any, workbook: Workbook) -> None:
    exports.write("stores.csv", workbook({"s": [["store_id", "name"], ["1", "a"]]}))
    with pytest.raises(ExtractError, match=r"Name it \.xlsx or \.zip"):
        read_stores(exports)
    assert zipfile.is_zipfile(exports.folder / "exports" / "stores.csv")
