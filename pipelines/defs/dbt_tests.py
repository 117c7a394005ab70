"""What each dbt test holds and what to do where it fails, as the description of its check in Dagster.

A test that has a description in the dbt project keeps it; one of dbt's or ours that is used many times is told from
what it was given. What to do may be said where the test is declared, as `config: {meta: {on_failure: ...}}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

BLOCKS = "Where it fails, nothing is published and the warehouse of before stays."
WARNS = "Where it fails, the night only warns."
A_MODEL_IS_WRONG = (
    "No export should make it fail: a model, or a change made to one, is wrong. The test's SQL, below "
    "`build/dbt/compiled` of the home, lists the rows at fault in `build/warehouse.duckdb`. Mend the model."
)
A_SEED_IS_WRONG = "Mend {name}.csv in `dbt_project/seeds`, and run again."


def describe_test(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The description of the test ``node`` of dbt's ``manifest``: what holds, what happens if not, and what to do.

    Raises ValueError for a test that has no description and is of no kind that is known here.
    """
    holds = str(node.get("description") or "").strip() or _describe_generic(node)
    happens = WARNS if str(node["config"]["severity"]).lower() == "warn" else BLOCKS
    advice = (node["config"].get("meta") or {}).get("on_failure") or _advise(node, manifest)
    return f"{holds} {happens} {str(advice).strip()}"


def _advise(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Seeds are filled by hand, models by SQL alone."""
    attached = node.get("attached_node")
    tested = [str(attached)] if attached else list(manifest["parent_map"][node["unique_id"]])
    seeds = [name.rsplit(".", 1)[1] for name in tested if name.startswith("seed.")]
    return A_SEED_IS_WRONG.format(name=seeds[0]) if len(seeds) == len(tested) == 1 else A_MODEL_IS_WRONG


def _describe_generic(node: Mapping[str, Any]) -> str:
    test = node.get("test_metadata") or {}
    given: Mapping[str, Any] = test.get("kwargs") or {}
    column = f"`{given.get('column_name')}`"
    match test.get("name"):
        case "not_null":
            return f"{column} is filled in every row."
        case "never_null":
            return f"{_enumerate(given['columns'])} are filled in every row."
        case "unique":
            return f"No two rows have the same {column}."
        case "unique_together":
            return f"No two rows have the same {_enumerate(given['columns'])}; null equals null."
        case "accepted_values":
            return f"{column} is null or one of {', '.join(str(value) for value in given['values'])}."
        case "relationships":
            referred = str(given["to"]).removeprefix("ref('").removesuffix("')")
            return f"Each {column} that is filled is in `{given['field']}` of `{referred}`."
        case "within" if given.get("highest") is None:
            return f"{column} is null or at least {given['lowest']}."
        case "within":
            return f"{column} is null or from {given['lowest']} to {given['highest']}."
        case _:
            raise ValueError(f"The dbt test {node['name']} needs a description: say in its .yml what it holds.")


def _enumerate(columns: Sequence[str]) -> str:
    *front, last = (f"`{column}`" for column in columns)
    return f"{', '.join(front)} and {last}" if front else last
