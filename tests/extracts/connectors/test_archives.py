"""Exports in a .zip: which files inside are read, and which archives are refused."""

import gzip
import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ExtractError
from pipelines.extracts.connectors import archives, limits


def pack(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(exports: Any, **options: Any) -> list[tuple[Any, ...]]:
    exports.kind = "pos"
    exports.head = "reject_limit: 1\n"
    exports.extract("stores", {"from": "stores*", "columns": {"city": "_file"}, "options": options})
    return exports.rows("stores").select("store_id", "name", "city").rows()


def test_every_file_inside_is_read_by_its_own_format(exports: Any) -> None:
    members: dict[str, str | bytes] = {
        "2025/a.csv": "store_id;name\n1;Évry\n",
        "b.jsonl": '{"store_id": 2, "name": "b"}\n',
        "c.csv.gz": gzip.compress(b"store_id,name\n3,c\n"),
        "__MACOSX/._a.csv": b"\x00\x05debris",
        ".DS_Store": b"debris",
        "readme.pdf": b"%PDF-",
    }
    exports.write("stores.zip", pack(members))
    assert read(exports) == [
        ("1", "Évry", "stores.zip!/2025/a.csv"),
        ("2", "b", "stores.zip!/b.jsonl"),
        ("3", "c", "stores.zip!/c.csv.gz"),
    ]


def test_a_row_set_aside_names_the_archive_the_file_inside_and_the_line(exports: Any) -> None:
    exports.write("stores.zip", pack({"a.csv": "store_id,name\n1,a\n,b\n"}))
    read(exports)
    assert exports.quarantine("stores").select("file", "line").rows() == [("stores.zip!/a.csv", 3)]


@pytest.mark.parametrize("member", ["shops_*.csv", "shops_1.csv", "*/shops_1.csv"])
def test_files_of_several_tables_need_the_name_of_those_that_are_meant(exports: Any, member: str) -> None:
    exports.write(
        "stores.zip", pack({"all/shops_1.csv": "store_id,name\n1,a\n", "all/people.csv": "id,email\n1,a@b\n"})
    )
    with pytest.raises(ExtractError, match=r"files of different columns, all/people.csv and all/shops_1.csv"):
        read(exports)
    assert [row[:2] for row in read(exports, member=member if "*" not in member else f"*{member}")] == [("1", "a")]


def test_an_archive_without_a_file_that_is_meant_says_what_it_holds(exports: Any) -> None:
    exports.write("stores.zip", pack({"notes.docx": "x", "b.csv": "store_id,name\n"}))
    with pytest.raises(ExtractError, match=r"no file that matches `member: a\*\.csv`, and 2 others"):
        read(exports, member="a*.csv")
    exports.write("stores.zip", pack({}))
    with pytest.raises(ExtractError, match="no file that can be read"):
        read(exports)


def test_a_damaged_archive_is_an_error_whatever_is_damaged(exports: Any) -> None:
    whole = pack({"a.csv": "store_id,name\n1,a\n" * 50}, zipfile.ZIP_STORED)
    for content in (whole[:-10], whole.replace(b"1,a", b"1,b", 1), b"no archive"):
        exports.write("stores.zip", content)
        with pytest.raises(ExtractError, match="cut short, damaged"):
            read(exports)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_told_however_it_was_packed(exports: Any, method: int) -> None:
    whole = pack({"a.csv": "store_id,name\n" + "".join(f"{n},n{n}\n" for n in range(50))}, method)
    for place in range(35, 95):
        exports.write("stores.zip", whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with suppress(ExtractError):  # Some bytes are of no meaning.
            archives.unpack(exports.folder / "exports" / "stores.zip", "stores.zip", None, exports.folder / str(place))


def test_names_that_no_file_has_are_passed_over_or_told(exports: Any) -> None:
    exports.write(
        "stores.zip", pack({".": "x", "b.csv": "y", "a.csv": "store_id,name\n1,a\n"}).replace(b"b.csv", b"\0.csv")
    )
    assert [row[:2] for row in read(exports)] == [("1", "a")]
    content = bytearray(pack({"b.csv": "store_id,name\n1,a\n"}).replace(b"b.csv", b"\xff.csv"))
    content[7] |= 8  # Names in UTF-8, say the file's own header and the directory's.
    content[content.index(b"PK\x01\x02") + 9] |= 8
    exports.write("stores.zip", bytes(content))
    with pytest.raises(ExtractError, match="cut short, damaged"):
        read(exports)


def test_an_encrypted_archive_is_refused(exports: Any) -> None:
    content = bytearray(pack({"a.csv": "store_id,name\n1,a\n"}, zipfile.ZIP_STORED))
    content[6] |= 1  # The flag of the file's own header, then that of the directory's.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    exports.write("stores.zip", bytes(content))
    with pytest.raises(ExtractError, match="is encrypted"):
        read(exports)


def test_a_bomb_is_refused_before_it_is_unpacked(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALWAYS_FINE", 1 << 20)
    exports.write("stores.zip", pack({"a.csv": b"store_id,name\n" + b"1,a\n" * 2_000_000}))
    with pytest.raises(ExtractError, match="which no export does"):
        read(exports)
    exports.write("stores.zip", pack({"a.csv": "store_id,name\n" + "".join(f"{i},n{i}\n" for i in range(200_000))}))
    assert len(read(exports)) == 200_000


def test_many_files_are_a_bomb_together(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALWAYS_FINE", 1 << 20)
    exports.write("stores.zip", pack({f"{n}.csv": b"store_id,name\n" + b"1,a\n" * 200_000 for n in range(10)}))
    with pytest.raises(ExtractError, match="which no export does"):
        read(exports)


@pytest.mark.parametrize(
    "name", ["../../outside.csv", "{folder}/outside.csv", "a/../../../outside.csv", "a\\..\\outside.csv"]
)
def test_no_name_inside_leads_out_of_the_scratch_folder(exports: Any, name: str, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch" / "unpacked"
    exports.write("stores.zip", pack({name.format(folder=tmp_path): "store_id,name\n1,a\n"}))
    before = set(tmp_path.rglob("*"))
    [(written, _)] = archives.unpack(tmp_path / "exports" / "stores.zip", "stores.zip", None, scratch)
    assert written.read_text() == "store_id,name\n1,a\n"
    assert {path for path in set(tmp_path.rglob("*")) - before if path.is_file()} == {written}
    assert written.resolve().is_relative_to(scratch)
    assert [row[:2] for row in read(exports)] == [("1", "a")]


def test_an_archive_of_more_files_than_there_are_days_or_stores_is_refused(
    exports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    members: dict[str, str | bytes] = {f"{number}.csv": f"store_id,name\n{number},a\n" for number in range(3)}
    exports.write("stores.zip", pack(members))
    assert len(read(exports)) == 3
    exports.write("stores.zip", pack(members | {"3.csv": "store_id,name\n3,a\n"}))
    with pytest.raises(ExtractError, match="holds 4 files, over 3"):
        read(exports)


def test_a_way_of_packing_that_is_not_read_is_told(exports: Any) -> None:
    content = bytearray(pack({"a.csv": "store_id,name\n1,a\n"}, zipfile.ZIP_STORED))
    content[8] = content[content.index(b"PK\x01\x02") + 10] = 98  # PPMd.
    exports.write("stores.zip", bytes(content))
    with pytest.raises(ExtractError, match=r"packed in a way that is not read \(NotImplementedError\)"):
        read(exports)


def test_a_file_inside_that_goes_on_beyond_the_archive_is_damage(exports: Any) -> None:
    content = bytearray(pack({"a.csv": "store_id,name\n1,a\n"}, zipfile.ZIP_STORED))
    directory = content.index(b"PK\x01\x02")
    for place in (18, 22, directory + 20, directory + 24):  # Its size, packed and unpacked, in both headers.
        content[place : place + 4] = (100_000).to_bytes(4, "little")
    exports.write("stores.zip", bytes(content))
    with pytest.raises(ExtractError, match="cut short, damaged"):
        read(exports)
