"""What became of the nights: `last_night.json` for monitors, and in `nights/history.jsonl` the last ninety.

`last_night.json` has `state`, `run_id`, `as_of`, `published`, when it began and ended, and the same of the last good
night. One that is read while it is written is the old one or the new one.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Literal

from pipelines.config.home import Home
from pipelines.lake.tables import replacing

State = Literal["running", "published", "unfinished", "failed", "stopped", "killed"]
"""`unfinished` was published without its report; `stopped` by a signal or a person."""
GOOD: tuple[State, ...] = ("published", "unfinished")
KEPT = 90
USUAL_OF, FEWEST = 7, 3  # Nights whose median is usual, and how many there must be.


@dataclass(frozen=True)
class Night:
    """One night. Times are in ISO 8601, UTC. ``as_of`` is empty where it did not get as far as to know its day."""

    state: State
    run_id: str
    as_of: str
    published: bool
    began_at: str
    ended_at: str | None = None
    reason: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is at work."""
        if self.ended_at is None:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.began_at)).total_seconds()


@dataclass(frozen=True)
class LastNight:
    """The last night, and the last one that published; each None where there was none."""

    last: Night | None = None
    last_good: Night | None = None


def last_night_file(home: Home) -> Path:
    return home.root / "last_night.json"


def nights_folder(home: Home) -> Path:
    return home.root / "nights"


def begin_night(home: Home, run_id: str, as_of: str, began: datetime) -> bool:
    """Notes that the run is at work, and whether that was news."""
    known = read_last_night(home)
    if known.last is not None and known.last.run_id == run_id:
        return False
    _write(home, LastNight(Night("running", run_id, as_of, False, _stamp(began)), known.last_good))
    return True


def end_night(
    home: Home, run_id: str, as_of: str, state: State, began: datetime, ended: datetime, reason: str = ""
) -> bool:
    """Notes how the run ended, and whether that was news: of a run whose end is on record, it is not.

    A run whose end is told late, when the next one has begun, leaves that one the last.
    """
    known, history = read_last_night(home), read_history(home)
    if run_id in {night.run_id for night in history}:
        return False
    is_last = known.last is not None and known.last.run_id == run_id
    begun = known.last.began_at if is_last and known.last is not None else _stamp(began)
    as_of = as_of or (known.last.as_of if is_last and known.last is not None else "")
    night = Night(state, run_id, as_of, state in GOOD, begun, _stamp(ended), reason)
    is_overtaken = known.last is not None and not is_last and known.last.began_at >= night.began_at
    good = [each for each in (known.last_good, night if night.published else None) if each is not None]
    newest_good = max(good, key=lambda each: each.ended_at or "", default=None)
    with replacing(_history_file(home)) as temporary:
        lines = (json.dumps(asdict(each)) for each in [*history, night][-KEPT:])
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _write(home, LastNight(known.last if is_overtaken else night, newest_good))
    return True


def note_alive(home: Home) -> None:
    """The run that is on record as at work has come to where its end will be told: it was not killed before."""
    with suppress(FileNotFoundError):
        os.utime(last_night_file(home))


def seconds_since_sign_of_life(home: Home, now: datetime) -> float:
    """Since when nothing was noted of the last night."""
    return now.timestamp() - last_night_file(home).stat().st_mtime


def read_last_night(home: Home) -> LastNight:
    """What is on record; nothing where the file is not there or damaged."""
    try:
        written = json.loads(last_night_file(home).read_text(encoding="utf-8"))
        good = written.pop("last_good", None)
        return LastNight(Night(**written), Night(**good) if good else None)
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return LastNight()


def read_history(home: Home) -> list[Night]:
    """The nights that ended, the oldest first; a damaged line is passed over."""
    file = _history_file(home)
    nights = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []:
        try:
            nights.append(Night(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return nights


def usual_seconds(home: Home, run_id: str) -> float | None:
    """The median of the last nights that published, before ``run_id``; None where there were too few."""
    lasted = [night.seconds for night in read_history(home) if night.published and night.run_id != run_id]
    known = [seconds for seconds in lasted if seconds is not None][-USUAL_OF:]
    return median(known) if len(known) >= FEWEST else None


def _history_file(home: Home) -> Path:
    return nights_folder(home) / "history.jsonl"


def _write(home: Home, known: LastNight) -> None:
    assert known.last is not None
    good = None if known.last_good is None else asdict(known.last_good)
    with replacing(last_night_file(home)) as temporary:
        temporary.write_text(json.dumps({**asdict(known.last), "last_good": good}, indent=2) + "\n", encoding="utf-8")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
