"""Publication: all or nothing, never in the way of a reader, sound after a kill between any two of its steps."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import repeat
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.lake.tables import Lake
from pipelines.segments.membership_log import MARTS, log_in_force
from pipelines.warehouse.previous import bring_out, is_kept, swapped_path
from pipelines.warehouse.publish import (
    COMPARED_WITH,
    PublishError,
    RollbackError,
    begin,
    find_publication,
    publish,
    rollback,
    seal,
    seal_path,
)

READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print("open", flush=True)
    for line in sys.stdin:
        print(connection.execute("select max(night) from marts.customer_360").fetchone()[0], flush=True)
"""

# For each line of input, forks a process that publishes or rolls back and kills itself at the n-th such system call.
KILLER = """
import os, signal, sys
from pathlib import Path
from pipelines.warehouse import publish
from pipelines.config.home import find_home
for line in sys.stdin:
    action, name, countdown, home = line.split()
    child = os.fork()
    if child == 0:
        original, left = getattr(os, name), int(countdown)
        def killing(*arguments, **options):
            global left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return original(*arguments, **options)
        setattr(os, name, killing)
        getattr(publish, action)(find_home(Path(home)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
SYSTEM_CALLS = ("replace", "unlink", "link", "fsync", "chmod")


@pytest.fixture(scope="module")
def killer() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", KILLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.communicate(timeout=20)


def is_killed(killer: subprocess.Popen[str], action: str, call: str, countdown: int, home: Home) -> bool:
    """Whether ``action`` made more than ``countdown`` calls of ``call``, and so was killed."""
    assert killer.stdin is not None
    assert killer.stdout is not None
    killer.stdin.write(f"{action} {call} {countdown} {home.root}\n")
    killer.stdin.flush()
    exit_code = int(killer.stdout.readline())
    assert exit_code in (0, -9)
    return exit_code == -9


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home")


def build_night(home: Home, night: int, *, customers: int = 3, records: int = 3, marts: tuple[str, ...] = ()) -> None:
    """A finished and sealed build of night number ``night``, with its ledger."""
    lake = Lake(home.lake)
    lake.write("identity", "records", pl.DataFrame({"record_id": [f"crm:contacts:{n}" for n in range(records)]}))
    lake.write("identity", "ledger", pl.DataFrame({"entry_no": list(range(night))}))
    for name in COMPARED_WITH:
        lake.write("identity", name, pl.DataFrame({"night": list(range(night))}))
    begin(home, afresh=True)
    with duckdb.connect(home.build_database) as connection:
        connection.execute("create schema marts")
        connection.execute(
            f"create table marts.customer_360 as select range as customer_id, {night} as night from range({customers})"
        )
        describe_segments(connection, day_of(night))
        for mart in marts:
            connection.execute(f'create table marts."{mart}" (id int)')
    seal(
        home,
        as_of=day_of(night).isoformat(),
        run_id=f"night-{night}",
        marts=["customer_360", *marts],
        checks_passed=12,
        checks_warned=1,
    )


def day_of(night: int) -> date:
    return date(2026, 3, 1) + timedelta(days=night - 1)


def describe_segments(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """The marts that tell publication who is in which segment: one of each, the customer named by the day."""
    connection.execute(
        f"""
        create table marts.customer_segments as
        select 'of_{day}' as customer_id, 'custom' as family, 's' as segment, true as is_current;
        create table marts.segments as
        select
            'custom' as family, 's' as segment, 'd' as description, 'c' as rule, 'o' as owner,
            null::varchar as reason, null::date as removed_on;
        create table marts.segment_sizes as
        select
            's' as segment, date '{day}' as computed_on, 1::bigint as member_count, 1::bigint as entered_count,
            1::bigint as left_count, 'digest' as definition_digest;
        """
    )


def remembered(home: Home) -> list[int]:
    """The nights that the memory of segments tells of, in order."""
    log = log_in_force(Lake(home.lake))
    nights = pl.read_parquet(log)["night"].unique().sort() if log.exists() else []
    return [(night - day_of(1)).days + 1 for night in nights]


def night_of(database: Path) -> int:
    with duckdb.connect(database, read_only=True) as connection:
        [(night,)] = connection.execute("select max(night) from marts.customer_360").fetchall()
    return int(night)


def night_before(home: Home) -> int:
    """The night of the warehouse of before, as a rollback would find it."""
    copies = find_home(home.root.with_name("copies"))
    shutil.rmtree(copies.root, ignore_errors=True)
    copies.root.mkdir()
    for file in (swapped_path(home), home.previous_warehouse):
        if file.exists() and not (file == swapped_path(home) and file.samefile(home.warehouse)):
            shutil.copyfile(file, copies.root / file.name)
            return night_of(bring_out(copies))
    raise AssertionError("there is none")


def run_of(home: Home) -> str | None:
    """The run that published the warehouse, as far as that is on record."""
    publication = find_publication(home)
    return publication.run_id if publication else None


def ledger_length(home: Home) -> int:
    return pl.read_parquet(Lake(home.lake).committed_ledger).height


def compared_with(home: Home) -> list[int]:
    """The night of each table that the next run compares itself with."""
    return [pl.read_parquet(Lake(home.lake).published_path(name)).height for name in COMPARED_WITH]


def test_a_sealed_build_becomes_the_warehouse_and_its_ledger_is_kept(home: Home) -> None:
    build_night(home, 1, marts=("orders",))
    published = publish(home)
    assert published.marts == {"customer_360": 3, "orders": 0} | dict.fromkeys(MARTS, 1)
    assert (published.checks_passed, published.checks_warned, published.as_of) == (12, 1, "2026-03-01")
    assert night_of(home.warehouse) == 1
    assert ledger_length(home) == 1
    assert compared_with(home) == [1] * len(COMPARED_WITH)
    assert remembered(home) == [1]
    assert not home.build_database.exists()
    assert not is_kept(home)


def test_the_warehouse_of_before_is_kept_and_rollback_swaps_the_two(home: Home) -> None:
    for night in (1, 2, 3):
        build_night(home, night)
        publish(home)
    assert (night_of(home.warehouse), night_before(home)) == (3, 2)
    assert remembered(home) == [1, 2, 3]
    rollback(home)
    assert (night_of(home.warehouse), night_before(home)) == (2, 3)
    assert remembered(home) == [1, 2], "a night that was taken back is none that a stay ends in"
    rollback(home)
    assert (night_of(home.warehouse), night_before(home)) == (3, 2)
    assert remembered(home) == [1, 2, 3]
    assert ledger_length(home) == 3, "ids that were issued stay issued"


def test_the_warehouse_of_before_is_kept_compressed_and_what_the_build_left_is_gone(home: Home) -> None:
    build_night(home, 1)
    with duckdb.connect(home.workshop) as connection:
        connection.execute("create table steps as select 1 as step")
        connection.execute("create view all_steps as select * from steps")
    publish(home)
    size = home.warehouse.stat().st_size
    build_night(home, 2)
    publish(home)
    assert home.previous_warehouse.stat().st_size < size / 2
    assert not swapped_path(home).exists()
    assert not list(home.root.rglob("*.tmp*"))
    assert [file.name for file in home.build_database.parent.iterdir()] == []


def test_of_the_workshop_its_columns_are_left_for_the_docs(home: Home) -> None:
    build_night(home, 1)
    with duckdb.connect(home.workshop) as connection:
        connection.execute("create table steps as select 1 as step")
        connection.execute("create view all_steps as select * from steps")
    publish(home)
    assert not home.workshop.exists()
    with duckdb.connect(home.workshop_shape, read_only=True) as connection:
        assert connection.execute("select * from all_steps").description[0][0] == "step"
        assert connection.execute("select count(*) from steps").fetchall() == [(0,)]


@pytest.mark.parametrize("length", [3, 700])
def test_a_previous_warehouse_that_is_cut_is_not_published_again(home: Home, length: int) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    home.previous_warehouse.chmod(0o600)
    os.truncate(home.previous_warehouse, length)
    with pytest.raises(RollbackError, match="cannot be unpacked"):
        rollback(home)
    assert night_of(home.warehouse) == 2
    assert not swapped_path(home).exists()
    build_night(home, 3)
    publish(home)
    rollback(home)
    assert night_of(home.warehouse) == 2


def test_where_the_disk_is_full_the_warehouse_of_before_stays_as_it_is_until_there_is_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    build_night(home, 1)
    publish(home)
    build_night(home, 2)
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfileobj", refuse)
        publish(home)
    assert (night_of(home.warehouse), night_of(swapped_path(home))) == (2, 1)
    rollback(home)
    assert (night_of(home.warehouse), night_before(home)) == (1, 2)
    assert not swapped_path(home).exists()


def test_a_previous_warehouse_of_an_earlier_release_comes_back_and_is_compressed(home: Home) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    bring_out(home)
    home.previous_warehouse.unlink()
    rollback(home)
    assert (night_of(home.warehouse), night_before(home)) == (1, 2)
    assert home.previous_warehouse.exists()


def test_rollback_without_a_previous_warehouse_says_so(home: Home) -> None:
    with pytest.raises(RollbackError, match="no previous warehouse"):
        rollback(home)
    build_night(home, 1)
    publish(home)
    with pytest.raises(RollbackError, match="no previous warehouse"):
        rollback(home)


def test_a_build_that_was_not_sealed_is_refused(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    build_night(home, 2)
    begin(home, afresh=False)
    with pytest.raises(PublishError, match="not finished"):
        publish(home)
    assert (night_of(home.warehouse), ledger_length(home)) == (1, 1)


def test_building_some_models_again_starts_from_the_published_warehouse_and_does_not_touch_it(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    begin(home, afresh=False)
    with duckdb.connect(home.build_database) as connection:
        connection.execute("update marts.customer_360 set night = 2")
    assert (night_of(home.build_database), night_of(home.warehouse)) == (2, 1)


def test_no_promise_is_made_of_some_models_built_again_on_the_remains_of_a_failed_build(home: Home) -> None:
    build_night(home, 1)
    assert begin(home, afresh=False), "a sealed build"
    assert not begin(home, afresh=False), "the one before never ended"
    assert begin(home, afresh=True)
    build_night(home, 2)
    publish(home)
    Lake(home.lake).write("identity", "ledger", pl.DataFrame({"entry_no": [1, 2, 3]}))
    assert not begin(home, afresh=False), "its other marts have the ids of before"
    Lake(home.lake).write("identity", "ledger", pl.read_parquet(Lake(home.lake).committed_ledger))
    home.build_database.unlink()
    assert begin(home, afresh=False), "the published warehouse"


def test_publishing_twice_is_refused_because_there_is_nothing_new(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    with pytest.raises(PublishError, match="no build to publish"):
        publish(home)


def test_a_build_that_lacks_a_mart_is_refused(home: Home) -> None:
    build_night(home, 1, marts=("orders", "returns"))
    with duckdb.connect(home.build_database) as connection:
        connection.execute("drop table marts.orders")
    with pytest.raises(PublishError, match="lacks the marts orders"):
        publish(home)
    assert not home.warehouse.exists()


def test_no_customer_although_there_are_records_is_refused_but_an_empty_retailer_is_not(home: Home) -> None:
    build_night(home, 1, customers=0, records=2)
    with pytest.raises(PublishError, match="customer_360 is empty although 2 records"):
        publish(home)
    build_night(home, 2, customers=0, records=0)
    assert publish(home).marts == {"customer_360": 0} | dict.fromkeys(MARTS, 1)


def test_ids_assigned_after_the_marts_were_built_are_not_published_with_them(home: Home) -> None:
    build_night(home, 1)
    Lake(home.lake).write("identity", "ledger", pl.DataFrame({"entry_no": [1, 2, 3]}))
    with pytest.raises(PublishError, match="do not fit"):
        publish(home)
    assert not Lake(home.lake).committed_ledger.exists()
    assert not any(Lake(home.lake).published_path(name).exists() for name in COMPARED_WITH)


def test_a_build_that_was_not_closed_or_is_torn_is_refused(home: Home) -> None:
    build_night(home, 1)
    log = home.build_database.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"left over")
    with pytest.raises(PublishError, match="not closed properly"):
        publish(home)
    log.unlink()
    os.truncate(home.build_database, 5000)
    with pytest.raises(PublishError, match="cannot be read"):
        publish(home)
    assert not home.warehouse.exists()


def test_a_warehouse_is_known_by_what_it_holds_wherever_it_came_from(home: Home, tmp_path: Path) -> None:
    assert run_of(home) is None
    for night in (1, 2):
        build_night(home, night)
        publish(home)
        assert run_of(home) == f"night-{night}"
    rollback(home)
    assert run_of(home) == "night-1"
    rollback(home)
    assert run_of(home) == "night-2"
    shutil.copyfile(home.previous_warehouse, tmp_path / home.previous_warehouse.name)
    shutil.copyfile(bring_out(find_home(tmp_path)), tmp_path / "copy")
    (tmp_path / "copy").replace(home.warehouse)
    assert run_of(home) == "night-1"
    home.warehouse.chmod(0o644)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create table marts.more as select 1 as one")
    assert run_of(home) is None, "nobody published this"


def test_a_reader_keeps_its_warehouse_while_others_see_the_new_one(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, home.warehouse], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    try:
        assert reader.stdout.readline() == "open\n"
        build_night(home, 2)
        publish(home)
        build_night(home, 3)
        publish(home)
        reader.stdin.write("ask\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "1\n"
        assert night_of(home.warehouse) == 3
    finally:
        reader.communicate(timeout=20)


def test_what_somebody_wrote_to_the_published_file_does_not_spoil_the_next_one(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    home.warehouse.chmod(0o644)
    writer = (
        "import duckdb, os, signal, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute('create table mine as select 1 as one'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", writer, home.warehouse], check=False)
    assert home.warehouse.with_name("warehouse.duckdb.wal").exists()
    build_night(home, 2)
    publish(home)
    assert night_of(home.warehouse) == 2


def test_the_published_file_cannot_be_opened_for_writing_by_an_ordinary_user(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    assert home.warehouse.stat().st_mode & 0o777 == 0o400


def test_publication_works_where_the_file_system_has_no_hard_links(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("hard links are not supported")

    monkeypatch.setattr(os, "link", refuse)
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    rollback(home)
    assert (night_of(home.warehouse), night_before(home)) == (1, 2)


@pytest.mark.long
@pytest.mark.parametrize("call", SYSTEM_CALLS)
def test_a_kill_between_any_two_steps_of_publication_leaves_a_warehouse_and_a_rerun_mends_all(
    home: Home, killer: subprocess.Popen[str], call: str
) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    for countdown in range(20):
        before = night_of(home.warehouse)
        night = before + 1
        build_night(home, night)
        killed = is_killed(killer, "publish", call, countdown, home)
        assert night_of(home.warehouse) in (before, night)
        assert run_of(home) == f"night-{night_of(home.warehouse)}"
        assert night_before(home) in (before - 1, before)
        assert ledger_length(home) >= night_of(home.warehouse), "an id in the warehouse is always in the ledger"
        assert min(compared_with(home)) >= ledger_length(home), "what the ledger knows has its yardstick"
        published = night_of(home.warehouse)
        build_night(home, night)
        assert remembered(home) == list(range(1, published + 1)), "the memory is that of the warehouse"
        publish(home)
        assert remembered(home) == list(range(1, night + 1))
        assert night_of(home.warehouse) == night
        assert night_before(home) in (before, night), "before, or tonight when it was published already"
        if not killed:
            break
    assert countdown > 0, f"publication never calls {call}: the test proves nothing"


@pytest.mark.long
@pytest.mark.parametrize("call", ["replace", "unlink", "link"])
def test_a_kill_between_any_two_steps_of_rollback_leaves_a_warehouse_and_a_rerun_mends_all(
    home: Home, killer: subprocess.Popen[str], call: str
) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
    for countdown in range(20):
        both = night_of(home.warehouse), night_before(home)
        killed = is_killed(killer, "rollback", call, countdown, home)
        assert night_of(home.warehouse) in both
        published = night_of(home.warehouse)
        assert run_of(home) == f"night-{published}"
        night += 1
        build_night(home, night)
        assert remembered(home)[-1] == published, "the memory is that of the warehouse"
        publish(home)
        assert remembered(home)[-2:] == [published, night]
        assert night_of(home.warehouse) == night
        assert night_before(home) < night
        if not killed:
            break
    assert countdown > 0, f"rollback never calls {call}: the test proves nothing"


def test_a_warehouse_from_before_there_were_segments_of_ones_own_comes_back_without_memory(home: Home) -> None:
    for night in (1, 2):
        build_night(home, night)
        publish(home)
        if night == 1:
            log_in_force(Lake(home.lake)).unlink()
    rollback(home)
    assert remembered(home) == []
    rollback(home)
    assert remembered(home) == [2]


def test_a_build_that_is_not_published_leaves_no_trace_in_the_memory(home: Home) -> None:
    build_night(home, 1)
    publish(home)
    before = log_in_force(Lake(home.lake)).read_bytes()
    build_night(home, 2)
    seal_path(home).unlink()
    with pytest.raises(PublishError, match="not finished"):
        publish(home)
    assert log_in_force(Lake(home.lake)).read_bytes() == before


def test_a_full_disk_while_publishing_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("a file system of 6 MB needs the right to mount")
    try:
        home = find_home(small)
        build_night(home, 1)
        publish(home)
        build_night(home, 2)
        filler = small / "filler"
        with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
            file.writelines(repeat(bytes(4096)))
        with pytest.raises(OSError, match="No space left"):
            publish(home)
        assert night_of(home.warehouse) == 1
        filler.unlink()
        publish(home)
        assert night_of(home.warehouse) == 2
        assert seal_path(home).exists() is False
    finally:
        subprocess.run(["umount", small], check=False)
