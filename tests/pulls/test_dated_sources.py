"""Days are asked of the systems that can be asked for some; others are left out and said, unless they are named."""

from pathlib import Path

import pytest

from pipelines.config.sources import Sources, load_sources
from pipelines.pulls.dated_sources import choose_dated

SHOP = """
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me}
    pulls: {orders: {day: created}}
    tables: {orders: {from: orders}}
"""
CRM = """
  - name: crm
    kind: crm
    connector: {type: hubspot, token: "${CRM_SECRET}"}
"""


def load(folder: Path, *written: str) -> Sources:
    (folder / "sources.yml").write_text("sources:" + "".join(written))
    return load_sources(folder / "sources.yml")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", "needle")


def test_a_web_api_beside_a_database_is_left_out_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    chosen = choose_dated(load(tmp_path, SHOP, CRM), None, said.append)
    assert [source.name for source in chosen] == ["shop"]
    assert said == [
        "source crm is left out: its system cannot be asked for some days. `parcours run --full` pulls all of it."
    ]


@pytest.mark.parametrize(("written", "names"), [((SHOP, CRM), ["crm"]), ((CRM,), None)])
def test_one_that_is_named_or_alone_is_asked_and_says_that_it_cannot(
    tmp_path: Path, written: tuple[str, ...], names: list[str] | None
) -> None:
    said: list[str] = []
    chosen = choose_dated(load(tmp_path, *written), names, said.append)
    assert ([source.name for source in chosen], said) == (["crm"], [])
