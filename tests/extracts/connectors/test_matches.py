"""Which files a pattern finds: none outside of `root` that is not declared, and nothing that is no file."""

import json
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.connectors import decoding
from pipelines.extracts.connectors.matches import find_files
from pipelines.extracts.counts import Extracted
from pipelines.extracts.reading import SourceReading
from pipelines.lake.tables import Lake

STORES = "store_id,name\ns1,Nantes\ns2,Angers\n"
Read = Callable[..., Extracted]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Extracts the stores that ``from_`` finds below ``root`` of ``tmp_path``, as the till declares them."""
    (tmp_path / "exports").mkdir()

    def extract(from_: str, *, root: str = "exports", outside: list[str] | None = None, **more: Any) -> Extracted:
        connector = {"type": "files", "root": root, **({"outside": outside} if outside else {})}
        table = {"from": from_, "columns": {"store_id": "store_id", "name": "name"}, **more}
        source = {"name": "till", "kind": "pos", "connector": connector, "tables": {"stores": table}}
        file = tmp_path / "sources.yml"
        written = {"as_of": "2026-01-01", "sources": [source]}
        file.write_text(json.dumps(written, indent=1), encoding="utf-8")  # Each key on a line of its own.
        sources = load_sources(file)
        assert sources.as_of is not None
        return extract_table(sources, contracts.table("pos", "stores"), Lake(tmp_path / "lake"), sources.as_of)

    return extract


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stores.csv").write_text(STORES, encoding="utf-8")
    return tmp_path / "elsewhere"


def test_a_link_that_leads_out_of_root_is_not_followed_until_it_is_declared(
    read: Read, tmp_path: Path, elsewhere: Path
) -> None:
    (tmp_path / "exports" / "stores.csv").symlink_to(elsewhere / "stores.csv")
    with pytest.raises(ExtractError, match="lies outside of `root`") as raised:
        read("stores.csv")
    assert f"`outside: [{elsewhere}]`" in str(raised.value)
    assert "sources.yml:" in str(raised.value)
    assert read("stores.csv", outside=["elsewhere"]).rows_kept == 2


@pytest.mark.parametrize("pattern", ["linked/stores.csv", "link*/*.csv", "deep/../linked/*.csv"])
def test_a_folder_that_is_a_link_leads_nowhere_else(read: Read, tmp_path: Path, elsewhere: Path, pattern: str) -> None:
    (tmp_path / "exports" / "linked").symlink_to(elsewhere)
    (tmp_path / "exports" / "deep").mkdir()
    with pytest.raises(ExtractError, match="lies outside of `root`"):
        read(pattern)


def test_two_dots_lead_out_of_root_only_where_it_is_declared(read: Read, tmp_path: Path, elsewhere: Path) -> None:
    with pytest.raises(ExtractError, match="lies outside of `root`"):
        read("../elsewhere/*.csv")
    assert read("../elsewhere/*.csv", outside=[str(elsewhere)]).rows_kept == 2
    (tmp_path / "exports" / "stores.csv").write_text(STORES, encoding="utf-8")
    assert read("../exports/*.csv").rows_kept == 2


def test_a_folder_whose_name_begins_like_root_or_a_declared_one_is_another(
    read: Read, tmp_path: Path, elsewhere: Path
) -> None:
    for name in ("exports-of-others", "elsewhere-too"):
        shutil.copytree(elsewhere, tmp_path / name)
        with pytest.raises(ExtractError, match="lies outside of `root`"):
            read(f"../{name}/*.csv", outside=["elsewhere"])


def test_what_a_query_looks_up_is_held_within_root_too(read: Read, tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "exports" / "stores.csv").write_text(STORES, encoding="utf-8")
    query = "select store_id, source.name from source join more using (store_id)"
    with pytest.raises(ExtractError, match=r"`with`, more: .*lies outside of `root`"):
        read("stores.csv", query=query, **{"with": {"more": "../elsewhere/stores.csv"}})
    further = {"with": {"more": "../elsewhere/stores.csv"}}
    assert read("stores.csv", query=query, outside=["elsewhere"], **further).rows_kept == 2


def test_links_within_root_and_a_root_that_is_a_link_are_read(read: Read, tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "exports" / "of_today.csv").write_text(STORES, encoding="utf-8")
    (tmp_path / "exports" / "stores.csv").symlink_to("of_today.csv")
    assert read("stores.csv").rows_kept == 2
    (tmp_path / "linked").symlink_to(elsewhere)
    assert read("stores.csv", root="linked").rows_kept == 2
    (tmp_path / "exports" / "of_there.csv").symlink_to(elsewhere / "stores.csv")
    assert read("of_there.csv", outside=["linked"]).rows_kept == 2


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pipe", "is a pipe, not a file"),
        ("socket", "is a socket, not a file"),
        ("dangling", "is a link to nothing"),
        ("circular", "is a link to nothing"),
        ("device", "lies outside of `root`, in /dev"),
        ("folder", "No file matches"),
    ],
)
def test_what_is_no_file_is_told_as_what_it_is_and_waits_for_nobody(
    read: Read, tmp_path: Path, kind: str, words: str
) -> None:
    place = tmp_path / "exports" / "stores.csv"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            os.chdir(place.parent)
            bound.bind(place.name)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to({"dangling": "nowhere", "circular": place.name, "device": "/dev/zero"}[kind])
    told: list[str] = []

    def look() -> None:
        with pytest.raises(ExtractError) as raised:
            read("*.csv")
        told.append(str(raised.value))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(timeout=20)
    assert told, "it waits for a writer"
    assert words in told[0]


def test_a_device_is_read_not_even_where_its_folder_is_declared(read: Read, tmp_path: Path) -> None:
    (tmp_path / "exports" / "stores.csv").symlink_to("/dev/zero")
    with pytest.raises(ExtractError, match="is a device, not a file"):
        read("*.csv", outside=["/dev"])


@pytest.mark.parametrize("pattern", ["/etc/passwd", ".", "**/" * 300 + "*.csv", "*/" * 101, "a" * 5000, "///"])
def test_a_pattern_that_is_none_is_told(read: Read, pattern: str) -> None:
    with pytest.raises(ExtractError, match="`from` cannot be") as raised:
        read(pattern)
    assert "write it relative to `root`" in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_a_long_pattern_that_finds_nothing_is_shown_by_its_beginning(read: Read) -> None:
    with pytest.raises(ExtractError, match="No file matches exports/aaaa") as raised:
        read(f"{'a' * 200}/" * 10)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize("root", ["r" * 300, "nowhere/at/all"])
def test_a_root_that_cannot_be_is_told_with_its_line(read: Read, tmp_path: Path, root: str) -> None:
    with pytest.raises(ExtractError, match=r"The folder .*Correct `root`") as raised:
        read("*.csv", root=root)
    lines = (tmp_path / "sources.yml").read_text(encoding="utf-8").splitlines()
    [line] = [number for number, text in enumerate(lines, start=1) if '"root"' in text]
    assert f"sources.yml:{line}, source till" in str(raised.value)


@pytest.fixture
def nobody() -> Iterator[None]:
    """For the test's time, this process has the rights of a user who owns nothing."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder below one that everybody may enter; itself it is its owner's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "exports").mkdir(mode=0o700)
    (folder / "exports" / "stores.csv").write_text(STORES, encoding="utf-8")
    yield folder / "exports"
    os.seteuid(0)
    shutil.rmtree(folder)


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(closed: Path, nobody: None) -> None:
    with pytest.raises(ExtractError, match="The folder exports may not be read by this user"):
        find_files(closed, "exports", "*.csv", [])


NAMES = [
    "caf\udce9.csv", "of.caf\udce9.csv", "a\nb.csv", "[x]*.csv", "it's.csv", 'a"b.csv', "a%20b.csv", "{{a}}.csv",
    " .csv", "a\\b.csv", "{a,b}.csv", "e\u0301.csv", "a#b?c.csv", "-rf.csv", "$HOME.csv",
    "~.csv", "\x1b[31m.csv", "\u202egnp.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_whatever_name_is_read_and_called_on_one_line(read: Read, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "exports" / f"of {name.removesuffix('.csv')}"
    folder.mkdir()
    (folder / name).write_text(STORES, encoding="utf-8")
    [shown] = read("*/*.csv").files_read
    assert all(letter.isprintable() for letter in shown)
    pl.DataFrame({"store_id": ["s3"], "name": ["Brest"]}).write_parquet(tmp_path / "made.parquet")
    (tmp_path / "made.parquet").rename(folder / name.replace(".csv", ".parquet"))
    assert read("*/*.parquet").rows_kept == 1


def test_of_a_name_that_is_a_pattern_only_that_file_is_read(read: Read, tmp_path: Path) -> None:
    for name, store in (("[ab].parquet", "s1"), ("a.parquet", "s2"), ("b.parquet", "s3")):
        pl.DataFrame({"store_id": [store], "name": ["Brest"]}).write_parquet(tmp_path / "exports" / name)
    assert read("[[]ab].parquet").rows_kept == 1
    assert Lake(tmp_path / "lake").read("pos", "stores")["store_id"].to_list() == ["s1"]


@pytest.mark.parametrize("name", ["file_row_number", "FILE_ROW_NUMBER", "filename", "_file", "_row", "rowid", "a\"'b"])
def test_a_parquet_column_of_whatever_name_is_a_column(read: Read, tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"store_id": ["s1", "s1"], "name": ["Nantes", "Brest"], name: ["7", "8"]})
    frame.write_parquet(tmp_path / "exports" / "stores.parquet")
    extracted = read("stores.parquet", reject_limit=1)
    assert (extracted.rows_read, extracted.rows_rejected) == (2, 1)
    rejected = pl.read_parquet(Lake(tmp_path / "lake").quarantine_path("pos", "stores"))
    assert rejected["file"].to_list() == ["stores.parquet"]
    assert json.loads(rejected["raw"][0])["store_id"] == "s1"


@pytest.mark.parametrize(
    "header",
    [
        '"store\nid",name\n',
        '"store\r\nid",name\r\n',
        '"the\n\nstore id","na\nme"\n',
        'a note, "not closed\nstore,name\n',
    ],
)
def test_no_row_below_a_header_of_several_lines_is_lost(read: Read, tmp_path: Path, header: str) -> None:
    rows = "".join(f"s{number},Nantes {number}\n" for number in range(5))
    (tmp_path / "exports" / "stores.csv").write_text(f"{header}{rows}s4,Brest\n", encoding="utf-8", newline="")
    options = {"names": ["store_id", "name"], "skip": header.count("\n")}
    extracted = read("stores.csv", options=options, reject_limit=1)
    assert (extracted.rows_read, extracted.rows_kept) == (6, 5)
    rejected = pl.read_parquet(Lake(tmp_path / "lake").quarantine_path("pos", "stores"))
    assert rejected["line"].to_list() == [header.count("\n") + 5]  # Of two with one key, the first by content stays.


def keep_time(place: Path, content: str) -> None:
    state = place.stat()
    place.write_text(content, encoding="utf-8")
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))


def replace_whole(place: Path) -> None:
    """Same size, same time, another file."""
    state, new = place.stat(), place.parent.parent / "new"
    new.write_text(STORES.replace("Angers", "Amiens"), encoding="utf-8")
    os.utime(new, ns=(state.st_atime_ns, state.st_mtime_ns))
    new.replace(place)


CHANGES: dict[str, Callable[[Path], object]] = {
    "rows are added": lambda place: place.write_text(STORES + "s3,Brest\n", encoding="utf-8"),
    "rows are added and the time is kept": lambda place: keep_time(place, STORES + "s3,Brest\n"),
    "a value is another": lambda place: place.write_text(STORES.replace("Angers", "Amiens"), encoding="utf-8"),
    "another file takes its place": replace_whole,
    "it is taken away": Path.unlink,
}


def change_during(what: Any, name: str, place: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets ``place`` change once, just before ``what`` does ``name``; what undoes that."""
    done = getattr(what, name)
    left = [CHANGES[how]]

    def change(*given: Any, **named: Any) -> Any:
        if left:
            left.pop()(place)
        return done(*given, **named)

    monkeypatch.setattr(what, name, change)
    return lambda: monkeypatch.setattr(what, name, done)


@pytest.mark.parametrize("how", CHANGES)
def test_an_export_that_changes_while_it_is_read_is_not_taken(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    place = tmp_path / "exports" / "stores.csv"
    place.write_text(STORES, encoding="utf-8")
    os.utime(place, ns=(10**18, 10**18))
    undo = change_during(SourceReading, "_count_values", place, how, monkeypatch)
    with pytest.raises(ExtractError, match=r"exports/stores\.csv changed while it was read"):
        read("stores.csv")
    assert not Lake(tmp_path / "lake").path("pos", "stores").exists()
    undo()
    place.write_text(STORES, encoding="utf-8")
    assert read("stores.csv").rows_kept == 2


def test_an_export_that_changes_while_it_is_unpacked_is_not_taken(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "exports" / "stores.csv"
    place.write_text(STORES, encoding="utf-8")
    change_during(decoding, "open_decompressed", place, "rows are added", monkeypatch)
    with pytest.raises(ExtractError, match=r"exports/stores\.csv changed while it was read"):
        read("stores.csv", options={"encoding": "cp1252"})


def test_a_file_that_a_query_looks_up_is_held_to_the_same(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stores.csv", "more.csv"):
        (tmp_path / "exports" / name).write_text(STORES, encoding="utf-8")
    query = "select store_id, source.name from source join more using (store_id)"
    change_during(SourceReading, "_count_values", tmp_path / "exports" / "more.csv", "rows are added", monkeypatch)
    with pytest.raises(ExtractError, match=r"exports/more\.csv changed while it was read"):
        read("stores.csv", query=query, **{"with": {"more": "more.csv"}})


def test_a_file_whose_columns_go_by_other_names_is_held_to_the_same(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "exports" / "stores.csv"
    place.write_text(STORES, encoding="utf-8")
    change_during(SourceReading, "_count_values", place, "rows are added", monkeypatch)
    with pytest.raises(ExtractError, match=r"exports/stores\.csv changed while it was read"):
        read("stores.csv", headers={"name": "Name"})
