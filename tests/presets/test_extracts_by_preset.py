"""A table by its preset, from the file to the lake: as if the user had written what the preset says."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError, ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.lake.tables import Lake
from tests.workbooks import make_workbook

ENGLISH = """Sale,Store,Sold on,Item,Item's price,Units,Card
T1,S1,03/02/2026 10:15,P1,"12,50",2,C1
T1,S1,03/02/2026 10:15,P2,"5,00",1,C1
T2,S2,04/02/2026 09:00,P1,"12,50",1,
"""
FRENCH = """\ufeffvente;Boutique ;Date de\u00a0vente;ARTICLE;Prix de l’article;Quantité;Ticket par e-mail
T9;S1;05/02/2026 18:30;P1;7,25;4;a@b.fr
"""


class Till:
    """Exports of a till in a folder, and what becomes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake")

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / "exports" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def extract(self, table: str = "tickets", **written: Any) -> Extracted:
        mapping = {"from": "sales*", "preset": "till_sales", **written}
        path = self.folder / "sources.yml"
        source = {
            "name": "till",
            "kind": "pos",
            "connector": {"type": "files", "root": "exports"},
            "tables": {table: mapping},
        }
        path.write_text(yaml.safe_dump({"sources": [source]}, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return extract_table(load_sources(path), contracts.table("pos", table), self.lake, date(2026, 6, 30))

    def rows(self, table: str = "tickets") -> pl.DataFrame:
        return self.lake.read("pos", table)


@pytest.fixture
def till(tmp_path: Path, presets: Path) -> Till:
    return Till(tmp_path)


def test_an_export_is_read_as_its_preset_says(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.extract()
    assert till.rows().select("ticket_id", "store_id", "sold_at", "loyalty_card_id", "total_amount").rows() == [
        ("T1", "S1", datetime.fromisoformat("2026-02-03T09:15"), "C1", Decimal("30.00")),
        ("T2", "S2", datetime.fromisoformat("2026-02-04T08:00"), None, Decimal("12.50")),
    ]


def test_french_headers_beside_english_ones_are_the_same_columns_and_missing_optional_ones_are_empty(
    till: Till,
) -> None:
    till.write("sales_1.csv", ENGLISH)
    till.write("sales_2.csv", FRENCH)
    till.extract()
    assert till.rows().select("ticket_id", "loyalty_card_id", "receipt_email", "total_amount").rows() == [
        ("T1", "C1", None, Decimal("30.00")),
        ("T2", None, None, Decimal("12.50")),
        ("T9", None, "a@b.fr", Decimal("29.00")),
    ]


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "xlsx"])
def test_headers_are_found_in_every_format(till: Till, suffix: str) -> None:
    frame = pl.read_csv(FRENCH.encode(), separator=";", infer_schema=False)
    path = till.folder / "exports" / f"sales.{suffix}"
    path.parent.mkdir()
    match suffix:
        case "parquet":
            frame.write_parquet(path)
        case "jsonl":
            frame.write_ndjson(path)
        case _:
            path.write_bytes(make_workbook({"Ventes": [frame.columns, *map(list, frame.rows())]}))
    till.extract()
    assert till.rows().select("ticket_id", "total_amount", "receipt_email").rows() == [
        ("T9", Decimal("29.00"), "a@b.fr")
    ]


def test_what_the_user_writes_overrides_the_preset_column_by_column(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.extract(columns={"loyalty_card_id": "'K-' || card", "tax_amount": None}, where="Sale <> 'T2'")
    assert till.rows().select("ticket_id", "loyalty_card_id", "tax_amount").rows() == [("T1", "K-C1", None)]


def test_a_mapping_that_is_taken_away_is_not_replaced_by_a_column_of_the_same_name(till: Till) -> None:
    till.write("stock.csv", "Store,Item,Day,product_id\nS1,P1,2026-01-02,other\n")
    with pytest.raises(ExtractError, match="\n  product_id"):
        till.extract("stockouts", preset="till_stock", **{"from": "stock.csv"}, columns={"product_id": None})


def test_the_users_own_header_is_the_only_name_of_a_column(till: Till) -> None:
    till.write("sales.csv", ENGLISH.replace("Store,", "Outlet,").replace("Units", "Store"))
    till.extract(headers={"Store": "Outlet", "Units": "Store"})
    assert till.rows()["store_id"].to_list() == ["S1", "S2"]
    assert till.rows()["total_amount"].to_list() == [Decimal("30.00"), Decimal("12.50")]


def test_a_column_may_be_called_as_it_stands_in_the_file(till: Till) -> None:
    till.write("stock.csv", "store;Item;day;Dépôt central\nS1;P1;2026-01-02;D7\n")
    till.extract("stockouts", preset="till_stock", **{"from": "stock.csv"}, columns={"product_id": "Dépôt central"})
    assert till.rows("stockouts")["product_id"].to_list() == ["D7"]
    headers = {"Depot": "Dépôt central"}
    for written in ("Dépôt central", "Depot", "lower(upper(Depot))"):
        mapping = {"from": "stock.csv", "headers": headers, "columns": {"product_id": written}}
        till.extract("stockouts", preset="till_stock", **mapping)
        assert till.rows("stockouts")["product_id"].str.to_uppercase().to_list() == ["D7"]


def test_a_column_that_the_export_does_not_have_is_empty_where_the_user_says_so(till: Till) -> None:
    till.write("sales.csv", ENGLISH.replace("Store,", "Shop,"))
    till.extract(headers={"Store": None}, columns={"store_id": "'S7'"})
    assert set(till.rows()["store_id"]) == {"S7"}


def test_missing_headers_are_told_at_once_with_the_preset_and_the_way_out(till: Till) -> None:
    till.write("sales.csv", "Sale,Store,Date,Amount\n1,2,3,4\n")
    with pytest.raises(ExtractError) as raised:
        till.extract()
    message = str(raised.value)
    assert "sources.yml:8, source till, table pos/tickets, preset till_sales: " in message
    for name in ("Sold on", "Item's price", "Units"):
        assert f"'{name}' (or " in message
    assert "'Item' " not in message  # Nothing of this table reads it.
    assert "`headers`" in message
    assert "columns found: Sale, Store, Date, Amount" in message


def test_an_expression_that_fails_to_bind_names_the_preset(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    with pytest.raises(ExtractError, match=r"preset till_sales: .*\n  store_id: shopp"):
        till.extract(columns={"store_id": "shopp"})


def test_a_query_reads_further_files_under_their_names(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.write("labels.csv", "référence,Libellé\nP1,Chair\n")
    till.write("refunds.csv", "Vente,Motif\nT2,broken\n")
    till.extract("ticket_lines", **{"with": {"labels": "labels.csv", "refunds": "refunds.csv"}})
    assert till.rows("ticket_lines").select("ticket_id", "line_no", "product_id", "return_reason").rows() == [
        ("T1", 1, "Chair", None),
        ("T1", 2, "P2", None),
        ("T2", 1, "Chair", "broken"),
    ]


def test_an_optional_relation_that_nobody_names_is_empty(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.write("labels.csv", "Code\nP1\n")
    till.extract("ticket_lines", **{"with": {"labels": "labels.csv"}})
    assert till.rows("ticket_lines")["product_id"].to_list() == ["P1", "P2", "P1"]


def test_a_line_of_a_further_file_that_is_no_row_goes_to_quarantine(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.write("labels.csv", "Code,label\nP1,Chair\nP2\n")
    extracted = till.extract("ticket_lines", **{"with": {"labels": "labels.csv"}})
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (4, 3, 1)
    [reject] = pl.read_parquet(till.lake.quarantine_path("pos", "ticket_lines")).rows(named=True)
    assert (reject["file"], reject["line"], reject["kind"]) == ("labels.csv", 3, "malformed")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"preset": "till_sale"}, "there is no preset 'till_sale', did you mean 'till_sales'?"),
        ({"preset": "till_stock"}, "'till_stock' does not fill tickets (it fills: stockouts)"),
        ({"headers": {"Store": {"als": ["x"]}}}, "unknown key 'als', did you mean 'also'?"),
        ({"with": {"label": "x.csv"}}, "'label' is read by no query of preset 'till_sales'"),
        ({"columns": {"ticket": "Sale"}}, "pos/tickets has no column 'ticket'"),
        ({"options": {"delim": ";"}}, "unknown key 'delim'"),
    ],
)
def test_faults_beside_a_preset_are_told_like_all_others(till: Till, written: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        till.extract(**written)
    assert told in str(raised.value)


def test_files_that_a_preset_needs_beside_its_own_are_asked_for(till: Till) -> None:
    with pytest.raises(ConfigurationError) as raised:
        till.extract("ticket_lines")
    assert "sources.yml:8: sources[till].tables.ticket_lines: preset 'till_sales' also reads labels" in str(
        raised.value
    )
    assert 'with: {labels: "labels*.csv"}' in str(raised.value)


def test_a_query_of_the_users_own_replaces_that_of_the_preset_with_all_it_reads(till: Till) -> None:
    till.write("sales.csv", ENGLISH)
    till.extract("ticket_lines", query="select *, _row as number, null as label, null as reason from source")
    assert till.rows("ticket_lines").height == 3
