"""The doctor asks the systems that are pulled from: what is wrong is told with its fix, and never with the secret."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.home import Home
from pipelines.doctor.examinations import configuration, pulled_sources
from pipelines.doctor.findings import Case, Examined
from pipelines.pulls.web import client
from tests.database_servers import PASSWORD, Server, postgresql
from tests.pulls.conftest import COLUMNS, Shop

ROW = "1, 'Qzneedle', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as started:
        yield started


@pytest.fixture
def shop(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    shop = Shop(server, tmp_path)
    shop.make_orders(ROW)
    return shop


def examine(shop: Shop, **configured: Any) -> Examined:
    shop.configure(**configured)
    before = sorted(shop.folder.rglob("*"))
    case = Case(Home(shop.folder), shop.folder / "sources.yml")
    assert not configuration.examine(case).findings
    examined = pulled_sources.examine(case)
    assert sorted(shop.folder.rglob("*")) == before, "nothing is pulled into the home"
    assert not [needle for needle in (PASSWORD, "Qzneedle") if needle in repr(examined)]
    return examined


def tell(examined: Examined) -> str:
    [finding] = examined.findings
    assert finding.is_grave
    assert "`parcours check`" in finding.fix or "firewall" in finding.fix
    return finding.what


def test_a_system_that_answers_and_has_what_is_declared_is_well(shop: Shop) -> None:
    examined = examine(shop)
    assert not examined.findings, examined.findings
    assert examined.well == "shop answer, and have the 1 tables that are declared"


def test_wrong_credentials_are_told_without_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "wrong" + PASSWORD)
    assert "check `user`, `password` and `database`" in tell(examine(shop))


@pytest.mark.parametrize("place", [{"host": "no-such-host.invalid"}, {"port": 1}])
def test_a_host_that_is_unknown_or_does_not_answer_is_told(shop: Shop, place: dict[str, Any]) -> None:
    shop.connector = place
    said = tell(examine(shop))
    assert "does not answer" in said
    assert "Check `host` and `port`" in said


def test_a_table_and_a_column_that_are_not_there_are_told_and_the_others_looked_at(shop: Shop) -> None:
    tables = {
        "customers": {"from": "nobody", "columns": {"account_id": "id"}},
        "orders": {"from": "orders", "columns": COLUMNS},
    }
    examined = examine(shop, pulls={"orders": {"key": "number"}}, tables=tables)
    said = "\n".join(finding.what for finding in examined.findings)
    assert "the database has no table 'nobody'" in said
    assert "has no column number" in said


def test_a_system_that_never_says_a_word_keeps_nobody_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulled_sources, "PATIENCE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop.connector = {"port": silent.getsockname()[1]}
        assert "did not answer within" in tell(examine(shop))


def test_a_web_api_that_cannot_be_reached_is_told_as_that_without_waiting_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(client, "sleep", waits.append)
    monkeypatch.setenv("SQUARE_TOKEN", "Qzneedle")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    path = tmp_path / "sources.yml"
    address = f"http://127.0.0.1:{port}"
    path.write_text(
        "sources:\n  - name: tills\n    kind: pos\n"
        f'    connector: {{type: square, token: "${{SQUARE_TOKEN}}", address: "{address}"}}\n'
    )
    case = Case(Home(tmp_path), path)
    assert configuration.examine(case).well == f"{path} is valid"  # There are no exports to speak of.
    said = tell(pulled_sources.examine(case))
    assert "Square (127.0.0.1) cannot be reached" in said
    assert waits == []


def test_what_nobody_expected_is_told_without_the_words_of_a_library(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Qzneedle is no date")

    monkeypatch.setattr(pulled_sources, "pull_source", fail)
    said = tell(examine(shop))
    assert said.startswith("source shop: unexpected ValueError")


GIVES_UP = """
import sys
from pathlib import Path
from pipelines.config.home import Home
from pipelines.doctor.examinations import pulled_sources
from pipelines.doctor.findings import Case

pulled_sources.PATIENCE_SECONDS = 0.5
folder = Path(sys.argv[1])
[finding] = pulled_sources.examine(Case(Home(folder), folder / "sources.yml")).findings
assert "did not answer within" in finding.what
"""


def test_nothing_is_left_of_a_system_that_was_given_up(shop: Shop, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop.connector = {"port": silent.getsockname()[1]}
        shop.configure()
        command = [sys.executable, "-c", GIVES_UP, str(shop.folder)]
        subprocess.run(command, env={**os.environ, "TMPDIR": str(temporary)}, check=True, timeout=60)
    assert list(temporary.iterdir()) == []


def test_a_home_without_such_a_system_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "sources.yml").write_text(
        "sources:\n- {name: crm, kind: crm, connector: {type: files, root: .}, tables: {contacts: {from: c.csv}}}\n"
    )
    case = Case(Home(tmp_path), tmp_path / "sources.yml")
    assert pulled_sources.examine(case) == Examined("systems", "no source is pulled")
