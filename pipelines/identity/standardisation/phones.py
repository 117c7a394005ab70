"""Phone numbers to E.164, and whether they are landlines.

Numbers of the configured country are matched against its numbering plan, vectorised; the others are parsed by the
phonenumbers library. Either way, once per distinct value.
"""

import phonenumbers
import polars as pl
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from pipelines.errors import ConfigurationError

LANDLINE_TYPES = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.VOIP,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


def read_phones(values: pl.Series, country: str) -> pl.DataFrame:
    """One row per distinct non-null value of ``values``: value, e164, national, is_landline.

    ``e164`` is null where the value is no phone number; ``national`` are its digits behind the country code.
    Raises ConfigurationError where ``country`` is not an ISO 3166 code with a numbering plan.
    """
    metadata = PhoneMetadata.metadata_for_region(country, None)
    if metadata is None:
        raise ConfigurationError(f"country: {country!r} is not a two-letter country code with a phone numbering plan.")
    distinct = values.drop_nulls().unique().sort().to_frame("value")
    quick = _read_national(distinct, metadata)
    slow = quick.filter(pl.col("e164").is_null() & pl.col("value").str.contains(r"\d{5}|\d.*\d.*\d.*\d.*\d"))
    read = [_read_one(value, country) for value in slow["value"]]
    by_library = pl.DataFrame(
        [(value, *number) for value, number in zip(slow["value"], read, strict=True)],
        schema={"value": pl.String, "e164": pl.String, "national": pl.String, "is_landline": pl.Boolean},
        orient="row",
    )
    by_plan = quick.join(by_library.select("value"), on="value", how="anti")
    return pl.concat([by_plan, by_library.select(by_plan.columns)]).sort("value")


def _read_national(distinct: pl.DataFrame, metadata: PhoneMetadata) -> pl.DataFrame:
    """The values matched against one country's numbering plan; e164 and national are null for those outside it."""
    code = str(metadata.country_code)
    national_prefix = metadata.national_prefix or ""
    compact = (
        pl.col("value")
        .str.replace(r"\(0\)", "")
        .str.replace_all(r"[\s.\-/()_\u00a0]", "")
        # A spreadsheet that took the number for a decimal: 612345678,0
        .str.replace(r",0$", "")
    )
    # Spreadsheets also remove the leading zero, so the prefix is optional; the plan's pattern decides.
    national = compact.str.extract(rf"^(?:(?:\+|00){code}{national_prefix}?|{national_prefix}|)(\d+)$", 1)
    is_valid = national.str.contains(_whole(metadata.general_desc))
    is_mobile = national.str.contains(_whole(metadata.mobile))
    is_landline = national.str.contains(_whole(metadata.fixed_line, metadata.voip))
    return distinct.select(
        "value",
        pl.when(is_valid).then(pl.lit(f"+{code}") + national).alias("e164"),
        pl.when(is_valid).then(national).alias("national"),
        (is_valid & is_landline & ~is_mobile).alias("is_landline"),
    )


def _whole(*kinds: PhoneNumberDesc | None) -> str:
    """A pattern that matches a whole national number of one of these kinds."""
    patterns = [f"(?:{kind.national_number_pattern})" for kind in kinds if kind and kind.national_number_pattern]
    return f"^(?:{'|'.join(patterns)})$" if patterns else "^$"


def _read_one(value: str, country: str) -> tuple[str | None, str | None, bool]:
    """e164, national and is_landline of one value."""
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None, None, False
    if not phonenumbers.is_possible_number(number):
        return None, None, False
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    return e164, national, phonenumbers.number_type(number) in LANDLINE_TYPES
