"""Phone numbers to E.164, each by the numbering plan of its record's country, and whether they are landlines.

Numbers are matched against the plan, vectorised; those that it does not know are parsed by the phonenumbers library.
Either way, once per distinct value and country.
"""

import re

import phonenumbers
import polars as pl
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from pipelines.errors import ConfigurationError

# Where a plan does not tell landlines from mobiles (+1), a number counts as a mobile: most that people give are.
LANDLINE_TYPES = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.VOIP)
# Arcep numbers the overseas departments and communities in one plan with the mainland, in ranges that do not overlap: a
# number that only one of them has is theirs, whatever country its record names.
FRENCH = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF")
SHARED_PLANS = {country: tuple(other for other in FRENCH if other != country) for country in FRENCH}
ZERO_IS_DIALLED_FROM_ABROAD = ("IT", "SM", "VA")  # There the zero that a spreadsheet removes is not a prefix.

FEWEST_DIGITS = 7  # Of a number among several in one field: shorter ones are area codes, extensions and remarks.
FEWEST_DIGITS_WITH_CODE = 11  # Below, a number without a plus is national: 555 123 4567 is not of Brazil (+55).
SEVERAL_NUMBERS = 14  # Digits from which a value may hold two numbers.
BETWEEN_NUMBERS = (r"[\n;|]", r"\s/\s|,|&|\s(?:ou|or|oder|et|and|und|y|o|e|en)\s", r"/|\s-\s", r"\s{2,}", r"\s")
EXTENSION = (
    r"(?i)[\s,;]*(?:extension|ext|poste|post|durchwahl|interno|toestel|anexo|ramal|int|dw|x|#)[\s.:]*\d{1,6}\s*$"
)

READ: dict[str, pl.DataType] = {
    "value": pl.String(), "region": pl.String(), "e164": pl.String(), "national": pl.String(),
    "is_landline": pl.Boolean(), "second_e164": pl.String(), "second_national": pl.String(),
    "second_is_landline": pl.Boolean(),
}  # fmt: skip
_Number = tuple[str | None, str | None, bool]  # e164, national, is_landline
_NONE: _Number = (None, None, False)


def read_phones(values: pl.Series, country: str, regions: pl.Series | None = None) -> pl.DataFrame:
    """One row per distinct non-null value of ``values`` and its region: the columns of :data:`READ`.

    ``regions`` are the countries of the values, row by row (ISO 3166; by default all of ``country``). Null is a country
    that nobody can read: a number without a country code is then taken only where ``country``, the retailer's, has
    such a number. ``e164`` is null where the value is no phone number; ``national`` are its digits behind the country
    code; ``second_e164`` is the next number of a value that holds several.
    Raises ConfigurationError where ``country`` is not an ISO 3166 code with a numbering plan.
    """
    _require_plan(country)
    assumed = pl.Series([country], dtype=pl.String).new_from_index(0, len(values))
    given = pl.DataFrame({"value": values, "region": assumed if regions is None else regions})
    distinct = given.drop_nulls("value").unique().sort("value", "region")
    parts = _take_apart(distinct)
    read = _read_parts(parts.select("part", "region").unique(maintain_order=True), country)
    numbers = (
        parts.join(read, on=["part", "region"], how="left", nulls_equal=True, maintain_order="left")
        .sort("value", "region", "position", maintain_order=True)
        .unique(["value", "region", "e164"], keep="first", maintain_order=True)
        .filter(pl.col("e164").is_not_null() | pl.col("is_only"))
    )
    ordered = numbers.group_by("value", "region", maintain_order=True)
    found = ordered.agg(
        *(pl.col(name).first() for name in ("e164", "national", "is_landline")),
        *(
            pl.col(name).get(1, null_on_oob=True).alias(f"second_{name}")
            for name in ("e164", "national", "is_landline")
        ),
    )
    return distinct.join(found, on=["value", "region"], how="left", nulls_equal=True, maintain_order="left").select(
        pl.col(name).fill_null(False) if dtype == pl.Boolean() else pl.col(name) for name, dtype in READ.items()
    )


def _take_apart(distinct: pl.DataFrame) -> pl.DataFrame:
    """The numbers that each value holds: value, region, position, part, is_only."""
    bare = (
        pl.col("value")
        .str.normalize("NFKC")
        .str.replace_all(r"\p{Cf}", "")
        .str.replace_all(r"[\u2010-\u2015\u2212]", "-")
        .str.replace(EXTENSION, "")
        # A spreadsheet that took the number for a decimal: 612345678.0
        .str.replace(r"^(\D?\D?\d+)[.,]0+$", "${1}")
    )
    written = distinct.with_columns(bare.alias("part"))
    is_odd = (pl.col("part").str.count_matches(r"\d") >= SEVERAL_NUMBERS) | pl.col("part").str.contains(r"\d[eE]\+?\d")
    several = written.filter(is_odd).with_columns(
        pl.col("part").map_elements(_list_numbers, return_dtype=pl.List(pl.String))
    )
    single = written.filter(~is_odd).with_columns(pl.concat_list("part"))
    apart = pl.concat([single, several]).with_columns((pl.col("part").list.len() == 1).alias("is_only"))
    return apart.with_columns(pl.int_ranges(pl.col("part").list.len()).alias("position")).explode("part", "position")


def _list_numbers(text: str) -> list[str]:
    """The numbers of a field that holds several, or one in scientific notation; the whole of it where neither helps."""
    scientific = re.fullmatch(r"\D?(\d)[.,](\d+)[eE]\+?(\d+)", text.strip())
    if scientific:  # With all of its digits (6.12345671E8), or rounded to a number that is nobody's (6,12E+08).
        first, decimals, exponent = scientific[1], scientific[2], int(scientific[3])
        is_exact = FEWEST_DIGITS <= exponent == max(exponent, len(decimals)) <= len(decimals) + 1
        return [(first + decimals).ljust(exponent + 1, "0") if is_exact else text]
    for separator in BETWEEN_NUMBERS:
        parts = [part for part in re.split(separator, text) if len(re.findall(r"\d", part)) >= FEWEST_DIGITS]
        if len(parts) > 1:
            return parts
    return [text]


def _read_parts(parts: pl.DataFrame, country: str) -> pl.DataFrame:
    """``parts`` (part, region) with e164, national and is_landline."""
    by_region = [
        _read_by_plan(parts.filter(pl.col("region").eq_missing(pl.lit(region, dtype=pl.String))), region, country)
        for region in parts["region"].unique().sort()
    ]
    quick = pl.concat(by_region or [_read_by_plan(parts, None, country)])
    # A number in scientific notation has lost its last digits.
    is_number = pl.col("part").str.contains(r"\d\D*\d\D*\d\D*\d\D*\d") & ~pl.col("part").str.contains(r"\d[eE]\+?\d")
    slow = quick.filter(pl.col("e164").is_null() & is_number)
    read = [_read_by_library(part, region, country) for part, region in slow.select("part", "region").iter_rows()]
    by_library = slow.select("part", "region").with_columns(
        pl.Series("e164", [number[0] for number in read], dtype=pl.String),
        pl.Series("national", [number[1] for number in read], dtype=pl.String),
        pl.Series("is_landline", [number[2] for number in read], dtype=pl.Boolean),
    )
    by_plan = quick.join(by_library, on=["part", "region"], how="anti", nulls_equal=True)
    return pl.concat([by_plan, by_library])


def _find_plan(region: str | None) -> PhoneMetadata | None:
    return PhoneMetadata.metadata_for_region(region, None) if region else None


def _require_plan(country: str) -> PhoneMetadata:
    metadata = _find_plan(country)
    if metadata is None:
        raise ConfigurationError(f"country: {country!r} is not a two-letter country code with a phone numbering plan.")
    return metadata


def _read_by_plan(parts: pl.DataFrame, region: str | None, country: str) -> pl.DataFrame:
    """The parts matched against the plan of their region, else of ``country``; e164 is null for those outside it."""
    metadata = _find_plan(region) or _require_plan(country)
    code = str(metadata.country_code)
    national_prefix = metadata.national_prefix or ""
    compact = (
        pl.col("part")
        .str.replace_all(r"^[^\d+(]+|\D+$", "")  # "Tel.: ", "'", " (bureau)"
        .str.replace(r"\(\s*0\s*\)", "")
        .str.replace_all(r"[\s.\-/()_\u00a0]", "")
    )
    # Spreadsheets also remove the leading zero, so the prefix is optional; the plan's pattern decides.
    national = compact.str.extract(rf"^(?:(?:\+|00){code}(?:{national_prefix})?|{national_prefix}|)(\d+)$", 1)
    is_valid = national.str.contains(
        _whole(
            metadata.mobile, metadata.fixed_line, metadata.voip, metadata.toll_free, metadata.premium_rate,
            metadata.shared_cost, metadata.personal_number, metadata.uan,
        )
    )  # fmt: skip
    is_mobile = national.str.contains(_whole(metadata.mobile))
    is_landline = national.str.contains(_whole(metadata.fixed_line, metadata.voip))
    return parts.with_columns(
        pl.when(is_valid).then(pl.lit(f"+{code}") + national).alias("e164"),
        pl.when(is_valid).then(national).alias("national"),
        (is_valid & is_landline & ~is_mobile).fill_null(False).alias("is_landline"),
    )


def _whole(*kinds: PhoneNumberDesc | None) -> str:
    """A pattern that matches a whole national number of one of these kinds."""
    patterns = [f"(?:{kind.national_number_pattern})" for kind in kinds if kind and kind.national_number_pattern]
    return f"^(?:{'|'.join(patterns)})$" if patterns else "^$"


def _read_by_library(written: str, region: str | None, country: str) -> _Number:
    """The number as one of its region, else of a country that shares its plan, else by the country code it begins with.

    A number that only ``country``, the retailer's, has is of that: who lives across the border often kept it. Where
    none of them has such a number, one of a possible length of the region still is a number that people can call.
    """
    text = re.sub(r"^[^\d+(]+", "", written)
    digits = re.sub(r"\D", "", text)
    own = region or country
    attempts = [(text, plan) for plan in (own, *SHARED_PLANS.get(own, ()))]
    if re.search(r"/\s*\d{1,4}\s*$", text):  # "01 42 68 53 00/01" is two lines of one switchboard.
        attempts.append((text.rpartition("/")[0], own))
    if own in ZERO_IS_DIALLED_FROM_ABROAD and digits == text.strip():
        attempts.append((f"0{digits}", own))
    if len(digits) >= FEWEST_DIGITS_WITH_CODE and not digits.startswith("0"):
        attempts.append((f"+{digits}", own))
    if digits.startswith("00"):  # As most of the world dials abroad, whatever the region itself dials.
        attempts.append((f"+{digits[2:]}", own))
    elif digits.startswith(_require_plan(country).national_prefix or "0") and not text.startswith("+"):
        attempts.append((text, country))
    for attempt, plan in attempts:
        number = _parse(attempt, plan)
        if number is not None and phonenumbers.is_valid_number(number):
            return _describe(number)
    number = _parse(text, own)
    if number is None or not phonenumbers.is_possible_number(number):
        return _NONE
    if phonenumbers.national_significant_number(number).startswith("0") and own not in ZERO_IS_DIALLED_FROM_ABROAD:
        return _NONE  # A digit is missing, or it is a number of another plan.
    return _describe(number) if region is not None or text.startswith(("+", "00")) else _NONE


def _parse(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _describe(number: phonenumbers.PhoneNumber) -> _Number:
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    return e164, national, phonenumbers.number_type(number) in LANDLINE_TYPES
