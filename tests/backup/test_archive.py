"""What is no backup, is cut, altered or made to do harm is refused with its own words, and nothing is changed."""

import hashlib
import io
import json
import os
import random
import stat
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipelines.backup import archive as archive_module
from pipelines.backup.archive import SEAL, SEAL_LENGTH, open_archive, write_archive
from pipelines.backup.errors import BackupError
from pipelines.backup.manifest import Entry, Manifest
from pipelines.backup.restore import restore
from pipelines.backup.write import created
from pipelines.config.home import Home, find_home
from pipelines.errors import ParcoursError
from tests.kept_home import read_files

Told_by = Callable[..., tuple[int, str, str]]
GOOD = {
    "home/lake/state/ledger.parquet": b"ledger" * 50,
    "home/decisions.csv": b"verdict\n",
    "outside/sources.yml": b"s",
}


def list_files(contents: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    """The fields of a manifest."""
    files = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    ]
    fields = {"parcours_backup": 1, "parcours_version": "1", "as_of": None, "run_id": None, "outside": {}}
    return {**fields, "files": files, **changes}


def forge(
    file: Path,
    contents: dict[str, bytes],
    manifest: object | bytes = None,
    kind: int = stat.S_IFREG,
    repeat: int = 1,
    method: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A file with a right seal, whatever is in it."""
    with zipfile.ZipFile(file, "w", method) as written:
        listed = list_files(contents) if manifest is None else manifest
        written.writestr("manifest.json", listed if isinstance(listed, bytes) else json.dumps(listed))
        for name, content in contents.items():
            described = zipfile.ZipInfo(name)
            described.compress_type = method
            described.external_attr = (kind | 0o777) << 16
            for _ in range(repeat):
                written.writestr(described, content)
        written.comment = SEAL + b"0" * 64
    return seal(file)


def seal(file: Path) -> Path:
    content = file.read_bytes()[:-SEAL_LENGTH]
    file.write_bytes(content + SEAL + hashlib.sha256(content).hexdigest().encode())
    return file


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good"
    entries = tuple(Entry(name, len(text), hashlib.sha256(text).hexdigest()) for name, text in sorted(GOOD.items()))
    with file.open("w+b") as target:
        contents = {name: io.BytesIO(text) for name, text in GOOD.items()}
        write_archive(target, Manifest("1", "2026-02-28", "run", entries), contents)
    return file


def fault_of(file: Path) -> str:
    with pytest.raises(ParcoursError) as told, open_archive(file, None) as opened:
        opened.verify()
    return str(told.value)


def test_what_was_written_is_read(good: Path, tmp_path: Path) -> None:
    with open_archive(good, None) as opened:
        opened.verify()
        opened.extract(tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in GOOD} == GOOD


def test_what_is_made_is_its_owners_whatever_umask_the_process_has(good: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_archive(good, None) as opened:
            opened.extract(tmp_path / "out")
        with created(tmp_path / "written"):
            pass
    finally:
        os.umask(before)
    made = [tmp_path / "written", *(tmp_path / "out").rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_dir()} == {"0o700"}


def test_every_cut_and_every_altered_byte_is_noticed(good: Path, tmp_path: Path) -> None:
    content, file = good.read_bytes(), tmp_path / "bad"
    chance = random.Random(1)
    for _ in range(150):
        place = chance.randrange(len(content))
        file.write_bytes(content[:place])
        assert str(file) in fault_of(file)
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :])
        assert str(file) in fault_of(file)
    file.write_bytes(content + b"\n")
    assert "cut or altered" in fault_of(file)


def test_altered_bytes_under_a_right_seal_are_noticed_or_change_nothing(good: Path, tmp_path: Path) -> None:
    content, file = good.read_bytes(), tmp_path / "bad"
    chance = random.Random(2)
    for _ in range(1_000):
        place = chance.randrange(len(content) - SEAL_LENGTH)
        file.write_bytes(content[:place] + chance.randbytes(1) + content[place + 1 :])
        seal(file)
        try:
            with open_archive(file, None) as opened:
                opened.verify()
                read = {entry.name: entry.sha256 for entry in opened.manifest.files}
        except ParcoursError:
            continue
        assert read == {name: hashlib.sha256(text).hexdigest() for name, text in GOOD.items()}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "home/../x", "home/lake/../../x", "home//x", "home/./x", "../home/x", "home/", "home\\x",
        "home/..\\x", "C:/x", "elsewhere/x", "home/a\nb", "home/a\x00b", "home/lake/identity/pairs.parquet",
        "home/lake/state/other.parquet", "home/lake/state/records/note.json", "home/lake/models/../state/x",
        "home/warehouse.duckdb", "home/Warehouse.duckdb", "home/build/x", "home/dagster/history/runs.db",
        "home/lake/landed/pulls.parquet", "home/lake/landed/shop/x/note.json", "home/lake/landed/a/b/000001.parquet/c",
        "home/run.lock", "home/replaced-1/x", "outside/a/b", "home/lake", "home/" + "x" * 2000, "home/a.tmp-1",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    told = fault_of(forge(tmp_path / "bad", {name: b"x"}, list_files({name: b"x"})))
    assert "belongs in no backup" in told or "does not hold the files" in told or "not files" in told
    assert "\n" not in told.strip()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_what_else_is_no_file_are_refused(tmp_path: Path, kind: int) -> None:
    assert "other than files" in fault_of(forge(tmp_path / "bad", {"home/decisions.csv": b"/etc/passwd"}, kind=kind))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("manifest", "repeat", "words"),
    [
        (list_files(GOOD, parcours_backup=2), 1, "another format"),
        (list_files(GOOD, parcours_backup=True), 1, "another format"),
        (list_files(GOOD, files="all"), 1, "not one that Parcours writes"),
        (list_files(GOOD, files=[{"name": "home/x", "size": -1, "sha256": "0" * 64}]), 1, "not one that Parcours"),
        (list_files(GOOD, files=[{"name": "home/x", "size": True, "sha256": "0" * 64}]), 1, "not one that Parcours"),
        (list_files(GOOD, files=[{"name": "home/x", "size": 1, "sha256": "../"}]), 1, "not one that Parcours writes"),
        (list_files(GOOD, as_of="\x1b[2J"), 1, "not one that Parcours writes"),
        (list_files(GOOD, parcours_version=1), 1, "not one that Parcours writes"),
        (list_files(GOOD, outside=[1]), 1, "not one that Parcours writes"),
        ([], 1, "not one that Parcours writes"),
        (b"{", 1, "cannot be read"),
        (b"[" * 100_000, 1, "cannot be read"),
        (b'{"parcours_backup": ' + b"1" * 5_000 + b"}", 1, "cannot be read"),
        (b"\xff", 1, "cannot be read"),
        (b" " * (17 << 20), 1, "larger than any"),
        (list_files({**GOOD, "home/more.csv": b""}), 1, "does not hold the files"),
        (list_files({"home/decisions.csv": b"verdict\n"}), 1, "does not hold the files"),
        (list_files({name.replace("decisions", "others"): text for name, text in GOOD.items()}), 1, "does not hold"),
        (list_files({**GOOD, "home/decisions.csv/x": b""}), 1, "the same place"),
        (None, 2, "each once"),
        (list_files({**GOOD, "home/decisions.csv": b"verdict"}), 1, "has not the size"),
        (list_files({**GOOD, "home/decisions.csv": b"verdicts"}), 1, "it is damaged"),
    ],
)  # fmt: skip
def test_a_manifest_that_is_not_what_the_file_holds_is_refused(
    tmp_path: Path, manifest: object, repeat: int, words: str
) -> None:
    assert words in fault_of(forge(tmp_path / "bad", GOOD, manifest, repeat=repeat))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = {"home/decisions.csv": bytes(64 << 20)}
    monkeypatch.setattr(archive_module, "_copy", lambda *_: pytest.fail("it is unpacked"))
    assert "claim to hold" in fault_of(forge(tmp_path / "bad", bomb))


def test_a_bomb_that_the_directory_hides_is_read_no_further_than_the_manifest_says(tmp_path: Path) -> None:
    file = forge(tmp_path / "bad", {"home/decisions.csv": bytes(1 << 20)})
    content = file.read_bytes()
    real, told = (1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")
    file.write_bytes(content.replace(real, told))
    seal(file)
    rewritten = list_files({"home/decisions.csv": bytes(1 << 20)})
    rewritten["files"][0]["size"] = 10
    with zipfile.ZipFile(tmp_path / "other", "w") as other:
        other.writestr("manifest.json", json.dumps(rewritten))
    assert fault_of(file)


def test_damage_is_noticed_whatever_the_file_says_that_it_is_packed_by(tmp_path: Path) -> None:
    good = forge(tmp_path / "good", {"home/decisions.csv": b"abcdefgh" * 50}, method=zipfile.ZIP_LZMA).read_bytes()
    first, file = good.index(b"manifest.json") + 13, tmp_path / "bad"
    for place in range(first, good.index(b"PK\x01\x02")):
        file.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        with suppress(BackupError), open_archive(seal(file), None) as opened:
            opened.verify()


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x1f\x8b" + bytes(100), bytes(5000)])
def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    assert "no backup of Parcours" in fault_of(tmp_path / "bad")


def test_a_file_that_changes_while_it_is_saved_is_noticed(tmp_path: Path) -> None:
    entry = Entry("home/decisions.csv", 7, hashlib.sha256(b"another").hexdigest())
    with (tmp_path / "bad").open("w+b") as target, pytest.raises(BackupError, match="damaged"):
        write_archive(target, Manifest("1", None, None, (entry,)), {entry.name: io.BytesIO(b"content")})


def test_of_a_file_that_grows_while_it_is_saved_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    entry, growing = Entry("home/decisions.csv", 7, hashlib.sha256(b"verdict").hexdigest()), io.BytesIO(bytes(8 << 20))
    with (tmp_path / "bad").open("w+b") as target, pytest.raises(BackupError, match="damaged"):
        write_archive(target, Manifest("1", None, None, (entry,)), {entry.name: growing})
    assert growing.tell() == archive_module.CHUNK


@pytest.mark.parametrize("bad", ["cut", "altered", "traversal", "no backup", "missing"])
def test_a_restore_that_is_refused_leaves_everything_as_it_was(
    kept: Home, good: Path, tmp_path: Path, parcours_here: Told_by, bad: str
) -> None:
    file, content = tmp_path / "bad", good.read_bytes()
    match bad:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "altered":
            file.write_bytes(content.replace(b"ledger", b"ladder"))
        case "traversal":
            forge(file, {"home/../../x": b"x"})
        case "no backup":
            file.write_bytes(os.urandom(1000))
    before = read_files(tmp_path)
    for where in (kept.root, tmp_path / "new"):
        exit_code, _, err = parcours_here("restore", file, "--home", where, "--replace")
        assert exit_code == (2 if bad == "missing" else 1)
        assert str(file) in err
    assert read_files(tmp_path) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("in_the_way", ["a file", "a link to a folder", "a link to nothing"])
def test_what_stands_where_a_folder_of_the_backup_goes_is_moved_aside(tmp_path: Path, in_the_way: str) -> None:
    home, elsewhere, file = find_home(tmp_path / "home"), tmp_path / "elsewhere", tmp_path / "backup"
    home.root.mkdir()
    if in_the_way == "a file":
        (home.root / "ours").write_text("mine")
    else:
        (home.root / "ours").symlink_to(elsewhere)
    if in_the_way == "a link to a folder":
        elsewhere.mkdir()
        (elsewhere / "decisions.csv").write_text("mine")
    forge(file, {"home/ours/decisions.csv": b"verdict", "home/ours/segments.yml": b"segments"})
    restored = restore(file, home, None, replace=True)
    assert (home.root / "ours" / "decisions.csv").read_text() == "verdict"
    assert not (home.root / "ours").is_symlink()
    assert restored.replaced is not None
    assert os.path.lexists(restored.replaced / "ours")
    assert not elsewhere.exists() or [path.read_text() for path in elsewhere.iterdir()] == ["mine"]
