"""Tables and pulls that come with a connector, laid out in the document before the models read it.

What a person writes of one goes over it, key by key; `null` leaves a table out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.config.web import WebSource
from pipelines.yaml_document import Document

BY_KEY = ("columns", "headers", "with", "options", "plausible", "bad_values", "reference_limits")


def lay_out_tables(document: Document, model_of: Callable[[object], type]) -> None:
    """Completes `tables` of each source of ``document`` whose connector brings some."""
    for source, model in _list_sources(document, model_of):
        written = source.get("tables")
        if written is not None and not isinstance(written, dict):
            continue
        own = written or {}
        laid = {name: _lay_over(given, own[name]) for name, given in model.brought_tables.items() if name in own}
        source["tables"] = {
            name: value
            for name, value in {**model.brought_tables, **own, **laid}.items()
            if not (name in model.brought_tables and value is None)
        }


def lay_out_pulls(document: Document, model_of: Callable[[object], type]) -> None:
    """The same for `pulls`, of which only those are wanted that some table reads."""
    for source, model in _list_sources(document, model_of):
        written, tables = source.get("pulls", {}), source.get("tables")
        if not isinstance(written, dict) or not isinstance(tables, dict):
            continue
        read = {name for table in tables.values() if isinstance(table, dict) for name in _list_read(table)}
        brought = {name: given for name, given in model.brought_pulls.items() if name in read}
        laid = {name: {**given, **written[name]} for name, given in brought.items() if _is_mapping(written, name)}
        source["pulls"] = {**brought, **written, **laid}


def _list_sources(
    document: Document, model_of: Callable[[object], type]
) -> Iterator[tuple[dict[str, Any], type[WebSource]]]:
    sources = document.data.get("sources")
    for source in sources if isinstance(sources, list) else []:
        model = model_of(source)
        if isinstance(source, dict) and issubclass(model, WebSource):
            yield source, model


def _lay_over(given: Mapping[str, Any], own: object) -> object:
    if not isinstance(own, dict):
        return own
    laid: dict[str, Any] = {**given, **own}
    for key in BY_KEY:
        if isinstance(given.get(key), dict) and isinstance(own.get(key), dict):
            laid[key] = {**given[key], **own[key]}
    return laid


def _list_read(table: Mapping[str, Any]) -> Iterator[str]:
    relations = table.get("with")
    for each in [table, *(relations.values() if isinstance(relations, dict) else ())]:
        name = each.get("from") if isinstance(each, dict) else each
        if isinstance(name, str):
            yield name


def _is_mapping(written: Mapping[str, Any], name: str) -> bool:
    return isinstance(written.get(name), dict)
