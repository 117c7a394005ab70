"""What is done when a night begins, ends, finds a source late, or never came: noted, put into the outbox, delivered.

The command and Dagster's sensors both call these, for the same run too: the record and the outbox know what is news.
None of them raises for what cannot be noted or delivered: that is said, and the night ends as it would have.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.config.home import Home
from pipelines.lake import run_lock
from pipelines.nights import heartbeat, outbox, record
from pipelines.nights.alert import Alert, compose, of_failed_night
from pipelines.nights.outcome import Outcome
from pipelines.nights.record import LastNight, State, read_last_night
from pipelines.nights.settings import Nights
from pipelines.nights.waiting import Late

Say = Callable[[str], object]
KILLED = "The run was killed: the process that worked for it is gone. What it had begun is not published."
SILENT_SECONDS = 300.0
"""A run that has ended in Dagster is told within a minute by the sensor, and one that begins has its lock by then."""


@dataclass(frozen=True)
class Teller:
    """Tells of the nights of one home. ``patiently`` tries as often as declared, at once; otherwise once a call."""

    home: Home
    nights: Nights
    say: Say
    patiently: bool = True

    def began(self, run_id: str, as_of: str, now: datetime) -> None:
        is_news = False
        with self._unhindered():
            is_news = record.begin_night(self.home, run_id, as_of, now)
        if is_news:  # Once, and without patience: what keeps a night from beginning is no help to it.
            heartbeat.beat(self.nights, "start", f"{run_id} as of {as_of}", self.say, patiently=False)

    def ended(
        self, run_id: str, as_of: str, outcome: Outcome, began: datetime, now: datetime, morning: Alert | None = None
    ) -> None:
        """Of a run that came to its end; ``morning`` is the report of it."""
        if outcome.succeeded:
            state: State = "published"
        else:
            state = "unfinished" if outcome.published else "failed"
        steps = ", ".join(failure.step for failure in outcome.failures)
        is_news = self._note(run_id, as_of, state, began, now, steps)
        if not outcome.succeeded:
            self._put(of_failed_night(outcome, self.nights, self.home, run_id, as_of), now)
        if morning is not None and is_news:
            self._put(morning, now)
        if is_news:
            self._beat(state, run_id, as_of)
        self.deliver(now)

    def failed(self, run_id: str, as_of: str, message: str, began: datetime, now: datetime, state: State) -> None:
        """Of a run that did not come to its end: stopped, killed, or refused before its first step."""
        is_news = self._note(run_id, as_of, state, began, now, "")
        self._put_failure(run_id, as_of, message, now)
        if is_news:
            self._beat(state, run_id, as_of)
        self.deliver(now)

    def refused(self, run_id: str, as_of: str, message: str, now: datetime) -> None:
        """Of a run that did not begin, since another is at work: the record is that one's."""
        self._put_failure(run_id, as_of, message, now)
        self.deliver(now)

    def killed(self, run_id: str, now: datetime) -> None:
        """Of a run of which it is known that its process is gone."""
        last = read_last_night(self.home).last
        night = last if last is not None and last.run_id == run_id else None
        as_of, began = (night.as_of, datetime.fromisoformat(night.began_at)) if night else ("", now)
        self.failed(run_id, as_of, KILLED, began, now, "killed")

    def stopped_by_hand(self, run_id: str, as_of: str, began: datetime, now: datetime) -> None:
        """Whoever did so knows it; a monitor has to know that there was no night."""
        if self._note(run_id, as_of, "stopped", began, now, "by hand"):
            self._beat("stopped", run_id, as_of)

    def late(self, late: Late, zone: str, run_id: str, as_of: str, now: datetime) -> None:
        """Of a source that is late, at the moment in which it turns so."""
        without = "nothing is published" if late.then == "stop" else "it goes on with what is there, which is older"
        waits = "The night waits for it. " if late.is_waited_for else ""
        due = late.due.astimezone(ZoneInfo(zone))
        text = (
            f"Source {late.source} is late: it was due at {due:%H:%M} on {due:%Y-%m-%d}, and {late.what}.\n\n"
            f"{waits}Where it does not come, {without}."
        )
        facts = {"run_id": run_id, "as_of": as_of, "source": late.source, "due": due.isoformat(), "then": late.then}
        key = f"late-{late.source}-{due:%Y-%m-%d}"
        self._put(compose(key, "late", f"Source {late.source} is late", text, self.home, **facts), now)
        self.deliver(now)

    def watch(self, now: datetime) -> list[str]:
        """Looks whether a night was killed, or none was good for too long; delivers what is undelivered.

        Returns what is wrong, in words; nothing where all is well.
        """
        wrong = []
        known = read_last_night(self.home)
        if is_killed(self.home, known, now):
            assert known.last is not None
            self.killed(known.last.run_id, now)
            wrong.append(f"Run {known.last.run_id} was killed.")
            known = read_last_night(self.home)
        overdue = tell_overdue(self.home, self.nights, now)
        if overdue is not None:
            good = known.last_good
            facts = {"run_id": good.run_id, "as_of": good.as_of} if good else {}
            key = f"overdue-{good.run_id if good else 'never'}"
            self._put(compose(key, "overdue", "No good night for too long", overdue, self.home, **facts), now)
            wrong.append(overdue)
        if known.last is not None and not known.last.published and known.last.state != "running":
            wrong.append(f"The last night, run {known.last.run_id}, was {known.last.state}: it published nothing.")
        self.deliver(now)
        undelivered = outbox.list_undelivered(self.home, self.nights, now)
        return [*wrong, *(f"'{each.subject}' did not arrive by {each.channel}: {each.fault}." for each in undelivered)]

    def deliver(self, now: datetime) -> None:
        with self._unhindered():
            outbox.deliver(self.home, self.nights, now, self.say, patiently=self.patiently)

    def _note(self, run_id: str, as_of: str, state: State, began: datetime, now: datetime, reason: str) -> bool:
        with self._unhindered():
            return record.end_night(self.home, run_id, as_of, state, began, now, reason)
        return True

    def _put_failure(self, run_id: str, as_of: str, message: str, now: datetime) -> None:
        outcome = Outcome(succeeded=False, log=self.home.logs)
        self._put(of_failed_night(outcome, self.nights, self.home, run_id, as_of, message), now)

    def _put(self, alert: Alert, now: datetime) -> None:
        if self.nights.alerts:
            with self._unhindered():
                outbox.put(self.home, alert, now)

    def _beat(self, state: State, run_id: str, as_of: str) -> None:
        kind: heartbeat.Beat = "success" if state == "published" else "fail"
        heartbeat.beat(self.nights, kind, f"{state}: {run_id} as of {as_of}", self.say, patiently=self.patiently)

    @contextmanager
    def _unhindered(self) -> Iterator[None]:
        """A home that cannot be written to has spoilt the night already; it is not to spoil the word of it."""
        try:
            yield
        except OSError as fault:
            self.say(f"the night cannot be noted in {self.home.root}: {fault.strerror}")


def is_killed(home: Home, known: LastNight, now: datetime) -> bool:
    """Whether the last night is on record as at work, and nobody is."""
    if known.last is None or known.last.state != "running":
        return False
    return record.seconds_since_sign_of_life(home, now) > SILENT_SECONDS and run_lock.is_free(home.root)


def tell_overdue(home: Home, nights: Nights, now: datetime) -> str | None:
    """In words, that the last good night is older than declared; None where it is not, or nothing is declared."""
    if nights.good_within_hours is None:
        return None
    known, within = read_last_night(home), timedelta(hours=nights.good_within_hours)
    declared = f"{nights.good_within_hours:g} hours are declared (good_within_hours)"
    if known.last_good is None:
        begun = [night.began_at for night in (*record.read_history(home), known.last) if night is not None]
        if begun and now - datetime.fromisoformat(min(begun)) <= within:
            return None
        return f"No night has published yet; {declared}."
    assert known.last_good.ended_at is not None
    age = now - datetime.fromisoformat(known.last_good.ended_at)
    if age <= within:
        return None
    hours = age.total_seconds() / 3600
    return f"The last good night, as of {known.last_good.as_of}, ended {hours:.0f} hours ago; {declared}."


def utc_now() -> datetime:
    return datetime.now(UTC)
