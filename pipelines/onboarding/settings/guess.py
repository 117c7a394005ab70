"""The retailer's country, time zone, currency and language, each with what it was told from."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers
import yaml

from pipelines.config.field_types import CURRENCIES
from pipelines.extracts.currency_signs import SIGNS
from pipelines.headers.folding import strip_accents
from pipelines.identity.standardisation.countries import read_countries
from pipelines.onboarding.draft import Remark, Setting
from pipelines.onboarding.exports.export import Export
from pipelines.texts.catalogue import list_languages

MOST = 300  # Numbers to call that are looked at; parsing them takes a while.
ANY_NUMBER = {"LU", "AT", "DE"}
LEAST_PHONES = 2
AS_GOOD = 0.8  # Of the most: countries share the shapes of numbers, and some digits of one are no number of another.
_NAMES_COUNTRY = {"country", "pays", "land", "pais", "paese"}
_COUNTRIES = ("country", "contact_country")
_SIGN_OF = {"€": "EUR", "£": "GBP", "$": "USD", "CHF": "CHF"}


def guess_settings(
    exports: Sequence[Export], assigned: Sequence[tuple[Export, str, str]], language: str | None
) -> tuple[Setting, ...]:
    """``assigned``: which source column of which export is which canonical one."""
    spoken = _guess_language(exports)
    country, told = _guess_country(exports, assigned, spoken)
    known = _countries()[country]
    currency = _guess_currency(exports, assigned)
    settings = [Setting("country", country, told)]
    of_country = Remark("of_country", {"country": country})
    zone_told = Remark("several_zones") if known.get("has_several_zones") else of_country
    settings.append(Setting("timezone", known["timezone"], zone_told))
    settings.append(currency or Setting("currency", known["currency"], of_country))
    written = language or (spoken if spoken in list_languages() else "en")
    settings.append(Setting("language", written, Remark("asked" if language else "of_headers")))
    return tuple(settings)


def _guess_language(exports: Sequence[Export]) -> str:
    words = Counter(
        word
        for export in exports
        for column in export.columns
        for word in re.findall(r"[a-z]+", strip_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)))
    )
    told = {language: sum(words[word] for word in known) for language, known in _read("languages").items()}
    return max(told, key=lambda language: (told[language], language == "en"))


def _guess_country(
    exports: Sequence[Export], assigned: Sequence[tuple[Export, str, str]], language: str
) -> tuple[str, Remark]:
    """By the countries that records name, their numbers to call, their postcodes, in that order; else the language."""
    named: Counter[str] = Counter()
    for value in _name_countries(exports, assigned):
        named[value] += 1
    codes = read_countries(list(named))
    votes = Counter[str]()
    for value, count in named.items():
        if codes.get(value) in _countries():
            votes[codes[value]] += count
    if votes:
        return votes.most_common(1)[0][0], Remark("of_records")
    phones = list(_values(assigned, ("phone", "mobile", "contact_phone")))[:MOST]
    own = "FR" if language == "fr" else "GB"
    if phones and (found := _count_phones(phones, own)):
        country, count = found
        return country, Remark("of_phones", {"count": str(count), "all": str(len(phones))})
    postcodes = list(_values(assigned, ("postcode", "contact_postcode")))[:MOST]
    for country in dict.fromkeys((own, *_countries())):
        pattern = re.compile(str(_countries()[country]["postcode"]), re.IGNORECASE)
        if postcodes and sum(bool(pattern.fullmatch(value)) for value in postcodes) > 0.8 * len(postcodes):
            return country, Remark("of_postcodes")
    return own, Remark("of_headers")


def _name_countries(exports: Sequence[Export], assigned: Sequence[tuple[Export, str, str]]) -> Iterator[str]:
    """Values of columns of countries, also of those that only a preset's query reads (`Country Code (Billing)`)."""
    sources = {(id(export), source): (export, source) for export, name, source in assigned if name in _COUNTRIES}
    for export in exports:
        for column in export.columns:
            if _NAMES_COUNTRY & set(re.findall(r"[a-z]+", strip_accents(column))):
                sources.setdefault((id(export), column), (export, column))
    for export, source in sources.values():
        yield from export.shapes[source].sample


def _count_phones(phones: Sequence[str], own: str) -> tuple[str, int] | None:
    """The country of most numbers, with a prefix or valid there without; ``own`` where it has nearly as many.

    Not told by a handful, nor by countries in which almost every row of digits is a number.
    """
    votes: Counter[str] = Counter()
    for number in phones:
        is_prefixed = number.lstrip().startswith(("+", "00"))
        for country in _countries():
            if not is_prefixed and country in ANY_NUMBER:
                continue
            try:
                parsed = phonenumbers.parse(number, country)
            except phonenumbers.NumberParseException:
                continue
            votes[country] += phonenumbers.is_valid_number_for_region(parsed, country)
    order = list(dict.fromkeys((own, *_countries())))
    best = min(order, key=lambda country: (-votes[country], order.index(country)))
    if votes[own] >= AS_GOOD * votes[best]:
        best = own
    enough = votes[best] >= max(LEAST_PHONES, 0.3 * len(phones))
    return (best, votes[best]) if enough else None


def _guess_currency(exports: Sequence[Export], assigned: Sequence[tuple[Export, str, str]]) -> Setting | None:
    """By a column of currencies, else by the signs beside amounts."""
    codes = Counter(value.upper() for value in _values(assigned, ("currency",)) if value.upper() in CURRENCIES)
    codes += Counter(
        value.upper()
        for export in exports
        for column in export.columns
        if strip_accents(column) in ("currency", "devise", "monnaie", "currency code")
        for value in export.shapes[column].sample
        if value.upper() in CURRENCIES
    )
    if codes:
        return Setting("currency", min(codes, key=lambda code: (-codes[code], code)), Remark("of_currency_column"))
    signs: Counter[str] = Counter()
    for export in exports:
        for shape in export.shapes.values():
            if shape.are_numbers:
                for value in shape.sample[:200]:
                    signs.update(code for sign, code in _SIGN_OF.items() if sign in value)
    if signs:
        code = min(signs, key=lambda each: (-signs[each], each))
        return Setting("currency", code, Remark("of_signs", {"sign": next(iter(SIGNS[code]))}))
    return None


def _values(assigned: Sequence[tuple[Export, str, str]], columns: Sequence[str]) -> Iterator[str]:
    for export, canonical, source in assigned:
        if canonical in columns:
            yield from export.shapes[source].sample


def _countries() -> dict[str, Any]:
    return _read("countries")


@cache
def _read(name: str) -> dict[str, Any]:
    with (Path(__file__).parent / f"{name}.yml").open(encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)
    return read
