"""Every preset that is shipped: it loads, and what it says of headers and canonical columns is true."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines import contracts
from pipelines.config.connectors import TextOptions
from pipelines.config.sources import load_sources
from pipelines.extracts.casting import sql_functions
from pipelines.extracts.named_rows import list_mentioned
from pipelines.extracts.sql_quoting import quote_name
from pipelines.presets.headers import fold_name
from pipelines.presets.preset import FOLDER, Preset, list_presets, load_preset
from pipelines.presets.recognise import recognise
from pipelines.yaml_document import read

NAMES = list_presets()


def tables_of(name: str) -> list[str]:
    return list(load_preset(name).tables)


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_each_table_is_one_that_sources_yml_could_have_said(name: str, tmp_path: Path) -> None:
    preset = load_preset(name)
    assert not read(FOLDER / f"{name}.yml", "system", "").faults
    tables = {}
    for table, given in preset.tables.items():
        beside = {relation: f"{relation}.csv" for relation in given.with_}
        tables[table] = {"from": preset.files[0], "preset": name, **({"with": beside} if beside else {})}
    source = {
        "name": "a",
        "kind": preset.kind,
        "connector": {"type": "files", "root": "."},
        "tables": tables,
    }
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"sources": [source]}, allow_unicode=True), encoding="utf-8")
    load_sources(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_required_column_is_mapped(name: str) -> None:
    preset = load_preset(name)
    for table, given in preset.tables.items():
        lacking = [
            column for column in contracts.table(preset.kind, table).required if given.columns.get(column) is None
        ]
        assert not lacking, f"{table}: {lacking}"


@pytest.mark.parametrize("name", NAMES)
def test_every_header_is_read_by_some_sql(name: str) -> None:
    preset = load_preset(name)
    for header in preset.headers:
        texts = [text for given in preset.tables.values() for text in _sql_of(given.model_dump())]
        assert header.lower() in list_mentioned(texts), header


def _sql_of(given: dict[str, object]) -> list[str]:
    columns = given["columns"]
    assert isinstance(columns, dict)
    return [str(sql) for sql in (given["query"], given["where"], *columns.values()) if sql]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_headers_are_called_the_same(name: str) -> None:
    preset = load_preset(name)
    own = [fold_name(header) for header in preset.headers]
    assert len(own) == len(set(own))
    with duckdb.connect() as connection:  # Nor by SQL, to which capitals make no difference.
        columns = ", ".join(f"null as {quote_name(header)}" for header in preset.headers)
        connection.execute(f"create table source as select {columns}")


@pytest.mark.parametrize(("name", "table"), [(name, table) for name in NAMES for table in tables_of(name)])
def test_its_sql_binds_over_the_columns_that_it_declares(name: str, table: str) -> None:
    preset = load_preset(name)
    given = preset.tables[table]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Europe/Paris'")
        for function in sql_functions(TextOptions(), date(2026, 6, 30)):
            connection.execute(function)
        _make_relation(connection, "source", list(preset.headers))
        for relation, declared in given.with_.items():
            _make_relation(connection, relation, list(declared.headers))
        rows = given.query or "select * from source"
        found = [str(row[0]) for row in connection.execute(f"describe {rows}").fetchall()]
        for sql in given.columns.values():
            if sql is not None:
                read = quote_name(sql) if sql in found else f"({sql})"
                connection.execute(f"describe select {read} from ({rows})")
        if given.where:
            connection.execute(f"describe select 1 from ({rows}) where {given.where}")


def _make_relation(connection: duckdb.DuckDBPyConnection, name: str, headers: list[str]) -> None:
    columns = [f"{quote_name(header)} varchar" for header in headers]
    places = ["_file varchar", "_file_number bigint", "_row bigint"]
    connection.execute(f"create table {quote_name(name)} ({', '.join([*columns, *places])})")


@pytest.mark.parametrize("name", NAMES)
def test_its_own_headers_are_recognised_as_it_before_all_others(name: str) -> None:
    preset: Preset = load_preset(name)
    first = recognise(list(preset.headers), preset.kind)[0]
    assert (first.preset.name, first.is_certain) == (name, True)
    needed = [header for header, said in preset.headers.items() if not said.is_optional]
    assert name in [match.preset.name for match in recognise(needed) if match.is_certain]
