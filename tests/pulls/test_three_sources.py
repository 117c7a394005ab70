"""A retailer whose CRM is a PostgreSQL, whose shop is Shopify's, whose tills leave files on an SFTP server."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import contracts
from pipelines.config.home import Home, find_home
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.landed import read_landed
from pipelines.lake.mirror import read_mirror
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Settings
from scripts.compare_warehouses import hash_tables
from tests.database_servers import Server, postgresql
from tests.drop_servers import FolderStore, openssh
from tests.pulls.connectors.shopify.server import TOKEN, ShopifyServer, serve

SOURCES = """
timezone: Europe/Paris
reject_limit: 1
sources:
  - name: crm
    kind: crm
    connector: {{type: postgresql, host: 127.0.0.1, port: {port}, database: shop, user: parcours,
                 password: "${{SHOP_PASSWORD}}", wait_seconds: 0}}
    pulls:
      contacts: {{key: id, cursor: changed, day: created}}
      points: {{key: id, cursor: changed, day: moved, amounts: points}}
    tables:
      contacts:
        from: contacts
        columns: {{contact_id: id, first_name: first_name, last_name: last_name, email: email, loyalty_card_id: card,
                   created_at: created, updated_at: changed}}
      loyalty_movements:
        from: points
        columns: {{movement_id: id, loyalty_card_id: card, kind: "'earned'", channel: "'store'", points: points,
                   occurred_at: moved}}
  - name: shop
    kind: ecommerce
    connector: {{type: shopify, shop: ada.myshopify.com, token: "${{SHOP_TOKEN}}", address: "http://127.0.0.1:{api}",
                 wait_seconds: 0}}
  - name: till
    kind: pos
    connector: {{type: sftp, host: 127.0.0.1, port: {ssh}, user: {user}, key: {key}, passphrase: "${{DROP_PASSPHRASE}}",
                 known_hosts: {known_hosts}, root: {root}, stable_seconds: 0, deletes: follow, wait_seconds: 0}}
    tables:
      tickets:
        from: "{pattern}"
        columns: {{ticket_id: id, store_id: store, sold_at: sold, total_amount: total, loyalty_card_id: card}}
"""
FIRST = date(2026, 3, 2)
PEOPLE = 24
GIVEN = ("Camille", "Louis", "Manon", "Hugo", "Chloé", "Jules", "Inès", "Rémi")
FAMILY = ("Morel", "Garnier", "Faure", "Lambert", "Rousseau", "Blanc", "Guérin", "Chevalier", "Perrin", "Dumas",
          "Colin", "Marchand", "Noël")  # fmt: skip
PATTERN = "tickets_*.csv"
COUNTED = {("crm", "contacts"), ("crm", "points"), ("shop", "orders"), ("shop", "customers"), ("shop", "products")}


@dataclass
class Retailer:
    """The three systems as they are tonight. ``night`` goes from 0."""

    crm: Server
    shop: ShopifyServer
    tills: FolderStore
    folder: Path
    night: int = 0

    @property
    def sources(self) -> Path:
        return self.folder / "sources.yml"

    @property
    def day(self) -> date:
        return FIRST + timedelta(days=self.night)

    def open(self) -> None:
        """What there is before the first night."""
        self.crm.run(
            "drop table if exists contacts, points",
            "create table contacts (id bigint primary key, first_name text, last_name text, email text, card text, "
            "created timestamptz, changed timestamptz)",
            "create table points (id bigint primary key, card text, points integer, moved timestamptz, "
            "changed timestamptz)",
        )
        self.shop.now = datetime(2026, 3, 2, 2, tzinfo=UTC)
        self.shop.points = self.shop.most_points = 1e9  # Its own clock stands still, by which they are restored.
        for number in range(1, PEOPLE + 1):
            self._add(number)
        self.shop.add_product(7)
        reach = self.tills.connector
        text = SOURCES.format(
            port=self.crm.port,
            api=self.shop.port,
            ssh=reach["port"],
            pattern=PATTERN,
            **{name: reach[name] for name in ("user", "key", "known_hosts", "root")},
        )
        self.sources.write_text(text, encoding="utf-8")

    def change(self) -> None:
        """A day later: in all three systems rows are added, edited and deleted, and some come late."""
        self.night += 1
        self.shop.now += timedelta(days=1)
        number, old = 100 * self.night, self.night
        self._add(number)
        self._add(number + 1, created=self.shop.now - timedelta(minutes=20))  # Seen after it was stamped.
        at = self.shop.at
        self.crm.run(
            f"update contacts set last_name = 'Renaud', changed = '{at}' where id = {old}",
            f"delete from contacts where id = {old + 5}",
            f"delete from points where id = {old + 6}",
            f"update points set points = points + 3, changed = '{at}' where id = {old + 7}",
        )
        self.shop.touch_customer(old, lastName="Renaud")
        self.shop.touch_order(old + 1, displayFulfillmentStatus="UNFULFILLED")
        self.shop.add_refund(old + 8, number + 5)
        self.shop.orders.pop(old + 5)
        self.shop.customers.pop(old + 5)
        self.tills.put(f"tickets_{old}.csv", self._ticket(old, total="99.00"))  # Another version of a file.
        (self.tills.folder / f"tickets_{old + 5}.csv").unlink()

    def _add(self, number: int, created: datetime | None = None) -> None:
        at = f"{created or self.shop.now:%Y-%m-%dT%H:%M:%SZ}"
        email, given, family = (
            f"qzneedle.{sha256(str(number).encode()).hexdigest()[:8]}@free.fr",
            GIVEN[number % len(GIVEN)],
            FAMILY[number % len(FAMILY)],
        )
        self.crm.run(
            f"insert into contacts values ({number}, '{given}', '{family}', '{email}', 'C{number:08d}', "
            f"'{at}', '{at}')",
            f"insert into points values ({number}, 'C{number:08d}', {number}, '{at}', '{at}')",
        )
        self.shop.add_customer(number, email=email, firstName=given, lastName=family, createdAt=at, updatedAt=at)
        self.shop.add_order(number, lines=1 + number % 3, createdAt=at, updatedAt=at)
        self.tills.put(f"tickets_{number}.csv", self._ticket(number))

    def _ticket(self, number: int, total: str = "10.00") -> bytes:
        day = self.day - timedelta(days=1)
        return f"id,store,sold,total,card\nT{number},S1,{day} 10:00,{total},C{number:08d}\n".encode()


@pytest.fixture
def retailer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Retailer]:
    with postgresql() as crm, serve(ShopifyServer()) as shop, openssh() as tills:
        assert isinstance(tills, FolderStore)
        for name, value in {**crm.environment, **tills.environment, "SHOP_TOKEN": TOKEN}.items():
            monkeypatch.setenv(name, value)
        retailer = Retailer(crm, shop, tills, tmp_path)
        retailer.open()
        yield retailer


def test_three_nights_from_three_systems_end_where_one_full_run_ends(
    retailer: Retailer, tmp_path: Path, parcours: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    home, full = find_home(tmp_path / "home"), find_home(tmp_path / "full")

    def run(where: Home, *options: str) -> None:
        ended = parcours("run", "--home", where.root, "--sources", retailer.sources, "--as-of", retailer.day, *options)
        assert ended.returncode == 0, ended.stderr
        assert "qzneedle" not in f"{ended.stdout}{ended.stderr}".lower()
        _assert_reconciled(where)

    run(home)
    retailer.change()
    run(home)
    retailer.change()
    shutil.copytree(home.root, full.root)
    run(home)
    pulled = Lake(home.lake).read("landed", "pulls")
    assert set(pulled.filter(pl.col("source") != "till")["mode"]) == {"changes"}
    run(full, "--full")
    for kind, table in (
        ("crm", "contacts"), ("crm", "loyalty_movements"), ("ecommerce", "customers"), ("ecommerce", "orders"),
        ("ecommerce", "order_lines"), ("ecommerce", "returns"), ("pos", "tickets"),
    ):  # fmt: skip
        rows = [Lake(where.lake).read(kind, table) for where in (home, full)]
        assert rows[0].height, table
        assert rows[0].equals(rows[1]), table
    assert hash_tables(home.warehouse) == hash_tables(full.warehouse)
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        orders, revenue, people = warehouse.execute(
            "select count(*), sum(total_amount), count(distinct customer_id) from marts.orders"
        ).fetchall()[0]
    online = [sum(1 for _ in order["lines"]) * 10 for order in retailer.shop.orders.values()]
    tickets = list(retailer.tills.folder.glob("tickets_*.csv"))
    assert orders == len(online) + len(tickets)
    assert revenue == sum(online) + 10 * len(tickets) + 2 * 89
    assert people == len(retailer.shop.customers), "a card, a mailbox and an account are one customer"


def _assert_reconciled(home: Home) -> None:
    lake = Lake(home.lake)
    pulls, counted = lake.read("landed", "pulls"), lake.read("landed", "reconciliation")
    assert set(pulls["state"]) == {"taken"}, pulls["message"].to_list()
    assert counted.filter(pl.col("difference") != 0).is_empty()
    assert set(counted.select("source", "table_name").unique().rows()) >= COUNTED
    assert "till" in set(counted["source"])


PULL = """
import os
import sys
from pathlib import Path
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Settings
folder = Path(sys.argv[1])
for line in sys.stdin:
    process = os.fork()
    if not process:
        lake = Lake(folder / "lake")
        lake.sweep()
        outcomes = pull_sources(load_sources(folder / "sources.yml"), lake, Settings(folder))
        os._exit(any(each.state != "taken" for each in outcomes))
    print(process, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""
KILLS, SEED = 20, 11


@pytest.mark.long
def test_a_pull_from_three_systems_killed_at_any_instant_loses_nothing_and_doubles_nothing(retailer: Retailer) -> None:
    draw = random.Random(SEED)
    script = retailer.folder / "pull.py"
    script.write_text(PULL)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, str(script), str(retailer.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment) as forker:
        assert forker.stdin is not None
        assert forker.stdout is not None

        def pull(kill_after: float | None = None) -> tuple[int, float]:
            assert forker.stdin is not None
            assert forker.stdout is not None
            began = time.monotonic()
            forker.stdin.write(b"\n")
            process = int(forker.stdout.readline())
            if kill_after is not None:
                time.sleep(kill_after)
                with suppress(ProcessLookupError):  # It may have ended.
                    os.kill(process, signal.SIGKILL)
            return int(forker.stdout.readline()), time.monotonic() - began

        code, took = pull()
        assert code == 0
        known = [_count(retailer)]
        for number in range(KILLS):
            retailer._add(1_000 + number)
            known.append({name: rows + 1 for name, rows in known[-1].items()})
            pull(draw.uniform(0, took))
            found = _count(retailer)
            for name, rows in found.items():
                assert rows in {each[name] for each in known}, name
        assert pull()[0] == 0
        forker.stdin.close()
    assert _count(retailer) == known[-1]
    sources, lake = load_sources(retailer.sources), Lake(retailer.folder / "lake")
    rows = _extract(sources, lake)
    pull_sources(sources, lake, Settings(retailer.folder, full=True))
    assert {name: frame.equals(rows[name]) for name, frame in _extract(sources, lake).items()} == dict.fromkeys(
        rows, True
    )
    assert not list((retailer.folder / "lake").rglob("*.tmp-*"))


def _count(retailer: Retailer) -> dict[str, int]:
    """Rows in force: of the systems' tables that have one for each person, and files of the till."""
    landed = retailer.folder / "lake" / "landed"
    found = {
        f"{source}.{table}": read_landed(landed / source).tables[table].rows
        for source, table in (("crm", "contacts"), ("crm", "points"), ("shop", "customers"), ("shop", "orders"))
    }
    return {**found, "till": len(read_mirror(landed / "till").patterns[PATTERN].files)}


def _extract(sources: Sources, lake: Lake) -> dict[str, pl.DataFrame]:
    names = (("crm", "contacts"), ("crm", "loyalty_movements"), ("ecommerce", "orders"), ("pos", "tickets"))
    for kind, table in names:
        extract_table(sources, contracts.table(kind, table), lake, FIRST + timedelta(days=30))
    return {table: lake.read(kind, table) for kind, table in names}
