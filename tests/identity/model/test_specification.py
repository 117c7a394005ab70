"""What the conditions of levels say of two values; their shortcuts change no verdict."""

import duckdb
import numpy as np
import polars as pl
import pytest

from pipelines.identity.model.specification import _share_a_word, _typed_wrong
from pipelines.identity.scoring.profiles import build_profiles, with_name_parts
from pipelines.identity.scoring.weighed_pairs import MISSING, weigh_pairs


def edit(word, generator):
    """The word with up to three letters dropped, added, replaced or exchanged."""
    letters = list(word)
    for _ in range(generator.integers(0, 4)):
        at = int(generator.integers(0, len(letters)))
        match generator.integers(0, 4):
            case 0 if len(letters) > 1:
                del letters[at]
            case 1:
                letters.insert(at, "aé-9"[generator.integers(0, 4)])
            case 2:
                letters[at] = "bœ0 "[generator.integers(0, 4)]
            case _:
                letters[at : at + 2] = letters[at : at + 2][::-1]
    return "".join(letters)


@pytest.mark.parametrize("edits", [1, 2])
def test_typing_errors_are_found_as_by_the_distances_alone(edits):
    generator = np.random.default_rng(2)
    words = ["marguerite", "léo", "12 rue de la paix", "0612345678", "a"]
    pairs = pl.DataFrame(  # noqa: F841 - DuckDB reads it
        [(word, edit(word, generator)) for word in words for _ in range(400)], schema=["x_l", "x_r"], orient="row"
    )
    distances = f"levenshtein(x_l, x_r) <= {edits + 1} and damerau_levenshtein(x_l, x_r) <= {edits}"
    rows = duckdb.sql(f"select {_typed_wrong('x', edits)} as found, {distances} as expected from pairs").fetchall()
    assert all(found == expected for found, expected in rows)
    assert 100 < sum(so for _, so in rows) < len(rows) - 100


def test_names_share_a_word_that_is_more_than_a_particle_or_an_initial():
    keys = [
        "jean",
        "jean pierre",
        "pierre",
        "j pierre",
        "le jean",
        "de la",
        "jp",
        None,
        "anne marie jean",
        "mar",
        "marie",
    ]
    named = with_name_parts(pl.DataFrame({"first_key": keys, "last_key": keys}))
    assert named["first_parts"].to_list() == named["last_parts"].to_list()
    words = [{word for word in (key or "").split() if len(word) > 2} for key in keys]
    sides = named.select(pl.row_index("row"), "first_parts")  # noqa: F841 - DuckDB reads it
    rows = duckdb.sql(
        "with pairs as (select l.row as one, r.row as other, l.first_parts as first_parts_l,"
        " r.first_parts as first_parts_r from sides as l cross join sides as r)"
        f" select one, other, coalesce({_share_a_word('first_parts')}, false) from pairs"
    ).fetchall()
    assert {(one, other) for one, other, shares in rows if shares} == {
        (one, other) for one in range(len(keys)) for other in range(len(keys)) if words[one] & words[other]
    }


def test_names_in_two_scripts_are_neither_alike_nor_different(row, standardised, retailer):
    records = standardised(
        row("1", first_name="Yulia", last_name="Petrova", address="5 rue du Port", city="Nice", postcode="06000"),
        row("2", first_name="Юлия", last_name="Петрова", address="Лесная 5", city="Ницца"),
        row("3", first_name="Мария", last_name="Иванова", address="Садовая 9", city="Москва"),
    )
    profiles, _ = build_profiles(records)
    left, right = np.array([0, 1], dtype=np.int32), np.array([1, 2], dtype=np.int32)
    levels = weigh_pairs(profiles, left, right, retailer.model).levels
    of_field = {field.name: levels[:, position] for position, field in enumerate(retailer.model.fields)}
    for name in ("first_name", "last_name", "street", "locality"):
        across, within = of_field[name]
        assert across == MISSING
        assert within != MISSING


def test_a_short_form_of_several_names_is_compared_with_each_of_them(row, standardised, retailer):
    names = ("Alex", "Alexandra", "Sacha", "Alexandre")
    profiles, _ = build_profiles(standardised(*(row(str(n), first_name=name) for n, name in enumerate(names))))
    left, right = np.array([0, 0, 2, 1], dtype=np.int32), np.array([1, 3, 3, 2], dtype=np.int32)
    field = retailer.model.fields[0]
    found = [field.levels[level].name for level in weigh_pairs(profiles, left, right, retailer.model).levels[:, 0]]
    assert found == ["short form or one of several"] * 4
