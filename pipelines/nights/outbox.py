"""What is to be told, and to whom it was: each alert a file of `nights/alerts/`, so that each arrives once.

Whoever notices a thing puts it here under its key; a key that is here already is no news. Whoever delivers holds a lock
meanwhile, and notes each delivery at once: the command and Dagster's sensors may both find the same failed run, and a
process that was killed between the two is taken up by the next. Only a kill in the instant between a server's
answer and the note lets something arrive twice.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.config.home import Home
from pipelines.lake.exclusive_lock import try_to_lock
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import replacing
from pipelines.nights.alert import Alert
from pipelines.nights.channels import email, slack, webhook
from pipelines.nights.channels.delivery_error import DeliveryError
from pipelines.nights.record import nights_folder
from pipelines.nights.settings import Channel, Email, Nights, Slack, Webhook

KEPT = 200
OLD = timedelta(days=3)  # News of last week is none, and whoever could not be told by then looks at the doctor.
FORGOTTEN = timedelta(days=7)
SLOW_SECONDS = 3600.0  # Between the attempts of `parcours watch` and the sensor, once the quick ones have all failed.
LOCK_PATIENCE_SECONDS = 60.0

Say = Callable[[str], object]


@dataclass(frozen=True)
class Undelivered:
    """An alert that did not reach one of those who were to be told."""

    subject: str
    channel: str
    fault: str
    is_given_up: bool


def put(home: Home, alert: Alert, now: datetime) -> bool:
    """Notes that ``alert`` is to be told. Whether it is news."""
    file = _file(home, alert.key)
    make_folder(file.parent)
    with _locked(home, LOCK_PATIENCE_SECONDS) as is_mine:
        if file.exists() or not is_mine:
            return False
        _write(file, {**asdict(alert), "put_at": now.astimezone(UTC).isoformat(timespec="seconds"), "deliveries": {}})
        for old in sorted(file.parent.glob("*.json"), key=lambda each: (each.stat().st_mtime_ns, each.name))[:-KEPT]:
            old.unlink(missing_ok=True)
    return True


def deliver(home: Home, nights: Nights, now: datetime, say: Say, *, patiently: bool = False) -> None:
    """Delivers what is not delivered yet, and tells ``say`` what does not arrive. Raises nothing for a server's fault.

    ``patiently`` makes all the quick attempts now, with pauses; otherwise one where its time has come.
    """
    channels = nights.channels()
    with _locked(home, LOCK_PATIENCE_SECONDS if patiently else 0.0) as is_mine:
        if not is_mine:
            return  # Somebody else is about it.
        for file, alert, document in _read_all(home):
            if _is_old(document, now):
                continue
            for name, channel in channels.items():
                if _is_for(alert, channel):
                    _deliver_by(file, alert, document, (name, channel), nights, now, say, patiently=patiently)


def list_undelivered(home: Home, nights: Nights, now: datetime) -> list[Undelivered]:
    """What did not arrive, the oldest first. What is old is told no longer than a week."""
    found = []
    for _, alert, document in _read_all(home):
        if now - datetime.fromisoformat(document["put_at"]) > FORGOTTEN:
            continue
        for name, channel in nights.channels().items():
            noted = document["deliveries"].get(name, {})
            if _is_for(alert, channel) and not noted.get("delivered_at"):
                given_up = bool(noted.get("is_lasting")) or _is_old(document, now)
                found.append(Undelivered(alert.subject, name, noted.get("fault", "not tried yet"), given_up))
    return found


def _is_for(alert: Alert, channel: Channel) -> bool:
    return alert.kind in channel.on and alert.instead_of not in channel.on


def _is_old(document: dict[str, Any], now: datetime) -> bool:
    return now - datetime.fromisoformat(document["put_at"]) > OLD


def send_by(alert: Alert, channel: Channel, timeout: float) -> None:
    """Raises DeliveryError."""
    match channel:
        case Email():
            email.send(alert, channel, timeout)
        case Slack():
            slack.send(alert, channel, timeout)
        case Webhook():
            webhook.send(alert, channel, timeout)


def _deliver_by(
    file: Path, alert: Alert, document: dict[str, Any], by: tuple[str, Channel], nights: Nights, now: datetime,
    say: Say, *, patiently: bool,
) -> None:  # fmt: skip
    name, channel = by
    noted = document["deliveries"].setdefault(name, {"attempts": 0})
    settings, made = nights.delivery, 0
    while not noted.get("delivered_at") and not noted.get("is_lasting"):
        if not made and noted.get("not_before", "") > now.astimezone(UTC).isoformat():
            return
        made, noted["attempts"] = made + 1, noted["attempts"] + 1
        try:
            send_by(alert, channel, settings.timeout_seconds)
        except DeliveryError as fault:
            is_slow = noted["attempts"] >= settings.attempts
            pause = SLOW_SECONDS if is_slow else settings.pause_seconds * 2 ** (noted["attempts"] - 1)
            not_before = datetime.now(UTC) + timedelta(seconds=pause)
            noted |= {"fault": str(fault), "is_lasting": fault.is_lasting, "not_before": not_before.isoformat()}
            _write(file, document)
            end = "is given up" if fault.is_lasting else "is tried again" + (" in an hour" if is_slow else "")
            say(f"alert '{alert.subject}' did not arrive by {name}: {fault}; attempt {noted['attempts']}, it {end}")
            if is_slow or not patiently:
                return
            time.sleep(pause)
        else:
            noted["delivered_at"] = datetime.now(UTC).isoformat(timespec="seconds")
            _write(file, document)


@contextmanager
def _locked(home: Home, patience: float) -> Iterator[bool]:
    """Whether this process alone has the outbox while the block runs."""
    make_folder(nights_folder(home))
    descriptor = os.open(nights_folder(home) / "alerts.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + patience
        while not (is_mine := try_to_lock(descriptor)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield is_mine
    finally:
        os.close(descriptor)


def _read_all(home: Home) -> Iterator[tuple[Path, Alert, dict[str, Any]]]:
    folder = nights_folder(home) / "alerts"
    if not folder.is_dir():
        return
    for file in sorted(folder.glob("*.json"), key=lambda each: (each.stat().st_mtime_ns, each.name)):
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            alert = Alert(**{name: document[name] for name in Alert.__dataclass_fields__})
            datetime.fromisoformat(document["put_at"])
            document["deliveries"].items()
        except (ValueError, TypeError, KeyError, AttributeError, FileNotFoundError):
            continue
        yield file, alert, document


def _file(home: Home, key: str) -> Path:
    return nights_folder(home) / "alerts" / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', key)[:150]}.json"


def _write(file: Path, document: dict[str, Any]) -> None:
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
