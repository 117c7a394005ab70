"""Faults of a `sources.yml` that its structure does not show: names that only canonical tables and attributes know.

Each check looks at the file as written, so that it finds its faults also where the structure has some.
"""

import re
from collections.abc import Iterator
from typing import Any

import phonenumbers

from pipelines import contracts
from pipelines.config.field_types import as_tuple
from pipelines.identity.standardisation import placeholders
from pipelines.name_lists import shorten
from pipelines.yaml_document import Document, Fault, Place, did_you_mean


def find_faults(document: Document) -> Iterator[Fault]:
    """Everything below that is wrong with the file, in no order."""
    yield from _check_sources(document)
    yield from _check_belonging(document)
    yield from _check_placeholders(document)
    yield from _check_rates(document)


def _check_rates(document: Document) -> Iterator[Fault]:
    """A rate of the retailer's currency in itself: the others were then meant to be told in another."""
    own, rates = document.data.get("currency", "EUR"), document.data.get("exchange_rates")
    if isinstance(rates, dict) and isinstance(own, str) and own in rates:
        place: Place = ("exchange_rates", own)
        yield document.fault(place, f"is the retailer's own currency: take it out, or correct 'currency: {own}'")


def _check_sources(document: Document) -> Iterator[Fault]:
    """Names of sources that are given twice, and tables and columns that no source of the kind has."""
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


PEOPLE = frozenset({"customers", "orders", "contacts", "contact_points", "members", "tickets"})
"""Tables of rows by which people are known, each with a record id that begins with the name of its own source."""


def _check_belonging(document: Document) -> Iterator[Fault]:
    """Sources that belong to none, or fill what is not theirs to fill."""
    written = document.data.get("sources")
    sources = list(enumerate(written if isinstance(written, list) else []))
    by_name = {
        each["name"]: each for _, each in sources if isinstance(each, dict) and isinstance(each.get("name"), str)
    }
    filled = {(name, table) for name, each in by_name.items() for table in _tables_of(each)}
    for number, source in sources:
        name = source.get("belongs_to") if isinstance(source, dict) else None
        if not isinstance(name, str):
            continue
        place: Place = ("sources", number, "belongs_to")
        of = by_name.get(name)
        if of is None or of is source:
            others = [each for each in by_name if each != source.get("name")]
            yield document.fault(place, f"'{shorten(name)}' is no other source{did_you_mean(name, others)}")
        elif of.get("belongs_to") or of.get("kind") != source.get("kind"):
            yield document.fault(place, f"'{name}' must be of the same kind, and belong to no other source itself")
        for table in _tables_of(source):
            if table in PEOPLE:
                yield document.fault(place, f"{table} are people, or are known by them: leave them to '{name}'")
            elif (name, table) in filled:
                yield document.fault(place, f"{table} of '{name}' are filled by another source: fill them by one only")
            filled.add((name, table))


def _tables_of(source: dict[str, Any]) -> list[str]:
    tables = source.get("tables")
    return list(tables) if isinstance(tables, dict) else []


def _check_placeholders(document: Document) -> Iterator[Fault]:
    """Attributes that take no placeholders, and values that no record could have."""
    written, country = document.data.get("placeholders"), document.data.get("country", "FR")
    known = placeholders.EXPECTED
    for attribute, values in written.items() if isinstance(written, dict) else ():
        place: Place = ("placeholders", attribute)
        if attribute not in known:
            hint = did_you_mean(str(attribute), known)
            yield document.fault(place, f"unknown attribute '{attribute}'{hint} (known: {', '.join(known)})")
            continue
        listed = as_tuple(values)
        for number, value in enumerate(listed if isinstance(listed, list | tuple) else ()):
            if (
                not (isinstance(value, str) and isinstance(country, str))
                or country not in phonenumbers.SUPPORTED_REGIONS
            ):
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
        yield from _check_relations(document, here, mapping)
        yield from _check_columns(document, here, known[name], mapping)


def _check_columns(
    document: Document, place: Place, table: contracts.Table, mapping: dict[str, Any]
) -> Iterator[Fault]:
    """Columns that the table does not have, and what is said of columns that cannot be said of them."""
    canonical = {column.name: column for column in table.columns}
    for key in ("columns", "plausible", "bad_values", "reference_limits"):
        written = mapping.get(key)
        for name, said in written.items() if isinstance(written, dict) else ():
            here = (*place, key, name)
            if name not in canonical:
                hint = did_you_mean(str(name), canonical)
                known = ", ".join(canonical)
                yield document.fault(here, f"{table.path} has no column '{name}'{hint} (known: {known})")
            elif key == "plausible":
                yield from _check_range(document, here, canonical[name], said)
            elif key == "bad_values" and canonical[name].required:
                yield document.fault(here, "is required: a row without it always goes to quarantine; take the line out")
            elif key == "reference_limits" and not canonical[name].references:
                naming = ", ".join(column.name for column in table.columns if column.references)
                yield document.fault(here, f"names no row of another table (those that do: {naming or 'none'})")


def _check_range(document: Document, place: Place, column: contracts.Column, written: object) -> Iterator[Fault]:
    """Bounds of a column that has none, or bounds of another kind than the column."""
    if column.type in ("text", "boolean"):
        yield document.fault(place, f"is a {column.type}: bounds are those of dates and numbers")
        return
    is_day = column.type in ("date", "timestamp")
    for key, bound in written.items() if isinstance(written, dict) else ():
        if key in ("min", "max") and is_day == isinstance(bound, int | float):
            expected = "a day, such as 1900-01-01" if is_day else "a number"
            yield document.fault((*place, key), f"must be {expected}")
            return
    if not isinstance(written, dict) or not {"min", "max"} <= written.keys():
        return
    least, most = written["min"], written["max"]
    are_numbers = isinstance(least, int | float) and isinstance(most, int | float)
    are_days = isinstance(least, str) and isinstance(most, str)  # In ISO.
    if (are_numbers or are_days) and least > most:
        yield document.fault(place, f"nothing is both from {least} and to {most}: exchange 'min' and 'max'")


def _check_options(document: Document, place: Place, mapping: dict[str, Any]) -> Iterator[Fault]:
    """Options that make no sense together."""
    # Beside the query of a preset, a condition of the user's is one about the result: there is nothing else to write.
    if mapping.get("where") and mapping.get("query") and not mapping.get("preset"):
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


_RELATION = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _check_relations(document: Document, place: Place, mapping: dict[str, Any]) -> Iterator[Fault]:
    """Relations that no query reads, that have no files, or that SQL could not name."""
    relations = mapping.get("with")
    if not isinstance(relations, dict):
        return
    for name, relation in relations.items():
        here = (*place, "with", name)
        if not _RELATION.fullmatch(str(name)) or str(name).lower() == "source":
            yield document.fault(here, "must be a name for SQL other than `source`: letters, digits and '_'")
        if isinstance(relation, dict) and not relation.get("from") and relation.get("optional") is not True:
            yield document.fault(here, "missing: add the key 'from'")
    if relations and not mapping.get("query"):
        yield document.fault((*place, "with"), "is read by no `query`: write one that names it, or take it out")
