"""Types of the values in `sources.yml` that must be known names or codes, or that YAML is apt to misread."""

import codecs
import re
import zoneinfo
from datetime import date
from math import isfinite
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from pipelines.config.day_of_run import refuse_odd_day
from pipelines.name_lists import shorten
from pipelines.texts.catalogue import list_languages
from pipelines.yaml_document import did_you_mean

# ISO 4217, the codes of money in circulation.
_CURRENCY_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV
WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = frozenset(_CURRENCY_CODES.split())


def matching(pattern: str, told: str) -> AfterValidator:
    """Of texts that are ``pattern`` as a whole; of others ``told`` says what to write."""

    def check(written: str) -> str:
        if not re.fullmatch(pattern, written):
            raise ValueError(f"'{shorten(written)}' {told}")
        return written

    return AfterValidator(check)


def as_tuple(values: object) -> object:
    """``email: info@shop.fr`` is a list of one."""
    return (values,) if isinstance(values, str) else values


def _known_time_zone(name: object) -> object:
    if isinstance(name, str) and name not in zoneinfo.available_timezones():
        raise ValueError(f"unknown time zone '{name}'{did_you_mean(name, zoneinfo.available_timezones())}")
    return name


def _known_country(code: object) -> object:
    if isinstance(code, str) and code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(
            f"unknown country '{code}'{did_you_mean(code.upper(), phonenumbers.SUPPORTED_REGIONS)}: "
            "two capital letters, ISO 3166 (FR, BE, GB)"
        )
    return code


def _known_currency(code: object) -> object:
    if isinstance(code, str) and code not in CURRENCIES:
        raise ValueError(
            f"unknown currency '{code}'{did_you_mean(code.upper(), CURRENCIES)}: three capital letters, ISO 4217"
        )
    return code


def _known_language(code: object) -> object:
    """One of those that have a catalogue of texts."""
    languages = list_languages()
    if code not in languages:
        known = " or ".join(f"'{language}'" for language in languages)
        raise ValueError(f"'{code}' is not one of {known}{did_you_mean(str(code), languages)}")
    return code


def _known_encoding(name: object) -> object:
    if not isinstance(name, str):
        return name
    try:
        if not codecs.lookup(name)._is_text_encoding:
            raise LookupError
    except LookupError:
        raise ValueError(f"unknown encoding '{name}': utf-8, latin-1, cp1252, iso-8859-15, utf-16 are usual") from None
    return name


def _within_a_line(character: str) -> str:
    if character in "\n\r":
        raise ValueError("is the end of a line, which nothing else can be: write another character")
    return character


def _as_sql(value: object) -> object:
    """``line_no: 1`` in YAML is a number; as an expression it is the same digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _not_a_number(value: object) -> object:
    """A number without quotes has lost its zeros by now, or was read in base eight."""
    if isinstance(value, int | float):
        raise ValueError("is read as a number: write it in quotes, so that no digit is lost")
    return value


def _day(value: object) -> object:
    """A day as written; a number would be taken for seconds since 1970."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date):
        return value
    raise ValueError("must be a day, such as 1990-01-01")


def _day_or_number(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    try:
        return _day(value)
    except ValueError:
        raise ValueError("must be a number, or a day such as 1990-01-01") from None


TimeZone = Annotated[str, BeforeValidator(_known_time_zone)]
Country = Annotated[str, BeforeValidator(_known_country)]
Currency = Annotated[str, BeforeValidator(_known_currency)]
Language = Annotated[str, BeforeValidator(_known_language)]
Encoding = Annotated[str, BeforeValidator(_known_encoding)]
Character = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_within_a_line)]
Expression = Annotated[str, Field(min_length=1), BeforeValidator(_as_sql)]
Day = Annotated[date, PlainValidator(_day)]
DayOfRun = Annotated[date, AfterValidator(refuse_odd_day)]
Bound = Annotated[date | float, PlainValidator(_day_or_number)]
Share = Annotated[float, Field(ge=0, le=1)]
Placeholders = Annotated[tuple[Annotated[str, BeforeValidator(_not_a_number)], ...], BeforeValidator(as_tuple)]

Name = Annotated[
    str,
    matching(
        r"[A-Za-z][A-Za-z0-9_-]{0,62}",
        "must begin with a letter and hold only letters, digits, '_' and '-', at most 63",
    ),
]
"""What people call a source, or a way to tell them of a night."""
