"""Contacts with customer service and what customers answer when they are asked."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from pipelines.contracts import table
from pipelines.sample.columns import DAY, Bools, Ints, canonical, choose, keep, keys, pick, times, weighted
from pipelines.sample.lives import Lives
from pipelines.sample.orders import CANCELLED, COLLECT, Orders
from pipelines.sample.registers import Register
from pipelines.sample.seasons import Calendar, draw_days, store_seconds, to_utc
from pipelines.sample.tills import Tickets

CHANNELS = ("phone", "email", "chat", "social", "post", "store_appointment", "store")
KINDS = ("question", "complaint", "order_tracking", "return_request", "appointment", "advice", "other")
QUESTION, COMPLAINT, TRACKING, RETURN_REQUEST, APPOINTMENT, ADVICE, OTHER = range(7)
ABOUT_AN_ORDER = 0.06  # of orders lead to a contact.
GENERAL_A_YEAR = 0.07  # Contacts about something else, per CRM contact.
NAMELESS = 0.08  # of contacts: the agent did not find the customer.
UNKNOWN_ORDER = 0.004  # of those about an order: the number noted names no order.
UNKNOWN_ORDERS_FROM = 98_000_000
GESTURES = 0.25  # of resolved complaints end with points.
ASKED_AND_ANSWERED = {"nps": 0.035, "csat": 0.25, "review": 0.05}


@dataclass(frozen=True)
class Interactions:
    """One row per contact with service, in time order. ``order`` is a row of the orders, -1 for none."""

    person: Ints
    is_named: Bools
    channel: Ints
    kind: Ints
    seconds: Ints
    ended: Ints
    is_resolved: Bools
    order: Ints
    store: Ints


@cache
def verbatims() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(
        (Path(__file__).parent / "verbatims.yml").read_text(encoding="utf-8")
    )
    return found


def draw_interactions(
    rng: np.random.Generator, orders: Orders, contacts: Register, lives: Lives, home_store: Ints, calendar: Calendar
) -> Interactions:
    has_contact = contacts.number_of_person > -1
    about = np.flatnonzero((rng.random(len(orders)) < ABOUT_AN_ORDER) & has_contact[orders.person])
    arrived = orders.fulfilled[about]
    tracks = (arrived < 0) | (rng.random(len(about)) < 0.45)
    kind = np.where(tracks, TRACKING, np.where(rng.random(len(about)) < 0.6, COMPLAINT, RETURN_REQUEST))
    base = np.where(tracks, orders.seconds[about] + DAY // 2, arrived)
    span = np.where(tracks, np.maximum(np.where(arrived > -1, arrived, base + 3 * DAY) - base, 3600), 6 * DAY)
    seconds = base + (rng.random(len(about)) * span).astype(np.int64)

    since = np.maximum(contacts.created_of_person // DAY, calendar.first)
    years = np.maximum(lives.last_day - since + 1, 0) / 365.0
    person = np.repeat(np.arange(len(years)), rng.poisson(np.where(has_contact, GENERAL_A_YEAR * years, 0.0)))
    day = draw_days(rng, calendar.store_weights, calendar.first, since[person], lives.last_day[person])
    general = np.array([QUESTION, APPOINTMENT, ADVICE, OTHER, COMPLAINT])[weighted(rng, [5, 2, 2, 1, 1.5], len(person))]
    at = np.maximum(store_seconds(rng, day), contacts.created_of_person[person] + 3600)

    person = np.concatenate([orders.person[about], person])
    kind = np.concatenate([kind, general])
    seconds = _by_day(np.concatenate([seconds, at]))
    order = np.concatenate([about, np.full(len(at), -1, dtype=np.int64)])
    channel = weighted(rng, [0.34, 0.3, 0.22, 0.08, 0.02, 0.0, 0.04], len(person))
    channel = np.where(kind == APPOINTMENT, CHANNELS.index("store_appointment"), channel)
    channel = np.where((kind == ADVICE) & (rng.random(len(kind)) < 0.5), CHANNELS.index("store"), channel)
    in_store = channel >= CHANNELS.index("store_appointment")
    lasts = np.where(
        np.isin(channel, (0, 2)), rng.integers(120, 1_800, len(person)), rng.integers(900, 2 * DAY, len(person))
    )
    lasts = np.where(in_store, rng.integers(600, 3_600, len(person)), lasts)
    resolved = rng.random(len(person)) < np.where(kind == COMPLAINT, 0.78, 0.93)
    end = (calendar.as_of + 1) * DAY - 3600
    rows = np.flatnonzero(seconds < end)
    rows = rows[np.lexsort((order[rows], person[rows], seconds[rows]))]
    closed = resolved & (seconds + lasts < end)
    return Interactions(
        person=person[rows],
        is_named=(rng.random(len(person)) >= NAMELESS)[rows],
        channel=channel[rows],
        kind=kind[rows],
        seconds=seconds[rows],
        ended=np.where(closed, seconds + lasts, -1)[rows],
        is_resolved=closed[rows],
        order=order[rows],
        store=np.where(in_store, home_store[person], -1)[rows],
    )


def draw_gestures(rng: np.random.Generator, interactions: Interactions) -> tuple[Ints, Ints]:
    """Person and time of the points that customer service gives."""
    complains = (interactions.kind == COMPLAINT) & interactions.is_resolved & interactions.is_named
    rows = np.flatnonzero(complains & (rng.random(len(complains)) < GESTURES))
    return interactions.person[rows], interactions.ended[rows]


def list_interactions(
    rng: np.random.Generator, interactions: Interactions, contacts: Register, orders: Orders
) -> pl.DataFrame:
    """``crm/interactions``."""
    size = len(interactions.person)
    contact = np.where(interactions.is_named, contacts.number_of_person[interactions.person], -1)
    mistaken = (interactions.order > -1) & (rng.random(size) < UNKNOWN_ORDER)
    order = np.where(mistaken, UNKNOWN_ORDERS_FROM + interactions.order, interactions.order)
    first_line = np.searchsorted(orders.lines.basket, interactions.order.clip(0))
    about_product = (interactions.order > -1) & (rng.random(size) < 0.5)
    product = np.where(about_product, orders.lines.product[first_line] + 1, -1)
    every = [verbatims()["interactions"][name] for name in KINDS]
    starts = np.cumsum([0] + [len(texts) for texts in every])
    counts = np.array([len(texts) for texts in every])
    text = starts[interactions.kind] + (rng.random(size) * counts[interactions.kind]).astype(np.int64)
    noted = pick([line for texts in every for line in texts], text)
    return canonical(
        table("crm", "interactions"),
        {
            "interaction_id": keys("I", np.arange(1, size + 1), 8),
            "contact_id": keys("K", contact, 7),
            "channel": pick(CHANNELS, interactions.channel),
            "kind": pick(KINDS, interactions.kind),
            "started_at": times(interactions.seconds),
            "ended_at": times(interactions.ended),
            "is_resolved": interactions.is_resolved,
            "order_id": keys("W", np.where(order > -1, order + 1, -1), 8),
            "product_id": keys("P", product, 5),
            "store_id": keys("S", np.where(interactions.store > -1, interactions.store + 1, -1), 3),
            "text": keep(noted, rng.random(size) < 0.85),
        },
    )


def list_surveys(
    rng: np.random.Generator,
    interactions: Interactions,
    orders: Orders,
    tickets: Tickets,
    contacts: Register,
    calendar: Calendar,
) -> pl.DataFrame:
    """``crm/surveys``: NPS after a purchase in any channel, CSAT after a contact, reviews of what was ordered.

    ``order_id`` names the web order or the till ticket.
    """
    number, created = contacts.number_of_person, contacts.created_of_person
    arrived = np.flatnonzero((orders.fulfilled > -1) & (orders.status != CANCELLED))
    person, when = orders.person[arrived], orders.fulfilled[arrived]
    asked = (number[person] > -1) & (created[person] < when)
    nps = arrived[asked & (rng.random(len(arrived)) < ASKED_AND_ANSWERED["nps"])]
    review = arrived[rng.random(len(arrived)) < ASKED_AND_ANSWERED["review"]]
    shown = np.flatnonzero((tickets.visits.card > -1) & (tickets.visits.person > -1) & (tickets.gross > 0))
    person, when = tickets.visits.person[shown], tickets.visits.seconds[shown]
    asked = (number[person] > -1) & (created[person] < when)
    in_store = shown[asked & (rng.random(len(shown)) < ASKED_AND_ANSWERED["nps"])]
    ended = np.flatnonzero((interactions.ended > -1) & interactions.is_named)
    csat = ended[rng.random(len(ended)) < ASKED_AND_ANSWERED["csat"]]

    slow = (orders.fulfilled[nps] - orders.seconds[nps] > 4 * DAY) & (orders.fulfilment[nps] != COLLECT)
    scores = [
        _score(rng, "nps", slow),
        _score(rng, "nps", np.zeros(len(in_store), dtype=bool)),
        _score(rng, "csat", interactions.kind[csat] == COMPLAINT),
        _score(rng, "review", np.zeros(len(review), dtype=bool)),
    ]
    sizes = [len(nps), len(in_store), len(csat), len(review)]
    source = np.repeat(np.arange(4), sizes)
    contact = np.concatenate(
        [
            number[orders.person[nps]],
            number[tickets.visits.person[in_store]],
            number[interactions.person[csat]],
            np.where(rng.random(len(review)) < 0.7, number[orders.person[review]], -1),
        ]
    )
    bases = (
        orders.fulfilled[nps],
        tickets.visits.seconds[in_store],
        interactions.ended[csat],
        orders.fulfilled[review],
    )
    seconds = np.concatenate(bases) + rng.integers(3 * 3600, 5 * DAY, sum(sizes))
    order = np.concatenate([nps, np.full(sizes[1], -1), interactions.order[csat], review])
    ticket = np.concatenate([np.full(sizes[0], -1), in_store, np.full(sizes[2] + sizes[3], -1)])
    store = np.concatenate([orders.pickup_store[nps], tickets.visits.store[in_store], np.full(sizes[2] + sizes[3], -1)])
    score, text = np.concatenate([score for score, _ in scores]), pl.concat([text for _, text in scores])
    rows = np.flatnonzero(seconds < (calendar.as_of + 1) * DAY - 3600)
    rows = rows[np.lexsort((source[rows], contact[rows], seconds[rows]))]
    of_order = keys("W", np.where(order > -1, order + 1, -1)[rows], 8)
    of_ticket = keys("T", np.where(ticket > -1, ticket + 1, -1)[rows], 9)
    return canonical(
        table("crm", "surveys"),
        {
            "response_id": keys("Q", np.arange(1, len(rows) + 1), 8),
            "contact_id": keys("K", contact[rows], 7),
            "order_id": choose(order[rows] > -1, of_order, of_ticket),
            "store_id": keys("S", np.where(store > -1, store + 1, -1)[rows], 3),
            "channel": pick(("email", "store", "email", "web"), source[rows]),
            "kind": pick(("nps", "nps", "csat", "review"), source[rows]),
            "score": score[rows].astype(np.float64),
            "scale_max": np.array([10.0, 10.0, 5.0, 5.0])[source[rows]],
            "text": text.gather(rows),
            "answered_at": times(seconds[rows]),
        },
    )


def _score(rng: np.random.Generator, kind: str, is_unhappy: Bools) -> tuple[Ints, pl.Series]:
    """Scores (0 to 10 for NPS, else 1 to 5) and what half of those who answer write."""
    size = len(is_unhappy)
    if kind == "nps":
        happy, unhappy = (2, 1, 1, 2, 2, 5, 7, 14, 22, 24, 20), (10, 5, 6, 8, 8, 12, 12, 14, 12, 8, 5)
        score, low, high = np.where(is_unhappy, weighted(rng, unhappy, size), weighted(rng, happy, size)), 6, 9
    else:
        pleased, upset = (5, 6, 13, 33, 43), (24, 18, 20, 22, 16)
        score, low, high = np.where(is_unhappy, weighted(rng, upset, size), weighted(rng, pleased, size)) + 1, 2, 4
    bands = [verbatims()[kind][band] for band in ("low", "middle", "high")]
    band = np.where(score <= low, 0, np.where(score >= high, 2, 1))
    starts = np.cumsum([0] + [len(texts) for texts in bands])
    counts = np.array([len(texts) for texts in bands])
    place = starts[band] + (rng.random(size) * counts[band]).astype(np.int64)
    text = pick([line for texts in bands for line in texts], place)
    return score, keep(text, rng.random(size) < 0.5)


def _by_day(seconds: Ints) -> Ints:
    """Night-time moved to the day: service answers from 8 in the morning to 8 in the evening, roughly."""
    hour = seconds % DAY // 3600
    found: Ints = np.where((hour < 6) | (hour > 18), seconds // DAY * DAY + 9 * 3600 + seconds % (8 * 3600), seconds)
    return found


def local_morning(days: Ints) -> Ints:
    """Ten in the morning in France on each day, as UTC seconds."""
    return to_utc(days * DAY + 10 * 3600)
