"""The home folder and `sources.yml`: where things lie, which exports there are, and how they are mapped.

The only reader of the environment. Every fault of a file is found before any is told, each with its line, its key and
the way out; docs/sources.md is the reference of the keys.
"""

import codecs
import os
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
)

from pipelines import contracts
from pipelines.config.home import Home
from pipelines.config.yaml_document import Document, Fault, Place, did_you_mean, read, tell, validate
from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation import placeholders
from pipelines.texts.catalogue import list_languages

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


@dataclass(frozen=True)
class EnvironmentText:
    """A text of `sources.yml` in which ``${NAME}`` stands for a variable of the environment.

    Shown, logged and compared as written; only :meth:`reveal` gives the text with the variables filled in.
    """

    written: str
    _revealed: str = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> "EnvironmentText":
        """Raises ValueError (which pydantic gathers) where a variable is not set or ``value`` is no text."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or not value:
            raise ValueError("must be a text, not empty")
        unset = sorted({name for name in _VARIABLE.findall(value) if not os.environ.get(name)})
        if unset:
            names = " and ".join(unset)
            raise ValueError(f"the environment variable {names} is not set: export {names} before the run")
        return cls(value, _VARIABLE.sub(lambda match: os.environ[match.group(1)], value))

    def reveal(self) -> str:
        return self._revealed

    def __str__(self) -> str:
        return self.written


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


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


def _sql_text(value: object) -> object:
    """``line_no: 1`` in YAML is a number; as an expression it is the same digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _listed(values: object) -> object:
    """``email: info@shop.fr`` is a list of one."""
    return (values,) if isinstance(values, str) else values


def _quoted(value: object) -> object:
    """A number without quotes has lost its zeros by now, or was read in base eight."""
    if isinstance(value, int | float):
        raise ValueError("is read as a number: write it in quotes, so that no digit is lost")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Character = Annotated[str, Field(min_length=1, max_length=1)]
Expression = Annotated[str, Field(min_length=1), BeforeValidator(_sql_text)]
Share = Annotated[float, Field(ge=0, le=1)]
Placeholders = Annotated[tuple[Annotated[str, BeforeValidator(_quoted)], ...], BeforeValidator(_listed)]


class FileOptions(_Model):
    """How the files of one table are written. Most concern CSV; ``decimal``, ``thousands`` and ``nulls`` any text."""

    format: Literal["csv", "parquet", "jsonl"] | None = None
    delimiter: Character | None = None
    quote: Character | Literal[""] = '"'
    escape: Character | None = None
    decimal: Literal[".", ","] = "."
    thousands: Character | None = None
    encoding: Annotated[str, BeforeValidator(_known_encoding)] = "utf-8"
    skip: Annotated[int, Field(ge=0)] = 0
    names: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    nulls: tuple[str, ...] = ()


class TableMapping(_Model):
    """How one source fills one canonical table."""

    from_: Annotated[str, Field(alias="from", min_length=1)]
    options: FileOptions = FileOptions()
    where: Expression | None = None
    query: Annotated[str, Field(min_length=1)] | None = None
    columns: dict[str, Expression] = {}
    reject_limit: Share | None = None


class FilesConnector(_Model):
    """Exports that lie in a folder; ``root`` is relative to `sources.yml`."""

    type: Literal["files"]
    root: Annotated[EnvironmentText, PlainValidator(EnvironmentText.read), PlainSerializer(str)]


class Source(_Model):
    """One system's exports. ``name`` is the prefix of its record ids."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
    kind: Literal["crm", "ecommerce", "pos"]
    connector: FilesConnector
    tables: Annotated[dict[str, TableMapping], Field(min_length=1)]


class Sources(_Model):
    """A whole `sources.yml`."""

    timezone: Annotated[str, BeforeValidator(_known_time_zone)] = "Europe/Paris"
    country: Annotated[str, BeforeValidator(_known_country)] = "FR"
    currency: Annotated[str, BeforeValidator(_known_currency)] = "EUR"
    reject_limit: Share = 0.01
    language: Annotated[str, BeforeValidator(_known_language)] = "en"
    as_of: date | None = None
    placeholders: dict[str, Placeholders] = {}
    decisions: Annotated[
        EnvironmentText | None,
        PlainValidator(EnvironmentText.read),
        PlainSerializer(str, when_used="unless-none"),
    ] = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    _base: Path = PrivateAttr(default_factory=Path.cwd)
    _file: str = PrivateAttr(default="sources.yml")

    @property
    def base(self) -> Path:
        """The folder of the file, from which relative roots start."""
        return self._base

    @property
    def file(self) -> str:
        """The file's name, for messages."""
        return self._file

    def feeding(self, table: contracts.Table) -> tuple[Source, ...]:
        """The sources that name ``table``, by name."""
        named = (source for source in self.sources if source.kind == table.kind and table.name in source.tables)
        return tuple(sorted(named, key=lambda source: source.name))

    def decisions_of(self, home: Home) -> Path:
        """The file of human decisions: the one named here, else the home's own. It need not exist yet."""
        if self.decisions is None:
            return home.decisions
        return (self._base / Path(self.decisions.reveal()).expanduser()).resolve()

    def root_of(self, source: Source) -> Path:
        """The folder of a source's exports, absolute."""
        return (self._base / Path(source.connector.root.reveal()).expanduser()).resolve()


def load_sources(path: Path) -> Sources:
    """Reads and validates a `sources.yml`.

    Raises ConfigurationError that lists every fault with its line, its key and the way out.
    """
    document = read(path, "sources", "Name another with --sources or PARCOURS_SOURCES.")
    sources, faults = validate(Sources, document, _keys_allowed)
    faults += _check_against_contracts(document)
    faults += _check_placeholders(document)
    if faults or sources is None:
        raise ConfigurationError(tell(path, faults, "docs/sources.md"))
    sources._base = path.resolve().parent
    sources._file = path.name
    return sources


def _keys_allowed(place: Place) -> list[str]:
    """The keys that may stand at ``place``, walked through the models."""
    steps = [step for step in place if isinstance(step, str)]
    model: type[BaseModel] = Sources
    if steps:
        model = Source
    if "connector" in steps:
        model = FilesConnector
    if "tables" in steps:
        model = FileOptions if "options" in steps else TableMapping
    return [info.alias or name for name, info in model.model_fields.items()]


def _check_against_contracts(document: Document) -> Iterator[Fault]:
    """Names that only the canonical tables can judge: source names, tables, columns."""
    sources = document.data.get("sources")
    seen: dict[str, int] = {}
    for number, source in enumerate(sources if isinstance(sources, list) else []):
        if not isinstance(source, dict):
            continue
        place: Place = ("sources", number)
        name = source.get("name")
        if isinstance(name, str):
            if name.lower() in seen:
                first = seen[name.lower()]
                yield document.fault(
                    (*place, "name"), f"'{name}' names another source too, in line {first}: rename one"
                )
            seen.setdefault(name.lower(), document.line((*place, "name")))
        if source.get("kind") in contracts.KINDS and isinstance(source.get("tables"), dict):
            yield from _check_tables(document, place, source["kind"], source["tables"])


def _check_placeholders(document: Document) -> Iterator[Fault]:
    """Attributes that have no values of the retailer's own, and values that no record could have."""
    written, country = document.data.get("placeholders"), document.data.get("country", "FR")
    known = placeholders.EXPECTED
    for attribute, values in written.items() if isinstance(written, dict) else ():
        place: Place = ("placeholders", attribute)
        if attribute not in known:
            hint = did_you_mean(str(attribute), known)
            yield document.fault(place, f"unknown attribute '{attribute}'{hint} (known: {', '.join(known)})")
            continue
        listed = _listed(values)
        for number, value in enumerate(listed if isinstance(listed, list | tuple) else ()):
            if not isinstance(value, str) or country not in phonenumbers.SUPPORTED_REGIONS:
                continue
            if placeholders.comparable(attribute, value, country) is None:
                yield document.fault((*place, number), f"is not {known[attribute]}: correct it or take it out")


def _check_tables(document: Document, place: Place, kind: str, tables: dict[str, Any]) -> Iterator[Fault]:
    known = {table.name: table for table in contracts.TABLES if table.kind == kind}
    for name, mapping in tables.items():
        here = (*place, "tables", name)
        if name not in known:
            hint = did_you_mean(name, known)
            yield document.fault(here, f"{kind} has no table '{name}'{hint} (known: {', '.join(known)})")
            continue
        if not isinstance(mapping, dict):
            continue
        yield from _check_options(document, here, mapping)
        columns = mapping.get("columns")
        canonical = [column.name for column in known[name].columns]
        for column in columns if isinstance(columns, dict) else ():
            if column not in canonical:
                hint = did_you_mean(column, canonical)
                yield document.fault(
                    (*here, "columns", column),
                    f"{kind}/{name} has no column '{column}'{hint} (known: {', '.join(canonical)})",
                )


def _check_options(document: Document, place: Place, mapping: dict[str, Any]) -> Iterator[Fault]:
    """Options that make no sense together."""
    if mapping.get("where") and mapping.get("query"):
        yield document.fault((*place, "where"), "'where' and 'query' together: write the condition inside the query")
    options = mapping.get("options")
    if not isinstance(options, dict):
        return
    distinct = ("delimiter", "quote", "decimal", "thousands")
    given = {key: options[key] for key in distinct if options.get(key)}
    if given.get("thousands") and given["thousands"] == given.get("decimal", "."):
        yield document.fault((*place, "options", "thousands"), "the same character as 'decimal': drop one")
    if given.get("delimiter") and given["delimiter"] == given.get("quote", '"'):
        yield document.fault((*place, "options", "delimiter"), "the same character as 'quote': drop one")
