"""What a preset file may say to say things once: SELECTs of all its queries, and what it has of another preset."""

from pathlib import Path

import duckdb

from pipelines.presets.preset import load_preset

SALES = """
system: Till
export: Sales
kind: ecommerce
files: [sales.csv]
options: {delimiter: ";"}
headers: {Sale: {}, Total: {optional: true}}
selects:
  dated: select Sale, 1 as day from source
  counted: select Sale, count(*) as lines from dated group by Sale
tables:
  orders: {query: select * from counted where lines > 1, columns: {order_id: Sale}}
  returns: {columns: {order_id: Sale}}
"""
BACK = """
extends: till_sales
system: Till
export: Returns
kind: pos
rows: "Total < 0"
files: [sales.csv]
headers: {Total: {}, Reason: {}}
selects: {dated: "select Sale, 2 as day from source"}
tables: {stores: {query: select Sale from counted}}
"""


def test_every_query_begins_with_the_selects_of_the_preset(presets: Path) -> None:
    (presets / "till_more.yml").write_text(SALES, encoding="utf-8")
    preset = load_preset("till_more")
    with duckdb.connect() as connection:
        connection.execute("create table source as select unnest(['A', 'A', 'B']) as Sale")
        query = preset.tables["orders"].query or ""
        assert connection.execute(query).fetchall() == [("A", 2)]
    assert preset.tables["returns"].query is None


def test_a_preset_that_extends_another_begins_with_what_that_one_says(presets: Path) -> None:
    (presets / "till_sales.yml").write_text(SALES, encoding="utf-8")
    (presets / "till_back.yml").write_text(BACK, encoding="utf-8")
    preset = load_preset("till_back")
    assert (preset.kind, preset.rows, preset.options) == ("pos", "Total < 0", {"delimiter": ";"})
    assert {name: header.is_optional for name, header in preset.headers.items()} == {
        "Sale": False,
        "Total": False,
        "Reason": False,
    }
    assert "2 as day" in (preset.tables["stores"].query or "")
    assert list(preset.tables) == ["stores"]
