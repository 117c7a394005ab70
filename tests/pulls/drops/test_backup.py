"""What only `deletes: keep` has kept is nowhere else: a backup holds it, and a restored home reads it."""

import shutil
from pathlib import Path

import pytest

from pipelines.backup.contents import LANDED, is_allowed, list_contents
from pipelines.config.home import Home
from tests.pulls.drops.conftest import Till

ONE = ("1,S1,2026-01-01 10:00,10.00",)


def list_landed(till: Till) -> dict[str, Path]:
    listed = list_contents(Home(till.folder), till.configure(), till.folder / "none", till.folder / "none", "")
    return {name: file for name, file in listed.items() if f"/{LANDED}/" in name}


def test_files_that_may_be_gone_are_in_a_backup(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.store.put("tickets_2.csv.gz", b"\x1f\x8b")
    till.table = {"from": "tickets_*"}
    till.pull()
    till.store.remove("tickets_1.csv")
    till.pull()
    listed = list_landed(till)
    assert len(listed) == 3
    assert all(is_allowed(name) for name in listed)
    shutil.rmtree(till.landed)
    assert list_landed(till) == {}


def test_files_that_follow_their_place_are_not(till: Till) -> None:
    till.connector = {"deletes": "follow"}
    till.put("tickets_1.csv", *ONE)
    till.pull()
    assert list_landed(till) == {}


@pytest.mark.parametrize("name", ["files/../x.csv", "files/x.csv", f"files/{'a' * 64}.csv/y", f"files/{'a' * 63}G.csv"])
def test_nothing_else_is_let_into_a_home_by_a_backup(name: str) -> None:
    assert not is_allowed(f"home/{LANDED}/till/{name}")


def test_a_restored_home_goes_on(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.store.remove("tickets_1.csv")
    till.put("tickets_2.csv", "2,S1,2026-01-02 10:00,20.00")
    till.pull()
    kept = {name.partition(f"{LANDED}/till/")[2]: file.read_bytes() for name, file in list_landed(till).items()}
    shutil.rmtree(till.lake.root)
    for place, content in kept.items():
        file = till.landed / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert till.extract()["ticket_id"].to_list() == ["1", "2"]
    assert till.pull().state == "taken"
    assert till.extract().height == 2
