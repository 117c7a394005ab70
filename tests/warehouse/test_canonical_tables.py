import json

import pytest

from pipelines.contracts import KINDS, TABLES, Kind, table
from pipelines.contracts.reference import USES, Use, describe_column, describe_table, load_uses, write_uses
from pipelines.warehouse import dbt_project
from pipelines.warehouse.canonical_tables import (
    COMMAND,
    PAGE,
    declare_sources,
    describe_tables,
    find_uses,
    sources_path,
)

OUT_OF_DATE = f"out of date: run {COMMAND}"


def test_the_reference_of_canonical_tables_says_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe_tables(), OUT_OF_DATE


@pytest.fixture(scope="module")
def found() -> dict[str, Use]:
    return find_uses()


@pytest.mark.run
def test_where_columns_go_is_what_the_sql_of_the_models_says(found: dict[str, Use]) -> None:
    assert USES.read_text(encoding="utf-8") == write_uses(found), OUT_OF_DATE
    assert found == load_uses()


@pytest.mark.run
def test_the_use_of_each_column_is_what_a_reader_of_the_models_finds(found: dict[str, Use]) -> None:
    assert found.keys() == {f"{table.path}.{column.name}" for table in TABLES for column in table.columns}
    assert {"customer_360", "orders", "kpis"} <= set(found["ecommerce/orders.total_amount"].feeds)
    assert found["ecommerce/orders.gross_amount"] == Use(feeds=("orders",))
    assert found["ecommerce/ad_spend.amount"] == Use(feeds=("traffic_source_performance",))
    assert found["crm/campaign_events.contact_id"] == Use(joins=True)
    assert "friction_points" in found["crm/interactions.is_resolved"].decides
    assert not found["crm/interactions.ended_at"].is_read
    assert found["pos/members.email"].recognises
    assert not found["pos/tickets.total_amount"].recognises


@pytest.mark.parametrize("kind", KINDS)
def test_dbt_is_told_what_is_declared(kind: Kind) -> None:
    assert sources_path(kind).read_text(encoding="utf-8") == declare_sources(kind), OUT_OF_DATE


def test_dbt_shows_the_descriptions_of_a_table_and_its_columns() -> None:
    manifest = json.loads(dbt_project.prepare().read_text())
    source, declared = manifest["sources"]["source.parcours.crm.consents"], table("crm", "consents")
    assert source["description"] == describe_table(declared)
    said = source["columns"]["status"]["description"]
    assert said == describe_column(declared, declared.column("status"))
    assert said.startswith("The answer. One of granted, denied, withdrawn. Any other value counts as denied.")
    assert list(source["columns"]) == [column.name for column in declared.columns]
