"""The phone columns of records: what is shown in each, and what is compared."""

import polars as pl

from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.phones import read_phones


def clean_phone_columns(records: pl.DataFrame, country: str, attribute: Attribute) -> pl.DataFrame:
    """phone and mobile as E.164; mobile_key and landline_key by the kind of number, whichever column it was in.

    A second number of a column counts where the record has no other of its kind.
    """
    numbers = read_phones(
        pl.concat([records["phone"], records["mobile"]]), country, pl.concat([records["region"], records["region"]])
    )
    for prefix in ("", "second_"):
        e164, national = pl.col(f"{prefix}e164"), pl.col(f"{prefix}national")
        is_real = e164.is_not_null()
        if attribute.own_values:
            is_real &= ~e164.is_in(attribute.own_values)
        if attribute.placeholder_pattern:
            is_real &= ~national.str.contains(attribute.placeholder_pattern)
        numbers = numbers.with_columns(pl.when(is_real).then(e164).alias(f"{prefix}e164"))
    joined = records
    for column in ("phone", "mobile"):
        joined = joined.join(
            numbers.select(
                pl.col("value").alias(column),
                "region",
                *(
                    pl.col(f"{prefix}{name}").alias(f"{column}_{prefix}{name}")
                    for prefix in ("", "second_")
                    for name in ("e164", "is_landline")
                ),
            ),
            on=[column, "region"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )

    def first_of(is_landline: bool, *names: str) -> pl.Expr:
        kinds = (pl.col(f"{name}_is_landline") == pl.lit(is_landline) for name in names)
        return pl.coalesce(pl.when(kind).then(pl.col(f"{name}_e164")) for kind, name in zip(kinds, names, strict=True))

    phone, mobile = (pl.coalesce(f"{name}_e164", f"{name}_second_e164") for name in ("phone", "mobile"))
    is_one_of_each = pl.col("phone_is_landline") != pl.col("phone_second_is_landline")
    are_known = pl.col("phone_e164").is_not_null() & pl.col("phone_second_e164").is_not_null()
    has_both = (mobile.is_null() & are_known & is_one_of_each).fill_null(False)
    return joined.with_columns(
        pl.when(has_both).then(first_of(True, "phone", "phone_second")).otherwise(phone).alias("phone"),
        pl.when(has_both).then(first_of(False, "phone", "phone_second")).otherwise(mobile).alias("mobile"),
        first_of(False, "mobile", "phone", "mobile_second", "phone_second").alias("mobile_key"),
        first_of(True, "phone", "mobile", "phone_second", "mobile_second").alias("landline_key"),
    )
