"""Who may read what is published: at no instant anybody who is not declared to."""

import grp
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.config.readers import may_give_to
from pipelines.doctor.exposed_files import close
from pipelines.warehouse import access
from pipelines.warehouse.export import export_marts
from pipelines.warehouse.publish import publish, rollback
from tests.warehouse.test_publish import build_night


def usable_group() -> grp.struct_group | None:
    """A group that is not that of new files, and that files can be given to."""
    return next((each for each in grp.getgrall() if each.gr_gid != os.getegid() and may_give_to(each.gr_gid)), None)


GROUP = usable_group()
needs_group = pytest.mark.skipif(GROUP is None, reason="this user is in one group only")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir(mode=0o700)
    return Home(tmp_path / "home")


def states(home: Home) -> dict[str, tuple[int, bool]]:
    """The mode of each file, and whether it belongs to the group of readers."""
    found = {}
    for path in (home.root, *home.root.rglob("*")):
        state = path.lstat()
        found[path.relative_to(home.root).as_posix()] = (stat.S_IMODE(state.st_mode), is_of_readers(state))
    return found


def is_of_readers(state: os.stat_result) -> bool:
    return GROUP is not None and state.st_gid == GROUP.gr_gid


@pytest.fixture
def watched(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, tuple[int, bool]]]:
    """The modes of all files after each system call that changes a name, a mode or an owner."""
    seen: list[dict[str, tuple[int, bool]]] = []

    def watch(name: str) -> None:
        original: Callable[..., object] = getattr(os, name)

        def noting(*arguments: object, **options: object) -> object:
            result = original(*arguments, **options)
            seen.append(states(home))
            return result

        monkeypatch.setattr(os, name, noting)

    for name in ("replace", "link", "unlink", "chmod", "chown"):
        watch(name)
    return seen


OPENED = {"warehouse.duckdb", "build/warehouse.duckdb", "warehouse.previous.duckdb.zst"}


def assert_never_wider(seen: list[dict[str, tuple[int, bool]]]) -> None:
    """Nothing of a warehouse is ever open to others, nor to a group that is not the readers'."""
    assert seen
    for moment in seen:
        for name, (mode, belongs_to_readers) in moment.items():
            if "warehouse" in name:
                assert not mode & 0o007, name
                assert not mode & 0o070 or belongs_to_readers, f"{name} is open to another group"


@pytest.fixture(autouse=True)
def usual_umask() -> object:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_without_readers_the_published_file_is_its_owners_alone(
    home: Home, watched: list[dict[str, tuple[int, bool]]]
) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    rollback(home)
    assert states(home)["warehouse.duckdb"][0] == 0o400
    assert states(home)["warehouse.previous.duckdb.zst"][0] == 0o400
    assert states(home)["."][0] == 0o700
    assert all(not mode & 0o077 for moment in watched for name, (mode, _) in moment.items() if name in OPENED)


@needs_group
def test_declared_readers_read_the_published_file_and_nothing_else_at_every_instant(
    home: Home, watched: list[dict[str, tuple[int, bool]]]
) -> None:
    assert GROUP is not None
    for night in (1, 2):
        build_night(home, night)
        publish(home, GROUP.gr_name)
    found = states(home)
    assert found["warehouse.duckdb"] == (0o440, True)
    assert found["."] == (0o710, True)
    assert found["warehouse.previous.duckdb.zst"][0] == 0o400
    open_to_group = {name for name, (mode, _) in found.items() if mode & 0o070}
    assert open_to_group == {".", "warehouse.duckdb"}
    rollback(home)
    assert states(home)["warehouse.duckdb"] == (0o440, True), "it was published before and is read again"
    assert states(home)["warehouse.previous.duckdb.zst"][0] == 0o400
    assert_never_wider(watched)


@needs_group
def test_where_hard_links_are_unknown_the_copy_is_no_wider(
    home: Home, watched: list[dict[str, tuple[int, bool]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert GROUP is not None

    def refuse(*_: object) -> None:
        raise PermissionError("hard links are not supported")

    monkeypatch.setattr(os, "link", refuse)
    for night in (1, 2):
        build_night(home, night)
        publish(home, GROUP.gr_name)
    rollback(home)
    assert_never_wider(watched)


@needs_group
def test_readers_that_are_no_longer_declared_are_shut_out_by_the_next_publication(home: Home) -> None:
    assert GROUP is not None
    build_night(home, 1)
    publish(home, GROUP.gr_name)
    build_night(home, 2)
    publish(home)
    assert {name for name, (mode, _) in states(home).items() if mode & 0o077} == set()
    rollback(home)
    assert states(home)["warehouse.duckdb"][0] == 0o400, "published to them once, and not now"


@needs_group
def test_an_export_is_as_open_as_the_warehouse_that_it_was_made_from(home: Home, tmp_path: Path) -> None:
    assert GROUP is not None
    build_night(home, 1)
    publish(home)
    export_marts(home, tmp_path / "closed", "csv")
    assert {path.lstat().st_mode & 0o077 for path in (tmp_path / "closed", *(tmp_path / "closed").iterdir())} == {0}
    build_night(home, 2)
    publish(home, GROUP.gr_name)
    export_marts(home, tmp_path / "open", "csv")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o750
    files = [file.stat() for file in (tmp_path / "open").iterdir()]
    assert {stat.S_IMODE(state.st_mode) for state in files} == {0o640}
    assert all(is_of_readers(state) for state in files)


@needs_group
def test_a_home_that_holds_other_things_is_not_opened_to_the_group_and_the_barrier_is_named(home: Home) -> None:
    assert GROUP is not None
    (home.root / "letters").mkdir()
    build_night(home, 1)
    publish(home, GROUP.gr_name)
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    assert access.find_barrier(home, GROUP.gr_gid) == home.root


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"readers": null}', '{"readers": "nobody-has-this"}'])
def test_a_note_that_says_nothing_opens_nothing(home: Home, note: str) -> None:
    build_night(home, 1)
    publish(home)
    file = home.lake / "state" / "readers.json"
    file.write_text(note)
    assert access.declared_group(home) is None
    build_night(home, 2)
    publish(home)
    rollback(home)
    assert states(home)["warehouse.duckdb"][0] == 0o400


@needs_group
def test_closing_a_home_that_everybody_could_pass_does_not_shut_its_readers_out(home: Home) -> None:
    assert GROUP is not None
    home.root.chmod(0o755)
    build_night(home, 1)
    publish(home, GROUP.gr_name)
    home.warehouse.chmod(0o444)
    assert states(home)["."][0] == 0o755, "somebody's own choice, until told otherwise"
    assert close(home) == []
    assert states(home)["."] == (0o710, True)
    assert states(home)["warehouse.duckdb"] == (0o440, True)
    home.root.chmod(0o700)
    assert close(home) == []
    assert states(home)["."][0] == 0o700, "nothing is ever opened"


def test_a_group_that_was_removed_meanwhile_stops_the_publication_and_leaves_what_is_published(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    published = home.warehouse.stat().st_ino
    build_night(home, 2)
    with pytest.raises(access.AccessError, match="no group 'nobody-has-this'"):
        publish(home, "nobody-has-this")
    assert home.warehouse.stat().st_ino == published
    publish(home)
    assert home.warehouse.stat().st_ino != published
