"""sources.yml and the home folder: what is read, and how every fault is told."""

from datetime import date
from pathlib import Path

import pytest

from pipelines import contracts
from pipelines.config.connectors import Connector, FilesConnector, Source
from pipelines.config.environment_text import FromEnvironment
from pipelines.config.home import Home
from pipelines.config.source_models import SOURCE_MODELS
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError

WHOLE = """
timezone: Europe/Brussels
country: BE
currency: EUR
reject_limit: 0.05
as_of: 2026-03-01
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: exports/shop}
    tables:
      orders:
        from: "orders_*.csv"
        options: {delimiter: ";", decimal: ",", encoding: latin-1}
        where: "Etat <> 'brouillon'"
        columns:
          order_id: "N° commande"
          channel: "'web'"
      order_lines: {from: lines.parquet, columns: {line_no: 1}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yml"
    path.write_text(text, encoding="utf-8")
    return path


def told(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_sources(write(folder, text))
    return str(raised.value)


def folder_of(sources: Sources) -> Path:
    connector = sources.sources[0].connector
    assert isinstance(connector, FilesConnector)
    return connector.folder(sources.base)


def source(tables: str, head: str = "", name: str = "shop", root: str = "x") -> str:
    """A file with one source; ``tables`` is indented to its place."""
    indented = "\n".join("      " + line for line in tables.splitlines())
    return (
        f"{head}sources:\n  - name: {name}\n    kind: ecommerce\n    connector: {{type: files, root: {root}}}\n"
        f"    tables:\n{indented}\n"
    )


def own(values: str) -> str:
    """A file with values of the retailer's own."""
    return source("orders: {from: a}", f"placeholders:\n  {values}\n")


def test_the_retailers_own_values_are_read_one_or_several_and_never_shown_in_a_fault(tmp_path: Path) -> None:
    sources = load_sources(
        write(tmp_path, own("{email: magasin@maison.fr, phone: ['04 72 11 22 33', '+32 2 511 11 11']}"))
    )
    assert sources.placeholders == {
        "email": ("magasin@maison.fr",),
        "phone": ("04 72 11 22 33", "+32 2 511 11 11"),
    }
    assert "jeanne" not in told(tmp_path, own("phone: [jeanne]"))


def test_a_whole_file_is_read_with_its_base_folder(tmp_path: Path) -> None:
    sources = load_sources(write(tmp_path, WHOLE))

    assert (sources.timezone, sources.country, sources.currency) == ("Europe/Brussels", "BE", "EUR")
    assert sources.as_of == date(2026, 3, 1)
    assert sources.base == tmp_path
    orders = sources.sources[0].tables["orders"]
    assert orders.from_ == "orders_*.csv"
    assert orders.columns["order_id"] == "N° commande"
    assert folder_of(sources) == tmp_path / "exports" / "shop"


def test_a_number_in_columns_is_the_same_digits_in_sql(tmp_path: Path) -> None:
    sources = load_sources(write(tmp_path, WHOLE))
    assert sources.sources[0].tables["order_lines"].columns == {"line_no": "1"}


def test_only_the_sources_that_name_a_table_feed_it(tmp_path: Path) -> None:
    sources = load_sources(write(tmp_path, WHOLE))
    assert [fed.name for fed in sources.feeding(contracts.table("ecommerce", "orders"))] == ["shop"]
    assert sources.feeding(contracts.table("crm", "contacts")) == ()
    assert sources.feeding(contracts.table("ecommerce", "returns")) == ()


def test_what_is_plausible_is_declared_for_all_tables_and_for_a_column(tmp_path: Path) -> None:
    bounds = "plausible: {fulfilled_at: {min: 1985-01-01}, total_amount: {max: 20}}, bad_values: {coupon_code: reject}"
    text = source(f"orders: {{from: a.csv, {bounds}}}", head="plausible: {earliest_date: 1980-01-01}\n")
    sources = load_sources(write(tmp_path, text))
    mapping = sources.sources[0].tables["orders"]
    assert (sources.plausible.earliest_date, sources.plausible.oldest_age) == (date(1980, 1, 1), 130)
    assert mapping.plausible["fulfilled_at"].min == date(1985, 1, 1)
    assert (mapping.plausible["total_amount"].min, mapping.plausible["total_amount"].max) == (None, 20)
    assert mapping.bad_values == {"coupon_code": "reject"}


@pytest.mark.parametrize(
    ("table", "head", "expected"),
    [
        ("", "plausible: {earliest_date: 1990}\n", "plausible.earliest_date: must be a day, such as 1990-01-01"),
        ("", "plausible: {oldest_age: 0}\n", "plausible.oldest_age: "),
        ("", "plausible: {largest_amont: 3}\n", "unknown key 'largest_amont', did you mean 'largest_amount'?"),
        (", plausible: {totl_amount: {max: 3}}", "", "has no column 'totl_amount', did you mean 'total_amount'?"),
        (", plausible: {total_amount: {most: 3}}", "", "unknown key 'most' (known: min, max)"),
        (", plausible: {total_amount: {max: 1990-01-01}}", "", "plausible.total_amount.max: must be a number"),
        (", plausible: {total_amount: {max: .nan}}", "", "max: is no number to reckon with"),
        (", plausible: {ordered_at: {min: 5}}", "", "plausible.ordered_at.min: must be a day, such as 1900-01-01"),
        (", plausible: {coupon_code: {min: 5}}", "", "plausible.coupon_code: is a text: bounds are those of dates"),
        (
            ", plausible: {total_amount: {min: 9, max: 3}}",
            "",
            "plausible.total_amount: nothing is both from 9 and to 3",
        ),
        (
            ", plausible: {fulfilled_at: {min: 2010-01-01, max: 1990-01-01}}",
            "",
            "nothing is both from 2010-01-01 and to 1990-01-01: exchange 'min' and 'max'",
        ),
        (", bad_values: {total_amount: empty}", "", "bad_values.total_amount: is required"),
        (", bad_values: {coupon_code: drop}", "", "'drop' is not one of 'empty' or 'reject'"),
    ],
)
def test_bounds_that_cannot_be_are_told(tmp_path: Path, table: str, head: str, expected: str) -> None:
    assert expected in told(tmp_path, source(f"orders: {{from: a.csv{table}}}", head=head))


def test_norway_is_a_country_and_not_false(tmp_path: Path) -> None:
    assert load_sources(write(tmp_path, source("orders: {from: a.csv}", "country: NO\n"))).country == "NO"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (source("orders: {from: a.csv, colums: {}}"), "sources.yml:6: sources[shop].tables.orders.colums: unknown key"),
        (source("orders: {from: a.csv, colums: {}}"), "did you mean 'columns'?"),
        (source("orderz: {from: a.csv}"), "ecommerce has no table 'orderz', did you mean 'orders'?"),
        (
            source("orders:\n  from: a\n  columns:\n    ordered: x"),
            "sources.yml:9: sources[shop].tables.orders.columns",
        ),
        (source("orders: {columns: {}}"), "sources[shop].tables.orders.from: missing: add the key 'from'"),
        (source("orders: {from: a}", "timezone: Europe/Pari\n"), "did you mean 'Europe/Paris'?"),
        (source("orders: {from: a}", "country: France\n"), "unknown country 'France'"),
        (source("orders: {from: a}", "currency: EURO\n"), "unknown currency 'EURO', did you mean 'EUR'?"),
        (source("orders: {from: a}", "as_of: 2026-02-30\n"), "sources.yml:1: as_of: '2026-02-30' is not a date"),
        (source("orders: {from: a}", "reject_limit: 2\n"), "sources.yml:1: reject_limit"),
        (source("orders: {from: a}", name="a:b"), "'a:b' must begin with a letter"),
        (source("orders: {from: a, options: {encoding: latin-99}}"), "unknown encoding 'latin-99'"),
        (source("orders: {from: a, options: {thousands: ','  , decimal: ','}}"), "the same character as 'decimal'"),
        (source("orders: {from: a, where: x, query: y}"), "write the condition inside the query"),
        (source("orders: {from: a}\norders: {from: b}"), "given twice, first in line 6"),
        (own("emial: [a@b.fr]"), "sources.yml:2: placeholders.emial: unknown attribute 'emial', did you mean 'email'?"),
        (own("email: ["), "this is not YAML"),
        (own("email: [a@b.fr, magasin]"), "sources.yml:2: placeholders.email[1]: is not an e-mail address"),
        (own("phone: ['04 72']"), "placeholders.phone[0]: is not a phone number of the country"),
        (own("phone: [0412345670]"), "placeholders.phone[0]: is read as a number: write it in quotes"),
        (own("birth_date: [01/01/1985]"), "placeholders.birth_date[0]: is not a date, such as 1985-01-01"),
        (own("address: ['...']"), "placeholders.address[0]: is not a street line"),
        (own("city: {Lyon: 1}"), "sources.yml:2: placeholders.city: must be a list"),
        (source("orders: {from: a}", "placeholders: [a@b.fr]\n"), "placeholders: must be keys with their values"),
        (
            "sources:\n  - name: shop\n    kind: ecommerce\n    connector:\n      type: fils\n      root: x\n"
            "    tables: {orders: {from: a, options: {delimiter: ';'}}}",
            "has 1 fault (docs/sources.md explains every key):\n  sources.yml:5: sources[shop].connector.type: "
            "there is no connector 'fils', did you mean 'files'? (known: files",
        ),
        (
            source("orders: {from: a}").replace("type: files, ", ""),
            "connector.type: missing: add the key 'type'",
        ),
        (source("orders: {from: a}").replace("root: x", "root: x, rot: y"), "unknown key 'rot', did you mean 'root'?"),
        (source("orders: {from: a, options: {decimals: ','}}"), "orders.options.decimals: unknown key 'decimals', did"),
        (source("orders: {from: a}").replace("ecommerce", "shop"), "'shop' is not one of 'crm', 'ecommerce' or 'pos'"),
        (
            source("orders: {from: a}").replace("    tables:\n      orders: {from: a}", "    tables: [orders]"),
            "sources.yml:5: sources[shop].tables: must be keys with their values",
        ),
        ("sources: []", "sources.yml:1: sources: is empty"),
        ("", "sources: missing"),
        ("- a\n", "expected keys such as `sources:`, found a list"),
        ("sources: [\n", "sources.yml:2: this is not YAML"),
    ],
)
def test_a_fault_names_its_line_its_key_and_the_way_out(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in told(tmp_path, text)


def test_a_connector_is_told_only_the_options_that_it_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class DatabaseConnector(Connector):
        address: FromEnvironment

    class DatabaseSource(Source):
        connector: DatabaseConnector

    monkeypatch.setitem(SOURCE_MODELS, "database", DatabaseSource)
    monkeypatch.setenv("SHOP_PASSWORD", "open-sesame")
    connector = '{type: database, address: "shop:${SHOP_PASSWORD}"}'
    text = source("orders: {from: sales, options: {thousands: ' '}}").replace("{type: files, root: x}", connector)
    sources = load_sources(write(tmp_path, text))
    [shop] = sources.sources
    assert isinstance(shop.connector, DatabaseConnector)
    assert shop.connector.address.reveal() == "shop:open-sesame"
    assert "${SHOP_PASSWORD}" in str(sources.model_dump())
    assert "open-sesame" not in str(sources.model_dump()) + repr(sources)
    message = told(tmp_path, text.replace("thousands: ' '", "delimiter: ';'").replace("address", "adress"))
    assert "unknown key 'delimiter' (known: decimal, thousands, nulls)" in message
    assert "unknown key 'adress', did you mean 'address'? (known: type, address)" in message


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = source("orderz: {from: a}\norders: {from: a, columns: {nope: x}, optins: 1}", "curency: EUR\nas_of: soon\n")
    message = told(tmp_path, text)
    assert "has 5 faults" in message
    assert [line.split(":")[1] for line in message.splitlines()[1:]] == ["1", "2", "8", "9", "9"]


def test_two_sources_of_one_name_are_a_fault_whatever_the_case(tmp_path: Path) -> None:
    one = source("orders: {from: a}")
    message = told(tmp_path, one + one.removeprefix("sources:\n").replace("shop", "Shop"))
    assert "'Shop' names another source too, in line 2" in message


def test_an_unset_variable_is_named_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_EXPORTS", raising=False)
    message = told(tmp_path, source("orders: {from: a}", root='"${SHOP_EXPORTS}/daily"'))
    assert "sources.yml:4: sources[shop].connector.root: the environment variable SHOP_EXPORTS is not set" in message


def test_a_variable_is_filled_in_but_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_EXPORTS", "/secret-place")
    text = source("orders: {from: a}", root='"${SHOP_EXPORTS}/daily"')
    sources = load_sources(write(tmp_path, text))
    assert folder_of(sources) == Path("/secret-place/daily")
    assert "secret-place" not in repr(sources)
    assert "secret-place" not in str(sources.model_dump())


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--sources"):
        load_sources(tmp_path / "sources.yml")


def test_decisions_lie_in_the_home_or_where_the_file_says_relative_to_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert load_sources(write(tmp_path, WHOLE)).decisions_of(home) == tmp_path / "home" / "decisions.csv"
    named = load_sources(write(tmp_path, f"decisions: ours/verdicts.csv\n{WHOLE}"))
    assert named.decisions_of(home) == tmp_path / "ours" / "verdicts.csv"
    assert "decisions: must be a text" in told(tmp_path, f"decisions: []\n{WHOLE}")


SHOP = """
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: x}
    tables: {customers: {from: c.csv, columns: {account_id: id}}}
  - name: visits
    kind: ecommerce
    belongs_to: shop
    connector: {type: files, root: x}
    tables: {web_events: {from: e.csv, columns: {event_id: id}}}
"""


def test_a_source_may_belong_to_another(tmp_path: Path) -> None:
    sources = load_sources(write(tmp_path, SHOP))
    assert [(each.name, each.rows_of) for each in sources.sources] == [("shop", "shop"), ("visits", "shop")]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("belongs_to: shop", "belongs_to: shpo", ":9: sources[visits].belongs_to: 'shpo' is no other source, did"),
        ("belongs_to: shop", "belongs_to: visits", "'visits' is no other source"),
        ("belongs_to: shop", "belongs_to: [shop]", "belongs_to"),
        ("name: shop", "name: [shop]", "'shop' is no other source"),
        ("name: shop\n    kind: ecommerce", "name: shop\n    kind: crm", "must be of the same kind"),
        ("name: shop\n", "name: shop\n    belongs_to: visits\n", "belong to no other source itself"),
        ("{web_events:", "{customers:", "customers are people, or are known by them: leave them to 'shop'"),
        ("tables: {customers:", "tables: {web_events: {from: w.csv}, customers:", "web_events of 'shop' are filled by"),
    ],
)  # fmt: skip
def test_what_belongs_to_no_source_or_fills_its_tables_twice_is_told(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert message in told(tmp_path, SHOP.replace(before, after, 1))
