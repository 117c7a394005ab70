"""Countries, written in any language or as a code, to ISO 3166 codes of two letters.

The names are those of Unicode's CLDR in every language it knows, as the package ``babel`` ships them; so are the codes
of three letters and three digits. Read once per distinct value.
"""

import re
from collections.abc import Collection
from functools import cache

import polars as pl
from babel.core import Locale, get_global
from babel.localedata import locale_identifiers

from pipelines.identity.standardisation.names import fold

# Territories of CLDR that are no country: unions, pseudo-locales, parts of countries that post and phone do not know.
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "CP", "CQ", "DG", "EA", "IC"})

# Read first, since the names of all the three hundred languages take a second to load.
COMMON_LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")

# What people write besides the names and codes of CLDR; folded: lower case, no accents, single spaces.
OTHER_NAMES = {
    "GB": ("great britain", "britain", "scotland", "wales", "northern ireland", "grande bretagne", "angleterre",
           "ecosse", "pays de galles", "irlande du nord", "grossbritannien", "england", "schottland", "gran bretana",
           "inglaterra", "gran bretagna", "inghilterra", "gra bretanha", "groot brittannie", "engeland"),
    "US": ("united states of america", "etats unis d amerique", "vereinigte staaten von amerika", "eeuu", "ee uu",
           "estados unidos de america", "stati uniti d america"),
    "FR": ("france metropolitaine", "metropole", "republique francaise", "corse"),
    "NL": ("the netherlands", "hollande", "holanda", "olanda", "les pays bas"),
    "DE": ("bundesrepublik deutschland", "brd", "federal republic of germany", "republique federale d allemagne"),
    "CZ": ("czech republic", "republique tcheque", "tschechische republik", "ceska republika"),
    "CI": ("cote d ivoire", "ivory coast"), "IE": ("eire", "republic of ireland", "republique d irlande"),
    "AE": ("uae", "eau"), "KR": ("republic of korea", "coree"), "RU": ("russian federation",), "GR": ("el",),
    "CH": ("confederation suisse", "schweizerische eidgenossenschaft"), "LU": ("grand duche de luxembourg",),
    "CN": ("people s republic of china", "prc"), "CD": ("rdc", "drc", "zaire"), "RE": ("ile de la reunion", "reunion"),
    "VA": ("vatican", "vatikan", "vaticano"), "ST": ("sao tome",),
}  # fmt: skip
# The signs of motor vehicles (Convention on Road Traffic, Vienna 1968), which stood in front of postcodes and still
# stand in address files.
VEHICLE_SIGNS = {
    "a": "AT", "b": "BE", "d": "DE", "e": "ES", "f": "FR", "i": "IT", "l": "LU", "n": "NO", "p": "PT", "s": "SE",
    "fl": "LI", "irl": "IE", "slo": "SI", "fin": "FI",
}  # fmt: skip


def country_codes(values: pl.Series) -> pl.Series:
    """The code of each value, null where it names no country."""
    codes = read_countries(values.drop_nulls().unique().to_list())
    return values.replace_strict(list(codes), list(codes.values()), default=None, return_dtype=pl.String)


def read_countries(values: Collection[str]) -> dict[str, str]:
    """The code of each of the values that names a country."""
    distinct = sorted(set(values))
    read = [(value, _read_one(value, parts)) for value, parts in zip(distinct, _fold_parts(distinct), strict=True)]
    return {value: code for value, code in read if code is not None}


def read_country_names(values: Collection[str]) -> dict[str, str]:
    """The same for the end of an address, where a code of two letters is as likely a state or a province: CA, DE, IL.

    Only names, UK and USA are read.
    """
    distinct = sorted(set(values))
    folded = [" ".join(filter(None, parts)) for parts in _fold_parts(distinct)]
    named = [(value, text) for value, text in zip(distinct, folded, strict=True) if len(text) > 3 or text in _ENDS]
    return {value: code for value, text in named if (code := _find_name(text) or _ENDS.get(text))}


_ENDS = {"uk": "GB", "usa": "US"}


def _fold_parts(values: list[str]) -> list[list[str]]:
    """The parts of each value between slashes, brackets, commas and dashes, each folded."""
    apart = pl.Series(values, dtype=pl.String).to_frame("value").with_row_index("row")
    parts = apart.with_columns(pl.col("value").str.replace_all(r"[^\p{L}\p{M}\p{N}'’. ]+", "|").str.split("|"))
    folded = parts.explode("value").with_columns(fold(pl.col("value")))
    return folded.group_by("row", maintain_order=True).agg(pl.col("value"))["value"].to_list()


def _read_one(value: str, parts: list[str]) -> str | None:
    words = [part for part in parts if part]
    known = _read_flag(value) or _look_up(" ".join(words))
    if known is not None:
        return known
    locale = re.fullmatch(r"\s*[a-z]{2}[-_]([A-Z]{2})\s*", value)  # A language and a country: fr-CA, de_CH.
    if locale:
        return _codes().get(locale[1].lower())
    # "FR - France", "France (FR)", "FR-75": those of its parts that are countries are the same one. Three letters are
    # as likely something else there: DOM-TOM.
    likely = [part for part in words if not part.isdigit() and len(part) != 3 and len(part) > 1]
    codes = {code for part in likely if (code := _look_up(part)) is not None}
    return codes.pop() if len(codes) == 1 else None


def _look_up(folded: str) -> str | None:
    number = re.fullmatch(r"(\d{1,3})(?: 0+)?", folded)  # A spreadsheet's 56.0 is 056, Belgium.
    if number:
        return _codes().get(number[1].zfill(3))
    if re.fullmatch(r"(?:\w )+\w", folded):  # U.S.A., U.K.
        folded = folded.replace(" ", "")
    return _codes().get(folded) or _find_name(folded)


def _read_flag(value: str) -> str | None:
    letters = [chr(ord(sign) - 0x1F1E6 + ord("a")) for sign in value.strip() if 0x1F1E6 <= ord(sign) <= 0x1F1FF]
    return _codes().get("".join(letters)) if len(letters) == 2 else None


@cache
def _codes() -> dict[str, str]:
    """Codes in lower case: ISO 3166 of two and three letters and three digits, those withdrawn since, vehicle signs."""
    countries = set(Locale.parse("en").territories) - NO_COUNTRIES
    codes = {code.lower(): code for code in countries if len(code) == 2 and code.isalpha()}
    for alias, replaced_by in get_global("territory_aliases").items():
        if len(alias) <= 3 and len(replaced_by) == 1 and replaced_by[0].lower() in codes:
            codes.setdefault(alias.lower(), replaced_by[0])
    return VEHICLE_SIGNS | codes


def _find_name(folded: str) -> str | None:
    return _names(COMMON_LANGUAGES).get(folded) or _names(_list_languages()).get(folded) if folded else None


@cache
def _list_languages() -> tuple[str, ...]:
    return tuple(sorted(language for language in locale_identifiers() if "_" not in language))


@cache
def _names(languages: tuple[str, ...]) -> dict[str, str]:
    """Folded names that mean one country only in these languages."""
    countries = set(_codes().values())
    written = [
        (name, code)
        for language in languages
        for code, name in Locale.parse(language).territories.items()
        if code in countries
    ]
    meant: dict[str, set[str]] = {}
    for (_, code), parts in zip(written, _fold_parts([name for name, _ in written]), strict=True):
        meant.setdefault(" ".join(filter(None, parts)), set()).add(code)
    names = {name: codes.pop() for name, codes in meant.items() if len(codes) == 1}
    return names | {name: code for code, others in OTHER_NAMES.items() for name in others}
