import polars as pl
import pytest

from pipelines.identity.standardisation.names import first_name_key
from pipelines.identity.standardisation.short_forms.table import first_name_root, list_full_names, list_possible_names


def keys(*written):
    return pl.select(first_name_key(pl.lit(pl.Series(written)))).to_series()


def may_be_one(one, other):
    possible = [set((names or "").split()) for names in list_possible_names(keys(one, other))]
    return bool(possible[0] & possible[1])


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("Bob", "Robert"), ("Bill", "William"), ("Peggy", "Margaret"), ("Liz", "Elizabeth"), ("Dick", "Richard"),
        ("Fred", "Frédéric"), ("Fred", "Frédérique"), ("Manu", "Emmanuelle"), ("Babeth", "Élisabeth"),
        ("J.-P.", "Jean"),
        ("Mª", "María"), ("Mª Carmen", "María del Carmen"), ("Pepe", "José"), ("Paco", "Francisco"),
        ("Charo", "Rosario"),
        ("Hans", "Johannes"), ("Sepp", "Josef"), ("Uschi", "Ursula"), ("Jan", "Johannes"), ("Wim", "Wilhelmus"),
        ("Beppe", "Giuseppe"), ("Totò", "Salvatore"), ("Zé", "José"), ("Chico", "Francisco"),
        ("Sasha", "Alexander"), ("Sacha", "Alexandre"), ("Саша", "Александр"), ("Misha", "Mikhail"),
    ],
)  # fmt: skip
def test_a_short_form_may_be_its_full_name(short, full):
    assert may_be_one(short, full)


@pytest.mark.parametrize("full", ["Alexandre", "Alexandra", "Alexis", "Alejandro", "Alexander"])
def test_a_short_form_of_several_names_may_be_any_of_them(full):
    assert may_be_one("Alex", full)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jean", "Geneviève"), ("Marie", "Rosemary"), ("Louise", "Louis"), ("Clémentine", "Clément"),
        ("Jules", "Julie"),
        ("Alexandre", "Alexandra"), ("Martine", "Bernard"), ("Bob", "William"),
    ],
)  # fmt: skip
def test_two_names_in_their_own_right_are_not_one(one, other):
    assert not may_be_one(one, other)


def test_a_short_form_is_blocked_as_one_full_name():
    written = ("Bob", "J.-P.", "Mª Carmen", "Jean-Pierre", "Zorglub")
    roots = pl.select(first_name_root(pl.lit(keys(*written)))).to_series()
    assert roots.to_list() == ["robert", "jean", "maria", "jean", "zorglub"]


def test_a_name_without_short_forms_stands_for_itself_only():
    assert list_possible_names(pl.Series(["zorglub", None])).to_list() == [None, None]


def test_no_name_is_a_short_form_of_itself():
    assert all(short not in full for short, full in list_full_names().items())
