"""The declarations of the canonical tables: whole, and the only place that says what a source may be."""

import pytest

from pipelines.config.repository import DBT_PROJECT
from pipelines.contracts import KINDS, SYSTEMS, TABLES, Table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path)
def test_a_table_and_its_columns_are_described_in_sentences(table: Table) -> None:
    texts = [table.description, *(column.description for column in table.columns)]
    assert [text for text in texts if not (text[:1].isupper() and text.endswith("."))] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path)
def test_a_key_names_columns_of_its_table_and_each_column_stands_once(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)


def test_no_table_is_called_as_another_begins() -> None:
    """dbt reads the parts of a table as all files whose names begin so."""
    paths = [table.path for table in TABLES]
    assert [(one, other) for one in paths for other in paths if one != other and other.startswith(one)] == []


def test_each_kind_has_tables_and_a_staging_folder() -> None:
    assert {table.kind for table in TABLES} == set(KINDS) == set(SYSTEMS)
    folders = {path.parent.name for path in (DBT_PROJECT / "models" / "staging").glob("*/_sources.yml")}
    assert set(KINDS) <= folders
