"""The in-memory database: what does not fit in memory leaves no trace where the command was called."""

from pathlib import Path

import pytest

from pipelines.frames import in_memory_sql
from pipelines.lake.owner_only import closed_to_others


def test_what_is_spilled_is_the_owners_alone_out_of_the_way_and_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closed_to_others(), in_memory_sql._database.__wrapped__(0, 40 * 10**6, 1) as connection:
        [(folder,)] = connection.execute("select current_setting('temp_directory')").fetchall()
        connection.execute("create table people as select range as id, hash(range)::text as name from range(2_000_000)")
        assert {path.stat().st_mode & 0o077 for path in (Path(folder), *Path(folder).iterdir())} == {0}
        assert not list(tmp_path.iterdir()), "nothing where the command was called"
    assert not Path(folder).exists()
