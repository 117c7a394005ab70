"""Visits to the web shop and the app: sessions with a purpose, and the events of each in order.

Most visitors stay anonymous. The others buy, look up what they will buy in a store, follow a newsletter, sign up, or
fill a cart and abandon it. One session is one row of :class:`Sessions`; its events follow a fixed order of steps, of
which each session takes some.
"""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.contracts import table
from pipelines.sample.baskets import Aisles
from pipelines.sample.campaigns import Campaigns
from pipelines.sample.columns import DAY, Bools, Ints, canonical, dates, keys, money, pick, repeated, times, weighted
from pipelines.sample.lives import OMNICHANNEL, Lives
from pipelines.sample.orders import APP, WEB, Orders
from pipelines.sample.registers import Register
from pipelines.sample.seasons import Calendar, draw_days, local_day, web_seconds
from pipelines.sample.tills import Tickets

BROWSES_A_YEAR = 1.6  # Sessions without a purchase, per person who has an account.
STRANGERS_A_YEAR = 3.3  # Sessions of unknown visitors, per customer.
LOOKS_BEFORE_A_VISIT = 0.35  # of visits to a store by omnichannel people: the product is looked up online first.
BASKET_BEFORE_A_VISIT = 0.35  # of those: put in the basket, left there, and bought in the store.
CHECKS_BEFORE_A_VISIT = 0.6  # of those: whether the store has it (60% do, says the trade).
STALE_ACCOUNT = 0.0005  # of sessions show an account that has been erased since.

BUYS, LOOKS, CLICKS, BROWSES, STRANGER, SIGNS_UP = range(6)
STEPS = (
    "page_view", "search", "product_view", "review_view", "store_availability_check", "chat_open", "signup",
    "add_to_cart", "remove_from_cart", "begin_checkout", "checkout_error", "purchase",
)  # fmt: skip
(PAGE, SEARCH, VIEW, REVIEW, CHECK, CHAT, SIGNUP, ADD, REMOVE, CHECKOUT, ERROR, PURCHASE) = range(len(STEPS))
DEVICES = ("mobile", "desktop", "tablet")

# utm source, medium, referrer, share of sessions, cost of a click in cents (0: not paid).
SOURCES = (
    (None, None, None, 0.30, 0),
    (None, None, "https://www.google.com/", 0.24, 0),
    ("google", "cpc", "https://www.google.com/", 0.18, 42),
    ("facebook", "paid_social", "https://www.facebook.com/", 0.09, 31),
    ("instagram", "paid_social", "https://www.instagram.com/", 0.07, 36),
    ("criteo", "display", "https://www.criteo.com/", 0.05, 24),
    ("awin", "affiliation", "https://www.awin1.com/", 0.03, 55),
    ("instagram", "social", "https://www.instagram.com/", 0.04, 0),
)
NEWSLETTER = len(SOURCES)
_CAMPAIGNS = ("marque", "collection", "soldes", "noel")


@dataclass
class Sessions:
    """One row per session. ``start`` is the time of its last event where ``ends_at`` says so, else of its first.

    ``wanted`` is the product it is about (-1: none), ``order`` the order placed in it, ``campaign`` the newsletter.
    """

    kind: Ints
    start: Ints
    visitor: Ints
    account: Ints
    is_app: Bools
    device: Ints
    wanted: Ints
    store: Ints
    order: Ints
    campaign: Ints

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True)
class Web:
    """The web events, what was spent to bring the visits, and the session number of each order (-1: none)."""

    events: pl.DataFrame
    ad_spend: pl.DataFrame
    session_of_order: Ints


def draw_web(
    rng: np.random.Generator,
    lives: Lives,
    accounts: Register,
    contacts: Register,
    orders: Orders,
    tickets: Tickets,
    campaigns: Campaigns,
    aisles: Aisles,
    calendar: Calendar,
    home_store: Ints,
) -> Web:
    parts = [
        _buying(rng, orders),
        _looking(rng, lives, accounts, tickets, calendar),
        _clicking(rng, accounts, contacts, campaigns),
        _browsing(rng, lives, accounts, calendar),
        _signing_up(rng, accounts, calendar),
    ]
    parts.append(_strangers(rng, len(lives.card), calendar, len(home_store) * 4))
    sessions = Sessions(*(np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Sessions)))
    stores_of = np.where(sessions.store > -1, sessions.store, rng.integers(0, int(home_store.max()) + 1, len(sessions)))
    sessions.store = stores_of
    source = _draw_sources(rng, sessions)
    events = _Events(rng, sessions, orders, aisles, calendar)
    order = np.argsort(events.start_of_session, kind="stable")
    number = np.empty(len(sessions), dtype=np.int64)
    number[order] = np.arange(1, len(sessions) + 1)
    session_of_order = np.full(len(orders), -1, dtype=np.int64)
    bought = sessions.order > -1
    session_of_order[sessions.order[bought]] = number[bought]
    day = local_day(events.start_of_session)
    is_in = (day >= calendar.first) & (day <= calendar.as_of)
    campaign = _campaign_of(source, day, calendar)
    spend = _list_ad_spend(rng, source[is_in], campaign[is_in], day[is_in])
    return Web(events.listed(number, source, campaign, campaigns.names), spend, session_of_order)


def _sessions(kind: int, start: Ints, **known: Ints | Bools) -> Sessions:
    size = len(start)
    none = np.full(size, -1, dtype=np.int64)
    found = Sessions(np.full(size, kind), start, none, none, np.zeros(size, dtype=bool), none, none, none, none, none)
    for name, values in known.items():
        setattr(found, name, values)
    return found


def _visitor(person: Ints, device: Ints) -> Ints:
    """Each person has one visitor id per device: phone and desktop have different ids."""
    return person * 3 + device


def _devices(rng: np.random.Generator, is_app: Bools) -> Ints:
    """About 70% of purchases are made on a phone: the app, and six of ten visits to the site."""
    found: Ints = np.where(is_app, 0, weighted(rng, [0.6, 0.35, 0.05], len(is_app)))
    return found


def _buying(rng: np.random.Generator, orders: Orders) -> Sessions:
    """A session for each order placed on the site or in the app, unless a store placed it."""
    rows = np.flatnonzero((orders.channel <= APP) & (orders.selling_store < 0))
    is_app = orders.channel[rows] != WEB
    device = _devices(rng, is_app)
    return _sessions(
        BUYS,
        orders.seconds[rows],
        visitor=_visitor(orders.person[rows], device),
        account=orders.account[rows],
        is_app=is_app,
        device=device,
        store=orders.pickup_store[rows],
        order=rows,
    )


def _looking(
    rng: np.random.Generator, lives: Lives, accounts: Register, tickets: Tickets, calendar: Calendar
) -> Sessions:
    """Sessions that view a product up to six days before it is bought in a store."""
    visits = tickets.visits
    candidates = np.flatnonzero((visits.person > -1) & (visits.order < 0) & (tickets.gross > 0))
    person = visits.person[candidates]
    looks = (lives.profile[person] == OMNICHANNEL) & (rng.random(len(candidates)) < LOOKS_BEFORE_A_VISIT)
    rows, person = candidates[looks], person[looks]
    day = np.maximum(local_day(visits.seconds[rows]) - 1 - rng.integers(0, 6, len(rows)), calendar.first)
    start = np.minimum(web_seconds(rng, day), visits.seconds[rows] - 3_600)
    is_app = rng.random(len(rows)) < 0.3
    device = _devices(rng, is_app)
    first_line = np.searchsorted(tickets.lines.basket, rows)
    return _sessions(
        LOOKS,
        start,
        visitor=_visitor(person, device),
        account=_logged_in(rng, accounts, person, start, 0.45),
        is_app=is_app,
        device=device,
        wanted=tickets.lines.product[first_line],
        store=visits.store[rows],
    )


def _clicking(rng: np.random.Generator, accounts: Register, contacts: Register, campaigns: Campaigns) -> Sessions:
    """Each click in a newsletter opens a session half a minute later."""
    person = contacts.person[campaigns.click_row]
    start = campaigns.click_seconds + 20
    device = _devices(rng, np.zeros(len(person), dtype=bool))
    return _sessions(
        CLICKS,
        start,
        visitor=_visitor(person, device),
        account=_logged_in(rng, accounts, person, start, 0.35),
        device=device,
        campaign=campaigns.click_campaign,
    )


def _browsing(rng: np.random.Generator, lives: Lives, accounts: Register, calendar: Calendar) -> Sessions:
    since = np.maximum(accounts.created_of_person // DAY + 1, calendar.first)
    years = np.maximum(lives.last_day - since + 1, 0) / 365.0
    rate = np.where(accounts.number_of_person > -1, BROWSES_A_YEAR * years, 0.0)
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    start = web_seconds(
        rng, draw_days(rng, calendar.web_weights, calendar.first, since[person], lives.last_day[person])
    )
    is_app = rng.random(len(person)) < 0.3
    device = _devices(rng, is_app)
    return _sessions(
        BROWSES,
        start,
        visitor=_visitor(person, device),
        account=_logged_in(rng, accounts, person, start, 0.55),
        is_app=is_app,
        device=device,
    )


def _signing_up(rng: np.random.Generator, accounts: Register, calendar: Calendar) -> Sessions:
    """The session in which each account of the window was opened."""
    rows = np.flatnonzero(accounts.created >= calendar.first * DAY)
    is_app = rng.random(len(rows)) < 0.2
    device = _devices(rng, is_app)
    return _sessions(
        SIGNS_UP,
        accounts.created[rows],
        visitor=_visitor(accounts.person[rows], device),
        account=accounts.number[rows],
        is_app=is_app,
        device=device,
    )


def _strangers(rng: np.random.Generator, customers: int, calendar: Calendar, first_visitor: int) -> Sessions:
    """Visitors who are never identified; one in five comes back."""
    size = int(customers * STRANGERS_A_YEAR * calendar.days / 365)
    whole = np.full(size, calendar.first, dtype=np.int64)
    day = draw_days(rng, calendar.web_weights, calendar.first, whole, np.full(size, calendar.as_of))
    is_app = rng.random(size) < 0.08
    return _sessions(
        STRANGER,
        web_seconds(rng, day),
        visitor=first_visitor + (rng.random(size) * size * 0.8).astype(np.int64),
        is_app=is_app,
        device=_devices(rng, is_app),
    )


def _logged_in(rng: np.random.Generator, accounts: Register, person: Ints, start: Ints, share: float) -> Ints:
    """The account shown in a session: of those who have one by then, and log in."""
    number, created = accounts.number_of_person[person], accounts.created_of_person[person]
    shows = (number > -1) & (created < start) & (rng.random(len(person)) < share)
    erased = rng.random(len(person)) < STALE_ACCOUNT
    found: Ints = np.where(shows, np.where(erased, 9_000_000 + number, number), -1)
    return found


def _draw_sources(rng: np.random.Generator, sessions: Sessions) -> Ints:
    """Where each session came from; the app and those who come to buy come more often directly."""
    source = weighted(rng, [row[3] for row in SOURCES], len(sessions))
    direct = sessions.is_app | ((sessions.kind == LOOKS) & (rng.random(len(sessions)) < 0.4))
    found: Ints = np.where(sessions.kind == CLICKS, NEWSLETTER, np.where(direct, 0, source))
    return found


def _campaign_of(source: Ints, day: Ints, calendar: Calendar) -> Ints:
    """The campaign of a paid session: the brand's, the collection's, or what the season calls for; -1 unpaid."""
    paid = np.array([row[4] > 0 for row in SOURCES] + [False])[source]
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    is_sale = calendar.is_sale[(day - calendar.first).clip(0, calendar.days - 1)]
    season = np.where(is_sale, 2, np.where(month == 12, 3, 1))
    found: Ints = np.where(paid, np.where((source + day) % 3 == 0, 0, season), -1)
    return found


class _Events:
    """The events of all sessions: one row per event, in steps; times follow from the gaps between them."""

    def __init__(
        self, rng: np.random.Generator, sessions: Sessions, orders: Orders, aisles: Aisles, calendar: Calendar
    ) -> None:
        self.sessions = sessions
        self.session, self.step, self.product = self._take_steps(rng, sessions, orders, aisles)
        rank = np.lexsort((self.step, self.session))
        self.session, self.step, self.product = self.session[rank], self.step[rank], self.product[rank]
        gap = rng.integers(4, 75, len(self.session), dtype=np.int32).astype(np.int64)
        elapsed = np.cumsum(gap)
        first = np.searchsorted(self.session, np.arange(len(sessions)))
        last = np.append(first[1:], len(self.session)) - 1
        offset = elapsed - elapsed[first][self.session]
        # A purchase and a sign-up happen when the order and the account say so; the rest goes before.
        length = elapsed[last] - elapsed[first]
        ends = (sessions.kind == BUYS) | (sessions.kind == SIGNS_UP)
        self.start_of_session: Ints = np.where(ends, sessions.start - length, sessions.start)
        self.seconds: Ints = self.start_of_session[self.session] + offset
        self.is_in_stock = self._stock(aisles, calendar)

    @staticmethod
    def _take_steps(
        rng: np.random.Generator, sessions: Sessions, orders: Orders, aisles: Aisles
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
        size = len(sessions)
        kind = sessions.kind
        popularity = aisles.products.popularity
        buys, looks = kind == BUYS, kind == LOOKS
        parts: list[tuple[Ints, int, Ints]] = []

        def take(step: int, counts: Ints | Bools, product: Ints | None = None) -> None:
            owner, _ = repeated(counts.astype(np.int64))
            parts.append((owner, step, np.full(len(owner), -1, dtype=np.int64) if product is None else product[owner]))

        favourite = np.where(sessions.wanted > -1, sessions.wanted, weighted(rng, popularity, size))
        take(PAGE, 1 + rng.poisson(0.5, size))
        take(SEARCH, rng.random(size) < 0.3)
        is_signup = kind == SIGNS_UP
        views, _ = repeated(np.where(is_signup | buys, 0, rng.poisson(0.7, size)))
        parts.append((views, VIEW, weighted(rng, popularity, len(views))))
        take(VIEW, ~is_signup & ~buys & (looks | (rng.random(size) < 0.8)), favourite)
        take(REVIEW, ~is_signup & (rng.random(size) < 0.15), favourite)
        checks = np.where(looks, rng.random(size) < CHECKS_BEFORE_A_VISIT, ~is_signup & (rng.random(size) < 0.08))
        take(CHECK, checks.astype(bool), favourite)
        take(CHAT, rng.random(size) < 0.012)
        take(SIGNUP, is_signup)
        chance = np.where(looks, BASKET_BEFORE_A_VISIT, np.where(kind == STRANGER, 0.10, 0.22))
        leaves = ~buys & ~is_signup & (rng.random(size) < chance)
        take(ADD, leaves, favourite)
        take(REMOVE, leaves & (rng.random(size) < 0.12), favourite)
        gives_up = leaves & (rng.random(size) < 0.3)
        take(CHECKOUT, gives_up | buys)
        take(ERROR, np.where(gives_up, rng.random(size) < 0.3, buys & (rng.random(size) < 0.05)))
        take(PURCHASE, buys)
        # Of an order every product is viewed and put in the basket.
        session_of_order = np.full(len(orders), -1, dtype=np.int64)
        session_of_order[sessions.order[buys]] = np.flatnonzero(buys)
        owner = session_of_order[orders.lines.basket]
        has = owner > -1
        parts.append((owner[has], VIEW, orders.lines.product[has]))
        parts.append((owner[has], ADD, orders.lines.product[has]))
        steps = np.repeat([step for _, step, _ in parts], [len(owner) for owner, _, _ in parts])
        session = np.concatenate([owner for owner, _, _ in parts]).astype(np.int32)
        return session, steps.astype(np.int8), np.concatenate([part[2] for part in parts]).astype(np.int32)

    def _stock(self, aisles: Aisles, calendar: Calendar) -> Ints:
        """1 in stock, 0 out of stock, -1 not said: online for product views, in the store for availability checks."""
        day = (local_day(self.seconds) - calendar.first).clip(0, calendar.days - 1)
        product = self.product.clip(0)
        online = ~aisles.shelves.online[product, day]
        store = self.sessions.store[self.session]
        on_shelf = ~aisles.shelves.stores[store, product, day] & ~aisles.products.is_online_only[product]
        said = np.where(self.step == VIEW, online, on_shelf).astype(np.int64)
        found: Ints = np.where((self.step == VIEW) | (self.step == CHECK), said, -1)
        return found

    def listed(self, number: Ints, source: Ints, campaign: Ints, newsletters: list[str]) -> pl.DataFrame:
        """``ecommerce/web_events``, numbered in time order."""
        order = np.lexsort((self.step, number[self.session], self.seconds))
        session, step, product = self.session[order], self.step[order], self.product[order]
        seconds, stock = self.seconds[order], self.is_in_stock[order]
        del self.session, self.step, self.product, self.seconds, self.is_in_stock, order  # Gigabytes of a large world.
        sessions = self.sessions
        paid_names = [*_CAMPAIGNS, *newsletters]
        newsletter = np.where(sessions.campaign > -1, sessions.campaign + len(_CAMPAIGNS), -1)
        utm_campaign = np.where(source == NEWSLETTER, newsletter, campaign)
        scattered = (sessions.visitor * 7_368_787 + 1) % 999_999_937  # A visitor id must not reveal the person.
        is_buy = step == PURCHASE
        known = sessions.kind != SIGNS_UP
        shows_account = known[session] | (step >= SIGNUP)
        return canonical(
            table("ecommerce", "web_events"),
            {
                "event_id": keys("E", np.arange(1, len(session) + 1), 9),
                "visitor_id": keys("V", scattered, 9).gather(session),
                "session_id": keys("Z", number, 9).gather(session),
                "account_id": keys("A", np.where(shows_account, sessions.account[session], -1), 7),
                "event": pick(STEPS, step),
                "occurred_at": times(seconds),
                "channel": pick(("web", "app"), sessions.is_app.astype(np.int64)[session]),
                "device": pick(DEVICES, sessions.device[session]),
                "product_id": keys("P", np.where(product > -1, product + 1, -1), 5),
                "store_id": keys("S", np.where(step == CHECK, sessions.store[session] + 1, -1), 3),
                "order_id": keys("W", np.where(is_buy, sessions.order[session] + 1, -1), 8),
                "is_in_stock": pl.Series(stock).replace_strict({1: True, 0: False, -1: None}, return_dtype=pl.Boolean),
                "utm_source": pick([row[0] for row in SOURCES] + ["newsletter"], source).gather(session),
                "utm_medium": pick([row[1] for row in SOURCES] + ["email"], source).gather(session),
                "utm_campaign": pick(paid_names, utm_campaign).gather(session),
                "referrer": pick([row[2] for row in SOURCES] + [None], source).gather(session),
            },
        )


def _list_ad_spend(rng: np.random.Generator, source: Ints, campaign: Ints, day: Ints) -> pl.DataFrame:
    """``ecommerce/ad_spend``: each day's clicks exceed the sessions that they brought, as some never load the page."""
    paid = np.flatnonzero(campaign > -1)
    size = len(SOURCES) * len(_CAMPAIGNS)
    cells, sessions = np.unique(day[paid] * size + source[paid] * len(_CAMPAIGNS) + campaign[paid], return_counts=True)
    on, rest = np.divmod(cells, size)
    by, which = np.divmod(rest, len(_CAMPAIGNS))
    clicks = sessions + np.ceil(sessions * (0.1 + 0.25 * rng.random(len(cells)))).astype(np.int64)
    cost = np.array([row[4] for row in SOURCES])[by]
    amount = clicks * (cost + rng.integers(-6, 7, len(cells)))
    return canonical(
        table("ecommerce", "ad_spend"),
        {
            "date": dates(on),
            "utm_source": pick([row[0] for row in SOURCES], by),
            "utm_medium": pick([row[1] for row in SOURCES], by),
            "utm_campaign": pick(_CAMPAIGNS, which),
            "amount": money(amount),
            "impressions": clicks * rng.integers(22, 70, len(cells)),
            "clicks": clicks,
        },
    )
