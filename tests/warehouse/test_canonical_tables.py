import json

import pytest

from pipelines.contracts import KINDS, Kind, table
from pipelines.warehouse import dbt_project
from pipelines.warehouse.canonical_tables import COMMAND, PAGE, declare_sources, describe_tables, sources_path

OUT_OF_DATE = f"out of date: run {COMMAND}"


def test_the_reference_of_canonical_tables_says_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe_tables(), OUT_OF_DATE


@pytest.mark.parametrize("kind", KINDS)
def test_dbt_is_told_what_is_declared(kind: Kind) -> None:
    assert sources_path(kind).read_text(encoding="utf-8") == declare_sources(kind), OUT_OF_DATE


def test_dbt_shows_the_descriptions_of_a_table_and_its_columns() -> None:
    manifest = json.loads(dbt_project.prepare().read_text())
    source, declared = manifest["sources"]["source.parcours.crm.consents"], table("crm", "consents")
    assert source["description"] == declared.description
    assert source["columns"]["status"]["description"] == (
        "The answer. One of granted, denied, withdrawn. Any other value counts as denied."
    )
    assert list(source["columns"]) == [column.name for column in declared.columns]
