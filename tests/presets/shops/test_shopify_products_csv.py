"""Shopify's CSV of products: variants and pictures under one handle, which join the lines of orders."""

from typing import Any

import pytest

from pipelines.presets.recognise import recognise

PRESET = "shopify_products_csv"
NEW = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option1 Linked To,"
    "Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Policy,Variant Fulfillment Service,Variant Price,Variant Compare At Price,"
    "Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,Status"
)
OLD = (
    "Handle,Title,Body (HTML),Vendor,Standardized Product Type,Custom Product Type,Tags,Published,Option1 Name,"
    "Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Price,"
    "Image Src,Gift Card"
)
ROWS = """
scarf,Scarf,"<p>Soft,
warm</p>",Maison,Apparel & Accessories > Clothing Accessories > Scarves,Accessories,,true,Colour,Blue,,Size,S,,,SC-B,90,,deny,manual,34.90,,true,true,,a.jpg,1,,false,active
scarf,,,,,,,,,Red,,,S,,,,90,,deny,manual,34.90,,true,true,,b.jpg,2,,,
scarf,,,,,,,,,,,,,,,,,,,,,,,,,c.jpg,3,,,
hat,Hat,,Maison,Apparel & Accessories > Hats,,,true,Title,Default Title,,,,,,'00123,90,,deny,manual,20.00,25.00,true,true,,,,,false,active
hat-2,Other hat,,Atelier,,,,true,Title,Default Title,,,,,,'00123,90,,deny,manual,21.00,,true,true,,,,,false,active
"""  # noqa: E501


def test_a_product_is_a_variant_by_its_sku_or_as_lines_of_orders_call_it(exported: Any, pick: Any) -> None:
    exported.write("products_export_1.csv", NEW + ROWS)
    products = exported.read(PRESET, "products", "products_export*.csv")
    assert pick(products, "product_id", "name", "category", "subcategory", "brand", "list_price") == [
        ("00123", "Hat", "Hats", None, "Maison", "20.00"),
        ("SC-B", "Scarf - Blue / S", "Accessories", "Scarves", "Maison", "34.90"),
        ("Scarf - Red / S", "Scarf - Red / S", "Accessories", "Scarves", "Maison", "34.90"),
    ]


@pytest.mark.parametrize("header", [NEW, OLD])
def test_it_is_recognised_before_all_others(header: str) -> None:
    first = recognise(header.split(","))[0]
    assert (first.preset.name, first.is_certain) == (PRESET, True)
