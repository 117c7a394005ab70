"""What `sources.yml` may say of a pull, and the line of what it may not."""

from pathlib import Path

import pytest

from pipelines.config.connectors import PulledSource
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError

HEAD = """sources:
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me, password: "${SHOP_PASSWORD}"}
"""
TABLES = "    tables: {orders: {from: orders}}\n"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret")


def load(folder: Path, pulls: str = "", head: str = HEAD, tables: str = TABLES) -> PulledSource:
    file = folder / "sources.yml"
    file.write_text(head + (f"    pulls: {{{pulls}}}\n" if pulls else "") + tables)
    [source] = load_sources(file).sources
    assert isinstance(source, PulledSource)
    return source


def test_a_table_without_a_pull_is_pulled_as_a_whole(tmp_path: Path) -> None:
    [(name, pull)] = load(tmp_path).wanted.items()
    assert (name, pull.from_, pull.key, pull.cursor) == ("orders", None, (), None)


def test_what_queries_read_beside_is_pulled_too(tmp_path: Path) -> None:
    tables = """    tables:
      orders: {from: orders, query: "select * from source join refunds using (id)", with: {refunds: refund}}
"""
    assert list(load(tmp_path, tables=tables).wanted) == ["orders", "refund"]


def test_the_password_is_shown_nowhere(tmp_path: Path) -> None:
    source = load(tmp_path)
    assert "s3cret" not in repr(source) + source.model_dump_json()


@pytest.mark.parametrize(
    ("pulls", "told"),
    [
        ("orders: {cursor: changed}", "'cursor' without 'key'"),
        ("orders: {overlap: 1h}", "'overlap' without 'cursor'"),
        ("orders: {deletes: none}", "'deletes' without 'cursor'"),
        ("orders: {from: a, select: b}", "'from' and 'select' together"),
        ("orders: {key: id, cursor: changed, overlap: soon}", "must be a time such as 30m, 2h or 1d"),
        ("orders: {key: id, cursor: changed, overlap: 999999d}", "at most 3650d"),
        ("orders: {key: id, cursor: changed, columns: [id]}", "'columns' leave out changed"),
        ("orders: {}, others: {}", "no table reads the pull 'others'"),
        ("orders: {curser: changed}", "unknown key"),
        ("orders: {tolerance: 2}", "tolerance"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, pulls: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, pulls)
    assert told in str(raised.value)
    assert "sources.yml:" in str(raised.value)


@pytest.mark.parametrize("written", ["s3cret", "pre${SHOP_PASSWORD}", "${SHOP_PASSWORD}${SHOP_PASSWORD}"])
def test_a_password_comes_from_the_environment_alone(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError, match="has no place in a file") as raised:
        load(tmp_path, head=HEAD.replace("${SHOP_PASSWORD}", written))
    assert "s3cret" not in str(raised.value)


def read_faults(folder: Path, *arguments: str, **named: str) -> str:
    with pytest.raises(ConfigurationError) as told:
        load(folder, *arguments, **named)
    return str(told.value)


def test_deletes_that_are_none_of_those_known_are_one_fault(tmp_path: Path) -> None:
    told = read_faults(tmp_path, "orders: {key: id, cursor: changed, deletes: compare}")
    assert "has 1 fault" in told
    assert "pulls.orders.deletes: 'compare' is none of compare_keys, reported, none, or {where: ...}" in told
    told = read_faults(tmp_path, "orders: {deletes: {were: gone}}")
    assert "pulls.orders.deletes.were: unknown key 'were', did you mean 'where'?" in told


def test_of_a_table_without_keys_it_is_told_once_what_is_wrong(tmp_path: Path) -> None:
    told = read_faults(tmp_path, tables="    tables: {orders: {from: orders}, order_lines: null, tickets: null}\n")
    assert "has 2 faults" in told
    assert "tables.order_lines: must be keys with their values" in told
    assert "tables.tickets: ecommerce has no table 'tickets'" in told


SHOPIFY = """sources:
  - name: shop
    kind: ecommerce
    connector: {type: shopify, shop: NAME, token: "${SHOP_PASSWORD}"}
"""
ORDERS = "    tables: {orders: {}}\n"


def test_a_pull_that_a_connector_does_not_bring_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    head = SHOPIFY.replace("NAME", "ada.myshopify.com")
    told = read_faults(tmp_path, "order: {overlap: 6h}", head=head, tables=ORDERS)
    assert "has 1 fault" in told
    assert "sources.yml:5: sources[shop].pulls.order: shopify brings no pull 'order', did you mean 'orders'?" in told
    assert load(tmp_path, "orders: {overlap: 6h}", head=head, tables=ORDERS).pulls["orders"].cursor == "updated_at"


@pytest.mark.parametrize(
    ("kind", "tables", "pulls"),
    [
        ("pos", {"members", "stores", "ticket_lines", "tickets"}, {"catalog", "customers", "locations", "orders"}),
        ("ecommerce", {"products"}, {"catalog"}),
    ],
)
def test_a_connector_brings_the_tables_of_the_source_s_kind(
    tmp_path: Path, kind: str, tables: set[str], pulls: set[str]
) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(
        f'sources:\n  - {{name: tills, kind: {kind}, connector: {{type: square, token: "${{SHOP_PASSWORD}}"}}}}\n'
    )
    [source] = load_sources(path).sources
    assert isinstance(source, PulledSource)
    assert (set(source.tables), set(source.pulls)) == (tables, pulls)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("maison-ada", "maison-ada"),
        ("https://maison-ada.myshopify.com/", "maison-ada"),
        ("https://admin.shopify.com/store/maison-ada", "maison-ada"),
        ("Maison Ada", "name"),
        ("maison-ada.fr", "name"),
    ],
)
def test_the_name_that_a_shop_has_at_shopify_is_asked_for(tmp_path: Path, written: str, name: str) -> None:
    told = read_faults(tmp_path, head=SHOPIFY.replace("NAME", f'"{written}"'), tables=ORDERS)
    assert f"connector.shop: '{written}': write the name that the shop has at Shopify: `{name}.myshopify.com`" in told
    assert "has 1 fault" in told


def test_a_version_that_the_api_never_has_is_told_as_one(tmp_path: Path) -> None:
    head = SHOPIFY.replace("NAME", "ada.myshopify.com, version: 2026-11")
    assert "connector.version: '2026-11' is no version of the API: write one such as 2026-10" in read_faults(
        tmp_path, head=head, tables=ORDERS
    )
