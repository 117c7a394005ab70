"""Of which export a file is."""

from pathlib import Path

import pytest

from pipelines.presets.recognise import recognise

SALES = ["Sale", "Store", "Sold on", "Item", "Item's price", "Units"]


@pytest.mark.usefixtures("presets")
def test_a_file_is_recognised_by_its_columns_in_either_language() -> None:
    for columns in (SALES, ["VENTE", "magasin", "Date de vente ", "article", "Prix de l’article", "quantité", "X"]):
        match = recognise(columns)[0]
        assert (match.preset.name, match.is_certain, list(match.preset.tables)) == (
            "till_sales",
            True,
            ["tickets", "ticket_lines"],
        )
        assert match.without == ("Card", "Receipt")


@pytest.mark.usefixtures("presets")
def test_what_is_missing_is_told_and_a_file_of_another_kind_is_not_recognised() -> None:
    match = recognise(SALES[:-1])[0]
    assert (match.missing, match.is_certain) == (("Units",), False)
    assert recognise(SALES, "crm") == []
    assert recognise(["Store", "Item"], "pos")[0].preset.name == "till_stock"
    assert recognise(["id", "name"]) == []


def test_of_two_presets_that_fit_the_one_of_which_more_is_there_goes_first(presets: Path) -> None:
    whole = (presets / "till_stock.yml").read_text(encoding="utf-8")
    wider = whole.replace("Depot: {optional: true}", "Depot: {}, Aisle: {optional: true}, Shelf: {optional: true}")
    (presets / "a_stock.yml").write_text(wider, encoding="utf-8")
    columns = ["Store", "Item", "Day", "Depot"]
    assert [match.preset.name for match in recognise(columns)] == ["a_stock", "till_stock"]
    assert [match.preset.name for match in recognise(columns[:3])] == ["till_stock", "a_stock"]
