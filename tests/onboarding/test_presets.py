"""Exports of well-known systems: each is known by its columns, whatever the file is called, in each language."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from pipelines.presets.preset import Preset, list_presets, load_preset

NAMES = list_presets()


def write_export(onboarding: Any, name: str, headers: list[str], mark: str = ";") -> None:
    """A file of one row, its header as a spreadsheet writes it."""
    quoted = mark.join('"' + header.replace('"', '""') + '"' for header in headers)
    values = ["pos" if header.lower() == "source" else "x" for header in headers]  # Shopify's tills have a word.
    onboarding.write(name, f"{quoted}\n{mark.join(values)}\n", "cp1252")


def translated(preset: Preset) -> list[str]:
    """The headers, each by the last of its other names."""
    return [header.also[-1] if header.also else name for name, header in preset.headers.items()]


@pytest.mark.parametrize("name", NAMES)
def test_a_renamed_export_in_another_language_is_known(onboarding: Any, name: str) -> None:
    preset = load_preset(name)
    headers = [each for each in translated(preset) if each.encode("cp1252", "ignore").decode("cp1252") == each]
    write_export(onboarding, "données/fichier 12.csv", headers)
    text = onboarding.init()
    assert f"preset: {name}" in text
    tables = {table for source in onboarding.load().sources for table in source.tables}
    assert tables >= set(preset.tables)


@pytest.mark.parametrize("name", NAMES)
def test_an_export_with_needed_columns_only_is_known(onboarding: Any, name: str) -> None:
    preset = load_preset(name)
    needed = [own for own, header in preset.headers.items() if not header.is_optional or own in (preset.rows or "")]
    write_export(onboarding, "a.csv", needed, ",")
    assert f"preset: {name}" in onboarding.init()


@pytest.mark.parametrize(("source", "kinds"), [("web", {"ecommerce"}), ("pos", {"ecommerce", "pos"})])
def test_orders_of_tills_in_the_shop_s_export_are_a_source_of_their_own(
    onboarding: Any, source: str, kinds: set[str]
) -> None:
    headers = list(load_preset("shopify_orders_csv").headers)
    rows = [headers, [source if header == "Source" else "1" for header in headers]]
    onboarding.write("orders_export_1.csv", "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows))
    onboarding.init()
    assert {each.kind for each in onboarding.load().sources} == kinds


def test_exports_of_one_shop_are_one_source_and_those_of_two_shops_two(onboarding: Any) -> None:
    for name in ("shopify_orders_csv", "shopify_customers_csv", "shopify_products_csv"):
        for shop in ("fr", "be"):
            write_export(
                onboarding, f"{load_preset(name).files[0].split('*')[0]}_{shop}.csv", translated(load_preset(name))
            )
    onboarding.init()
    shops = {each.name: set(each.tables) for each in onboarding.load().sources if each.kind == "ecommerce"}
    assert len(shops) == 2
    assert all({"orders", "order_lines", "customers", "products"} <= tables for tables in shops.values())


SHOPIFY_ORDERS = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at"
SHOPIFY_LINES = (
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Refunded Amount,Fulfillment Status,"
    "Source"
)
SHOPIFY = {
    "orders": f"{SHOPIFY_ORDERS},{SHOPIFY_LINES}\n"
    "#1001,a@exemple.fr,paid,EUR,10,0,1.67,10,0,2026-01-05 10:00:00 +0100,1,Hat,10,H1,0,0,fulfilled,web\n",
    "customers": "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Total Spent,Total Orders,Phone,Tags\n"
    "1,Anne,Martin,a@exemple.fr,no,10,1,,\n",
}


def test_a_shop_is_not_joined_to_the_customers_of_another(onboarding: Any) -> None:
    for shop in ("be", "fr"):
        for name, content in SHOPIFY.items():
            onboarding.write(f"{name}_{shop}.csv", content)
    onboarding.init()
    orders = {each.name: each.tables["orders"] for each in onboarding.load().sources if each.kind == "ecommerce"}
    joined = {name: table.with_["customers"].from_ for name, table in orders.items()}
    assert joined == {"shopify_be": "customers_be.csv", "shopify_fr": "customers_fr.csv"}


def test_what_the_files_have_answered_is_not_asked_again(onboarding: Any) -> None:
    onboarding.write("orders.csv", SHOPIFY["orders"])
    assert "It names no account" in onboarding.init()
    onboarding.write("customers.csv", SHOPIFY["customers"])
    text = onboarding.init("--force")
    assert "with: {customers: customers.csv}" in text
    assert "It names no account" not in text
    assert "does not say when money was paid back" in text


def test_files_of_one_archive_are_not_joined_to_themselves(onboarding: Any) -> None:
    """The further files of a query are read with the options of its own, `member` among them."""
    archive = BytesIO()
    with ZipFile(archive, "w") as packed:
        for name, content in SHOPIFY.items():
            packed.writestr(f"{name}.csv", content)
    onboarding.write("all.zip", archive.getvalue())
    assert "with:" not in onboarding.init().replace("`with:", "")
    assert onboarding.rows("ecommerce/orders", "order_id") == [("#1001",)]


def test_decimal_commas_take_the_place_of_a_preset_s_own_mark_of_the_thousands(onboarding: Any) -> None:
    headers = translated(load_preset("square_items"))
    amounts = {"Remises", "Ventes nettes", "TVA"}
    rows = [[f"1{n},50 €" if header in amounts else "x" for header in headers] for n in range(5)]
    onboarding.write("articles.csv", "\n".join(";".join(row) for row in [headers, *rows]) + "\n")
    assert "preset: square_items" in onboarding.init()
    tickets = next(source for source in onboarding.load().sources if source.kind == "pos").tables["tickets"]
    assert (tickets.options.decimal, tickets.options.thousands) == (",", None)


@pytest.mark.parametrize("name", [name for name in NAMES if load_preset(name).options.get("thousands") == ","])
def test_decimal_commas_take_the_place_of_a_presets_thousands(onboarding: Any, name: str) -> None:
    headers = [own for own, header in load_preset(name).headers.items() if not header.is_optional]
    quoted = ";".join(f'"{header}"' for header in headers)
    onboarding.write("export.csv", f"{quoted}\n{';'.join(['10,50'] * len(headers))}\n")
    onboarding.init()
    table = next(iter(onboarding.load().sources[0].tables.values()))
    assert (table.options.decimal, table.options.thousands) == (",", None)
