"""A run of the command as a night: noted, limited in time, and told to those whom nights.yml names.

However it ends: with an error before its first step, by a step that failed, by a signal, or by its limit. What cannot
be noted or delivered is said, and changes neither the run nor its exit code.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines import unexpected
from pipelines.cli import stopping
from pipelines.cli.interrupts import name
from pipelines.config.home import Home, find_sources, is_attended
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.lake.run_lock import HomeInUseError
from pipelines.nights.morning import compose_morning, write_page
from pipelines.nights.outcome import Outcome
from pipelines.nights.record import last_night_file
from pipelines.nights.settings import UNTOLD, find_nights, load_nights
from pipelines.nights.telling import Teller

QUICK_SECONDS = 1.5
"""For a server to answer while a signal is about to end the process; what it misses, `parcours watch` delivers."""


@dataclass
class ToldNight:
    """One run. ``as_of`` is empty until its day is known."""

    teller: Teller
    run_id: str
    began: datetime
    as_of: str = ""
    has_ended: bool = False

    def end(self, outcome: Outcome, language: str) -> None:
        """Of a run that came to its end."""
        self.has_ended, now = True, datetime.now(UTC)
        home, nights = self.teller.home, self.teller.nights
        morning = compose_morning(outcome, nights, home, self.run_id, self.as_of, (self.began, now), language)
        with suppress(OSError):
            write_page(home, morning)
        self.teller.ended(self.run_id, self.as_of, outcome, self.began, now, morning)

    def tell_killed(self, run_id: str) -> None:
        """Of an earlier run, which this one has found killed."""
        self.teller.killed(run_id, datetime.now(UTC))

    def refuse(self, message: str, *, is_others: bool) -> None:
        """Of a run that an error ended; ``is_others``: since another run has the home."""
        self.has_ended, now = True, datetime.now(UTC)
        if not self._is_a_night():
            return
        if is_others:
            self.teller.refused(self.run_id, self.as_of, message, now)
        else:
            self.teller.failed(self.run_id, self.as_of, message, self.began, now, "failed")

    def _is_a_night(self) -> bool:
        """Whether anybody expects one: of a first attempt in a folder where nothing ever ran, its terminal tells."""
        home, nights = self.teller.home, self.teller.nights
        has_run = home.warehouse.exists() or last_night_file(home).exists()
        return has_run or bool(nights.alerts) or nights.heartbeat is not None

    def stop(self, stopped_by: str) -> None:
        """Of a run that is ended in this moment, with no time to lose. Whoever pressed Ctrl-C knows of it."""
        if self.has_ended:
            return
        now = datetime.now(UTC)
        nights = self.teller.nights
        delivery = nights.delivery.model_copy(update={"timeout_seconds": QUICK_SECONDS})
        teller = Teller(
            self.teller.home, nights.model_copy(update={"delivery": delivery}), self.teller.say, patiently=False
        )
        if stopped_by == name(2):
            teller.stopped_by_hand(self.run_id, self.as_of, self.began, now)
        else:
            teller.failed(self.run_id, self.as_of, f"Stopped by {stopped_by}.", self.began, now, "stopped")

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Ends the process where the block takes longer than ``time_limit_minutes`` of nights.yml."""
        minutes = self.teller.nights.time_limit_minutes
        if minutes is None or is_attended():
            yield
            return
        reason = f"its time limit: it took longer than {minutes:g} minutes (time_limit_minutes of nights.yml)"
        timer = threading.Timer(minutes * 60, stopping.end_for, (reason,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def told_night(home: Home, sources: Path | None, run_id: str) -> Iterator[ToldNight]:
    """The run of the block as a night of ``home``. Raises what the block raises, once that is told."""
    try:
        sources_file: Path | None = find_sources(sources, home)
    except ConfigurationError:
        sources_file = None  # Of that, somebody is to be told as well.
    nights = load_nights(find_nights(home, sources_file))
    if is_attended():
        nights = nights.model_copy(update=UNTOLD)
    teller = Teller(home, nights, lambda words: sys.stderr.write(f"parcours: {words}\n"))
    night = ToldNight(teller, run_id, datetime.now(UTC))
    with stopping.on_stop(night.stop):
        try:
            yield night
        except ParcoursError as error:
            night.refuse(str(error), is_others=isinstance(error, HomeInUseError))
            raise
        except Exception as error:
            if not night.has_ended:
                night.refuse(unexpected.describe(error), is_others=False)
            raise
