"""Tables and pulls that come with a connector, laid out in the document before the models read it.

What a person writes of one goes over it, key by key; `null` leaves a table out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines import contracts
from pipelines.config.brought_source import Brought, BroughtSource
from pipelines.config.pulls import as_pull
from pipelines.name_lists import shorten
from pipelines.yaml_document import Document, Fault, Place, did_you_mean

BY_KEY = ("columns", "headers", "with", "options", "plausible", "bad_values", "reference_limits")


def lay_out_tables(document: Document, model_of: Callable[[object], type]) -> list[Fault]:
    """Completes `tables` of each source of ``document`` whose connector brings some.

    Where it brings none of the source's kind, and no table of one's own is written, that is told, and the source goes
    on as one of a kind that it brings: of tables that nobody wrote there is nothing to tell.
    """
    faults = []
    for number, source, model in _list_sources(document, model_of):
        written = source.get("tables")
        if written is not None and not isinstance(written, dict):
            continue
        own, kinds = written or {}, _list_kinds(model)
        has_own = any(value is not None and name not in model.brought_tables for name, value in own.items())
        is_known = source.get("kind") in contracts.KINDS
        if kinds and source.get("kind") not in kinds and not (is_known and has_own):
            faults.append(document.fault(("sources", number, "kind"), _tell_kinds(source["connector"]["type"], kinds)))
            source["kind"] = kinds[0]
        brought = _bring_tables(source["kind"], model) if source.get("kind") in kinds else {}
        laid = {name: _lay_over(given, own[name]) for name, given in brought.items() if name in own}
        left_out = brought if brought else model.brought_tables
        source["tables"] = {
            name: value
            for name, value in {**brought, **own, **laid}.items()
            if not (name in left_out and value is None)
        }
    return faults


def _bring_tables(kind: object, model: type[BroughtSource]) -> dict[str, Mapping[str, Any]]:
    of_kind = {table.name for table in contracts.TABLES if table.kind == kind}
    return {name: given for name, given in model.brought_tables.items() if name in of_kind}


def _list_kinds(model: type[BroughtSource]) -> list[contracts.Kind]:
    """The kinds that ``model`` is for: of its tables, those that only one kind has by that name (consents have two)."""
    named = [table.name for table in contracts.TABLES]
    own = {
        table.kind for table in contracts.TABLES if table.name in model.brought_tables and named.count(table.name) == 1
    }
    return [kind for kind in contracts.KINDS if kind in own]


def _tell_kinds(connector: str, kinds: list[contracts.Kind]) -> str:
    brought, ways = " or ".join(f"'{kind}'" for kind in kinds), " or ".join(f"`kind: {kind}`" for kind in kinds)
    return f"{connector} brings tables of kind {brought}: write {ways}"


def lay_out_pulls(document: Document, model_of: Callable[[object], type]) -> list[Fault]:
    """The same for `pulls`, of which only those are wanted that some table reads.

    What is written under a name that the connector does not bring and no table reads is taken out, and told.
    """
    faults = []
    for number, source, model in _list_sources(document, model_of):
        written, tables = source.get("pulls", {}), source.get("tables")
        if not isinstance(written, dict) or not isinstance(tables, dict):
            continue
        read = {name for table in tables.values() if isinstance(table, dict) for name in _list_read(table)}
        known = model.bring_pulls(source["connector"])
        brought = {name: given for name, given in known.items() if name in read}
        laid = {name: _lay_pull_over(given, written[name]) for name, given in brought.items() if name in written}
        unknown = [name for name in written if name not in read and name not in known]
        for name in unknown:
            place: Place = ("sources", number, "pulls", name)
            faults.append(document.fault(place, _tell_unknown(str(name), source["connector"]["type"], known)))
        own = {name: value for name, value in written.items() if name not in unknown}
        source["pulls"] = {**brought, **own, **laid}
    return faults


def _tell_unknown(name: str, connector: str, known: Brought) -> str:
    return (
        f"{connector} brings no pull '{shorten(name)}'{did_you_mean(name, known)} (it brings: {', '.join(known)}); one "
        "of your own has to be named in the `from` of a table"
    )


def _list_sources(
    document: Document, model_of: Callable[[object], type]
) -> Iterator[tuple[int, dict[str, Any], type[BroughtSource]]]:
    sources = document.data.get("sources")
    for number, source in enumerate(sources if isinstance(sources, list) else []):
        model = model_of(source)
        if isinstance(source, dict) and issubclass(model, BroughtSource):
            yield number, source, model


def _lay_over(given: Mapping[str, Any], own: object) -> object:
    if not isinstance(own, dict):
        return own
    laid: dict[str, Any] = {**given, **own}
    for key in BY_KEY:
        if isinstance(given.get(key), dict) and isinstance(own.get(key), dict):
            laid[key] = {**given[key], **own[key]}
    return laid


def _lay_pull_over(given: Mapping[str, Any], own: object) -> object:
    """A table in place of a query, or a query in place of a table, is written alone: a pull has one of the two."""
    written = as_pull(own)
    if not isinstance(written, dict):
        return written
    other = {"from": "select", "select": "from"}
    replaced = {other[key] for key in other if key in written}
    return {**{key: value for key, value in given.items() if key not in replaced}, **written}


def _list_read(table: Mapping[str, Any]) -> Iterator[str]:
    relations = table.get("with")
    for each in [table, *(relations.values() if isinstance(relations, dict) else ())]:
        name = each.get("from") if isinstance(each, dict) else each
        if isinstance(name, str):
            yield name
