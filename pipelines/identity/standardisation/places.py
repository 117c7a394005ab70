"""Where each record is: the country by which it is read, and its address taken apart."""

import polars as pl

from pipelines.identity.standardisation.address_lines import split_addresses
from pipelines.identity.standardisation.addresses import street_key
from pipelines.identity.standardisation.attributes import Attribute, means_none
from pipelines.identity.standardisation.countries import country_codes
from pipelines.identity.standardisation.names import fold
from pipelines.identity.standardisation.postcodes import display_postcode, postcode_key


def place_records(records: pl.DataFrame, retailer: str, city: Attribute) -> pl.DataFrame:
    """``records`` with their country (ISO 3166 where it can be read, else as written) and their address taken apart.

    Added: ``region``, the country by which phone and postcode are read: the record's own; the ``retailer``'s where it
    names none; null where nobody can read what it says. ``postcode_key``,
    ``postcode_shown`` and ``street_key`` follow from it.
    What stands for no ``city`` (``none``, ``n/a``) stands for no country either, though NA is Namibia's code.
    """
    folded = fold(pl.col("country"))
    code = pl.col("country").map_batches(country_codes, return_dtype=pl.String)
    is_none = (folded == "") | means_none([folded], folded, city, pl.col("country"))
    read = records.select(pl.col("country").drop_nulls().unique()).with_columns(
        code.alias("code"), (is_none & ~(code == retailer).fill_null(False)).alias("is_none")
    )
    known = records.join(read, on="country", how="left", maintain_order="left").with_columns(
        pl.when(~pl.col("is_none")).then(pl.coalesce("code", pl.col("country").str.strip_chars())).alias("country"),
    )
    placed = known.with_columns(
        pl.when(pl.col("country").is_null()).then(pl.lit(retailer)).otherwise(pl.col("code")).alias("region"),
        (pl.col("country").is_null() | pl.col("code").is_null()).alias("is_assumed"),
    ).drop("code", "is_none")
    return _add_keys(split_addresses(placed).drop("is_assumed"))


def _add_keys(placed: pl.DataFrame) -> pl.DataFrame:
    """``placed`` with postcode_key, postcode_shown and street_key, computed once per distinct value and region."""
    postcodes = placed.select("postcode", "region").drop_nulls("postcode").unique()
    postcodes = postcodes.with_columns(postcode_key(pl.col("postcode"), pl.col("region")).alias("postcode_key"))
    postcodes = postcodes.with_columns(
        display_postcode(pl.col("postcode"), pl.col("postcode_key")).alias("postcode_shown")
    )
    lines = placed.select("address", "region").drop_nulls("address").unique()
    streets = pl.concat(
        [
            of_region.with_columns(street_key(pl.col("address"), region).alias("street_key"))
            for (region,), of_region in lines.group_by("region", maintain_order=True)
        ]
        or [lines.with_columns(pl.lit(None, dtype=pl.String).alias("street_key"))]
    )
    keyed = placed
    for column, table in {"postcode": postcodes, "address": streets}.items():
        keyed = keyed.join(table, on=[column, "region"], how="left", nulls_equal=True, maintain_order="left")
    return keyed


def regions_of(countries: pl.Series, retailer: str) -> pl.Series:
    """``region`` of :func:`place_records`; ``countries`` are as it leaves them."""
    codes = country_codes(countries)
    return codes.set(countries.is_null(), retailer)


def count_unread_countries(countries: pl.Series) -> int:
    """How many records name a country that nobody can read; ``countries`` are as :func:`place_records` leaves them."""
    return int((countries.is_not_null() & country_codes(countries).is_null()).sum())
