"""Tests of a table's data, tried together: what one of them would find is left to dbt, which names it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.warehouse import data_tests, dbt_project

ORDERS = "model.parcours.orders"
CUSTOMERS = "model.parcours.customers"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.build_database.parent.mkdir()
    with duckdb.connect(home.build_database) as marts:
        marts.execute("create schema marts")
        marts.execute(
            "create table marts.orders as from (values "
            "(1, 'web', 10.0, 'c1', 'x', 1), (2, 'store', 0.0, 'c2', 'x', 2), (3, null, null, null, null, 2)"
            ") as rows (order_id, channel, amount, customer_id, alike, twice)"
        )
    with duckdb.connect(home.workshop) as workshop:
        workshop.execute("create schema intermediate")
        workshop.execute("create table intermediate.customers as from (values ('c1'), ('c2')) as rows (customer_id)")
        workshop.execute("create table intermediate.few as from (values ('c1')) as rows (customer_id)")
    return home


def try_test(home: Home, kind: str, told: dict[str, Any], **settings: Any) -> data_tests.Tried:
    other = told.get("to", "").removeprefix("ref('").removesuffix("')")
    nodes: dict[str, Any] = {
        ORDERS: {"name": "orders", "relation_name": '"warehouse"."marts"."orders"'},
        CUSTOMERS: {"name": "customers", "relation_name": '"workshop"."intermediate"."customers"'},
        "model.parcours.few": {"name": "few", "relation_name": '"workshop"."intermediate"."few"'},
        "test.parcours.t.1": {
            "name": "t",
            "attached_node": ORDERS,
            "depends_on": {"nodes": [f"model.parcours.{other}"] * bool(other) + [ORDERS]},
            "test_metadata": {"name": kind, "kwargs": {"model": "orders", **told}},
            "config": data_tests.USUAL | settings,
        },
    }
    made = {name for name in nodes if name.startswith("model.")}
    return data_tests.try_together(home, nodes, made)


@pytest.mark.parametrize(
    ("kind", "holds", "broken"),
    [
        ("not_null", {"column_name": "order_id"}, {"column_name": "channel"}),
        ("never_null", {"columns": ["order_id", "twice"]}, {"columns": ["order_id", "alike"]}),
        ("unique", {"column_name": "customer_id"}, {"column_name": "alike"}),
        ("unique_together", {"columns": ["twice", "alike"]}, {"columns": ["twice"]}),
        (
            "accepted_values",
            {"column_name": "channel", "values": ["web", "store"]},
            {"column_name": "channel", "values": ["web", "l'app"]},
        ),
        (
            "accepted_values",
            {"column_name": "twice", "values": [1, 2], "quote": False},
            {"column_name": "twice", "values": [1], "quote": False},
        ),
        (
            "within",
            {"column_name": "amount", "lowest": 0, "highest": 10},
            {"column_name": "amount", "lowest": 0, "highest": 9},
        ),
        ("within", {"column_name": "amount", "lowest": 0}, {"column_name": "amount", "lowest": 1}),
        (
            "relationships",
            {"column_name": "customer_id", "to": "ref('customers')", "field": "customer_id"},
            {"column_name": "customer_id", "to": "ref('few')", "field": "customer_id"},
        ),
    ],
)
def test_a_rule_that_holds_has_passed_and_one_that_is_broken_is_left_to_dbt(
    home: Home, kind: str, holds: dict[str, Any], broken: dict[str, Any]
) -> None:
    assert list(try_test(home, kind, holds).passed) == ["test.parcours.t.1"]
    found = try_test(home, kind, broken)
    assert (dict(found.passed), found.dbt) == ({}, ["t"])


@pytest.mark.parametrize(
    ("told", "settings"),
    [
        ({"column_name": "order_id"}, {"where": "amount > 0"}),
        ({"column_name": "order_id"}, {"error_if": ">10"}),
        ({"column_name": "order_id", "quote": False}, {}),
        ({"column_name": "absent"}, {}),
    ],
)
def test_a_rule_with_settings_of_its_own_and_one_that_cannot_be_tried_are_left_to_dbt(
    home: Home, told: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert try_test(home, "unique", told, **settings).dbt == ["t"]


def test_every_column_rule_of_the_project_can_be_tried_together() -> None:
    nodes = json.loads(dbt_project.prepare().read_text())["nodes"]
    tests = [node for node in nodes.values() if (node.get("test_metadata") or {}).get("name") in data_tests.KINDS]
    left = [node["name"] for node in tests if data_tests.count_faults(node, nodes) is None]
    assert len(tests) > 200
    assert left == []
