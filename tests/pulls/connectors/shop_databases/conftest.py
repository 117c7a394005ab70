"""Shops that stand in a database: one MariaDB for all of them, a few lines of sources.yml, nights of pulls."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Outcome, Settings, list_messages
from tests.database_servers import Server, mariadb


@dataclass
class Database:
    """The database of one shop, made of ``tables``: per table its columns, `id int, name varchar(9)`."""

    server: Server
    tables: Mapping[str, str]
    prefix: str = ""
    _gathered: list[str] | None = field(default=None, init=False)

    def make(self) -> None:
        for name, columns in self.tables.items():
            self.run(f"drop table if exists `{self.prefix}{name}`", f"create table `{self.prefix}{name}` ({columns})")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What happens within is done over one connection, when it ends."""
        self._gathered = gathered = []
        yield
        self._gathered = None
        self.server.run(*gathered)

    def filled(self, fill: Callable[[Any], None]) -> Self:
        """The shop with all that ``fill`` does in it."""
        with self.at_once():
            fill(self)
        return self

    def run(self, *statements: str) -> None:
        if self._gathered is None:
            self.server.run(*statements)
        else:
            self._gathered += statements

    def add(self, table: str, *rows: Mapping[str, object]) -> None:
        """Rows by column; those that a row does not name have the default of the column."""
        for row in rows:
            names = ", ".join(f"`{name}`" for name in row)
            values = ", ".join(_write(value) for value in row.values())
            self.run(f"insert into `{self.prefix}{table}` ({names}) values ({values})")

    def change(self, table: str, where: str, **values: object) -> None:
        said = ", ".join(f"`{name}` = {_write(value)}" for name, value in values.items())
        self.run(f"update `{self.prefix}{table}` set {said} where {where}")

    def delete(self, table: str, where: str) -> None:
        self.run(f"delete from `{self.prefix}{table}` where {where}")


def _write(value: object) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


@dataclass
class ShopHome:
    """A home whose only source is called `shop`."""

    folder: Path
    connector: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def configure(self, **more: Any) -> Sources:
        source = {"name": "shop", "kind": "ecommerce", "connector": dict(self.connector), **more}
        path = self.folder / "sources.yml"
        path.write_text(yaml.safe_dump({**self.settings, "sources": [source]}), encoding="utf-8")
        return load_sources(path)

    def pull(self, *, full: bool = False, **more: Any) -> dict[str, Outcome]:
        settings = Settings(self.folder, full=full, wait=lambda _: None)
        outcomes = pull_sources(self.configure(**more), self.lake, settings)
        refused = [each for each in outcomes if each.state not in ("taken", "absent")]
        assert not refused, "\n".join(list_messages(outcomes, "not taken"))
        return {each.name: each for each in outcomes}

    def read_landed(self) -> str:
        """All values that were landed, one behind the other; files are compressed, and searching them finds nothing."""
        files = sorted((self.folder / "lake" / "landed").rglob("*.parquet"))
        frames = [pl.read_parquet(file, glob=False) for file in files]
        assert sum(frame.height for frame in frames)
        return "\n".join(str(value) for frame in frames for row in frame.rows() for value in row)

    def extract(self, table: str, **more: Any) -> pl.DataFrame:
        sources = self.configure(**more)
        extract_table(sources, contracts.table(sources.sources[0].kind, table), self.lake, date(2026, 12, 31))
        return self.lake.read(sources.sources[0].kind, table)

    def extract_all(self) -> dict[str, pl.DataFrame]:
        return {table: self.extract(table) for table in self.configure().sources[0].tables}

    def assert_like_a_full_pull(self) -> dict[str, pl.DataFrame]:
        """What the nights so far led to is what all rows anew lead to."""
        nightly = self.extract_all()
        self.pull(full=True)
        anew = self.extract_all()
        assert {table: frame.equals(anew[table]) for table, frame in nightly.items()} == dict.fromkeys(nightly, True)
        return nightly


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    with mariadb() as started:
        yield started


@pytest.fixture
def open_home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ShopHome]:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)

    def open_home(rates: Mapping[str, float] | None = None, **connector: Any) -> ShopHome:
        settings = {"reject_limit": 0, "exchange_rates": dict(rates or {})}
        return ShopHome(tmp_path, {**server.connector, **connector}, settings)

    return open_home
