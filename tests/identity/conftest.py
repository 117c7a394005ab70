"""Records for identity tests, built as the extracts would hold them, and a model trained on a small retailer."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS, gather_records, standardise
from pipelines.identity.training.train import learn
from pipelines.lake.tables import Lake
from pipelines.sample.world import generate

AS_OF = date(2026, 2, 28)

Row = dict[str, Any]


def make_row(key: str, **fields: Any) -> Row:
    """One crm contact; another table where ``source``, ``kind`` and ``table_name`` say so."""
    row = {"source": "crm", "kind": "crm", "table_name": "contacts", "source_key": key} | fields
    row.setdefault("updated_at", datetime.fromisoformat("2026-01-01"))
    row["record_id"] = f"{row['source']}:{row['table_name']}:{key}"
    if isinstance(row.get("birth_date"), str):
        row["birth_date"] = date.fromisoformat(row["birth_date"])
    return row


def make_gathered(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in RECORD_COLUMNS} for row in rows], schema=RECORD_COLUMNS)


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return make_row


@pytest.fixture(scope="session")
def gathered() -> Callable[..., pl.DataFrame]:
    """The given rows as the extracts hold them, before anything is cleaned."""
    return make_gathered


@pytest.fixture(scope="session")
def receipt() -> Callable[[str, str | None], Row]:
    """A till ticket with a receipt e-mail and no card."""

    def make(key: str, email: str | None) -> Row:
        return make_row(key, source="till", kind="pos", table_name="tickets", email=email)

    return make


@pytest.fixture(scope="session")
def standardised() -> Callable[..., pl.DataFrame]:
    """``identity/records`` of the given rows."""
    return lambda *rows: standardise(make_gathered(*rows), "FR", AS_OF)


class Retailer(NamedTuple):
    """A generated retailer: its records as gathered and standardised, who is who, and the model learned from it."""

    gathered: pl.DataFrame
    records: pl.DataFrame
    truth: pl.DataFrame
    model: ModelVersion
    as_of: date


@pytest.fixture(scope="session")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Retailer:
    world = generate(4_000, 200, 7)
    lake = Lake(Path(tmp_path_factory.mktemp("retailer")))
    sources = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
    for path, frame in world.tables.items():
        kind, name = path.split("/")
        lake.write(kind, name, frame.select(pl.lit(sources[kind]).alias("source"), pl.all()))
    collected = gather_records(lake, world.as_of)
    records = standardise(collected, "FR", world.as_of)
    model = learn(build_profiles(records)[0], seed=1, as_of=world.as_of)
    return Retailer(collected, records, world.truth, model, world.as_of)
