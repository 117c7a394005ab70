"""A file is known by its content, wherever it lies and whenever it was written."""

import os
import shutil
from pathlib import Path

import pytest

from pipelines.lake.fingerprints import fingerprint, fingerprint_all


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "table"
    written.write_bytes(b"content")
    return written


def test_a_copy_and_a_file_that_was_moved_are_the_same_file(file: Path) -> None:
    known = fingerprint(file)
    copy = shutil.copy(file, file.with_name("copy"))
    os.utime(copy, (0, 0))
    assert fingerprint(Path(copy)) == known
    assert fingerprint(file.rename(file.with_name("moved"))) == known


def test_what_is_written_into_a_file_is_noticed_also_where_size_and_time_are_set_back(file: Path) -> None:
    known, state = fingerprint(file), file.stat()
    with file.open("r+b") as content:
        content.write(b"c0ntent")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file.stat().st_size == state.st_size
    assert fingerprint(file) != known


def test_what_is_no_file_has_no_fingerprint(file: Path) -> None:
    assert fingerprint_all([file.parent, file.with_name("gone"), file / "beneath"]) == {
        file.parent: None,
        file.with_name("gone"): None,
        file / "beneath": None,
    }
