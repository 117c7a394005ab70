"""A retailer whose customers are known to a web API: its server, five lines of sources.yml, nights of pulls."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import Sources, load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.pulls.connectors.hubspot import api as hubspot_api
from pipelines.pulls.night import pull_sources
from pipelines.pulls.pull import Outcome, Settings, list_messages
from pipelines.pulls.web import client
from tests.pulls.connectors.api_server import ApiServer, serve


@dataclass
class Crm:
    """A source called `crm` over one server, and a home that its rows are pulled into."""

    server: ApiServer
    folder: Path
    connector: dict[str, Any]
    said: list[str] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)
    kind: str = "crm"

    @property
    def account(self) -> Any:
        return self.server.account

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def landed(self) -> Path:
        return self.folder / "lake" / "landed" / "crm"

    def configure(self, **source: Any) -> Sources:
        written = {"name": "crm", "kind": self.kind, "connector": self.connector, **source}
        path = self.folder / "sources.yml"
        path.write_text("reject_limit: 1\n" + yaml.safe_dump({"sources": [written]}), encoding="utf-8")
        return load_sources(path)

    def pull(self, *, full: bool = False, most: int | None = None, **source: Any) -> dict[str, Outcome]:
        settings = Settings(self.folder, full=full, most=most, say=self.said.append, wait=lambda _: None)
        outcomes = pull_sources(self.configure(**source), self.lake, settings)
        self._check_needles(outcomes)
        return {each.name: each for each in outcomes}

    def fail(self, name: str, **source: Any) -> str:
        """What is said of a pull that is not taken."""
        outcomes = self.pull(**source)
        assert outcomes[name].state == "not taken", outcomes[name]
        assert not list(self.folder.rglob("*.tmp-*"))
        return " ".join(list_messages([outcomes[name]], "not taken"))

    def extract(self, table: str, **source: Any) -> pl.DataFrame:
        extract_table(self.configure(**source), contracts.table(self.kind, table), self.lake, date(2026, 12, 31))
        return self.lake.read(self.kind, table)

    def extract_all(self, tables: tuple[str, ...]) -> dict[str, pl.DataFrame]:
        return {table: self.extract(table) for table in tables}

    def _check_needles(self, outcomes: list[Outcome]) -> None:
        """Neither a token nor a person is in what is said, in files that hold no rows, and in any file's name."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        told = " ".join([*self.said, *map(repr, outcomes), *map(str, files)])
        told += " ".join(file.read_text() for file in files if file.suffix in (".json", ".yml"))
        assert [needle for needle in self.needles if needle in told] == []


@pytest.fixture
def open_crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Crm]]:
    """Starts a server for an account; its connector's secrets are in the environment."""
    with ExitStack() as servers:

        def start(account: Any, connector: dict[str, Any], **secrets: str) -> Crm:
            for name, value in secrets.items():
                monkeypatch.setenv(name, value)
            server = servers.enter_context(serve(account))
            monkeypatch.setattr(client, "sleep", server.waits.append)
            monkeypatch.setattr(hubspot_api, "PACE", 0)
            return Crm(server, tmp_path, {**connector, "address": server.url}, needles=[*secrets.values(), "Qzneedle"])

        yield start
