"""A pull of files in a process of its own, killed at odd instants: the files of one night, before or tonight."""

from pathlib import Path

import pytest

from tests.pulls.drops.conftest import PATTERN, Till
from tests.pulls.own_process import pull_in_own_process

PULL = """
import sys
from pathlib import Path
from pipelines.config.sources import load_sources
from pipelines.lake.tables import Lake
from pipelines.pulls.drops import mirror
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Settings
mirror.STAGED_EVERY = 200_000
folder = Path(sys.argv[1])
sources, lake = load_sources(folder / "sources.yml"), Lake(folder / "lake")
lake.sweep()
print("begins", flush=True)
[outcome] = pull_sources(sources, lake, Settings(folder))
print(outcome.state, flush=True)
"""
FILES, ROWS, KILLS = 8, 1_000, 3


@pytest.mark.long
def test_a_pull_that_is_killed_leaves_the_files_of_before_or_those_of_tonight(till: Till) -> None:
    till.connector = {"stable_seconds": 0, "duplicates": "each"}
    script = till.folder / "pull.py"
    script.write_text(PULL)
    _deliver(till, 0)
    till.configure()
    took = pull_in_own_process(script, till.folder, kill_after=None)
    expected = {0}
    for number in range(1, KILLS + 1):
        _deliver(till, number)
        pull_in_own_process(script, till.folder, kill_after=took * number / (KILLS + 1))
        nights = _find_nights(till)
        assert len(nights) == 1, "files of several nights"
        assert nights <= {*expected, number}
        expected = nights
        till.lake.sweep()
        assert till.extract().height == FILES * ROWS
    assert till.pull().state == "taken"
    assert _find_nights(till) == {KILLS}
    rows = till.extract()
    till.pull(full=True)
    assert till.extract().equals(rows)
    assert {file.name for file in (till.landed / "files").iterdir()} == {file.file for file in till.mirror.files}
    assert till.mirror.staged == ()
    assert not list(till.folder.rglob("*.tmp-*"))


def _deliver(till: Till, night: int) -> None:
    """All files anew; the total of a row says of which night it is."""
    for number in range(FILES):
        rows = (f"{number * ROWS + row},S1,2026-01-01 10:00,{night + 1}.00" for row in range(ROWS))
        till.put(f"tickets_{number}.csv", *rows)


def _find_nights(till: Till) -> set[int]:
    mirror = till.mirror
    found = set()
    for file in mirror.patterns[PATTERN].files:
        content = mirror.path(file).read_text()
        assert content.count("\n") == ROWS + 1
        found.add(int(float(content.rstrip().rpartition(",")[2])) - 1)
    return found


def test_what_was_fetched_before_a_kill_is_not_fetched_again(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.pulls.drops import mirror as mirroring
    from tests.drop_servers import ScriptedStore

    class Killed(BaseException):
        pass

    assert isinstance(till.store, ScriptedStore)
    till.connector = {"stable_seconds": 0}
    for number in range(3):
        till.put(f"tickets_{number}.csv", f"{number},S1,2026-01-01 10:00,1.00")
    monkeypatch.setattr(mirroring, "STAGED_EVERY", 1)
    real = mirroring.fetch

    def fetch(place: object, entry: mirroring.Entry, scratch: Path) -> object:
        if entry.name == "tickets_2.csv":
            raise Killed
        return real(place, entry, scratch)  # type: ignore[arg-type]

    monkeypatch.setattr(mirroring, "fetch", fetch)
    with pytest.raises(Killed):
        till.pull()
    monkeypatch.setattr(mirroring, "fetch", real)
    assert till.mirror.patterns == {}
    till.store.opened.clear()
    assert till.pull().state == "taken"
    assert till.store.opened == ["tickets_2.csv"]
