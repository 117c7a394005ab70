"""One card, however it is written; and what is written where there is none."""

import polars as pl
import pytest

from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.loyalty_cards import real_card_key


def read(*written: str | None) -> list[str | None]:
    cards = pl.DataFrame({"written": written}, schema={"written": pl.String})
    return cards.select(real_card_key(pl.col("written"), load_attributes()["loyalty_card_id"])).to_series().to_list()


@pytest.mark.parametrize(
    "written",
    ["7301 4420 18", "'730144201 8", "7301442018.0", "7301442018,00", "7301-4420-18", '="7301442018"',
     "\u00a07301442018", "７３０１４４２０１８"],
)  # fmt: skip
def test_a_card_is_one_card_however_it_is_written(written: str) -> None:
    assert read(written) == ["7301442018"]


def test_letters_are_part_of_a_card_and_their_case_is_not() -> None:
    assert read("fid-00a7", "FID 00A7", "2E12") == ["FID00A7", "FID00A7", "2E12"]


@pytest.mark.parametrize("written", ["7,30E+09", "7.3e9", "7E+09", "'7,30E+09"])
def test_a_number_that_a_spreadsheet_rounded_is_no_card(written: str) -> None:
    assert read(written) == [None]


@pytest.mark.parametrize("written", ["#N/A", "#REF!", "######", "0.0", "000-000", "n.c.", "Sans", "", " ", None])
def test_what_stands_for_no_card_is_none(written: str | None) -> None:
    assert read(written) == [None]


def test_a_lost_leading_zero_is_not_guessed() -> None:
    assert read("0073", "73") == ["0073", "73"]
