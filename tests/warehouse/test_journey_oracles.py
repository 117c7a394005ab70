"""The journey marts of a generated retailer, beside the same rules written a second time over its extracts and truth.

What belongs to whom is the generator's truth, so nothing here depends on how people are recognised; the SQL and this
file share the seed of touch kinds, the vars and the contracts' words, and no code.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.config.home import Home
from pipelines.config.repository import DBT_PROJECT
from pipelines.contracts import TABLES
from pipelines.identity.decisions.merges import find_merged_records
from pipelines.identity.monitoring.field_report import SCHEMA as FIELD_REPORT
from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.spellings import read_cards, read_mailboxes
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.lake.tables import Lake
from pipelines.sample.world import World, generate
from pipelines.segments.definitions import NONE
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.warehouse import dbt_project

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
PEOPLE, DAYS, SEED = 260, 420, 11
SOURCE_OF_KIND = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
DAY = timedelta(days=1)
TOUCH_KINDS = DBT_PROJECT / "seeds" / "touch_kinds.csv"
VARS: dict[str, int] = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
Row = dict[str, Any]
pytestmark = pytest.mark.run
Touched = tuple[str | None, datetime | None, str, str, str]  # Customer, time, id, channel, kind.


def days(var: str) -> timedelta:
    """A window of the project."""
    return VARS[var] * DAY


def local_day(instant: datetime) -> date:
    return instant.replace(tzinfo=UTC).astimezone(PARIS).date()


def month_of(instant: datetime) -> date:
    return local_day(instant).replace(day=1)


@dataclass
class Touch:
    """One thing a customer did or was sent; sorts as the contract says: time, precedence, id."""

    customer: str
    at: datetime
    precedence: int
    id: str
    channel: str
    kind: str

    @property
    def place(self) -> tuple[datetime, int, str]:
        return self.at, self.precedence, self.id


@dataclass
class Session:
    id: str
    visitor: str
    channel: str
    events: list[Row]
    account: str | None = None
    order: Row | None = None
    customer: str | None = None

    @property
    def started_at(self) -> datetime:
        return min(event["occurred_at"] for event in self.events)

    @property
    def ended_at(self) -> datetime:
        return max(event["occurred_at"] for event in self.events)

    def has(self, *kinds: str) -> bool:
        return any(event["event"] in kinds for event in self.events)


@dataclass
class Truth:
    """The extracts with an owner on every transaction and visit, worked out from the truth."""

    tables: dict[str, list[Row]]
    owners: dict[str, str]
    records: pl.DataFrame
    end: datetime
    orders: dict[str, Row] = field(default_factory=dict)
    tickets: dict[str, Row] = field(default_factory=dict)
    lines: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    sessions: list[Session] = field(default_factory=list)
    refunds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        cards, emails = self._card_owners(), self._email_owners()
        for order in self.tables["ecommerce/orders"]:
            known = (
                self.owners.get(f"shop:customers:{order['account_id']}"),
                self.owners.get(f"shop:orders:{order['order_id']}"),
                emails.get((order["contact_email"] or "").strip().lower()),
            )
            order["customer"] = next(filter(None, known), None)
            order["counts"] = order["status"] != "cancelled"
            self.orders[order["order_id"]] = order
        for line in self.tables["ecommerce/order_lines"] + self.tables["pos/ticket_lines"]:
            self.lines[line.get("order_id") or line["ticket_id"]].append(line)
        for ticket in self.tables["pos/tickets"]:
            picked_up = self.orders.get(ticket["web_order_id"] or "")
            known = (
                cards.get(ticket["loyalty_card_id"]),
                self.owners.get(f"till:tickets:{ticket['ticket_id']}"),
                emails.get((ticket["receipt_email"] or "").strip().lower()),
                picked_up and picked_up["customer"],
            )
            ticket["customer"] = next(filter(None, known), None)
            ticket["is_order"] = any(line["quantity"] > 0 for line in self.lines[ticket["ticket_id"]])
            self.tickets[ticket["ticket_id"]] = ticket
        for back in self.tables["ecommerce/returns"]:
            self.refunds[back["order_id"]] += back["refund_amount"]
        for line in self.tables["pos/ticket_lines"]:
            if line["quantity"] < 0 and line["original_ticket_id"]:
                self.refunds[line["original_ticket_id"]] -= line["line_amount"]
        self.sessions = self._attributed_sessions()

    def _card_owners(self) -> dict[str, str]:
        held = (
            self.records.filter(pl.col("loyalty_card_id").is_not_null())
            .group_by("loyalty_card_id", "customer_id")
            .agg(pl.col("deleted_at").is_null().sum().alias("living"), pl.col("updated_at").max())
            .sort("living", "updated_at", "customer_id", descending=[True, True, False], nulls_last=True)
            .unique("loyalty_card_id", keep="first", maintain_order=True)
        )
        return dict(held.select("loyalty_card_id", "customer_id").iter_rows())

    def _email_owners(self) -> dict[str, str]:
        used = (
            self.records.filter(pl.col("email").is_not_null())
            .group_by(pl.col("email").str.to_lowercase())
            .agg(pl.col("customer_id").unique())
            .filter(pl.col("customer_id").list.len() == 1)
        )
        return {email: customers[0] for email, customers in used.iter_rows()}

    def _attributed_sessions(self) -> list[Session]:
        events: dict[str, list[Row]] = defaultdict(list)
        for event in sorted(self.tables["ecommerce/web_events"], key=lambda row: (row["occurred_at"], row["event_id"])):
            events[event["session_id"]].append(event)
        placed: dict[str, Row] = {}
        for order in sorted(self.orders.values(), key=lambda row: (row["ordered_at"], row["order_id"]), reverse=True):
            if order["session_id"]:
                placed[order["session_id"]] = order
        devices: dict[str, list[tuple[Session, str | None, str | None]]] = defaultdict(list)
        for id_, rows in events.items():
            session = Session(id_, rows[0]["visitor_id"], rows[0]["channel"], rows, order=placed.get(id_))
            logins = Counter(row["account_id"] for row in rows if row["account_id"])
            session.account = min(logins, key=lambda account: (-logins[account], account)) if logins else None
            of_order = session.order["customer"] if session.order else None
            of_account = self.owners.get(f"shop:customers:{session.account}")
            session.customer = of_account or (None if session.account else of_order)
            devices[session.visitor].append((session, of_account or session.account or of_order, session.customer))
        window = days("device_window_days")
        for visits in devices.values():
            for session, person, _ in visits:
                if person is not None:
                    continue
                near = [row for row in visits if abs(row[0].started_at - session.started_at) <= window]
                later = {owner for other, _, owner in near if owner and other.started_at >= session.started_at}
                if len({who for _, who, _ in near if who}) == 1 and later:
                    [session.customer] = later
        return [row[0] for visits in devices.values() for row in visits]

    def customer_of_reference(self, reference: str | None) -> str | None:
        found = self.orders.get(reference or "") or self.tickets.get(reference or "")
        return found["customer"] if found else None

    def purchases(self) -> Iterator[tuple[str | None, datetime, str, str, str | None, list[Row]]]:
        """Customer, time, channel, id, session and lines of every order that counts."""
        for order in self.orders.values():
            if order["counts"]:
                known = (order[name] for name in ("customer", "ordered_at", "channel", "order_id", "session_id"))
                yield (*known, self.lines[order["order_id"]])  # type: ignore[misc]
        for ticket in self.tickets.values():
            if ticket["is_order"]:
                sold = [line for line in self.lines[ticket["ticket_id"]] if line["quantity"] > 0]
                yield ticket["customer"], ticket["sold_at"], "store", ticket["ticket_id"], None, sold

    def pickups(self) -> Iterator[tuple[str, str | None, datetime, Row | None]]:
        """Id, customer, time and what was bought on top of every pickup."""
        rung_up = set()
        for ticket in self.tickets.values():
            if ticket["web_order_id"]:
                rung_up.add(ticket["web_order_id"])
                bought = ticket if ticket["is_order"] else None
                yield f"till:tickets:{ticket['ticket_id']}:pickup", ticket["customer"], ticket["sold_at"], bought
        for order in self.orders.values():
            collected = order["fulfilment"] == "click_and_collect" and order["status"] in ("picked_up", "returned")
            if collected and order["order_id"] not in rung_up and order["fulfilled_at"] < self.end:
                yield f"shop:orders:{order['order_id']}:pickup", order["customer"], order["fulfilled_at"], None


def touches_of(truth: Truth) -> list[Touch]:
    """Every touch of a known customer, in order."""
    precedence = {row["touch_kind"]: row["precedence"] for row in pl.read_csv(TOUCH_KINDS).to_dicts()}
    found = [
        Touch(customer, at, precedence[kind], id_, channel, kind)
        for part in (visits_in, orders_in, returns_in, exchanges_in, records_in)
        for customer, at, id_, channel, kind in part(truth)
        if customer and at and at < truth.end
    ]
    return sorted(found, key=lambda touch: touch.place)


def visits_in(truth: Truth) -> Iterator[Touched]:
    for session in truth.sessions:
        looked = session.has("product_view", "review_view", "store_availability_check")
        kind = "product_visit" if looked else "visit"
        kind = "cart_visit" if session.has("add_to_cart") else kind
        kind = "checkout_visit" if session.has("begin_checkout") else kind
        yield (
            session.customer,
            session.started_at,
            f"shop:sessions:{session.id}:{session.visitor}",
            session.channel,
            kind,
        )


def orders_in(truth: Truth) -> Iterator[Touched]:
    for order in truth.orders.values():
        kind = "order" if order["counts"] else "cancelled_order"
        yield order["customer"], order["ordered_at"], f"shop:orders:{order['order_id']}", order["channel"], kind
    for ticket in truth.tickets.values():
        if ticket["is_order"]:
            yield ticket["customer"], ticket["sold_at"], f"till:tickets:{ticket['ticket_id']}", "store", "order"
    for id_, customer, at, _ in truth.pickups():
        yield customer, at, id_, "store", "pickup"


def returns_in(truth: Truth) -> Iterator[Touched]:
    """Lines brought back together are one touch."""
    brought_back: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for back in truth.tables["ecommerce/returns"]:
        customer = truth.customer_of_reference(back["order_id"])
        visit = (customer, back["returned_at"], back["returned_via"], back["order_id"], back["store_id"])
        brought_back[visit].append(f"shop:returns:{back['return_id']}")
    for ticket in truth.tickets.values():
        for line in truth.lines[ticket["ticket_id"]]:
            if line["quantity"] < 0:
                customer = truth.customer_of_reference(line["original_ticket_id"]) or ticket["customer"]
                visit = (customer, ticket["sold_at"], "store", line["original_ticket_id"], ticket["store_id"])
                brought_back[visit].append(f"till:tickets:{ticket['ticket_id']}:{line['line_no']}")
    for (customer, at, via, *_), ids in brought_back.items():
        yield customer, at, f"{min(ids)}:return", via, "return"


def exchanges_in(truth: Truth) -> Iterator[Touched]:
    """What is said between the retailer and its contacts."""

    def owner(row: Row) -> str | None:
        return truth.owners.get(f"crm:contacts:{row['contact_id']}") or truth.customer_of_reference(row.get("order_id"))

    for contact in truth.tables["crm/interactions"]:
        kind = "other_contact" if contact["kind"] == "other" else contact["kind"]
        id_ = f"crm:interactions:{contact['interaction_id']}"
        yield owner(contact), contact["started_at"], id_, contact["channel"], kind
    for answer in truth.tables["crm/surveys"]:
        id_ = f"crm:surveys:{answer['response_id']}"
        yield owner(answer), answer["answered_at"], id_, answer["channel"] or "unknown", "survey_answer"
    for event in truth.tables["crm/campaign_events"]:
        id_ = f"crm:campaign_events:{event['event_id']}"
        yield owner(event), event["occurred_at"], id_, event["channel"], f"message_{event['event']}"


def records_in(truth: Truth) -> Iterator[Touched]:
    for record in truth.records.to_dicts():
        if record["table_name"] in ("contacts", "customers", "members"):
            channel = {"ecommerce": "web", "pos": "store", "crm": "service"}[record["kind"]]
            kind = "import" if record["table_name"] == "contacts" else "signup"
            yield record["customer_id"], record["created_at"], f"{record['record_id']}:created", channel, kind


def stays_of(
    touches: list[Touch], bought: list[tuple[datetime, datetime]], end: datetime
) -> list[tuple[str, str, Any]]:
    """Stage, entry channel and beginning of each stay of one customer, asked anew at every instant that may change it.

    ``bought`` has when each order was placed and when its goods were handed over.
    """
    kinds = {row["touch_kind"]: row for row in pl.read_csv(TOUCH_KINDS).to_dicts()}
    alive = [touch.at for touch in touches if kinds[touch.kind]["is_real_touch"] or touch is touches[0]]
    interested = [touch.at for touch in touches if kinds[touch.kind]["is_consideration"]]
    ordered = sorted(placed for placed, _ in bought)

    active, consideration = days("active_within_days"), days("consideration_days")
    post_purchase, loyalty_window = days("post_purchase_days"), days("loyalty_window_days")

    def stage_at(now: datetime) -> str:
        if all(now >= at + active for at in alive if at <= now):
            return "dormant"
        if any(placed <= now < handed for placed, handed in bought):
            return "purchase"
        if any(placed <= now < handed + post_purchase for placed, handed in bought):
            return "post_purchase"
        if any(at <= now < at + consideration for at in interested):
            return "consideration"
        if sum(now - loyalty_window < placed <= now for placed in ordered) >= VARS["loyalty_orders"]:
            return "loyalty"
        return "retention" if any(placed <= now for placed in ordered) else "discovery"

    instants = {touch.at for touch in touches} | set(ordered)
    instants |= {at + active for at in alive} | {at + consideration for at in interested}
    instants |= {at + loyalty_window for at in ordered} | {handed for _, handed in bought}
    instants |= {handed + post_purchase for _, handed in bought}
    stays: list[tuple[str, str, Any]] = []
    for now in sorted(at for at in instants if touches[0].at <= at < end):
        stage = stage_at(now)
        if not stays or stays[-1][0] != stage:
            stays.append((stage, [touch for touch in touches if touch.at <= now][-1].channel, now))
    return stays


@dataclass
class Retailer:
    timezone: str = "Europe/Paris"
    currency: str = "EUR"
    exchange_rates: dict[str, Any] = field(default_factory=dict)


def write_lake(lake: Lake, world: World) -> None:
    """The generator's tables as extracts, and its truth as the map of records to customers."""
    for path, rows in world.tables.items():
        kind, name = path.split("/")
        lake.write(kind, name, rows.select(pl.lit(SOURCE_OF_KIND[kind]).alias("source"), pl.all()))
    for table in (table for table in TABLES if table.path not in world.tables):
        columns = ", ".join(f"cast(null as {column.duckdb_type}) as {column.name}" for column in table.columns)
        lake.write(table.kind, table.name, duckdb.sql(f"select '' as source, {columns} limit 0").pl())
    records = standardise_records(lake, "FR", world.as_of)
    owned = records.select("record_id", "source", "table_name").join(
        world.truth.rename({"person_id": "customer_id"}), on="record_id", how="inner"
    )
    customers = owned.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("record_count"))
    text = dict.fromkeys(("change", "customer_id", "into_customer_id", "record_id", "reason", "evidence"), pl.String)
    ledger = {"entry_no": pl.Int64, "run_id": pl.String, "changed_at": pl.Datetime("us"), **text}
    pair = dict.fromkeys(("record_id_l", "record_id_r", "customer_id_l", "customer_id_r"), pl.String)
    weights = dict.fromkeys(("match_weight", "match_probability", "uncertainty_bits"), pl.Float64)
    lake.write_amendable("identity", "records", records)
    lake.write("identity", "loyalty_cards", read_cards(lake, load_attributes()))
    lake.write("identity", "mailboxes", read_mailboxes(lake, load_attributes()))
    lake.write("identity", "merged_records", find_merged_records(lake))
    lake.write("identity", "customer_ids", owned)
    lake.write("identity", "customers", customers.with_columns(identity_confidence=1.0).sort("customer_id"))
    cluster = pl.col("record_id").min().over("customer_id")
    divided = owned.select("record_id", strict_cluster_id=cluster, loose_cluster_id=cluster)
    lake.write("identity", "sensitivity", divided)
    lake.write("identity", "field_report", pl.DataFrame(schema=FIELD_REPORT))
    lake.write("identity", "ledger", pl.DataFrame(schema=ledger))
    lake.write("identity", "uncertain_pairs", pl.DataFrame(schema={**pair, "is_together": pl.Boolean, **weights}))
    texts = dict.fromkeys(("source", "table_name", "file", "column_name", "kind", "reason", "raw"), pl.String)
    path = lake.quarantine_path("crm", "contacts")
    path.parent.mkdir(parents=True)
    pl.DataFrame(schema={**texts, "line": pl.Int64, "is_kept": pl.Boolean}).write_parquet(path)
    write_dbt_inputs(lake, NONE, world.as_of)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Home]:
    """The truth and the home of a generated retailer whose marts were built; a night tests their data elsewhere."""
    home = Home(tmp_path_factory.mktemp("generated"))
    lake = Lake(home.root / "lake")
    world = generate(PEOPLE, DAYS, SEED)
    write_lake(lake, world)
    dbt_project.build(home, Retailer(), world.as_of, tests=False)  # type: ignore[arg-type]
    owned = lake.read("identity", "customer_ids").select("record_id", "customer_id")
    records = lake.read("identity", "records").join(owned, on="record_id")
    midnight = datetime.combine(world.as_of + DAY, datetime.min.time(), PARIS).astimezone(UTC).replace(tzinfo=None)
    tables = {path: rows.to_dicts() for path, rows in world.tables.items()}
    return Truth(tables, dict(owned.iter_rows()), records, midnight), home


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home.build_database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def summed_by_month(steps: list[tuple[date, bool, str | None, Decimal]]) -> list[tuple[Any, ...]]:
    """Month, count, customers, revenue and base of steps: month, whether followed, customer, amount."""
    rows = []
    for month in sorted({step[0] for step in steps}):
        base = [step for step in steps if step[0] == month]
        followed = [step for step in base if step[1]]
        customers = {step[2] for step in followed if step[2]}
        revenue = sum((step[3] for step in followed), Decimal("0.00"))
        rows.append((month, len(followed), len(customers), revenue, len(base)))
    return rows


def paths(home: Home, path: str) -> list[tuple[Any, ...]]:
    columns = "month, count, customers, revenue, base_count"
    return ask(home, f"select {columns} from marts.omnichannel_paths where path = '{path}' order by month")


def test_what_was_looked_up_online_and_bought_in_a_store_is_what_the_extracts_say(built: tuple[Truth, Home]) -> None:
    truth, home = built
    category = {row["product_id"]: row["category"] for row in truth.tables["ecommerce/products"]}
    looks: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for session in truth.sessions:
        for event in session.events:
            if session.customer and event["event"] in ("product_view", "store_availability_check"):
                looks[session.customer].append((event["occurred_at"], event["product_id"]))
    steps = []
    for ticket in truth.tickets.values():
        if not (ticket["is_order"] and ticket["customer"]) or ticket["web_order_id"]:
            continue
        products = {line["product_id"] for line in truth.lines[ticket["ticket_id"]] if line["quantity"] > 0}
        categories = {category[product] for product in products}
        followed = any(
            at < ticket["sold_at"] <= at + days("web_to_store_days")
            and (product in products or category[product] in categories)
            for at, product in looks[ticket["customer"]]
        )
        net = ticket["total_amount"] - truth.refunds[ticket["ticket_id"]]
        steps.append((month_of(ticket["sold_at"]), followed, ticket["customer"], net))
    assert sum(step[1] for step in steps) > 20
    assert paths(home, "web_to_store") == summed_by_month(steps)


def test_what_was_bought_on_top_at_pickups_is_what_the_tills_say(built: tuple[Truth, Home]) -> None:
    truth, home = built
    steps = []
    for _, customer, at, bought in truth.pickups():
        net = bought["total_amount"] - truth.refunds[bought["ticket_id"]] if bought else Decimal(0)
        steps.append((month_of(at), bought is not None, customer, net))
    assert sum(step[1] for step in steps) > 10
    assert paths(home, "click_and_collect_addon") == summed_by_month(steps)


def test_carts_given_up_and_bought_after_all_are_what_the_web_events_say(built: tuple[Truth, Home]) -> None:
    truth, home = built
    price = {row["product_id"]: row["list_price"] for row in truth.tables["ecommerce/products"]}
    visitor_of = {session.id: session.visitor for session in truth.sessions}
    bought: dict[tuple[str, str], list[tuple[datetime, str, str]]] = defaultdict(list)
    for customer, at, channel, id_, session_id, lines in truth.purchases():
        for line in lines:
            for who in filter(None, (customer, visitor_of.get(session_id or ""))):
                bought[who, line["product_id"]].append((at, id_, channel))
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, set(), Decimal("0.00"), 0, 0])
    for session in truth.sessions:
        if session.order or session.has("purchase"):
            continue
        cart: Counter[str] = Counter()
        for event in session.events:
            cart[event["product_id"]] += {"add_to_cart": 1, "remove_from_cart": -1}.get(event["event"], 0)
        left = {product: units for product, units in cart.items() if units > 0}
        if not left and not session.has("begin_checkout"):
            continue
        kind = "checkout_abandoned" if session.has("begin_checkout") else "cart_abandoned"
        row = found[local_day(session.ended_at), session.channel, kind]
        sides = set()
        for product, units in left.items():
            later = sorted(
                one
                for one in bought[session.customer or session.visitor, product]
                if session.ended_at < one[0] <= session.ended_at + days("cart_recovery_days")
            )
            if later:
                sides.add("store" if later[0][2] == "store" else "online")
            else:
                row[2] += units * price[product]
        row[0] += 1
        row[1] |= {session.customer} if session.customer else set()
        row[3] += "store" in sides
        row[4] += sides == {"online"}
    expected = sorted((*key, row[0], len(row[1]), *row[2:]) for key, row in found.items())
    assert sum(row[3] for row in found.values()) > 3
    assert len({key[2] for key in found}) == 2
    columns = "day, channel, kind, count, customers, revenue_at_risk, bought_in_store, bought_online"
    kinds = "('cart_abandoned', 'checkout_abandoned')"
    mart = ask(home, f"select {columns} from marts.friction_points where kind in {kinds}")
    assert sorted(mart) == expected


def test_transitions_between_stages_are_what_every_touch_says(built: tuple[Truth, Home]) -> None:
    truth, home = built
    touches: dict[str, list[Touch]] = defaultdict(list)
    for touch in touches_of(truth):
        touches[touch.customer].append(touch)
    bought: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for customer, at, channel, id_, _, _ in truth.purchases():
        if customer:
            latest = at + days("purchase_max_days")
            fulfilled = at if channel == "store" else truth.orders[id_]["fulfilled_at"] or latest
            bought[customer].append((at, min(max(fulfilled, at + days("purchase_min_days")), latest)))
    stays, left_open = Counter[Any](), Counter[Any]()
    moves: dict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)
    for customer, own in touches.items():
        stayed = stays_of(own, bought[customer], truth.end)
        for (stage, channel, since), after in zip(stayed, [*stayed[1:], None], strict=True):
            stays[stage, channel] += 1
            left_open[stage, channel] += after is None
            if after:
                moves[stage, after[0], channel].append(((after[2] - since).total_seconds(), customer))
    expected = []
    for (stage, to_stage, channel), made in moves.items():
        seconds = sorted(length for length, _ in made)
        middle, ninth = (seconds[math.ceil(share * len(seconds) / 100) - 1] / 86400 for share in (50, 90))
        total = stays[stage, channel]
        counts = (len(made), len({who for _, who in made}), total, left_open[stage, channel], len(made) / total)
        expected.append((stage, to_stage, channel, *counts, middle, ninth))
    assert len(expected) > 30
    assert sorted(ask(home, "select * from marts.journey_transitions")) == sorted(expected)


def test_the_headlines_of_each_month_are_what_every_order_says(built: tuple[Truth, Home]) -> None:
    truth, home = built
    bought: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for customer, at, channel, _, _, _ in truth.purchases():
        if customer:
            day = local_day(at)
            bought[customer].append((day.year * 12 + day.month, channel == "store"))
    told = ask(
        home,
        """select extract(year from month) * 12 + extract(month from month), headline, numerator, denominator,
        is_window_whole, value is not null
        from marts.kpis where identity_threshold = 'default' and unit in ('customers', 'share') and depends_on_identity
        and headline <> 'customers' order by 1, 2""",
    )
    begins = min(local_day(at) for _, at, *_ in truth.purchases())
    whole_from = begins.year * 12 + begins.month + (begins.day > 1)
    ends = local_day(truth.end)
    over_until = ends.year * 12 + ends.month - 1  # The last instant is midnight of the next day.
    expected: list[tuple[Any, ...]] = []
    for month in sorted({row[0] for row in told}):
        seen, seen_twice = (month <= over_until and month - back >= whole_from for back in (11, 23))
        counted = Counter[str]()
        for orders in bought.values():
            now = [is_store for at, is_store in orders if month - 12 < at <= month]
            was_active = any(month - 24 < at <= month - 12 for at, _ in orders)
            counted["active"] += bool(now)
            counted["repeat"] += len(now) > 1
            counted["omnichannel"] += len(set(now)) > 1
            counted["new"] += min(orders)[0] == month
            counted["before"] += was_active
            counted["retained"] += was_active and bool(now)
        expected += [
            (month, "active_customers", counted["active"], None, seen, True),
            (month, "new_customers", counted["new"], None, True, True),
            (month, "omnichannel_share", counted["omnichannel"], counted["active"], seen, seen),
            (month, "repeat_rate", counted["repeat"], counted["active"], seen, seen),
            (month, "retention_rate", counted["retained"], counted["before"], seen_twice, seen_twice),
        ]
    assert len(expected) > 60
    assert expected[-1][2] > 10
    assert {row[4] for row in expected if row[1] == "repeat_rate"} == {True, False}
    assert told == expected
