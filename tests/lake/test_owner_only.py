"""Whatever the umask, what is made is open to its owner and closed to everybody else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.lake.owner_only import closed_to_others, make_folder
from pipelines.lake.run_lock import hold
from pipelines.lake.tables import replacing

UMASKS = (0o000, 0o022, 0o027, 0o077, 0o277, 0o777)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("value", UMASKS)
def test_a_new_folder_is_its_owners_alone_and_so_is_what_was_missing_above_it(tmp_path: Path, value: int) -> None:
    with umask(value):
        make_folder(tmp_path / "above" / "home")
    assert [mode(tmp_path / "above"), mode(tmp_path / "above" / "home")] == [0o700, 0o700]


def test_a_folder_that_is_there_keeps_the_mode_that_somebody_gave_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_file_in_the_place_of_a_folder_is_an_error_and_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FileExistsError):
            make_folder(folder)


@pytest.mark.parametrize("value", UMASKS)
def test_files_are_their_owners_alone_and_the_umask_comes_back(tmp_path: Path, value: int) -> None:
    with umask(value):
        with closed_to_others(), replacing(tmp_path / "new" / "table") as temporary:
            temporary.write_text("rows")
            assert mode(temporary) == 0o600
        assert os.umask(value) == value
    assert mode(tmp_path / "new" / "table") == 0o600


def test_a_home_that_a_lock_makes_is_closed_and_the_lock_too(tmp_path: Path) -> None:
    with umask(0), hold(tmp_path / "home", "run"):
        assert mode(tmp_path / "home") == 0o700
        assert mode(tmp_path / "home" / "run.lock") == 0o600
