"""When the retailer's customers act: sales, Christmas, weekdays, opening hours; local French time made UTC."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.sample.columns import DAY, EPOCH, Bools, Ints, weighted

OPENS = 9 * 60 + 30  # Minutes of the local day.
_STORE_HOURS = (5, 9, 10, 7, 6, 8, 9, 10, 11, 10)  # Of each hour from 9:30 to 18:30.
_WEB_HOURS = (
    2,
    1,
    0,
    0,
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    5,
    6,
    6,
    5,
    5,
    5,
    6,
    6,
    7,
    10,
    12,
    9,
    5,
)  # None in the hours that DST moves.
_CLOSED = {(1, 1), (5, 1), (12, 25)}
_STORE_WEEKDAYS = (0.7, 0.8, 1.0, 0.85, 1.1, 1.9, 0.0)
_WEB_WEEKDAYS = (1.05, 1.0, 1.0, 0.95, 0.9, 0.95, 1.25)


@dataclass(frozen=True)
class Calendar:
    """The days of the world. ``first`` and ``as_of`` are day numbers, both included; weights are per day."""

    first: int
    as_of: int
    store_weights: NDArray[np.float64]
    web_weights: NDArray[np.float64]
    is_open: Bools
    is_sale: Bools

    @property
    def days(self) -> int:
        return self.as_of - self.first + 1


def build_calendar(as_of: date, days: int) -> Calendar:
    every = [as_of - timedelta(days=days - 1 - step) for step in range(days)]
    sale = np.array([is_sale(day) for day in every])
    opened = np.array([is_open(day) for day in every])
    season = np.array([_season(day) for day in every])
    store = np.array([_STORE_WEEKDAYS[day.weekday()] or 0.9 for day in every]) * season * opened
    web = np.array([_WEB_WEEKDAYS[day.weekday()] for day in every]) * season
    last = (as_of - EPOCH).days
    return Calendar(last - days + 1, last, store, web, opened, sale)


def is_sale(day: date) -> bool:
    """French sales: four weeks from the second Wednesday of January and from the last Wednesday of June."""
    january = date(day.year, 1, 8)
    winter = january + timedelta(days=(2 - january.weekday()) % 7)
    june = date(day.year, 6, 24)
    summer = june + timedelta(days=(2 - june.weekday()) % 7)
    return any(start <= day < start + timedelta(days=28) for start in (winter, summer))


def is_open(day: date) -> bool:
    """Monday to Saturday but for three public holidays, and the Sundays before Christmas."""
    if (day.month, day.day) in _CLOSED:
        return False
    return day.weekday() < 6 or (day.month == 12 and day.day <= 24)


def _season(day: date) -> float:
    if is_sale(day):
        return 1.55
    if day.month == 12 and day.day <= 24:
        return 1.9
    if day.month == 11 and day.day >= 20:
        return 1.5  # Black Friday and the week around it.
    return {8: 0.7, 2: 0.8, 9: 1.1}.get(day.month, 1.0)


def draw_days(rng: np.random.Generator, weights: NDArray[np.float64], first: int, starts: Ints, ends: Ints) -> Ints:
    """One day between ``starts`` and ``ends`` (day numbers, included), as the days' weights have it.

    An interval without any open day gives its nearest open day.
    """
    edges = np.concatenate([[0.0], np.cumsum(weights)])
    low = edges[(starts - first).clip(0, len(weights))]
    high = edges[(ends - first + 1).clip(0, len(weights))]
    reached = low + rng.random(len(starts)) * (high - low)
    place = np.searchsorted(edges, reached, side="right") - 1
    opened = np.flatnonzero(weights > 0)
    place = opened[np.searchsorted(opened, place.clip(0, opened[-1]))]
    found: Ints = place + first
    return found


def next_open(days: Ints, calendar: Calendar) -> Ints:
    """Each day itself when stores are open, else the next opening day (the last one there is, at the end)."""
    opened = np.flatnonzero(calendar.is_open)
    place = np.searchsorted(opened, days - calendar.first).clip(0, len(opened) - 1)
    found: Ints = opened[place] + calendar.first
    return found


def store_seconds(rng: np.random.Generator, days: Ints) -> Ints:
    """A local time within opening hours on each day, to the minute, as UTC seconds."""
    hour = weighted(rng, _STORE_HOURS, len(days))
    minutes = OPENS + hour * 60 + rng.integers(0, 60, len(days))
    return to_utc(days * DAY + minutes * 60)


def web_seconds(rng: np.random.Generator, days: Ints) -> Ints:
    """A local time at which people are online on each day, as UTC seconds."""
    hour = weighted(rng, _WEB_HOURS, len(days))
    return to_utc(days * DAY + hour * 3600 + rng.integers(0, 3600, len(days)))


def to_utc(local: Ints) -> Ints:
    """UTC seconds of French wall-clock seconds, none of which may fall in the hour that summer time skips."""
    series = pl.Series(local * 1_000_000).cast(pl.Datetime("us"))
    zoned = series.dt.replace_time_zone("Europe/Paris", ambiguous="earliest").dt.convert_time_zone("UTC")
    found: Ints = zoned.dt.replace_time_zone(None).cast(pl.Int64).to_numpy() // 1_000_000
    return found


def local_day(seconds: Ints) -> Ints:
    """The French calendar day of each UTC time."""
    zoned = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone("Europe/Paris")
    found: Ints = zoned.dt.date().cast(pl.Int32).to_numpy().astype(np.int64)
    return found
