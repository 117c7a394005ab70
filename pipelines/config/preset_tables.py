"""Tables of `sources.yml` that name a preset: the preset's keys with the user's own laid over them.

It happens in the document, before the models read it, so that whatever comes after knows one kind of table only. Faults
in what the preset gives are told at the nearest line of the user's own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.errors import ConfigurationError
from pipelines.name_lists import list_names
from pipelines.presets.preset import Preset, PresetTable, load_preset
from pipelines.yaml_document import Document, Fault, Place, did_you_mean

BY_KEY = ("options", "headers", "columns", "with", "plausible", "bad_values")
"""What is overridden key by key; everything else of the user's is taken as a whole."""


def lay_out_presets(document: Document) -> list[Fault]:
    """Puts the whole mapping in place of each table of ``document`` that names a preset; what is wrong with that."""
    return list(_lay_out(document))


def _lay_out(document: Document) -> Iterator[Fault]:
    sources = document.data.get("sources")
    for number, source in enumerate(sources if isinstance(sources, list) else []):
        tables = source.get("tables") if isinstance(source, dict) else None
        if not isinstance(source, dict) or not isinstance(tables, dict):
            continue
        for table, written in tables.items():
            if not isinstance(written, dict) or not isinstance(written.get("preset"), str):
                continue
            place: Place = ("sources", number, "tables", table)
            try:
                preset = load_preset(written["preset"])
            except ConfigurationError as error:
                yield document.fault((*place, "preset"), str(error))
                continue
            if preset.kind != source.get("kind"):
                message = f"'{preset.name}' is an export of kind {preset.kind}: name it in a source of that kind"
                yield document.fault((*place, "preset"), message)
            elif table not in preset.tables:
                fed = ", ".join(preset.tables)
                yield document.fault((*place, "preset"), f"'{preset.name}' does not fill {table} (it fills: {fed})")
            else:
                yield from _check_relations(document, place, preset, preset.tables[table], written)
                tables[table] = _lay_over(preset, preset.tables[table], written)


def _lay_over(preset: Preset, given: PresetTable, written: Mapping[str, Any]) -> dict[str, Any]:
    """``written`` over what the preset gives, as a table of `sources.yml` would say it."""
    laid: dict[str, Any] = given.model_dump(by_alias=True, exclude_unset=True)
    laid["options"] = {**preset.options, **laid.get("options", {})}
    laid["headers"] = {name: header.model_dump(exclude_unset=True) for name, header in preset.headers.items()}
    laid["with"] = {
        name: {key: value for key, value in relation.items() if key != "files"}
        for name, relation in laid.get("with", {}).items()
    }
    if "query" in written:  # Another query reads other rows, of which the preset's condition says nothing.
        laid.pop("where", None)
        laid["with"] = {name: relation for name, relation in laid["with"].items() if name in _keys(written, "with")}
    for key, value in written.items():
        if key == "with" and isinstance(value, dict):
            for name, relation in value.items():
                laid["with"][name] = _lay_relation(laid["with"].get(name), relation)
        elif key in BY_KEY and isinstance(value, dict):
            laid[key] = {**laid.get(key, {}), **value}
        else:
            laid[key] = value
    return laid


def _lay_relation(given: dict[str, Any] | None, written: object) -> object:
    own = {"from": written} if isinstance(written, str) else written
    if given is None or not isinstance(own, dict):
        return own
    headers = {**given.get("headers", {}), **_keys(own, "headers")}
    return {**given, **own, "headers": headers}


def _keys(written: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = written.get(key)
    return value if isinstance(value, dict) else {}


def _check_relations(
    document: Document, place: Place, preset: Preset, given: PresetTable, written: Mapping[str, Any]
) -> Iterator[Fault]:
    """Files that the preset's query reads and the user does not name, or names by another name."""
    if "query" in written:
        return
    named = _keys(written, "with")
    for name in named.keys() - given.with_.keys():
        hint = did_you_mean(str(name), given.with_)
        known = list_names(given.with_)
        yield document.fault(
            (*place, "with", name), f"'{name}' is read by no query of preset '{preset.name}'{hint} (read: {known})"
        )
    for name, relation in given.with_.items():
        if name not in named and not relation.optional:
            usual = relation.files[0] if relation.files else f"{name}*.csv"
            yield document.fault(
                place,
                f"preset '{preset.name}' also reads {name}: name its files with `with: {{{name}: \"{usual}\"}}`",
            )
