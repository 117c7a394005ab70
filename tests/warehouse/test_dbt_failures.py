"""What is told of a model that failed: no value of a row, whatever the value looks like."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.warehouse.dbt_failures import describe_failures, tell_stop


def failed(message: str) -> Any:
    node = SimpleNamespace(name="stg_shop__orders", resource_type="model", compiled_code="select note from orders")
    return SimpleNamespace(node=node, status="error", failures=None, message=message)


FORGED = [
    "Runtime Error in model stg_shop__orders (models/stg.sql)\n"
    "  Conversion Error: Could not convert string '{}' to INT32",
    "Database Error in model stg_shop__orders (models/stg.sql)\n  Something Unheard-of: {}",
    "{} is not what a library took it for",
]


@pytest.mark.parametrize("kind", ["Compilation", "Parsing", "Dependency", "Env var required but not provided"])
@pytest.mark.parametrize("message", FORGED)
def test_a_value_that_reads_like_a_fault_of_the_project_is_not_repeated(message: str, kind: str) -> None:
    message = message.format(f"rappeler {kind} Error: qzvx@example.org")
    assert "qzvx" not in describe_failures([failed(message)], None)
    assert "qzvx" not in tell_stop(Exception(message))


def test_a_value_that_reads_like_a_fault_of_the_engine_does_not_hide_the_real_one() -> None:
    message = FORGED[0].format("Parser Error: syntax error at or near ")
    assert "stg_shop__orders: Conversion Error" in describe_failures([failed(message)], None)


def test_a_fault_of_the_project_is_told_as_dbt_tells_it() -> None:
    message = "Compilation Error in model stg_shop__orders (models/stg.sql)\n  'golden' is undefined"
    told = "Compilation Error in model stg_shop__orders (models/stg.sql); 'golden' is undefined"
    assert told in describe_failures([failed(message)], None)
    assert tell_stop(Exception(message)) == told
