"""What goes wrong with files on another machine: each fault is told by name, and nothing half there is ever read."""

import os
import stat
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.extracts.unchanged import list_exports
from pipelines.pulls import extras
from pipelines.pulls.drops import fetch as fetching
from pipelines.pulls.drops import mirror as mirroring
from pipelines.pulls.drops import patterns
from pipelines.pulls.drops.places import sftp
from pipelines.pulls.errors import SourceError
from tests.drop_servers import PASSPHRASE, PASSWORD, FolderStore, ScriptedStore
from tests.pulls.drops.conftest import HEADER, Till, tickets

ONE = ("1,S1,2026-01-01 10:00,10.00", "2,S1,2026-01-01 11:00,20.00")
TWO = ("3,S1,2026-01-02 10:00,30.00", "4,S1,2026-01-02 11:00,1.00")
OTHER_KEY = "SHA256:" + "A" * 43


def folder_of(till: Till) -> Path:
    assert isinstance(till.store, FolderStore)
    return till.store.folder


def script(till: Till) -> ScriptedStore:
    assert isinstance(till.store, ScriptedStore)
    return till.store


def grow(till: Till, name: str) -> None:
    with (folder_of(till) / name).open("ab") as file:
        file.write(b"9,S1,2026-01-09 10:00,9.00\n")


@pytest.mark.parametrize("taking", ["stop", "keep"])
def test_a_file_that_is_still_being_written_is_not_taken_tonight(till: Till, taking: str) -> None:
    till.connector = {"if_not_taken": taking}
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.put("tickets_2.csv", *TWO)
    till.meanwhile = lambda: grow(till, "tickets_2.csv")
    outcome = till.pull()
    assert outcome.state == ("kept" if taking == "keep" else "not taken")
    assert "tickets_2.csv: it is still being written: " in str(outcome.message)
    assert till.waited == [30.0, 30.0]
    assert till.extract().height == 2
    assert not list(till.landed.rglob("*.tmp-*"))
    till.meanwhile = lambda: None
    assert till.pull().state == "taken"
    assert till.extract().height == 5


def test_an_edit_of_the_same_size_between_two_looks_is_seen(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.meanwhile = lambda: till.put("tickets_1.csv", *reversed(ONE))
    assert "it is still being written" in str(till.pull().message)


def test_a_file_that_goes_between_two_looks_is_told(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.meanwhile = lambda: till.store.remove("tickets_1.csv")
    assert "tickets_1.csv: it went while it was looked at" in str(till.pull().message)
    assert script(till).opened == []


def test_a_file_that_is_half_written_stays_as_it_was(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.put("tickets_1.csv", *TWO)
    till.meanwhile = lambda: grow(till, "tickets_1.csv")
    assert till.pull().state == "kept"
    assert till.extract()["ticket_id"].to_list() == ["1", "2"]


def test_a_file_that_changes_while_it_is_fetched_is_not_taken(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    script(till).on_open = lambda name: grow(till, name)
    outcome = till.pull()
    assert "it was changed while it was fetched" in str(outcome.message)
    assert not (till.landed / "files").exists() or not list((till.landed / "files").iterdir())


def test_temporary_names_are_never_taken_and_are_told(till: Till) -> None:
    till.table = {"from": "*"}
    till.put("tickets_1.csv", *ONE)
    for name in ("tickets_2.csv.filepart", "tickets_3.csv.part", ".tickets_4.csv.Ab12", "tickets_5.csv.TMP", "x.csv~"):
        till.put(name, *TWO)
    outcome = till.pull()
    assert outcome.state == "taken"
    assert [file.name for file in till.mirror.files] == ["tickets_1.csv"]
    till.table = {"from": "tickets_*.csv"}
    assert (
        "still under a temporary name, and not taken: tickets_2.csv.filepart, tickets_3.csv.part, tickets_5.csv.TMP"
        in (till.pull().notes)
    )


def test_a_marker_of_an_earlier_version_says_nothing_of_this_one(till: Till) -> None:
    till.connector = {"complete": "marker", "marker": "{name}.done"}
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_1.csv.done")
    till.put("tickets_1.csv", *ONE, *TWO)
    assert "it was changed after its marker tickets_1.csv.done was written" in str(till.pull().message)


def test_a_folder_is_no_marker_and_no_control(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_1.csv.done/tickets_2.csv")
    till.connector = {"complete": "marker", "marker": "{name}.done"}
    assert "its marker tickets_1.csv.done is not there" in str(till.pull().message)
    till.connector = {}
    till.table = {"control": {"file": "{name}.done", "rows": "(.*)"}}
    assert "its control file tickets_1.csv.done is not there" in str(till.pull().message)


def test_a_short_delivery_is_told_and_not_taken(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    script(till).shortens = 7
    outcome = till.pull()
    size = len(tickets(*ONE))
    assert outcome.state == "not taken"
    assert f"tickets_1.csv: a short delivery: {size - 7} bytes arrived of {size}" in str(outcome.message)
    assert len(script(till).opened) == fetching.TRIES


def test_a_connection_that_breaks_off_is_tried_again(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_2.csv", *TWO)
    script(till).drops = 1
    till.connector = {"wait_seconds": 7, "stable_seconds": 0}
    assert till.pull().state == "taken"
    assert till.waited == [7.0]
    assert "try 1 of 3: the SFTP server 127.0.0.1:" in till.said[0]


def test_a_file_that_came_is_not_fetched_by_the_next_try_or_night(till: Till) -> None:
    till.connector = {"tries": 1, "stable_seconds": 0}
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_2.csv", *TWO)

    def cut(name: str) -> None:
        script(till).drops = int(name == "tickets_2.csv")

    script(till).on_open = cut
    outcome = till.pull()
    assert "broke off" in str(outcome.message)
    assert till.mirror.patterns == {}
    assert [file.name for file in till.mirror.staged] == ["tickets_1.csv"]
    script(till).on_open = None
    script(till).drops = 0
    script(till).opened.clear()
    assert till.pull().state == "taken"
    assert script(till).opened == ["tickets_2.csv"]


def test_wrong_credentials_are_told_without_them_and_not_tried_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.put("tickets_1.csv", *ONE)
    monkeypatch.setenv("DROP_PASSWORD", "other-needle")
    outcome = till.pull()
    assert "does not let till in: check `user`, and `password` or `key`" in str(outcome.message)
    assert "needle" not in str(outcome)
    assert till.said == []


def test_a_server_with_another_key_is_told_nothing(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.connector = {"fingerprint": OTHER_KEY}
    outcome = till.pull()
    assert "is not the one of the `fingerprint` that is declared" in str(outcome.message)
    assert script(till).fingerprint in str(outcome.message)
    till.connector = {"fingerprint": [OTHER_KEY, script(till).fingerprint]}
    assert till.pull().state == "taken"


def test_an_unknown_host_is_never_believed(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    till.put("tickets_1.csv", *ONE)
    monkeypatch.setenv("HOME", str(till.folder))
    del till.store.connector["fingerprint"]
    try:
        assert "the file of known hosts ~/.ssh/known_hosts cannot be read" in str(till.pull().message)
        (till.folder / "hosts").write_text("# nobody\n")
        till.connector = {"known_hosts": "hosts"}
        assert "is in no line of hosts, and an unknown host is not trusted" in str(till.pull().message)
        other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
        (till.folder / "hosts").write_text(f"[127.0.0.1]:{script(till).connector['port']} {other}\n")
        assert "has another key than the one in hosts" in str(till.pull().message)
        (till.folder / "hosts").write_text("damaged\n")
        assert "hosts is no file of known hosts" in str(till.pull().message)
    finally:
        till.store.connector["fingerprint"] = script(till).fingerprint


def test_a_key_that_cannot_be_read_is_told(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROP_PASSPHRASE", PASSPHRASE)
    till.connector = {"key": "nowhere"}
    assert f"the private key {till.folder / 'nowhere'} cannot be read: No such file" in str(till.pull().message)
    (till.folder / "key").write_text("none")
    till.connector = {"key": "key", "passphrase": "${DROP_PASSPHRASE}"}
    outcome = till.pull()
    assert f"the private key {till.folder / 'key'} cannot be used" in str(outcome.message)
    assert PASSPHRASE not in str(outcome)


def test_a_server_that_does_not_answer_is_told(till: Till) -> None:
    till.connector = {"port": 1}
    outcome = till.pull()
    assert "the SFTP server 127.0.0.1:1 does not answer" in str(outcome.message)
    assert len(till.said) == 2  # Of three tries.


def test_a_folder_that_is_not_there_is_told(till: Till) -> None:
    till.connector = {"root": "out/nowhere"}
    assert "there is no folder out/nowhere on the SFTP server" in str(till.pull().message)
    till.put("tickets_1.csv", *ONE)
    till.connector = {"root": f"{till.store.connector['root']}/tickets_1.csv"}
    assert "is a file, not a folder" in str(till.pull().message)


def test_nothing_that_matches_is_told_with_the_pattern(till: Till) -> None:
    till.put("tickets_1.csv.part", *ONE)
    outcome = till.pull()
    assert "no file matches tickets_*.csv in " in str(outcome.message)
    assert "There is tickets_1.csv.part, under a temporary name." in str(outcome.message)


def test_names_of_any_kind_stay_in_the_manifest(till: Till) -> None:
    till.table = {"from": "*.csv"}
    names = [
        b"Bo.csv",
        b"bo.csv",
        b"a\xff\xfe.csv",
        b"line\nbreak.csv",
        b"[x]*?.csv",
        b"x" * 240 + b".csv",
        b"'quote.csv",
        b"two.c'v\n.csv",
    ]
    for number, name in enumerate(names):
        (folder_of(till) / os.fsdecode(name)).write_bytes(tickets(f"{number},S1,2026-01-01 10:00,{number}.00"))
    assert till.pull().state == "taken"
    assert till.extract().height == len(names)
    assert {os.fsencode(file.name) for file in till.mirror.files} == set(names)
    for file in (till.landed / "files").iterdir():
        assert file.name.removesuffix(".csv").isalnum()


def test_names_that_lead_elsewhere_are_refused(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.table = {"from": "*.csv"}
    till.put("tickets_1.csv", *ONE)
    script(till).names += [b"../../evil.csv", b"/etc/evil.csv", b"..", b"a/b.csv", b"nul\0.csv"]
    outcome = till.pull()
    assert outcome.state == "kept"
    assert "evil.csv: its name leads out of its folder" in str(outcome.message)
    assert str(outcome.message).count("its name leads out of its folder") == 4
    assert [file.name for file in till.mirror.files] == ["tickets_1.csv"]


def test_links_lead_no_further_than_the_root(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.table = {"from": "**/*.csv"}
    till.put("day/tickets_1.csv", *ONE)
    outside = folder_of(till).parent / f"{till.folder.name}-outside.csv"
    outside.write_bytes(tickets(*TWO))
    (folder_of(till) / "out.csv").symlink_to(outside)
    (folder_of(till) / "in.csv").symlink_to(folder_of(till) / "day" / "tickets_1.csv")
    (folder_of(till) / "nothing.csv").symlink_to("gone")
    (folder_of(till) / "day" / "up").symlink_to(folder_of(till))
    outcome = till.pull()
    assert "out.csv: it is a link that leads out of `root`" in str(outcome.message)
    assert "nothing.csv: it is a link to nothing" in str(outcome.message)
    assert [file.name for file in till.mirror.files] == ["day/tickets_1.csv", "in.csv"]
    till.table = {"from": "out.csv"}
    assert "out.csv: it is a link that leads out of `root`" in str(till.pull().message)
    script(till).opened.clear()
    (folder_of(till) / "linked").symlink_to(folder_of(till).parent)
    till.table = {"from": "linked/*.csv"}
    assert "the folder linked is a link that leads out of `root`" in str(till.pull().message)
    assert script(till).opened == []


@pytest.mark.parametrize("pattern", ["../x.csv", "/etc/*.csv", "a/../../*.csv"])
def test_a_pattern_that_leads_out_is_refused(till: Till, pattern: str) -> None:
    till.table = {"from": pattern}
    assert "write it relative to `root`, without '..'" in str(till.pull().message)


def test_a_pipe_is_told_and_not_waited_for(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.put("tickets_1.csv", *ONE)
    os.mkfifo(folder_of(till) / "tickets_2.csv")
    assert "tickets_2.csv: it is no file, but a pipe" in str(till.pull().message)


def test_only_folders_that_a_pattern_can_reach_are_listed(till: Till) -> None:
    till.put("2026/01/tickets_1.csv", *ONE)
    till.put("archive/01/tickets_9.csv", *TWO)
    till.table = {"from": "2026/*/tickets_*.csv"}
    till.pull()
    assert {path.partition("2026")[1] + path.partition("2026")[2] for path in script(till).listed} == {
        "2026",
        "2026/01",
    }


def test_a_long_listing_is_passed_through(till: Till) -> None:
    till.connector = {"stable_seconds": 0}
    for number in range(1_000):
        (folder_of(till) / f"log_{number}.txt").touch()
    till.put("tickets_1.csv", *ONE)
    assert till.pull().state == "taken"
    assert len(till.mirror.files) == 1


def test_a_long_listing_may_take_its_time_as_long_as_the_server_answers(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.connector = {"stable_seconds": 0, "tries": 1}
    for number in range(600):
        (folder_of(till) / f"tickets_{number}.csv.part").touch()
    till.put("tickets_1.csv", *ONE)
    script(till).pauses = 0.7
    monkeypatch.setattr(sftp, "STALLED", 1.5)
    outcome = till.pull()
    assert outcome.state == "taken", outcome.message
    script(till).pauses = 4.0
    assert "broke off (TimeoutError)" in str(till.pull().message)


def test_a_listing_without_end_is_not_held(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    till.connector = {"stable_seconds": 0, "tries": 1}
    for number in range(600):
        (folder_of(till) / f"tickets_{number}.csv.part").touch()
    for module in (patterns, sftp):
        monkeypatch.setattr(module, "MOST_LISTED", 100)
    script(till).pauses = 4.0
    monkeypatch.setattr(sftp, "STALLED", 1.5)
    assert "lists more than 100 names. Name the folder" in str(till.pull().message)


def test_a_file_that_is_too_large_is_not_fetched(till: Till) -> None:
    till.connector = {"largest_mb": 0.00001}
    till.put("tickets_1.csv", *ONE)
    assert "and `largest_mb` is 0" in str(till.pull().message)
    assert script(till).opened == []


def test_a_disk_without_room_is_told_before_anything_is_fetched(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    till.put("tickets_1.csv", *ONE)
    monkeypatch.setattr(mirroring, "SPARE_BYTES", 1 << 60)
    outcome = till.pull()
    assert "Make room; nothing was fetched." in str(outcome.message)
    assert script(till).opened == []
    assert till.said == []  # Another try makes no room.


def test_a_disk_that_is_full_takes_nothing_half(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.put("tickets_1.csv", *TWO)

    def is_full(written: object, piece: bytes) -> None:
        raise fetching.cannot_write(OSError(28, os.strerror(28)))

    monkeypatch.setattr(fetching, "_write", is_full)
    outcome = till.pull()
    assert "cannot be written to the lake: No space left on device. Make room" in str(outcome.message)
    assert till.extract()["ticket_id"].to_list() == ["1", "2"]
    assert not list(till.lake.root.rglob("fetched-*"))


def test_an_edit_is_taken_anew_and_the_table_read_again(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.extract()
    before = till.mirror.files[0].content
    till.put("tickets_1.csv", *TWO)
    till.pull()
    assert till.mirror.files[0].content != before
    assert till.extract()["ticket_id"].to_list() == ["3", "4"]
    assert len(list((till.landed / "files").iterdir())) == 1


def test_packed_files_and_other_kinds_are_read_as_in_a_folder(till: Till) -> None:
    import gzip
    import zipfile

    till.table = {"from": "tickets_*"}
    till.store.put("tickets_1.csv.gz", gzip.compress(tickets(*ONE)))
    with zipfile.ZipFile(till.folder / "tickets.zip", "w") as archive:
        archive.writestr("inside.csv", tickets(*TWO))
    till.store.put("tickets_2.zip", (till.folder / "tickets.zip").read_bytes())
    till.store.put("tickets_3.csv", ("\ufeff" + HEADER + "5,S1,2026-01-05 10:00,5.00\n").encode())
    till.pull()
    assert till.extract()["ticket_id"].to_list() == ["1", "2", "3", "4", "5"]
    sources = till.configure()
    from pipelines import contracts

    exports = list_exports(sources, contracts.table("pos", "tickets"), till.lake)
    assert exports is not None
    assert [Path(export.shown).name for export in exports] == ["tickets_1.csv.gz", "tickets_2.zip", "tickets_3.csv"]


def test_an_unchanged_night_reads_nothing_again(till: Till) -> None:
    from datetime import date

    from pipelines import contracts
    from pipelines.extracts.unchanged import extract_if_changed

    till.put("tickets_1.csv", *ONE)
    till.pull()
    table, day = contracts.table("pos", "tickets"), date(2026, 6, 30)
    assert not extract_if_changed(till.configure(), table, till.lake, day).is_unchanged
    till.pull()
    assert extract_if_changed(till.configure(), table, till.lake, day).is_unchanged


def test_what_was_taken_and_is_gone_from_the_lake_is_taken_again(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    [file] = till.mirror.files
    content = till.mirror.path(file)
    content.unlink()
    assert till.pull().state == "taken"
    assert till.extract().height == 2
    content.chmod(0o600)
    content.write_bytes(content.read_bytes()[:-1])
    assert till.pull().state == "taken"
    assert content.read_bytes() == tickets(*ONE)


def test_what_is_gone_there_and_no_longer_whole_here_is_told_and_not_read(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_2.csv", *TWO)
    till.pull()
    till.store.remove("tickets_1.csv")
    till.mirror.path(next(file for file in till.mirror.files if file.name == "tickets_1.csv")).unlink()
    outcome = till.pull()
    assert outcome.state == "kept"
    assert "tickets_1.csv: it is no longer there, and what was kept of it is no longer whole" in str(outcome.message)
    assert till.extract()["ticket_id"].to_list() == ["3", "4"]


def test_what_is_not_taken_tonight_and_no_longer_whole_here_is_not_read(till: Till) -> None:
    till.connector = {"if_not_taken": "keep"}
    till.put("tickets_1.csv", *ONE)
    till.put("tickets_2.csv", *TWO)
    till.pull()
    till.mirror.path(next(file for file in till.mirror.files if file.name == "tickets_1.csv")).unlink()
    till.meanwhile = lambda: grow(till, "tickets_1.csv")
    assert till.pull().state == "kept"
    assert till.extract()["ticket_id"].to_list() == ["3", "4"]


def test_a_file_of_another_folder_is_another_whatever_its_name_size_and_date(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    assert till.extract()["ticket_id"].to_list() == ["1", "2"]
    there = folder_of(till) / "tickets_1.csv"
    other = folder_of(till) / "other" / "tickets_1.csv"
    other.parent.mkdir()
    other.write_bytes(there.read_bytes().replace(b"\n2,", b"\n7,"))
    os.utime(other, (there.stat().st_mtime, there.stat().st_mtime))
    till.connector = {"root": f"{till.store.connector['root']}/other"}
    assert till.pull().state == "taken"
    assert till.extract()["ticket_id"].to_list() == ["1", "7"]


def test_what_was_taken_without_a_control_is_proved_once_there_is_one(till: Till) -> None:
    till.table = {"from": "*rows.csv"}
    till.put("tickets_3rows.csv", *ONE)
    assert till.pull().state == "taken"
    till.table = {"from": "*rows.csv", "control": {"rows": r"_(\d+)rows\.csv$"}}
    assert "rows: 3 in the source, 2 here" in str(till.pull().message)


def test_everything_that_is_written_is_its_owners_alone(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    previous = os.umask(0o077)
    try:
        till.pull()
    finally:
        os.umask(previous)
    for path in (till.landed, *till.landed.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_no_secret_is_in_anything_that_is_written_or_said(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    script(till).drops = 1
    outcome = till.pull()
    assert PASSWORD not in str(outcome) + str(till.said) + str(till.configure())
    for path in till.lake.root.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes()


def test_a_missing_package_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match=r"pip install -e '\.\[s3\]'"):
        extras.need("there_is_no_such_module", "s3")


@pytest.mark.parametrize(
    ("connector", "said"),
    [
        ({"complete": "marker"}, "go together"),
        ({"marker": "{name}.done"}, "go together"),
        ({"complete": "marker", "marker": "../{name}"}, "must be a name, or a path below the file's folder"),
        ({"complete": "marker", "marker": "{file}.done"}, "{name} is the file's name"),
        ({"fingerprint": "SHA256:short"}, "is no fingerprint"),
        ({"password": "secret"}, "a password has no place in a file"),
        ({"passphrase": "${DROP_PASSWORD}"}, "'passphrase' without 'key'"),
        ({"bucket": "x"}, "unknown key"),
    ],
)
def test_what_is_declared_wrong_is_told_with_its_line(till: Till, connector: dict[str, object], said: str) -> None:
    till.connector = connector
    with pytest.raises(ConfigurationError, match=r"sources\.yml:\d+: ") as told:
        till.configure()
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ({"file": "{stem}.ctl"}, "proves nothing"),
        ({"rows": r"\d+"}, "has 0 groups"),
        ({"rows": "(("}, "is no regular expression"),
    ],
)
def test_a_control_that_proves_nothing_is_refused(till: Till, control: dict[str, object], said: str) -> None:
    till.table = {"control": control}
    with pytest.raises(ConfigurationError) as told:
        till.configure()
    assert said in str(told.value)


def test_a_control_file_that_is_not_there_or_says_nothing_is_told(till: Till) -> None:
    till.table = {"control": {"file": "{name}.ctl", "rows": r"rows=(\d+)", "sha256": "([0-9a-f]{64})"}}
    till.put("tickets_1.csv", *ONE)
    assert "tickets_1.csv: its control file tickets_1.csv.ctl is not there" in str(till.pull().message)
    till.store.put("tickets_1.csv.ctl", b"nothing")
    assert "its control file tickets_1.csv.ctl does not say the number of rows" in str(till.pull().message)
    script(till).opened.clear()
    till.store.put("tickets_1.csv.ctl", b"rows=2 " * 10_000)
    assert "its control file tickets_1.csv.ctl has 70,000 bytes, which is no control file" in str(till.pull().message)
    assert script(till).opened == []
    till.store.put("tickets_1.csv.ctl", b"rows=2 " + b"0" * 64)
    assert "another SHA256 than its control file says" in str(till.pull().message)
    assert till.mirror.files == []


def test_lines_that_are_no_rows_count_as_the_sender_counted_them(till: Till) -> None:
    till.table = {"control": {"file": "{name}.ctl", "rows": r"(\d+)"}}
    till.put("tickets_1.csv", *ONE, "3,S1,one,too,many,fields")
    till.store.put("tickets_1.csv.ctl", b"3")
    outcome = till.pull()
    assert (outcome.state, outcome.rows) == ("taken", 3)
