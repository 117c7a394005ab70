"""What a preset file says, and where the files lie."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from pipelines.contracts import Kind
from pipelines.errors import ConfigurationError
from pipelines.name_lists import list_names
from pipelines.presets.headers import Header, Headers
from pipelines.yaml_document import ConfigModel, Place, did_you_mean, format_faults, read, validate

FOLDER = Path(__file__).parent / "exports"

EXTENDED = ("options", "headers", "selects")
"""What a preset takes from the one that it extends; its own go over that, key by key."""

Text = Annotated[str, Field(min_length=1)]


def _as_sql(value: object) -> object:
    """``line_no: 1`` in YAML is a number; as an expression it is the same digits."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class PresetRelation(ConfigModel):
    """Further files that a query reads. ``files`` are their usual names; without an optional one it is empty."""

    files: tuple[str, ...] = ()
    headers: Headers
    optional: bool = False


class PresetTable(ConfigModel):
    """How the export fills one canonical table: the keys of a table of `sources.yml`."""

    query: Text | None = None
    where: Text | None = None
    columns: Annotated[dict[str, Annotated[Text | None, BeforeValidator(_as_sql)]], Field(default_factory=dict)]
    with_: Annotated[dict[str, PresetRelation], Field(alias="with", default_factory=dict)]
    options: Annotated[dict[str, Any], Field(default_factory=dict)]
    plausible: Annotated[dict[str, Any], Field(default_factory=dict)]
    bad_values: Annotated[dict[str, Any], Field(default_factory=dict)]


class Preset(ConfigModel):
    """One export of one system. ``files`` are its usual names, ``asks`` what a person must decide.

    ``headers`` are the columns that the SQL of ``tables`` speaks of, as the English export calls them. ``selects`` are
    SELECTs that each query of ``tables`` begins with, so that an order and its lines are read in one way. A preset that
    ``extends`` another begins with the options, headers and selects of that one. ``rows`` is a condition that some row
    must keep for the file to hold anything of this kind, where a preset of another kind reads the same file.
    """

    name: str
    extends: Text | None = None
    rows: Text | None = None
    system: Text
    export: Text
    kind: Kind
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    options: Annotated[dict[str, Any], Field(default_factory=dict)]
    headers: Annotated[Headers, Field(min_length=1)]
    asks: tuple[Text, ...] = ()
    selects: Annotated[dict[str, Text], Field(default_factory=dict)]
    tables: Annotated[dict[str, PresetTable], Field(min_length=1)]


def list_presets() -> list[str]:
    """The names of all presets, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load_presets() -> dict[str, Preset]:
    """All presets by name, in order."""
    return {name: load_preset(name) for name in list_presets()}


def load_preset(name: str) -> Preset:
    """The preset called ``name``. Raises ConfigurationError where there is none, or its file has faults."""
    known = list_presets()
    if name not in known:
        raise ConfigurationError(
            f"there is no preset '{name}'{did_you_mean(name, known)} (known: {list_names(known, most=200)})"
        )
    return _load(FOLDER / f"{name}.yml")


@cache
def _load(path: Path) -> Preset:
    document = read(path, "system", "Reinstall Parcours.")
    document.data["name"] = path.stem
    base = document.data.get("extends")
    for key in EXTENDED if base else ():
        document.data[key] = {**getattr(_load(FOLDER / f"{base}.yml"), key), **document.data.get(key, {})}
    preset, faults = validate(Preset, document, _keys_allowed)
    if faults or preset is None:
        raise ConfigurationError(format_faults(path, faults, "docs/sources.md"))
    tables = {name: _begin_query(table, preset.selects) for name, table in preset.tables.items()}
    return preset.model_copy(update={"tables": tables})


def _begin_query(table: PresetTable, selects: Mapping[str, str]) -> PresetTable:
    """``table`` with a query that knows ``selects`` by their names."""
    if table.query is None or not selects:
        return table
    named = ",\n".join(f"{name} as (\n{sql}\n)" for name, sql in selects.items())
    return table.model_copy(update={"query": f"with {named}\nselect * from (\n{table.query}\n)"})


def _keys_allowed(place: Place) -> list[str]:
    """The keys that may stand at ``place``."""
    model: type[BaseModel] = Preset
    if "headers" in place:
        model = Header
    elif "with" in place:
        model = PresetRelation
    elif place[:1] == ("tables",):
        model = PresetTable
    return [info.alias or key for key, info in model.model_fields.items()]
