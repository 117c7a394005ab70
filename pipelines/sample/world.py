"""The whole retailer, generated with known truth: every canonical table, and who is behind each record."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from pipelines.sample.baskets import Aisles
from pipelines.sample.campaigns import draw_campaigns
from pipelines.sample.catalogue import draw_products, draw_shelves, draw_stores, list_stockouts
from pipelines.sample.columns import random_stream
from pipelines.sample.contact_points import draw_contact_points
from pipelines.sample.fault_list import SCHEMA
from pipelines.sample.households import draw_people
from pipelines.sample.lives import draw_lives
from pipelines.sample.loyalty import gather_events, list_movements, replay, use_rewards
from pipelines.sample.orders import draw_orders, list_order_lines, list_orders
from pipelines.sample.registers import draw_accounts, draw_contacts, draw_members
from pipelines.sample.returns import draw_returns, list_returns
from pipelines.sample.seasons import build_calendar
from pipelines.sample.service import draw_gestures, draw_interactions, list_interactions, list_surveys
from pipelines.sample.tastes import draw_tastes
from pipelines.sample.tills import draw_pickups, draw_tickets, list_footfall, list_ticket_lines, list_tickets
from pipelines.sample.traps import list_traps, list_truth
from pipelines.sample.visits import draw_visits, join_visits
from pipelines.sample.web import draw_web

AS_OF = date(2026, 2, 28)  # A day after both of the year's first sales and Christmas, two years from 1 March 2024.


@dataclass(frozen=True)
class World:
    """A generated retailer as of the end of ``as_of``.

    ``tables`` holds the canonical tables by ``<kind>/<table>``, in the contract's columns and types without ``source``.
    ``truth`` has one row per identity-bearing record: record_id, person_id. ``traps`` has one row per record or pair of
    people that a trap concerns: trap, record_id, person_id, other_person_id (null where it does not apply). ``faults``
    has one row per value that was made wrong on purpose (:mod:`pipelines.sample.faults`); none, as it is generated.
    """

    tables: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    traps: pl.DataFrame
    as_of: date
    faults: pl.DataFrame = field(default_factory=SCHEMA.to_frame)


def generate(customers: int, days: int, seed: int) -> World:
    """A retailer of ``customers`` people and ``days`` days up to :data:`AS_OF`; the same seed, the same world."""
    calendar = build_calendar(AS_OF, days)
    stores = draw_stores(random_stream(seed, "stores"), customers, calendar.as_of)
    products = draw_products(random_stream(seed, "products"), customers)
    shelves = draw_shelves(random_stream(seed, "shelves"), len(stores), products, calendar.days)

    tastes = draw_tastes(random_stream(seed, "tastes"), customers, products)
    aisles = Aisles(products, tastes, shelves, calendar.is_sale)

    people = draw_people(random_stream(seed, "people"), customers, stores, calendar.as_of)
    points = draw_contact_points(random_stream(seed, "contact points"), people, calendar.as_of)
    shares_email = points.email_owner != np.arange(customers)
    lives = draw_lives(random_stream(seed, "lives"), people, shares_email, calendar)
    contacts = draw_contacts(random_stream(seed, "contacts"), people, points, lives, calendar)
    accounts = draw_accounts(random_stream(seed, "accounts"), people, points, lives, calendar)
    members = draw_members(random_stream(seed, "members"), people, points, lives, stores, calendar)

    visits = draw_visits(random_stream(seed, "visits"), people, lives, members, stores, calendar)
    orders = draw_orders(random_stream(seed, "orders"), people, points, lives, accounts, visits, aisles, calendar)
    pickups = draw_pickups(random_stream(seed, "pickups"), orders, lives)
    tickets = draw_tickets(
        random_stream(seed, "tickets"), join_visits(visits, pickups), aisles, stores, points, calendar
    )
    returns = draw_returns(random_stream(seed, "returns"), orders, lives, people.store, products, calendar)
    interactions = draw_interactions(
        random_stream(seed, "interactions"), orders, contacts, lives, people.store, calendar
    )
    gestures = draw_gestures(random_stream(seed, "gestures"), interactions)
    events = gather_events(
        random_stream(seed, "card events"), lives, members, orders, returns, tickets, gestures, calendar
    )
    movements = replay(random_stream(seed, "points"), events, 2 * customers)
    use_rewards(movements, orders, tickets)
    campaigns = draw_campaigns(random_stream(seed, "campaigns"), contacts, calendar)
    web = draw_web(
        random_stream(seed, "web"),
        lives,
        accounts,
        contacts,
        orders,
        tickets,
        campaigns,
        aisles,
        calendar,
        people.store,
    )
    tables = {
        "crm/contacts": contacts.frame,
        "crm/consents": campaigns.consents,
        "crm/interactions": list_interactions(random_stream(seed, "notes"), interactions, contacts, orders),
        "crm/campaign_events": campaigns.events,
        "crm/surveys": list_surveys(random_stream(seed, "surveys"), interactions, orders, tickets, contacts, calendar),
        "crm/loyalty_movements": list_movements(movements),
        "ecommerce/customers": accounts.frame,
        "ecommerce/orders": list_orders(orders, web.session_of_order),
        "ecommerce/order_lines": list_order_lines(orders),
        "ecommerce/returns": list_returns(returns, orders),
        "ecommerce/web_events": web.events,
        "ecommerce/products": products.frame,
        "ecommerce/ad_spend": web.ad_spend,
        "pos/members": members.frame,
        "pos/tickets": list_tickets(random_stream(seed, "payments"), tickets),
        "pos/ticket_lines": list_ticket_lines(tickets),
        "pos/stores": stores.frame,
        "pos/footfall": list_footfall(random_stream(seed, "footfall"), tickets, len(stores), calendar),
        "pos/stockouts": list_stockouts(shelves, calendar.first, calendar.is_open),
    }
    registers = {"contacts": contacts, "customers": accounts, "members": members}
    truth = list_truth(registers, orders, tickets)
    traps = list_traps(people, points, lives, registers, orders, tickets)
    return World(tables=tables, truth=truth, traps=traps, as_of=AS_OF)
