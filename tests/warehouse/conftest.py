"""A lake written by hand: a few people whose every row is known, so that each mart can be checked by eye."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.config.exchange_rates import DatedRate
from pipelines.config.home import Home
from pipelines.contracts import TABLES
from pipelines.identity.decisions.merges import MERGED_SCHEMA
from pipelines.identity.monitoring.field_report import SCHEMA as FIELD_REPORT
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS
from pipelines.lake.amendments import add_amendments, no_amendments
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import BUNDLED, NONE, load_segments
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.warehouse import dbt_project

Rows = Iterable[Mapping[str, Any]]

POLARS_TYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "quantity": pl.Decimal(18, 3),
    "number": pl.Float64,
    "money": pl.Decimal(18, 2),
    "price": pl.Decimal(18, 4),
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
}
QUARANTINE = {
    "source": pl.String,
    "table_name": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "column_name": pl.String,
    "kind": pl.String,
    "reason": pl.String,
    "is_kept": pl.Boolean,
    "raw": pl.String,
}
CUSTOMER_IDS = dict.fromkeys(("record_id", "source", "table_name", "customer_id"), pl.String)
CUSTOMERS = {"customer_id": pl.String, "record_count": pl.Int64, "identity_confidence": pl.Float64}
LEDGER = {
    "entry_no": pl.Int64,
    "run_id": pl.String,
    "changed_at": pl.Datetime("us"),
    **dict.fromkeys(("change", "customer_id", "into_customer_id", "record_id", "reason", "evidence"), pl.String),
}
UNCERTAIN_PAIRS = {
    **dict.fromkeys(("record_id_l", "record_id_r", "customer_id_l", "customer_id_r"), pl.String),
    "is_together": pl.Boolean,
    **dict.fromkeys(("match_weight", "match_probability", "uncertainty_bits"), pl.Float64),
}
SENSITIVITY = dict.fromkeys(("record_id", "strict_cluster_id", "loose_cluster_id"), pl.String)
LOYALTY_CARDS = {"written": pl.String, "loyalty_card_id": pl.String, "is_shared": pl.Boolean}
MAILBOXES = {"written": pl.String, "mailbox": pl.String, "is_shared": pl.Boolean}
RECORDS = RECORD_COLUMNS | {"email_key": pl.String(), "card_key": pl.String()}
CONTACT_TEXTS = [
    name
    for name, type_ in RECORDS.items()
    if type_ == pl.String() and name not in ("record_id", "source", "kind", "table_name", "source_key")
]
IDENTITY = {
    "records": RECORDS,
    "loyalty_cards": LOYALTY_CARDS,
    "mailboxes": MAILBOXES,
    "merged_records": MERGED_SCHEMA,
    "customer_ids": CUSTOMER_IDS,
    "customers": CUSTOMERS,
    "ledger": LEDGER,
    "uncertain_pairs": UNCERTAIN_PAIRS,
    "sensitivity": SENSITIVITY,
    "field_report": FIELD_REPORT,
}
WITH_CARDS = ("pos/tickets", "crm/loyalty_movements")
WITH_MAILBOXES = {"ecommerce/orders": "contact_email", "pos/tickets": "receipt_email"}
KIND_OF_TABLE = {
    "contacts": "crm",
    "customers": "ecommerce",
    "orders": "ecommerce",
    "members": "pos",
    "tickets": "pos",
}


def typed(value: Any, type_: Any) -> Any:
    """A value as Polars wants it: times and amounts may be written as text."""
    if value is None or type_ in (pl.String, pl.Int64, pl.Float64, pl.Boolean):
        return value
    if isinstance(type_, pl.Decimal):
        return Decimal(str(value))
    if type_ == pl.Date:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value)


def frame(rows: Rows, schema: Mapping[str, Any]) -> pl.DataFrame:
    """``rows`` as a frame of ``schema``; a column that a row leaves out is null, an unknown one is an error."""
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for row in rows:
        assert set(row) <= set(schema), f"unknown columns {set(row) - set(schema)}"
        for name, type_ in schema.items():
            columns[name].append(typed(row.get(name), type_))
    return pl.DataFrame(columns, schema=dict(schema))


def write_records(lake: Lake, records: pl.DataFrame) -> None:
    """Writes ``records`` as nights leave them: every other one as written, the others amended, one gone since."""
    is_amended = pl.int_range(pl.len()) % 2 == 1
    gone = records.head(1).with_columns(pl.lit("crm:contacts:gone since").alias("record_id"))
    earlier = records.with_columns(pl.when(~is_amended).then(pl.col(name)).alias(name) for name in CONTACT_TEXTS)
    written = pl.concat([earlier.filter(pl.int_range(pl.len()) % 4 < 3), gone]).sort("record_id")  # Some came later.
    lake.write_amendable("identity", "records", written)
    amendments = add_amendments(no_amendments(written), records.filter(is_amended), gone["record_id"])
    amendments.write_parquet(lake.amendments_path("identity", "records"))
    assert lake.read("identity", "records").equals(records)


def write_tables(lake: Lake, tables: Mapping[str, Rows]) -> None:
    """Writes every table that dbt reads: those of ``tables`` with their rows, all others empty, no analyst's segments.

    Rows of ``identity/records`` name their ``customer_id`` too; the map, the customers and the ledger follow from it.
    Rows of ``identity/sensitivity`` may name a record's ``strict_cluster_id`` or ``loose_cluster_id``: where they do
    not, a record is of the same person as today, however much evidence that takes. Cards and mailboxes mean what they
    say, but for blanks and capitals; ``identity/merged_records`` is written as given.
    """
    for table in TABLES:
        schema = {"source": pl.String, **{column.name: POLARS_TYPES[column.type] for column in table.columns}}
        lake.write(table.kind, table.name, frame(tables.get(table.path, ()), schema))
    people = list(tables.get("identity/records", ()))
    records: list[dict[str, Any]] = []
    for person in people:
        source, table_name, key = person["record_id"].split(":")
        known = {"source": source, "table_name": table_name, "source_key": key, "kind": KIND_OF_TABLE[table_name]}
        known |= {"email_key": person.get("email"), "card_key": person.get("loyalty_card_id")}
        records.append({**known, **{name: value for name, value in person.items() if name != "customer_id"}})
    owners = [
        {"record_id": person["record_id"], "customer_id": person["customer_id"]}
        | {"source": record["source"], "table_name": record["table_name"]}
        for person, record in zip(people, records, strict=True)
    ]
    ids = [owner["customer_id"] for owner in owners]
    customers = [
        {"customer_id": id_, "record_count": ids.count(id_), "identity_confidence": 0.875} for id_ in sorted(set(ids))
    ]
    ledger = list(tables.get("identity/ledger", ())) or [
        {"entry_no": number, "run_id": "2026-03-02.1", "changed_at": "2026-03-03", "change": "created"}
        | {"customer_id": id_, "reason": "a new person"}
        for number, id_ in enumerate(sorted(set(ids)), start=1)
    ]
    divided = {row["record_id"]: row for row in tables.get("identity/sensitivity", ())}
    smallest = {id_: min(person["record_id"] for person in people if person["customer_id"] == id_) for id_ in set(ids)}
    sensitivity: list[dict[str, Any]] = []
    for person in people:
        cluster = smallest[person["customer_id"]]
        as_today = {"record_id": person["record_id"], "strict_cluster_id": cluster, "loose_cluster_id": cluster}
        sensitivity.append(as_today | divided.get(person["record_id"], {}))
    cards = {
        row["loyalty_card_id"] for path in WITH_CARDS for row in tables.get(path, ()) if row.get("loyalty_card_id")
    }
    emails = {row[name] for path, name in WITH_MAILBOXES.items() for row in tables.get(path, ()) if row.get(name)}
    identity: dict[str, Rows] = {
        "records": records,
        "loyalty_cards": [{"written": card, "loyalty_card_id": card, "is_shared": False} for card in sorted(cards)],
        "mailboxes": [
            {"written": email, "mailbox": email.strip().lower(), "is_shared": False} for email in sorted(emails)
        ],
        "merged_records": list(tables.get("identity/merged_records", ())),
        "customer_ids": owners,
        "customers": customers,
        "ledger": ledger,
        "uncertain_pairs": list(tables.get("identity/uncertain_pairs", ())),
        "sensitivity": sensitivity,
        "field_report": list(tables.get("identity/field_report", ())),
    }
    for name, schema in IDENTITY.items():
        lake.write("identity", name, frame(identity[name], schema))
    write_records(lake, frame(records, RECORDS).sort("record_id"))
    path = lake.quarantine_path("crm", "contacts")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame(tables.get("quarantine/rows", ()), QUARANTINE).write_parquet(path)
    write_dbt_inputs(lake, NONE, date(2026, 3, 2))


@pytest.fixture(scope="session")
def make_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, Rows]], Home]:
    """A function that writes a lake into a home of its own."""

    def make(tables: Mapping[str, Rows]) -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        write_tables(Lake(home.root / "lake"), tables)
        return home

    return make


@dataclass(frozen=True)
class Retailer:
    """The settings that the warehouse takes from sources.yml."""

    timezone: str = "Europe/Paris"
    currency: str = "EUR"
    exchange_rates: Mapping[str, tuple[DatedRate, ...]] = field(
        default_factory=lambda: {"CHF": (DatedRate.model_validate({"rate": "1.05"}),)}
    )


@pytest.fixture(scope="session")
def retailer() -> Retailer:
    return Retailer()


@pytest.fixture(scope="session")
def today() -> date:
    return date(2026, 3, 2)


@pytest.fixture(scope="session")
def small_world() -> Mapping[str, Rows]:
    world: Mapping[str, Rows] = yaml.safe_load(Path(__file__).with_name("small_world.yml").read_text(encoding="utf-8"))
    return world


@pytest.fixture(scope="session")
def small_home(make_home: Callable[[Mapping[str, Rows]], Home], small_world: Mapping[str, Rows]) -> Home:
    """A home with the small world's lake, not yet built."""
    return make_home(small_world)


@pytest.fixture(scope="session")
def built_world(
    made_once: Callable[[str, Callable[[Path], None]], Path],
    small_world: Mapping[str, Rows],
    retailer: Retailer,
    today: date,
) -> Home:
    """The small world built with the bundled segments, and with every test of data and rules that dbt knows.

    Once for all workers, so read only.
    """

    def fill(folder: Path) -> None:
        home = Home(folder)
        write_tables(Lake(home.lake), small_world)
        write_dbt_inputs(Lake(home.lake), load_segments(BUNDLED), today)
        sources: Any = retailer
        dbt_project.build(home, sources, today, segments=load_segments(BUNDLED), unit_tests=True)

    return Home(made_once("small-world", fill))


@pytest.fixture(scope="session")
def write_lake() -> Callable[[Home, Mapping[str, Rows]], None]:
    """A function that writes a lake into a given home."""
    return lambda home, tables: write_tables(Lake(home.root / "lake"), tables)


CLIENTS = Path(__file__).with_name("clients")
AskOldest = Callable[[Path, Sequence[str]], list[list[list[str]]]]


@pytest.fixture(scope="session")
def ask_oldest_client(made_once: Callable[[str, Callable[[Path], None]], Path]) -> AskOldest:
    """What the oldest DuckDB that opens the published warehouse answers: the rows of each query, values as texts."""

    def install(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        done = subprocess.run(
            [*pip, "--require-hashes", "--target", folder, "--requirement", CLIENTS / "duckdb-1.2.txt"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"DuckDB 1.2 cannot be installed here: {done.stderr.strip().splitlines()[-1]}")

    folder = made_once("duckdb-1.2", install)

    def ask(warehouse: Path, queries: Sequence[str]) -> list[list[list[str]]]:
        asked = subprocess.run(
            [sys.executable, "-P", "-B", CLIENTS / "ask.py", warehouse],
            input=json.dumps(list(queries)),
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(folder)},
            check=False,
        )
        assert asked.returncode == 0, asked.stderr
        told = json.loads(asked.stdout)
        assert told["version"].startswith("1.2."), "another DuckDB answered"
        return list(told["answers"])

    return ask


@pytest.fixture(scope="session")
def node_client(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A folder with DuckDB's client of Node, and a script `ask.mjs FILE QUERY` that prints the rows as JSON."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("There is no npm here: DuckDB's client of Node cannot be tried.")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json", "ask.mjs"):
            shutil.copy(CLIENTS / name, folder)
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], check=False, cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"DuckDB's client of Node cannot be installed here: {done.stderr.strip().splitlines()[-1]}")

    return made_once("duckdb-node", install)
