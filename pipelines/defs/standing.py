"""How the schedule of the nights stands, asked of Dagster's own records: whether its daemon is up, and starts them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import yaml

from pipelines.defs.schedules import SCHEDULE
from pipelines.doctor.standing import Standing

SETTINGS = "dagster.yaml"
ASKED = ("history/runs.db", "schedules/schedules.db")
"""What of the records knows the daemon's heartbeats and the schedules; the events of the runs are many times that."""


def read_standing(folder: Path) -> Standing:
    """Of the instance whose settings lie in ``folder``; raises what its storage does where that cannot be reached."""
    with _left_alone(folder) as asked, dg.DagsterInstance.from_config(str(asked)) as instance:
        heard = [heartbeat.timestamp for heartbeat in instance.get_daemon_heartbeats().values()]
        is_stopped, failed_at = False, None
        for state in instance.all_instigator_state():
            if state.instigator_name != SCHEDULE:
                continue
            is_stopped = is_stopped or state.status.value == "STOPPED"
            for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1):
                failed_at = datetime.fromtimestamp(tick.timestamp, UTC) if tick.status.value == "FAILURE" else None
    return Standing(datetime.fromtimestamp(max(heard), UTC) if heard else None, is_stopped, failed_at)


@contextmanager
def _left_alone(folder: Path) -> Iterator[Path]:
    """The instance, or where its records are files, a copy: Dagster would leave traces beside those that it opens."""
    settings = (folder / SETTINGS).read_text(encoding="utf-8")
    if "storage" in (yaml.safe_load(settings) or {}):
        yield folder
        return
    with TemporaryDirectory(prefix="parcours-") as temporary:
        copy = Path(temporary)
        (copy / SETTINGS).write_text(settings, encoding="utf-8")
        for name in ASKED:
            if (folder / name).exists():
                (copy / name).parent.mkdir(mode=0o700)
                _copy(folder / name, copy / name)
        yield copy


def _copy(database: Path, to: Path) -> None:
    is_in_use = database.with_name(f"{database.name}-wal").exists()
    how = "mode=ro" if is_in_use else "immutable=1"
    with (
        closing(sqlite3.connect(f"{database.as_uri()}?{how}", uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
