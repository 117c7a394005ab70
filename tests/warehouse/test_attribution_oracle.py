"""Attribution worked out a second time, in Polars, plain loops and a linear system, over a generated retailer."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import numpy as np
import polars as pl
import pytest

from pipelines.config.home import Home

WINDOW = timedelta(days=30)
CLICK_TO_VISIT = timedelta(minutes=30)
END = datetime.fromisoformat("2026-02-28 23:00")  # Midnight in Paris after the retailer's last day.
UNTAGGED = {"https://www.google.com/": ("google", "organic"), "https://www.instagram.com/": ("instagram", "social")}
START, ORDERED, LOST = "start", "ordered", "lost"


class Touch(NamedTuple):
    at: datetime
    touch_id: str
    source: str
    medium: str
    campaign: str
    customer: str | None
    visitor: str

    @property
    def place(self) -> str:
        return f"{self.source} / {self.medium}"


class Order(NamedTuple):
    order_id: str
    customer: str | None
    session_id: str | None
    at: datetime
    amount: Decimal


class World(NamedTuple):
    """``credits`` are the mart's: (order, model, touch) -> (credit, revenue)."""

    touches: list[Touch]
    orders: list[Order]
    paths: dict[str, list[Touch]]
    credits: dict[tuple[str, str, str], tuple[Decimal, Decimal]]


@pytest.fixture(scope="module")
def world(first_night: tuple[Home, str]) -> World:
    home, _ = first_night
    with duckdb.connect(home.warehouse, read_only=True) as connection:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        orders = ask(
            "select order_id, customer_id, session_id, ordered_at, net_amount from marts.orders where is_revenue"
        )
        visits = ask(
            """select session_id, customer_id from marts.customer_touchpoints
            where touch_kind in ('visit', 'product_visit', 'cart_visit', 'checkout_visit')"""
        )
        contacts = ask("select record_id, customer_id from marts.customer_id_map")
        credits = ask("select order_id, model, touch_id, credit, credited_revenue from marts.attribution_touches")
    found = list(read_visits(home, dict(visits)))
    found += read_clicks(home, dict(contacts), found)
    found.sort()
    made = [Order(*row) for row in orders]
    paths = {order.order_id: path_of(order, found) for order in made}
    return World(found, made, paths, {(row[0], row[1], row[2]): (row[3], row[4]) for row in credits})


def read_visits(home: Home, customers: dict[str, str]) -> Iterator[Touch]:
    """Every visit that something led to."""
    events = pl.read_parquet(home.root / "lake" / "ecommerce" / "web_events.parquet")
    events = events.sort("session_id", "occurred_at", "event_id")
    utm = ["utm_source", "utm_medium", "utm_campaign"]
    for _, rows in events.group_by("source", "session_id", maintain_order=True):
        first = rows.row(0, named=True)
        landed = rows.filter(pl.col("occurred_at") == first["occurred_at"])["referrer"].drop_nulls()
        tagged = rows.filter(pl.any_horizontal(pl.col(*utm).is_not_null()))
        if len(tagged):
            source, medium, campaign = tagged.select(utm).row(0)
        elif len(landed):
            source, medium, campaign = *UNTAGGED[landed[0]], None
        else:
            continue
        name = f"{first['source']}:sessions:{first['session_id']}:{first['visitor_id']}"
        visitor = f"visitor {first['visitor_id']}"
        yield Touch(first["occurred_at"], name, source, medium, campaign or "none", customers.get(name), visitor)


def read_clicks(home: Home, customers: dict[str, str], visits: list[Touch]) -> Iterator[Touch]:
    """Every click of a known customer that none of their visits followed."""
    opened, tags = defaultdict(list), defaultdict(Counter[tuple[str, str]])
    for visit in visits:
        opened[visit.customer, visit.campaign].append(visit.at)
        tags[visit.campaign][visit.source, visit.medium] += 1
    events = pl.read_parquet(home.root / "lake" / "crm" / "campaign_events.parquet")
    for row in events.filter(pl.col("event") == "clicked").iter_rows(named=True):
        customer, at = customers.get(f"{row['source']}:contacts:{row['contact_id']}"), row["occurred_at"]
        if customer is None or any(
            at <= visit <= at + CLICK_TO_VISIT for visit in opened[customer, row["campaign_id"]]
        ):
            continue
        [(tag, _)] = tags[row["campaign_id"]].most_common(1) or [((row["channel"], row["channel"]), 0)]
        name = f"{row['source']}:campaign_events:{row['event_id']}"
        yield Touch(at, name, *tag, row["campaign_id"], customer, "")


def path_of(order: Order, touches: list[Touch]) -> list[Touch]:
    return [
        touch
        for touch in touches
        if touch.touch_id == order.session_id
        or (
            order.customer is not None
            and touch.customer == order.customer
            and order.at - WINDOW <= touch.at <= order.at
        )
    ]


def deal(amount: int, parts: int) -> list[int]:
    """A whole number in so many parts, as equal as may be, the larger ones last."""
    return [after - before for before, after in pairwise(amount * part // parts for part in range(parts + 1))]


def test_there_is_something_to_attribute(world: World) -> None:
    sizes = Counter(min(len(path), 2) for path in world.paths.values())
    assert min(sizes[0], sizes[1], sizes[2]) >= 5
    assert any(":campaign_events:" in touch.touch_id for path in world.paths.values() for touch in path)


@pytest.mark.parametrize("model", ["first_touch", "last_touch", "linear"])
def test_attribution_agrees_with_an_oracle_to_the_cent(world: World, model: str) -> None:
    expected = {}
    for order in world.orders:
        names = [touch.touch_id for touch in world.paths[order.order_id]] or [f"{order.order_id}:direct"]
        direction, cents = (-1 if order.amount < 0 else 1), int(abs(order.amount) * 100)
        if model == "linear":
            credit, revenue = deal(1_000_000, len(names)), deal(cents, len(names))
        else:
            chosen = names[0] if model == "first_touch" else names[-1]
            credit = [1_000_000 * (name == chosen) for name in names]
            revenue = [cents * (name == chosen) for name in names]
        for name, millionths, part in zip(names, credit, revenue, strict=True):
            expected[order.order_id, model, name] = (Decimal(millionths) / 1_000_000, direction * Decimal(part) / 100)
    assert {key: value for key, value in world.credits.items() if key[1] == model} == expected


def list_chains(world: World) -> Iterator[list[str]]:
    """Each path from place to place, repeats included, to its order or until it was lost."""
    led_somewhere = set()
    for path in world.paths.values():
        led_somewhere.update(touch.touch_id for touch in path)
        if path:
            yield [START, *(touch.place for touch in path), ORDERED]
    people = defaultdict(list)
    for touch in world.touches:
        if touch.touch_id not in led_somewhere and touch.at < END - WINDOW:
            people[touch.customer or touch.visitor].append(touch)
    for touches in people.values():
        chain = [START, touches[0].place]
        for before, touch in pairwise(touches):
            if touch.at - before.at > WINDOW:
                yield [*chain, LOST]
                chain = [START]
            chain.append(touch.place)
        yield [*chain, LOST]


def measure_removals(chains: list[list[str]]) -> dict[str, float]:
    """The share of orders lost with each place, from the linear system of the absorbing chain."""
    moves = Counter(move for chain in chains for move in pairwise(chain))
    states = sorted({state for move in moves for state in move} - {ORDERED, LOST})
    place_of = {state: place for place, state in enumerate(states)}
    onward, ordered = np.zeros((len(states), len(states))), np.zeros(len(states))
    for (before, after), count in moves.items():
        if after == ORDERED:
            ordered[place_of[before]] = count
        elif after != LOST:
            onward[place_of[before], place_of[after]] = count
    leaving = Counter(move[0] for chain in chains for move in pairwise(chain))
    totals = np.array([leaving[state] for state in states])
    onward, ordered = onward / totals[:, None], ordered / totals

    def reach(closed: str | None) -> float:
        kept = np.array([state != closed for state in states])
        inside = onward[np.ix_(kept, kept)]
        solved = np.linalg.solve(np.eye(len(inside)) - inside, ordered[kept])
        return float(solved[[state for state in states if state != closed].index(START)])

    return {state: 1 - reach(state) / reach(None) for state in states if state != START}


def test_markov_credit_follows_the_removal_effects_of_an_oracle(world: World) -> None:
    effects = measure_removals(list(list_chains(world)))
    assert len(effects) >= 5
    for order in world.orders:
        path = world.paths[order.order_id]
        visits = Counter(touch.place for touch in path)
        total = sum(effects[place] for place in visits)
        for touch in path:
            credit, _ = world.credits[order.order_id, "markov", touch.touch_id]
            assert float(credit) == pytest.approx(effects[touch.place] / visits[touch.place] / total, abs=3e-5)
