"""Nothing about fewer than five people: the rule by itself; warehouse/test_report_of_a_few.py has a page of eight."""

import inspect
import random
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.report.published_marts import Marts
from pipelines.report.small_groups import FEW, NOBODY, About, is_few, screen, smallest_side

REPORT = Path(inspect.getfile(Marts)).parent
CUSTOMERS = About("customers")


def rows_of(*sizes: int, **same: Any) -> list[dict[str, Any]]:
    return [
        {"name": f"group {place}", "customers": size, "revenue": 10.5 * size, **same}
        for place, size in enumerate(sizes)
    ]


def shown(rows: list[dict[str, Any]], column: str = "customers") -> list[Any]:
    return [row[column] for row in rows]


@pytest.mark.parametrize(("sizes", "left"), [
    ((20, 30, 40), [20, 30, 40]),
    ((4, 30, 40), [None, None, 40]),
    ((3, 3, 40), [None, None, 40]),
    ((1, 2, 9, 40), [None, None, None, 40]),
    ((0, 30, 40), [0, 30, 40]),
    ((0, 4, 30, 40), [0, None, None, 40]),
    ((4,), [None]),
    ((5,), [5]),
    ((4, 5), [None, None]),
])  # fmt: skip
def test_a_few_are_hidden_and_so_is_what_would_give_them_away(sizes: tuple[int, ...], left: list[int | None]) -> None:
    found = screen(rows_of(*sizes), CUSTOMERS)
    assert shown(found) == left
    assert shown(found, "revenue") == [None if size is None else 10.5 * size for size in left]
    assert shown(found, "name") == [f"group {place}" for place in range(len(sizes))], "a group may be named"


def test_rows_that_are_no_parts_of_a_whole_do_not_hide_each_other() -> None:
    assert shown(screen(rows_of(4, 30, 40), About("customers", wholes=()))) == [None, 30, 40]


def test_each_whole_covers_its_own() -> None:
    rows = [*rows_of(4, 30, 40, month=1), *rows_of(10, 30, 40, month=2)]
    found = screen(rows, About("customers", free=("month",), wholes=(("month",),)))
    assert shown(found) == [None, None, 40, 10, 30, 40]
    assert shown(found, "month") == [1, 1, 1, 2, 2, 2]


def test_what_one_whole_hides_is_covered_in_the_other() -> None:
    flows = [
        {"start": start, "end": end, "customers": size}
        for (start, end), size in {
            ("a", "x"): 3,
            ("a", "y"): 20,
            ("a", "z"): 50,
            ("b", "x"): 30,
            ("b", "y"): 40,
        }.items()
    ]
    found = screen(flows, About("customers", wholes=(("start",), ("end",))))
    assert {(row["start"], row["end"]) for row in found if row["customers"] is not None} == {("a", "z")}


def test_a_number_may_rest_on_a_count_of_its_own() -> None:
    rows = [{"customers": 50, "nps": 12.5, "answers": 3, "spend": 2.5}]
    found = screen(rows, About("customers", apart={"nps": "answers"}, free=("spend",)))
    assert found == [{"customers": 50, "nps": None, "answers": None, "spend": 2.5}]


def test_a_whole_number_below_five_is_hidden_wherever_it_stands() -> None:
    assert screen([{"customers": 50, "carts": 4, "share": 0.5}], CUSTOMERS) == [
        {"customers": 50, "carts": None, "share": 0.5}
    ]


def test_rows_about_nobody_are_left_alone() -> None:
    assert screen([{"stores": 3}], NOBODY) == [{"stores": 3}]


def test_a_rule_that_names_a_column_which_is_not_there_is_no_rule() -> None:
    for about in (About("people"), About("customers", apart={"x": "customers"}), About("customers", wholes=(("x",),))):
        with pytest.raises(KeyError):
            screen(rows_of(20), about)


def test_no_total_gives_a_few_away() -> None:
    """Whatever the sizes: what the total leaves for the hidden is that of two groups, and of five people, or all."""
    dice = random.Random(3)
    for _ in range(3000):
        sizes = [dice.choice((0, 1, 2, 4, 5, 6, 20, 300)) for _ in range(dice.randint(1, 6))]
        left = shown(screen(rows_of(*sizes), CUSTOMERS))
        assert not any(is_few(size) for size in left)
        hidden = [size for size, told in zip(sizes, left, strict=True) if told is None]
        is_everything = not any(left)
        assert not hidden or is_everything or (len(hidden) > 1 and sum(hidden) >= FEW), sizes
        assert hidden or not any(is_few(size) for size in sizes)


@pytest.mark.parametrize(("part", "whole", "people"), [
    (23, 25, 2), (2, 25, 2), (12, 25, 12), (0, 25, 25), (25, 25, 25), (0, 0, 0), (3, 3, 3),
])  # fmt: skip
def test_a_share_rests_on_the_smaller_side_that_anybody_is_on(part: int, whole: int, people: int) -> None:
    with duckdb.connect() as connection:
        [(found,)] = connection.execute(f"select {smallest_side(str(part), str(whole))}").fetchall()
    assert found == people


def test_no_section_comes_by_the_marts_another_way() -> None:
    """To ask takes to say whom about; and nobody else opens the file."""
    assert inspect.signature(Marts.ask).parameters["about"].default is inspect.Parameter.empty
    assert inspect.signature(Marts.ask_period).parameters["about"].default is inspect.Parameter.empty
    for file in REPORT.rglob("*.py"):
        if file.name != "published_marts.py":
            code = file.read_text(encoding="utf-8")
            assert not re.search(r"_connection|import duckdb|duckdb\.|_ask\b(?!_)", code), file
