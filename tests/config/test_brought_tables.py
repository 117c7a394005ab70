"""Sources whose tables come with the connector: what is wrong with what a person wrote, and nothing else, is told."""

from pathlib import Path

import pytest

from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError

TILLS = 'sources:\n  - name: tills\n    {kind}connector: {{type: {type_}, token: "${{TOKEN}}"}}\n'


def read_fault(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sources.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_sources(path)
    return str(error.value)


@pytest.mark.parametrize("kind", ["kind: crm\n    ", "kind: shop\n    ", "kind: [pos]\n    ", ""])
def test_a_kind_of_which_the_connector_brings_no_table_is_one_fault(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "needle")
    told = read_fault(tmp_path, TILLS.format(kind=kind, type_="square"))
    assert "has 1 fault " in told
    assert "square brings tables of kind 'ecommerce' or 'pos': write `kind: ecommerce` or `kind: pos`" in told
    assert ("sources.yml:3: sources[tills].kind:" if kind else "sources.yml:2: sources[tills].kind:") in told


def test_a_table_that_two_kinds_have_by_one_name_makes_no_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "needle")
    told = read_fault(tmp_path, TILLS.format(kind="kind: ecommerce\n    ", type_="klaviyo"))
    assert "has 1 fault " in told
    assert "klaviyo brings tables of kind 'crm': write `kind: crm`" in told


@pytest.mark.parametrize("consents", ["", ", consents: null"])
def test_a_connector_may_fill_another_kind_by_tables_of_ones_own(
    tmp_path: Path, consents: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "needle")
    path = tmp_path / "sources.yml"
    orders = "{from: deals, columns: {order_id: id}}"
    own = f"    pulls: {{deals: {{key: id}}}}\n    tables: {{orders: {orders}{consents}}}"
    path.write_text(TILLS.format(kind="kind: ecommerce\n    ", type_="hubspot") + own)
    [source] = load_sources(path).sources
    assert sorted(source.tables) == ["orders"]


def test_of_a_connector_that_there_is_not_nothing_is_told_but_that(tmp_path: Path) -> None:
    told = read_fault(tmp_path, TILLS.format(kind="kind: pos\n    ", type_="sqare"))
    assert "has 1 fault " in told
    assert "there is no connector 'sqare', did you mean 'square'?" in told
