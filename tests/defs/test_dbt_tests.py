"""What Dagster says of a dbt test: what it holds, what happens where it does not, and what to do."""

from typing import Any

import pytest

from pipelines.defs.dbt_tests import A_MODEL_IS_WRONG, BLOCKS, WARNS, describe_test

MANIFEST: dict[str, Any] = {"parent_map": {"test.t": ["model.parcours.orders", "seed.parcours.rules"]}}


def node(name: str | None = None, description: str = "", severity: str = "ERROR", **given: Any) -> dict[str, Any]:
    return {
        "unique_id": "test.t",
        "name": "t",
        "description": description,
        "config": {"severity": severity, "meta": {}},
        "attached_node": "model.parcours.orders" if name else None,
        **({"test_metadata": {"name": name, "kwargs": given}} if name else {}),
    }


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (node("not_null", column_name="a"), "`a` is filled in every row."),
        (node("never_null", columns=["a", "b", "c"]), "`a`, `b` and `c` are filled in every row."),
        (node("unique", column_name="a"), "No two rows have the same `a`."),
        (node("unique_together", columns=["a", "b"]), "No two rows have the same `a` and `b`; null equals null."),
        (node("accepted_values", column_name="a", values=[0, "x"]), "`a` is null or one of 0, x."),
        (
            node("relationships", column_name="a", to="ref('customers')", field="b"),
            "Each `a` that is filled is in `b` of `customers`.",
        ),
        (node("within", column_name="a", lowest=0, highest=1), "`a` is null or from 0 to 1."),
        (node("within", column_name="a", lowest=0), "`a` is null or at least 0."),
        (node("unique", "Each is told once.", column_name="a"), "Each is told once."),
        (node(description="Sums agree."), "Sums agree."),
    ],
)
def test_a_test_says_what_it_holds_in_its_own_words_first(test: dict[str, Any], holds: str) -> None:
    assert describe_test(test, MANIFEST) == f"{holds} {BLOCKS} {A_MODEL_IS_WRONG}"


def test_a_warning_says_that_it_only_warns() -> None:
    assert WARNS in describe_test(node("unique", severity="warn", column_name="a"), MANIFEST)


def test_what_to_do_is_what_the_test_declares_else_what_its_table_is_made_of() -> None:
    declared = node("unique", column_name="a")
    declared["config"]["meta"] = {"on_failure": "Declare a rate."}
    assert describe_test(declared, MANIFEST).endswith(f"{BLOCKS} Declare a rate.")
    of_seed = {**node("unique", column_name="a"), "attached_node": "seed.parcours.rules"}
    assert describe_test(of_seed, MANIFEST).endswith("Mend rules.csv in `dbt_project/seeds`, and run again.")


def test_a_test_of_which_nobody_says_anything_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a description"):
        describe_test(node(), MANIFEST)
    with pytest.raises(ValueError, match="needs a description"):
        describe_test(node("at_least_one", column_name="a"), MANIFEST)
