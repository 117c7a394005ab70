"""`parcours check` without its command: what is told of the first rows, with which lines, and how little is read."""

import gzip
import json
import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from pipelines.cli import check_output
from pipelines.config.sources import Sources, load_sources
from pipelines.texts.texts import open_texts
from pipelines.trial.document import write_document
from pipelines.trial.trial import Trial, try_sources
from tests.workbooks import make_workbook

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "check.schema.json"
DAY = date(2026, 6, 30)
SOURCES = """timezone: Europe/Paris
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: exports}
    tables:
      customers:
        from: "customers*"
        columns:
          account_id: id
          email: mail
          updated_at: strptime(changed, '%d/%m/%Y')
      orders:
        from: orders.csv
        columns:
          order_id: no
          account_id: client
          channel: "'web'"
          fulfilment: "'delivery'"
          status: "'paid'"
          ordered_at: moment
          total_amount: total
          updated_at: moment
"""


class Shop:
    """Exports of a shop, and its sources.yml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("customers.csv", "id,mail,changed,note\n" + "".join(self.customer(n) for n in range(1, 41)))
        self.write("orders.csv", "no,client,moment,total\n" + "".join(self.order(n) for n in range(1, 41)))

    @staticmethod
    def customer(number: int) -> str:
        return f"{number},jeanne.{number}@exemple.fr,{number % 28 + 1:02}/03/2026,x\n"

    @staticmethod
    def order(number: int) -> str:
        return f"O{number},{number},2026-04-{number % 28 + 1:02}T10:00:00,12.50\n"

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / "exports" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def sources(self, change: Callable[[str], str] = str) -> Sources:
        path = self.folder / "sources.yml"
        path.write_text(change(SOURCES), encoding="utf-8")
        return load_sources(path)

    def check(self, change: Callable[[str], str] = str, rows: int = 1000) -> tuple[Trial, str]:
        """The trial, and what is printed of it. The document is held against its schema."""
        sources = self.sources(change)
        trial = try_sources(sources, DAY, rows)
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(write_document(trial, sources, DAY, rows))
        return trial, check_output.render(trial, sources, DAY, rows, open_texts("en", "check"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_is_right_passes_and_nothing_is_written_beside_the_exports(shop: Shop) -> None:
    trial, page = shop.check()
    assert trial.exit_code == 0
    assert "✓ shop, ecommerce/customers: all 40 rows" in page
    assert "customers.csv: csv, utf-8, ',', 4 columns" in page
    assert "shop, customers.csv: note" in page
    assert "pos/tickets" in page.partition("Tables that no source fills")[2]
    assert sorted(path.name for path in shop.folder.iterdir()) == ["exports", "sources.yml"]


def test_no_value_of_a_person_is_printed(shop: Shop) -> None:
    shop.write("customers.csv", "id,mail,changed\n" + "1,jeanne#exemple.fr,01/03/2026\n" * 3 + "2,inconnu,soon\n" * 9)
    trial, page = shop.check()
    document = json.dumps(write_document(trial, shop.sources(), DAY, 1000))
    for value in ("jeanne", "exemple", "soon"):
        assert value not in page
        assert value not in document


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "told"),
    [
        ("client", "custommer", 2, 17, "orders.account_id: account_id: custommer: "),
        (": moment", ": strptime(moment", 2, 21, "orders.ordered_at: ordered_at: strptime(moment: "),
        ("orders.csv\n", "orders.csv\n        where: totl > 1\n", 2, 15, "orders: where: totl > 1: "),
        ("          total_amount: total\n", "", 1, 15, "orders: no source column for the required total_amount"),
        ("orders.csv", "order_*.csv", 1, 14, "orders: No file matches exports/order_*.csv"),
        ("root: exports", "root: export", 1, 5, "orders: The folder export does not exist"),
        ("%d/%m/%Y", "%m-%d-%Y", 1, 12, "customers.updated_at: updated_at has an expression that fails; 40 rows ("),
    ],
)
def test_each_fault_is_told_with_its_line(shop: Shop, old: str, new: str, code: int, line: int, told: str) -> None:
    trial, page = shop.check(lambda text: text.replace(old, new))
    assert trial.exit_code == code
    assert f"sources.yml:{line}: shop, ecommerce/{told}" in page


def test_the_first_row_at_fault_is_told_with_its_line_in_the_file(shop: Shop) -> None:
    rows = [shop.order(n) for n in range(1, 100)]
    rows[49] = rows[49].replace("2026-04-", "2026/13/")
    shop.write("orders.csv", "no,client,moment,total\n" + "".join(rows))
    _, page = shop.check()
    assert "sources.yml:21: shop, ecommerce/orders.ordered_at: ordered_at is not a date and time" in page
    assert "; 1 row (orders.csv:51)" in page


def test_numbers_in_other_marks_are_told_with_the_option_to_set_and_its_line(shop: Shop) -> None:
    rows = [shop.order(n).replace("12.50", '"1.212,50"') for n in range(1, 30)]
    shop.write("orders.csv", "no,client,moment,total\n" + "".join(rows))
    told = (
        "shop, ecommerce/orders.total_amount: total_amount is not an amount; "
        '`decimal: ","` and `thousands: "."` under `options` would read it; 29 rows (orders.csv:2)'
    )
    trial, page = shop.check()
    assert trial.exit_code == 1
    assert f"sources.yml:13: {told}" in page
    _, page = shop.check(lambda text: text.replace("orders.csv", "orders.csv\n        options: {delimiter: ','}"))
    assert f"sources.yml:15: {told}" in page


def test_all_tables_are_checked_and_all_faults_told(shop: Shop) -> None:
    trial, page = shop.check(
        lambda text: text.replace("client", "c").replace("'paid'", "paid").replace("customers*", "kunden*")
    )
    assert trial.exit_code == 2
    for line in ("sources.yml:8:", "sources.yml:17:", "sources.yml:20:"):
        assert line in page


@pytest.mark.parametrize("mail", ["hélène@exemple.fr", "HÉLÈNE"])
def test_a_wrong_encoding_is_told(shop: Shop, mail: str) -> None:
    shop.write("customers.csv", f"id,mail,prénom,changed\n1,{mail},Hélène,01/03/2026\n".encode("cp1252"))
    trial, page = shop.check()
    assert trial.exit_code == 1
    assert "sources.yml:7: shop, ecommerce/customers: exports/customers.csv is not in the encoding utf-8" in page


def test_lines_that_are_no_rows_are_told_with_their_line(shop: Shop) -> None:
    rows = [shop.order(n) for n in range(1, 400)]
    rows[7] = "O8,8,2026-04-08\n"
    shop.write("orders.csv", "no,client,moment,total\n" + "".join(rows))
    trial, page = shop.check()
    assert trial.exit_code == 0
    assert "has 3 fields where 4 are expected; 1 row (orders.csv:9)" in page


def test_references_are_judged_by_all_that_there_is_not_by_the_first_rows(shop: Shop) -> None:
    shop.write("customers.csv", "id,mail,changed\n" + "".join(shop.customer(n)[:-3] + "\n" for n in range(1, 2001)))
    shop.write("orders.csv", "no,client,moment,total\n" + "".join(shop.order(n) for n in range(1990, 2010)))
    _, page = shop.check(rows=100)
    assert (
        "sources.yml:17: shop, ecommerce/orders.account_id: 9 of 20 (45.0%) match nothing in ecommerce/customers"
        in page
    )


def test_references_to_what_is_too_large_to_read_are_not_judged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.trial.references.MOST_BYTES", 100)
    trial, page = shop.check(rows=20)
    assert trial.references.not_judged == ("ecommerce/orders.account_id",)
    assert "match nothing" not in page
    assert "Not looked up" in page


def test_values_that_stand_for_none_are_counted(shop: Shop) -> None:
    shop.write("customers.csv", "id,mail,changed\n" + "".join(f"{n},inconnu,01/03/2026\n" for n in range(40)))
    trial, _ = shop.check()
    [email] = trial.fields.filter(column_name="email").rows(named=True)
    assert (email["filled_count"], email["placeholder_count"] + email["unreadable_count"]) == (0, 40)


BROKEN = "end of the file that is never read \x00\xff"


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "jsonl", "jsonl.gz", "json.gz"])
def test_no_more_is_read_than_the_first_rows(shop: Shop, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """What comes behind is such that it could not be read: had it been looked at, it would be told."""
    (shop.folder / "exports" / "customers.csv").unlink()
    rows = [{"id": str(n), "mail": f"a{n}@b.fr", "changed": "01/03/2026"} for n in range(300)]
    if suffix.startswith("csv"):
        text = "id,mail,changed\n" + "".join(f"{row['id']},{row['mail']},{row['changed']}\n" for row in rows)
    elif suffix.startswith("jsonl"):
        text = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        text = json.dumps(rows)[:-1] + ","
    padding = "\n" * 5_000_000 if "gz" in suffix else "\n"
    content = (text + padding + BROKEN).encode("latin-1")
    packed = gzip.compress(content)[:-20] + b"damaged" * 3 if "gz" in suffix else content
    if suffix == "jsonl":
        packed = packed.replace(b"\x00", b"")
    shop.write(f"customers.{suffix}", packed)
    if "json" in suffix and "gz" in suffix:
        monkeypatch.setattr("pipelines.extracts.connectors.json_documents.LARGEST_VALUE", 1 << 20)
    trial, page = shop.check(rows=100)
    [customers] = [each for each in trial.tables if each.table.name == "customers"]
    assert customers.faults == (), page
    assert customers.counts is not None
    assert (customers.counts.rows_kept, customers.is_whole) == (100, False)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8"])
def test_the_head_of_a_large_file_is_read_in_every_encoding(shop: Shop, encoding: str) -> None:
    rows = "".join(f'{n},"jérôme{n}@exemple.org",01/03/2026\n' for n in range(250_000))
    shop.write("customers.csv", ("id,mail,changed\n" + rows).encode(encoding))
    options = f'customers*"\n        options: {{encoding: {encoding}}}'
    trial, page = shop.check(lambda text: text.replace('customers*"', options), rows=50)
    customers = trial.tables[0]
    assert customers.counts is not None, page
    assert (customers.counts.rows_kept, customers.counts.rows_rejected, customers.is_whole) == (50, 0, False)


def test_a_file_in_utf_8_of_which_another_encoding_is_declared_is_told(shop: Shop) -> None:
    shop.write("customers.csv", "id,mail,changed\n" + "1,é@exemple.org,01/03/2026\n" * 200_000)
    _, page = shop.check(lambda text: text.replace('customers*"', 'customers*"\n        options: {encoding: latin-1}'))
    assert "sources.yml:9: shop, ecommerce/customers: exports/customers.csv is UTF-8, although" in page


def test_of_a_workbook_the_first_rows_are_taken(shop: Shop) -> None:
    (shop.folder / "exports" / "customers.csv").unlink()
    rows = [["id", "mail", "changed"], *([str(n), "a@b.fr", "01/03/2026"] for n in range(300))]
    shop.write("customers.xlsx", make_workbook({"Feuil1": rows}))
    trial, _ = shop.check(rows=40)
    assert trial.tables[0].counts is not None
    assert (trial.tables[0].counts.rows_kept, trial.tables[0].is_whole) == (40, False)


def test_of_parquet_and_of_many_files_only_the_first_rows_are_read(shop: Shop) -> None:
    frame = pl.DataFrame({"id": range(5000), "mail": ["a@b.fr"] * 5000, "changed": ["01/03/2026"] * 5000})
    (shop.folder / "exports" / "customers.csv").unlink()
    for number in range(4):
        ids = pl.col("id") + 5000 * number
        frame.with_columns(ids).write_parquet(shop.folder / "exports" / f"customers_{number}.parquet")
    trial, _ = shop.check(rows=100)
    counts = trial.tables[0].counts
    assert counts is not None
    assert counts.rows_read == 100
    assert trial.fields.filter(column_name="account_id", table_name="ecommerce/customers")[
        "distinct_count"
    ].to_list() == [100]


def test_a_record_over_several_lines_is_not_cut_in_two(shop: Shop) -> None:
    rows = "".join(f'{n},"a\nb\nc@d.fr",01/03/2026\n' for n in range(50))
    shop.write("customers.csv", "id,mail,changed\n" + rows)
    trial, page = shop.check(rows=20)
    assert trial.tables[0].counts is not None
    assert trial.tables[0].counts.rows_kept == 20, page


def test_an_unclosed_quote_costs_its_line_as_in_a_run(shop: Shop) -> None:
    rows = [shop.order(n) for n in range(1, 1500)]
    rows[4] = 'O5,"5,2026-04-08T10:00:00,3\n'
    shop.write("orders.csv", "no,client,moment,total\n" + "".join(rows))
    trial, page = shop.check(rows=200)
    assert "opens a quote that nothing closes; 1 row (orders.csv:6)" in page
    assert trial.exit_code == 0


def test_a_query_finds_what_it_looks_up_wherever_it_stands(shop: Shop) -> None:
    shop.write("customers.csv", "id,mail,changed\n" + "".join(shop.customer(n)[:-3] + "\n" for n in range(1, 400)))
    query = "select source.*, mails.mail from source join mails on mails.id = source.client"

    def change(text: str) -> str:
        beside = f"        from: orders.csv\n        query: {query}\n        with: {{mails: customers.csv}}\n"
        return text.replace("        from: orders.csv\n", beside).replace(
            ": total\n", ": total\n          contact_email: mail\n"
        )

    shop.write("orders.csv", "no,client,moment,total\n" + "".join(shop.order(n) for n in range(380, 400)))
    trial, page = shop.check(change, rows=30)
    [orders] = [each for each in trial.tables if each.table.name == "orders"]
    assert orders.counts is not None
    assert orders.counts.rows_kept == 20, page


def test_bytes_of_another_encoding_are_told_at_the_option_that_is_wrong(shop: Shop) -> None:
    rows = [shop.order(n) for n in range(1, 100)]
    text = "no,client,moment,total\n" + "".join(rows).replace("O7,7,", "O7,7é,")
    shop.write("orders.csv", text.encode("latin-1"))
    _, page = shop.check(lambda text: text.replace("orders.csv\n", "orders.csv\n        options: {encoding: utf-8}\n"))
    assert "sources.yml:15: shop, ecommerce/orders: is not valid in the file's encoding" in page
    assert "; 1 row (orders.csv:8)" in page


def test_the_french_page_has_every_text(shop: Shop) -> None:
    trial, _ = shop.check(lambda text: text.replace("client", "c"))
    page = check_output.render(trial, shop.sources(), DAY, 1000, open_texts("fr", "check"))
    assert "À corriger" in page
    assert "et au plus 1\N{NARROW NO-BREAK SPACE}000 lignes de chaque table" in page


def test_a_table_by_preset_tells_what_the_export_does_not_have(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    presets = shop.folder.parent / f"{shop.folder.name}-presets"
    presets.mkdir()
    (presets / "list.yml").write_text(
        "system: Shop\nexport: List\nkind: ecommerce\nfiles: [c.csv]\n"
        "headers: {id: {}, Mail: {also: [Courriel]}, changed: {}, Town: {optional: true}}\n"
        "tables:\n  customers:\n    columns:\n      account_id: id\n      email: Mail\n      city: upper(Town)\n"
        "      updated_at: strptime(changed, '%d/%m/%Y')\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("pipelines.presets.preset.FOLDER", presets)

    def change(text: str) -> str:
        start, end = text.index('        from: "customers*"'), text.index("      orders:")
        return text[:start] + '        from: "customers*"\n        preset: list\n' + text[end:]

    shop.write("customers.csv", "id,courriel,changed,note\n1,a@b.fr,01/03/2026,x\n")
    trial, page = shop.check(change)
    assert trial.exit_code == 0
    assert "shop, ecommerce/customers: Town" in page
    assert "shop, customers.csv: note" in page
    shop.write("customers.csv", "id,mel,changed\n1,a@b.fr,01/03/2026\n")
    trial, page = shop.check(change)
    assert trial.exit_code == 1
    assert "sources.yml:7: shop, ecommerce/customers (list): 1 column is missing that preset 'list' needs" in page
    assert "'Mail' (or 'Courriel') is not in customers.csv" in page
    assert "mel" not in page.partition("Columns of the exports that nothing reads")[2]


def test_a_source_that_cannot_be_reached_is_asked_once_and_told_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("pipelines.pulls.web.client.sleep", waited.append)
    monkeypatch.setenv("HUBSPOT_TOKEN", "needle")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # And does not listen.
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        connector = f'{{type: hubspot, token: "${{HUBSPOT_TOKEN}}", address: "{address}"}}'
        crm = f"  - name: crm\n    kind: crm\n    connector: {connector}\n"
        trial, page = shop.check(lambda text: text + crm)
    assert trial.exit_code == 1
    assert waited == []
    assert "✓ shop, ecommerce/orders: all 40 rows" in page
    assert page.count("✗ crm, ") == 5
    assert page.count("cannot be reached") == 1
    assert "HubSpot (127.0.0.1) cannot be reached. Check that this machine may reach it, and `address`" in page


PARTS = """  - name: parts
    kind: ecommerce
    belongs_to: shop
    connector: {type: files, root: exports}
    tables:
      order_lines:
        from: lines.csv
        columns: {order_id: no, line_no: "1", product_id: "'p'", quantity: "1", unit_price: "5", line_amount: "5"}
      returns:
        from: lines.csv
        columns:
          {return_id: no, order_id: no, quantity: "1", refund_amount: "5", returned_at: day, returned_via: "'post'"}
"""


def test_parts_wait_for_orders_of_the_shop_that_their_source_belongs_to(shop: Shop) -> None:
    shop.write("orders.csv", "no,client,moment,total\nO1,1,2026-04-01T10:00:00,12\nO2,2,2026-07-02T10:00:00,12\n")
    shop.write("lines.csv", "no,day\nO1,2026-04-05\nO2,2026-04-05\n")
    trial, page = shop.check(lambda text: text + PARTS)
    parts = [each.counts for each in trial.tables if each.source == "parts"]
    assert [each and (each.rows_read, each.rows_set_apart) for each in parts] == [(2, 1), (2, 1)]
    assert "match nothing" not in page
