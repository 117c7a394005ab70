import polars as pl
import pytest

from pipelines.identity.standardisation.scripts import read_scripts


@pytest.mark.parametrize(
    ("key", "script"),
    [
        ("yulia", "Latin"), ("юлия", "Cyrillic"), ("γιωργος", "Greek"), ("محمد", "Arabic"), ("יעל", "Hebrew"),
        ("王伟", "Han"), ("さくら", "Hiragana"), ("サクラ", "Katakana"), ("김", "Hangul"), ("ivan иван", "Latin"),
        ("ᚠ", "other"), ("12", None), (None, None),
    ],
)  # fmt: skip
def test_a_value_is_of_the_script_of_its_letters(key, script):
    assert read_scripts(pl.Series([key], dtype=pl.String)).to_list() == [script]


def test_no_values_have_no_scripts():
    assert read_scripts(pl.Series([], dtype=pl.String)).is_empty()
