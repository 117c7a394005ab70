"""Consents, and the newsletters and text messages sent to those who gave theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample.columns import DAY, Bools, Ints, canonical, keys, pick, times
from pipelines.sample.registers import Register
from pipelines.sample.seasons import Calendar
from pipelines.sample.service import local_morning

CHANNELS = ("email", "sms", "phone", "post")
GRANTED = (0.66, 0.42, 0.15, 0.3)  # Share of contacts that agree when asked, by channel.
WITHDRAWN_LATER = 0.06
GRANTED_LATER = 0.04
PROFILING_ASKED = 0.4
DAYS_BETWEEN = 30  # Newsletters; every fourth is followed by a text message.
AUDIENCE = 0.7  # of those who agreed get each of them.
BOUNCES, OPENS, CLICKS, UNSUBSCRIBES = 0.02, 0.27, 0.14, 0.008
EVENTS = ("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced")
SENT, DELIVERED, OPENED, CLICKED, UNSUBSCRIBED, BOUNCED = range(6)
STATUSES = ("granted", "denied", "withdrawn")
PROOFS = ("formulaire web", "bulletin magasin", "double opt-in", "appel enregistré")


@dataclass(frozen=True)
class Campaigns:
    """``consents`` and ``events`` are the canonical tables; the clicks are (contact row, campaign, UTC seconds)."""

    consents: pl.DataFrame
    events: pl.DataFrame
    names: list[str]
    click_row: Ints
    click_campaign: Ints
    click_seconds: Ints


def draw_campaigns(rng: np.random.Generator, contacts: Register, calendar: Calendar) -> Campaigns:
    size = len(contacts.number)
    written = contacts.written.columns
    reachable = [written[column].is_not_null().to_numpy() for column in ("email", "mobile", "mobile", "address")]
    asked = [
        reachable[0],
        reachable[1],
        reachable[2] & (rng.random(size) < 0.5),
        reachable[3] & (rng.random(size) < 0.5),
    ]
    says_yes = [asked[place] & (rng.random(size) < GRANTED[place]) for place in range(4)]
    changed = _draw_changes(rng, contacts, calendar)
    starts = [np.where(says_yes[place], contacts.created, -1) for place in range(4)]
    ends = []
    for place in range(4):
        leaves = says_yes[place] & (rng.random(size) < WITHDRAWN_LATER)
        joins = asked[place] & ~says_yes[place] & (rng.random(size) < GRANTED_LATER)
        starts[place] = np.where(joins, changed, starts[place])
        ends.append(np.where(leaves, changed, -1))
    names, sends = _plan(calendar)
    parts, clicks = [], []
    for number, (medium, seconds) in enumerate(sends):
        rows, events_sent, times_sent = _send(rng, contacts, medium, seconds, starts[medium], ends[medium])
        left = events_sent == UNSUBSCRIBED
        ends[medium][rows[left]] = times_sent[left]
        clicked = events_sent == CLICKED
        if medium == 0:
            clicks.append((rows[clicked], np.full(int(clicked.sum()), number), times_sent[clicked]))
        parts.append((rows, np.full(len(rows), number), np.full(len(rows), medium), events_sent, times_sent))
    row, campaign, channel, event, at = (_joined(parts, place) for place in range(5))
    order = np.lexsort((event, contacts.number[row], at))
    row, campaign, channel, event, at = (values[order] for values in (row, campaign, channel, event, at))
    events = canonical(
        table("crm", "campaign_events"),
        {
            "event_id": keys("N", np.arange(1, len(row) + 1), 9),
            "contact_id": keys("K", contacts.number[row], 7),
            "campaign_id": pick(names or [""], campaign),
            "channel": pick(CHANNELS, channel),
            "event": pick(EVENTS, event),
            "occurred_at": times(at),
        },
    )
    return Campaigns(
        consents=_list_consents(rng, contacts, asked, starts, ends),
        events=events,
        names=names,
        click_row=_joined(clicks, 0),
        click_campaign=_joined(clicks, 1),
        click_seconds=_joined(clicks, 2),
    )


def _joined(parts: Sequence[tuple[Ints, ...]], place: int) -> Ints:
    return np.concatenate([part[place] for part in parts]) if parts else np.zeros(0, dtype=np.int64)


def _draw_changes(rng: np.random.Generator, contacts: Register, calendar: Calendar) -> Ints:
    """When each contact would change its mind: by day, after it was created."""
    end = calendar.as_of * DAY
    later = (
        contacts.created
        + DAY
        + ((end - contacts.created - DAY).clip(1) * rng.random(len(contacts.number))).astype(np.int64)
    )
    return np.maximum(later // DAY * DAY + 14 * 3600, contacts.created + 3600)


def _plan(calendar: Calendar) -> tuple[list[str], list[tuple[int, int]]]:
    """Each campaign's name, channel and sending time: ten in the morning."""
    names, sends = [], []
    for number, day in enumerate(range(calendar.first + 12, calendar.as_of - 2, DAYS_BETWEEN)):
        month = str(np.datetime64(day, "D"))[:7]
        names.append(f"newsletter-{month}-{number + 1:02d}")
        sends.append((0, int(local_morning(np.array([day]))[0])))
        if number % 4 == 3:
            names.append(f"sms-{month}")
            sends.append((1, int(local_morning(np.array([day + 2]))[0])))
    return names, sends


def _send(
    rng: np.random.Generator, contacts: Register, channel: int, seconds: int, starts: Ints, ends: Ints
) -> tuple[Ints, Ints, Ints]:
    """Contact row, event and time of everything that one sending leads to."""
    agreed = (starts > -1) & (starts < seconds) & ((ends < 0) | (ends > seconds + 4 * DAY)) & ~contacts.deleted
    keen = (contacts.number * 2_654_435_761 % 1_000) / 500.0  # Some open everything, some nothing.
    rows = np.flatnonzero(agreed & (contacts.created < seconds) & (rng.random(len(starts)) < AUDIENCE))
    sent_at = seconds + rng.integers(0, 3_600, len(rows))
    bounces = rng.random(len(rows)) < BOUNCES
    after = sent_at + rng.integers(1, 60, len(rows))
    opens = ~bounces & (rng.random(len(rows)) < OPENS * keen[rows]) & (channel == 0)
    opened_at = after + (rng.random(len(rows)) ** 3 * 2 * DAY).astype(np.int64) + 60
    clicks = opens & (rng.random(len(rows)) < CLICKS)
    leaves = opens & ~clicks & (rng.random(len(rows)) < UNSUBSCRIBES)
    parts: list[tuple[Ints, Ints, Ints]] = []

    def add(chosen: Bools, event: int, at: Ints) -> None:
        parts.append((rows[chosen], np.full(int(chosen.sum()), event), at[chosen]))

    add(np.ones(len(rows), dtype=bool), SENT, sent_at)
    add(~bounces, DELIVERED, after)
    add(bounces, BOUNCED, after)
    add(opens, OPENED, opened_at)
    add(clicks, CLICKED, opened_at + 25)
    add(leaves, UNSUBSCRIBED, opened_at + 40)
    return _joined(parts, 0), _joined(parts, 1), _joined(parts, 2)


def _list_consents(
    rng: np.random.Generator, contacts: Register, asked: list[Bools], starts: list[Ints], ends: list[Ints]
) -> pl.DataFrame:
    """One row per answer: the first when the record was made, others when the contact changed its mind."""
    size = len(contacts.number)
    proof = rng.integers(0, len(PROOFS), size)
    parts: list[tuple[Ints, ...]] = []
    for place in range(4):
        first = np.flatnonzero(asked[place])
        at_once = starts[place] == contacts.created
        status = np.where(at_once, 0, 1)
        parts.append(_answers(first, place, 0, status[first], contacts.created[first]))
        later = np.flatnonzero(asked[place] & (starts[place] > contacts.created))
        parts.append(_answers(later, place, 0, np.zeros(len(later), dtype=np.int64), starts[place][later]))
        left = np.flatnonzero(ends[place] > -1)
        parts.append(_answers(left, place, 0, np.full(len(left), 2), ends[place][left]))
    profiled = np.flatnonzero(asked[0] & (rng.random(size) < PROFILING_ASKED))
    parts.append(_answers(profiled, 0, 1, _profiling_status(rng, len(profiled)), contacts.created[profiled]))
    row, channel, purpose, status, at = (_joined(parts, place) for place in range(5))
    return canonical(
        table("crm", "consents"),
        {
            "contact_id": keys("K", contacts.number[row], 7),
            "channel": pick(CHANNELS, channel),
            "purpose": pick(("marketing", "profiling"), purpose),
            "status": pick(STATUSES, status),
            "recorded_at": times(at),
            "proof": pick(PROOFS, proof[row]),
        },
    )


def _profiling_status(rng: np.random.Generator, size: int) -> Ints:
    return (rng.random(size) < 0.45).astype(np.int64)


def _answers(rows: Ints, channel: int, purpose: int, status: Ints, at: Ints) -> tuple[Ints, ...]:
    return rows, np.full(len(rows), channel), np.full(len(rows), purpose), status, at
