"""A retailer whose tills leave files on another machine: servers of each kind, a sources.yml, nights of pulls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.unchanged import extract_if_changed
from pipelines.lake.mirror import Mirror, read_mirror
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Outcome, Settings
from tests.drop_servers import STORES, ScriptedStore, Store, scripted

PATTERN = "tickets_*.csv"
COLUMNS = {"ticket_id": "id", "store_id": "store", "sold_at": "sold", "total_amount": "total"}
HEADER = "id,store,sold,total\n"


def tickets(*rows: str) -> bytes:
    """A file of a till, with rows such as ``1,S1,2026-01-01 10:00,12.50``."""
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


@dataclass
class Till:
    """A source called `till` over one store, and a home that its files are mirrored into.

    ``meanwhile`` runs between the two looks at the files.
    """

    store: Store
    folder: Path
    connector: dict[str, Any] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def landed(self) -> Path:
        return self.folder / "lake" / "landed" / "till"

    @property
    def mirror(self) -> Mirror:
        return read_mirror(self.landed)

    def put(self, name: str, *rows: str) -> None:
        self.store.put(name, tickets(*rows))

    def configure(self) -> Sources:
        source = {
            "name": "till",
            "kind": "pos",
            "connector": {"wait_seconds": 0, **self.store.connector, **self.connector},
            "tables": {"tickets": {"from": PATTERN, "columns": COLUMNS, **self.table}},
        }
        path = self.folder / "sources.yml"
        path.write_text("reject_limit: 1\n" + yaml.safe_dump({"sources": [source]}), encoding="utf-8")
        return load_sources(path)

    def pull_all(self, **settings: Any) -> list[Outcome]:
        given = Settings(self.folder, say=self.said.append, wait=self._wait, **settings)
        return pull_sources(self.configure(), self.lake, given)

    def pull(self, **settings: Any) -> Outcome:
        [outcome] = self.pull_all(**settings)
        return outcome

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.meanwhile()

    def extract(self) -> pl.DataFrame:
        extract_if_changed(self.configure(), contracts.table("pos", "tickets"), self.lake, date(2026, 6, 30))
        return self.lake.read("pos", "tickets")

    def sums(self, outcome: Outcome) -> dict[str, tuple[int, int]]:
        return {each.measure: (int(each.source), int(each.landed)) for each in outcome.reconciled}


@pytest.fixture(scope="session", params=list(STORES))
def any_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with STORES[request.param]() as started:
        yield started


@pytest.fixture
def anywhere(any_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A till on each kind of server."""
    yield from _till(any_store, tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def scripted_store() -> Iterator[ScriptedStore]:
    with scripted() as started:
        yield started


@pytest.fixture
def till(scripted_store: ScriptedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A till on an SFTP server that does what it is told to do wrong."""
    yield from _till(scripted_store, tmp_path, monkeypatch)
    scripted_store.drops = scripted_store.shortens = 0
    scripted_store.pauses = 0
    scripted_store.on_open = None
    for each in (scripted_store.names, scripted_store.opened, scripted_store.listed):
        each.clear()


def _till(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    for variable, value in store.environment.items():
        monkeypatch.setenv(variable, value)
    root, place = store.connector["root"], getattr(store, "folder", None)
    number = f"{root}/{folder.name}"
    store.connector["root"] = number
    if place is not None:
        store.folder = place / folder.name  # type: ignore[attr-defined]
        store.folder.mkdir()  # type: ignore[attr-defined]
    yield Till(store, folder)
    store.connector["root"] = root
    if place is not None:
        store.folder = place  # type: ignore[attr-defined]
