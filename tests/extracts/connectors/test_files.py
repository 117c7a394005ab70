"""The files connector: one content in every form in which it may lie in a folder."""

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from pipelines.errors import ExtractError

ROWS = [("1", "Hélène"), ("2", 'L\'Haÿ; "les" Roses'), ("3", "deux\nlignes"), ("4", None)]


def csv_text(delimiter: str = ",", newline: str = "\n") -> str:
    fields = [
        f'{key}{delimiter}"{name.replace(chr(34), chr(34) * 2)}"' if name else f"{key}{delimiter}" for key, name in ROWS
    ]
    return newline.join([f"store_id{delimiter}name", *fields, ""])


def read(exports: Any, **options: Any) -> list[tuple[Any, ...]]:
    exports.kind = "pos"
    exports.extract("stores", {"from": "stores*", "columns": {"name": "coalesce(name, 'none')"}, "options": options})
    return exports.rows("stores").select("store_id", "name").rows()


EXPECTED = [(key, name or "none") for key, name in ROWS]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_usual_delimiters_are_found_in_the_header(exports: Any, delimiter: str) -> None:
    exports.write("stores.csv", csv_text(delimiter))
    assert read(exports) == EXPECTED


def test_any_delimiter_can_be_declared(exports: Any) -> None:
    exports.write("stores.csv", csv_text("~"))
    assert read(exports, delimiter="~") == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "iso-8859-15", "utf-16"])
def test_encodings(exports: Any, encoding: str) -> None:
    exports.write("stores.csv", csv_text().encode(encoding))
    assert read(exports, encoding=encoding) == EXPECTED


def test_a_byte_order_mark_is_no_part_of_the_first_column(exports: Any) -> None:
    exports.write("stores.csv", codecs.BOM_UTF8 + csv_text().encode())
    assert read(exports) == EXPECTED


def test_utf_16_is_recognised_by_its_mark(exports: Any) -> None:
    exports.write("stores.csv", csv_text().encode("utf-16"))
    assert read(exports) == EXPECTED


def test_a_euro_sign_of_cp1252_is_read(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,5 €\n".encode("cp1252"))
    assert read(exports, encoding="cp1252") == [("1", "5 €")]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_other_systems(exports: Any, newline: str) -> None:
    exports.write("stores.csv", csv_text(newline=newline).replace("deux\nlignes", "deux lignes"))
    assert read(exports) == [(key, name.replace("\n", " ")) for key, name in EXPECTED]


def test_mixed_line_ends_are_read_with_their_lines(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\r\n1,a\n2,b\r\n,c\n")
    exports.head = "reject_limit: 1\n"
    assert read(exports) == [("1", "a"), ("2", "b")]
    assert exports.quarantine("stores")["line"].to_list() == [4]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_compressed_files(exports: Any, encoding: str) -> None:
    exports.write("stores.csv.gz", gzip.compress(csv_text().encode(encoding)))
    assert read(exports, encoding=encoding) == EXPECTED
    (exports.folder / "exports" / "stores.csv.gz").rename(exports.folder / "exports" / "stores.CSV.GZ")
    assert read(exports, encoding=encoding) == EXPECTED
    (exports.folder / "exports" / "stores.CSV.GZ").unlink()
    exports.write("stores.csv.zst", pa.compress(csv_text().encode(encoding), "zstd", asbytes=True))
    assert read(exports, encoding=encoding) == EXPECTED


def test_a_zstd_cut_at_any_byte_is_an_error(exports: Any) -> None:
    lines = "".join(f"{i},store {i}\n" for i in range(2000))
    whole = pa.compress(f"store_id,name\n{lines}".encode(), "zstd", asbytes=True)
    for keep in (len(whole) // 2, len(whole) - 1):
        exports.write("stores.csv.zst", whole[:keep])
        with pytest.raises(ExtractError, match="cut short or damaged"):
            read(exports)


def test_parquet(exports: Any) -> None:
    frame = pl.DataFrame(ROWS, schema=["store_id", "name"], orient="row")
    frame.write_parquet(exports.write("stores.parquet", b""))
    assert read(exports) == EXPECTED


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json", "jsonl.gz"])
def test_json_lines(exports: Any, suffix: str) -> None:
    text = "\n\n".join(json.dumps({"store_id": int(key), "name": name}) for key, name in ROWS)
    exports.write(f"stores.{suffix}", gzip.compress(text.encode()) if suffix.endswith("gz") else text)
    assert read(exports) == EXPECTED


def test_json_values_are_texts_and_nested_ones_json(exports: Any) -> None:
    exports.kind = "pos"
    lines = [
        {"store_id": "007", "name": "a", "place": {"city": "Lyon", "at": [45.76, 4.83]}},
        {"store_id": "8", "opened_on": "2024-01-31", "name": "b"},
    ]
    exports.write("stores.jsonl", "\n".join(map(json.dumps, lines)))
    columns = {"city": "place ->> '$.city'", "latitude": "place ->> '$.at[0]'"}
    exports.extract("stores", {"from": "stores.jsonl", "columns": columns})
    rows = exports.rows("stores").select("store_id", "city", "latitude", "opened_on").rows()
    assert [row[:3] for row in rows] == [("007", "Lyon", 45.76), ("8", None, None)]
    assert str(rows[1][3]) == "2024-01-31"


def test_a_line_that_is_no_json_object_goes_to_quarantine_with_its_number(exports: Any) -> None:
    exports.head = "reject_limit: 1\n"
    good = '{"store_id": 1, "name": "a"}\n'
    exports.write("stores.jsonl", good.encode() + b'\n{"store_id": 2, \n[1]\n{"a": "\xff"}\n{"store_id": null}\n')
    exports.kind = "pos"
    extracted = exports.extract("stores", {"from": "stores.jsonl"})
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (5, 1, 4)
    assert exports.quarantine("stores").select("line", "reason").rows() == [
        (3, "is not a JSON object"),
        (4, "is not a JSON object"),
        (5, "is not valid in the file's encoding; `encoding: cp1252` would read it"),
        (6, "store_id is missing; name is missing"),
    ]


def test_json_lines_without_a_line_are_no_rows(exports: Any) -> None:
    exports.write("stores.jsonl", "")
    assert read(exports) == []


def test_files_of_a_pattern_are_read_by_column_name_in_the_order_of_their_names(exports: Any) -> None:
    exports.write("2024/stores_b.csv", "name,store_id\nb,2\n")
    exports.write("2024/stores_a.csv", "store_id;name;city\n1;a;Lyon\n")
    exports.write("2025/stores_c.csv", "store_id,name\n3,c\n")
    exports.kind = "pos"
    extracted = exports.extract("stores", {"from": "*/stores_*.csv"})
    assert extracted.files_read == ("shop: 2024/stores_a.csv", "shop: 2024/stores_b.csv", "shop: 2025/stores_c.csv")
    assert exports.rows("stores").select("store_id", "name", "city").rows() == [
        ("1", "a", "Lyon"),
        ("2", "b", None),
        ("3", "c", None),
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_only_itself(exports: Any) -> None:
    exports.write("stores[1].csv", "store_id,name\n1,a\n")
    exports.write("stores1.csv", "store_id,name\n2,b\n")
    assert read(exports) == [("1", "a"), ("2", "b")]


def test_a_file_without_a_header_has_names_and_lines_before_it_are_skipped(exports: Any) -> None:
    exports.write("stores.csv", "exported by till 7\n\n1,a\n2,b\n,c\n")
    exports.head = "reject_limit: 1\n"
    assert read(exports, names=["store_id", "name"], skip=1) == [("1", "a"), ("2", "b")]
    assert exports.quarantine("stores")["line"].to_list() == [5]


def test_lines_before_a_header_are_skipped(exports: Any) -> None:
    exports.write("stores.csv", 'exported by "till 7\n\nstore_id,name\n1,a\n,b\n')
    exports.head = "reject_limit: 1\n"
    assert read(exports, skip=1) == [("1", "a")]
    assert exports.quarantine("stores")["line"].to_list() == [5]


def test_another_quote_or_none_or_an_escape_can_be_declared(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,'a, b'\n2,'it\\'s'\n")
    assert read(exports, quote="'", escape="\\") == [("1", "a, b"), ("2", "it's")]
    exports.write("stores.csv", 'store_id,name\n1,"a\n2,b"\n')
    assert read(exports, quote="") == [("1", '"a'), ("2", 'b"')]


def test_a_faulty_row_of_a_file_without_quotes_has_its_line(exports: Any) -> None:
    exports.write("stores.csv", 'store_id,name\n1,27" screens\n,b\n2,c,d\n')
    exports.head = "reject_limit: 1\n"
    assert read(exports, quote="") == [("1", '27" screens')]
    assert exports.quarantine("stores")["line"].to_list() == [3, 4]


def test_columns_of_one_name_are_told_apart(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name,Name,,name\n1,a,b,c,d\n")
    exports.kind = "pos"
    exports.extract("stores", {"from": "stores.csv", "columns": {"name": "name || Name_1 || column4 || name_2"}})
    assert exports.rows("stores")["name"].to_list() == ["abcd"]


def test_an_unknown_suffix_asks_for_the_format(exports: Any) -> None:
    exports.write("stores.dat", csv_text())
    with pytest.raises(ExtractError, match="Say `format`"):
        read(exports)
    assert read(exports, format="csv") == EXPECTED


def test_the_folder_may_be_a_link_and_absolute(exports: Any, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (real / "stores.csv").write_text(csv_text(), encoding="utf-8")
    (tmp_path / "exports").symlink_to(real)
    assert read(exports) == EXPECTED


def test_a_file_may_be_a_link(exports: Any, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "of_today.csv").write_text(csv_text(), encoding="utf-8")
    (tmp_path / "exports" / "stores.csv").symlink_to("of_today.csv")
    assert read(exports) == EXPECTED


@pytest.mark.parametrize("pattern", ["/etc/passwd", "***"])
def test_a_pattern_that_cannot_be_searched_is_an_error(exports: Any, pattern: str) -> None:
    exports.kind = "pos"
    exports.write("stores.csv", csv_text())
    with pytest.raises(ExtractError, match=r"`from` cannot be|No file matches"):
        exports.extract("stores", {"from": pattern})


@pytest.mark.parametrize("line", ["sep=;", "SEP=;;;", '"sep=;"', "\ufeffsep=;"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_first_line_of_excel_names_the_delimiter(exports: Any, line: str, newline: str) -> None:
    exports.write("stores.csv", newline.join([line, "store_id;name,or,not", "1;a,b,c,d", ";e", ""]))
    exports.kind = "pos"
    exports.head = "reject_limit: 1\n"
    exports.extract("stores", {"from": "stores*", "columns": {"name": "name,or,not"}})
    assert exports.rows("stores").select("store_id", "name").rows() == [("1", "a,b,c,d")]
    assert exports.quarantine("stores")["line"].to_list() == [4]


@pytest.mark.parametrize("tab", ["\t", "\\t"])
def test_the_first_line_of_excel_may_name_a_tab_and_a_declared_delimiter_wins(exports: Any, tab: str) -> None:
    exports.write("stores.csv", f"sep={tab}\nstore_id\tname\n1\ta\n")
    assert read(exports) == [("1", "a")]
    exports.write("stores.csv", "sep=,\nstore_id|name\n1|a\n")
    assert read(exports, delimiter="|") == [("1", "a")]
    assert read(exports, delimiter="|", skip=1) == [("1", "a")]


def test_the_first_line_of_excel_may_stand_above_rows_without_a_header_and_in_utf_16(exports: Any) -> None:
    exports.write("stores.csv", "sep=;\r\n1;a,b\r\n".encode("utf-16"))
    assert read(exports, names=["store_id", "name"]) == [("1", "a,b")]


def test_marks_that_nobody_sees_are_no_part_of_a_columns_name(exports: Any) -> None:
    exports.write("stores.csv", "\ufeff\ufeffstore_id,\u200bname\u00a0\r\n1,a\r\n")
    assert read(exports) == [("1", "a")]


@pytest.mark.parametrize("encoding", ["latin-1", "iso-8859-15", "ISO8859_1"])
def test_typographic_marks_of_windows_in_a_file_called_latin_1_are_told(exports: Any, encoding: str) -> None:
    exports.write("stores.csv", "store_id,name\n1,d’Arc 5 €\n2,Évry\n".encode("cp1252"))
    assert read(exports, encoding=encoding) == [("2", "Évry")]
    assert exports.quarantine("stores").select("line", "reason").rows() == [
        (2, "is not valid in the file's encoding; `encoding: cp1252` would read it")
    ]
    assert read(exports, encoding="cp1252") == [("1", "d’Arc 5 €"), ("2", "Évry")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15", "cp850"])
def test_utf_8_under_the_name_of_an_encoding_of_one_byte_is_an_error(exports: Any, encoding: str) -> None:
    exports.write("stores.csv", "store_id,name\n1,Hélène’s\n")
    with pytest.raises(ExtractError, match=r"stores.csv is UTF-8, although `encoding: .*` is declared"):
        read(exports, encoding=encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15"])
def test_a_line_of_utf_8_among_others_is_told(exports: Any, encoding: str) -> None:
    lines = ["store_id,name\n1,Évry\n".encode(encoding), "2,Hélène à Évry\n".encode(), b"3,c\n"]
    exports.write("stores.csv", b"".join(lines))
    assert read(exports, encoding=encoding) == [("1", "Évry"), ("3", "c")]
    assert exports.quarantine("stores").select("line", "reason").rows() == [
        (3, "is not valid in the file's encoding; the line is UTF-8, unlike others of the file")
    ]


def test_a_capital_letter_with_a_tilde_in_a_file_called_utf_8_is_one_of_cp1252(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,JOÃO\n2,SÃÓ\n".encode("cp1252"))
    assert read(exports) == []
    assert set(exports.quarantine("stores")["reason"]) == {
        "is not valid in the file's encoding; `encoding: cp1252` would read it"
    }


def test_a_capital_letter_with_a_tilde_is_one(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,IRMÃ «MAÇû JOÃO É\n".encode("latin-1"))
    assert read(exports, encoding="latin-1") == [("1", "IRMÃ «MAÇû JOÃO É")]


def test_letters_that_look_like_utf_8_by_chance_are_latin_1(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,CAFÉ» ÉTÉ\n".encode("latin-1"))
    assert read(exports, encoding="latin-1") == [("1", "CAFÉ» ÉTÉ")]


def test_plain_letters_are_of_any_encoding(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name\n1,a\n")
    assert read(exports, encoding="latin-1") == [("1", "a")]


def test_a_header_that_is_in_another_encoding_is_an_error(exports: Any) -> None:
    exports.write("stores.csv", "store_id,name,Prénom\n1,a,b\n".encode("cp1252"))
    with pytest.raises(ExtractError, match="already its header"):
        read(exports)
