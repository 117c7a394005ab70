"""A folder of presets made for tests: a till whose export comes in English and French, older and newer."""

from pathlib import Path

import pytest

from pipelines.presets import preset

TILL = """
system: Caisse
export: "Reports > Sales > All sales"
kind: pos
files: ["sales*.csv"]
options: {decimal: ","}
headers:
  Sale: {also: [Vente]}
  Store: {also: [Magasin, Boutique]}
  "Sold on": {also: ["Date de vente"]}
  Item: {also: [Article]}
  "Item's price": {also: ["Prix de l'article"]}
  Units: {also: [Quantité]}
  Card: {also: [Carte], optional: true}
  Receipt: {also: [Ticket par e-mail], optional: true}
asks:
  - "Are prices with tax?"
tables:
  tickets:
    query: >
      select Sale, any_value(Store) as store, min("Sold on") as moment, any_value(Card) as card,
        any_value(Receipt) as mail,
        sum(cast(replace("Item's price", ',', '.') as decimal(18, 2)) * cast(Units as integer)) as total
      from source group by Sale
    columns:
      ticket_id: Sale
      store_id: store
      sold_at: strptime(moment, '%d/%m/%Y %H:%M')
      loyalty_card_id: card
      receipt_email: mail
      total_amount: total
      tax_amount: total * 0.2
  ticket_lines:
    query: >
      select source.*, row_number() over (partition by source.Sale order by source._file, source._row) as number,
        label, reason
      from source left join labels on labels.Code = source.Item left join refunds on refunds.Sale = source.Sale
    with:
      labels: {files: ["labels*.csv"], headers: {Code: {also: [Référence]}, label: {also: [Libellé], optional: true}}}
      refunds: {optional: true, headers: {Sale: {also: [Vente]}, reason: {also: [Motif]}}}
    columns:
      ticket_id: Sale
      line_no: number
      product_id: coalesce(label, Item)
      quantity: Units
      unit_price: '"Item''s price"'
      line_amount: cast(replace("Item's price", ',', '.') as decimal(18, 2)) * cast(Units as integer)
      return_reason: reason
"""

STOCK = """
system: Caisse
export: "Stock > Empty"
kind: pos
files: ["stock*.csv"]
headers: {Store: {}, Item: {}, Day: {}, Depot: {optional: true}}
tables:
  stockouts: {columns: {store_id: Store, product_id: Item, date: Day}}
"""


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the presets, in place of the shipped ones."""
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "till_sales.yml").write_text(TILL, encoding="utf-8")
    (folder / "till_stock.yml").write_text(STOCK, encoding="utf-8")
    monkeypatch.setattr(preset, "FOLDER", folder)
    return folder
