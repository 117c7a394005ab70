"""`sources.yml` as a whole: the retailer's settings, and the sources there are.

All faults of a file are reported at once, each with its line, its key and the way out; docs/sources.md is the reference
of the keys. What one source may say is declared in ``connectors``.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, Field, PlainSerializer, PlainValidator, PrivateAttr

from pipelines.config.brought_tables import lay_out_pulls, lay_out_tables
from pipelines.config.connectors import Range, ReferenceLimits, Relation, Source
from pipelines.config.drops import Control
from pipelines.config.environment_text import EnvironmentText
from pipelines.config.exchange_rates import DatedRate, ExchangeRates
from pipelines.config.field_types import Country, Currency, DayOfRun, Language, Placeholders, Share, TimeZone
from pipelines.config.home import Home
from pipelines.config.plausible import Plausible
from pipelines.config.preset_tables import lay_out_presets
from pipelines.config.pulls import DeletedWhere, Pull
from pipelines.config.readers import Readers
from pipelines.config.source_checks import find_faults
from pipelines.config.source_models import AnySource, source_model
from pipelines.contracts import Table
from pipelines.errors import ConfigurationError
from pipelines.presets.headers import Header
from pipelines.yaml_document import NOT_KEYS, ConfigModel, Document, Place, format_faults, read, validate


class Sources(ConfigModel):
    """A whole `sources.yml`."""

    timezone: TimeZone = "Europe/Paris"
    country: Country = "FR"
    currency: Currency = "EUR"
    exchange_rates: Annotated[ExchangeRates, Field(default_factory=dict)]
    reject_limit: Share = 0.01
    reference_limits: ReferenceLimits = ReferenceLimits()
    language: Language = "en"
    wait_minutes: Annotated[int, Field(ge=0, le=10_080)] = 120  # At most a week: the next nights are due by then.
    as_of: DayOfRun | None = None
    readers: Readers | None = None
    placeholders: Annotated[dict[str, Placeholders], Field(default_factory=dict)]
    plausible: Plausible = Plausible()
    decisions: Annotated[
        EnvironmentText | None,
        PlainValidator(EnvironmentText.read),
        PlainSerializer(str, when_used="unless-none"),
    ] = None
    sources: Annotated[tuple[AnySource, ...], Field(min_length=1)]
    _base: Path = PrivateAttr(default_factory=Path.cwd)
    _file: str = PrivateAttr(default="sources.yml")
    _document: Document | None = PrivateAttr(default=None)

    @property
    def base(self) -> Path:
        """The folder of the file, from which relative paths start."""
        return self._base

    @property
    def file(self) -> str:
        """The file's name, for messages."""
        return self._file

    def line(self, source: str, table: str, *keys: str) -> int | None:
        """The line of a key of a source's table, or of the nearest thing around it that is written down.

        A key `..` leads to a key of the source itself.
        """
        if self._document is None:
            return None
        written = self._document.data["sources"]
        number = next(number for number, each in enumerate(written) if each["name"] == source)
        within = keys[1:] if keys[:1] == ("..",) else ("tables", table, *keys)
        return self._document.line(("sources", number, *within))

    def feeding(self, table: Table) -> tuple[Source, ...]:
        """The sources that name ``table``, by name."""
        named = (source for source in self.sources if source.kind == table.kind and table.name in source.tables)
        return tuple(sorted(named, key=lambda source: source.name))

    def decisions_of(self, home: Home) -> Path:
        """The file of human decisions: the one named here, else the home's own. It need not exist yet."""
        return home.decisions if self.decisions is None else self.decisions.resolve_path(self._base)


def load_sources(path: Path) -> Sources:
    """Reads and validates a `sources.yml`.

    Raises ConfigurationError that lists every fault with its line, its key and the way out.
    """
    document = read(path, "sources", "Name another with --sources or PARCOURS_SOURCES.")
    table_faults = lay_out_tables(document, source_model)
    preset_faults = lay_out_presets(document)
    pull_faults = lay_out_pulls(document, source_model)
    sources, faults = validate(Sources, document, partial(_keys_allowed, document))
    found = list(find_faults(document))
    # Of what has no place there, nobody needs to know how it would have to look.
    misplaced = {(fault.line, fault.place) for fault in found}
    faults = [fault for fault in faults if fault.message != NOT_KEYS or (fault.line, fault.place) not in misplaced]
    faults += [*table_faults, *preset_faults, *pull_faults, *found]
    if faults or sources is None:
        raise ConfigurationError(format_faults(path, faults, "docs/sources.md"))
    sources._base = path.resolve().parent
    sources._file = path.name
    sources._document = document
    return sources


def _keys_allowed(document: Document, place: Place) -> list[str]:
    """The keys that may stand at ``place``, walked through the models."""
    model: type[BaseModel] = Sources
    if place[:1] == ("exchange_rates",):
        model = DatedRate
    elif place[:1] == ("plausible",):
        model = Plausible
    elif place[:1] == ("sources",):
        model = _model_within_source(source_model(document.data["sources"][place[1]]), place[2:])
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_within_source(source: type[BaseModel], place: Place) -> type[BaseModel]:
    """The model of what stands at ``place`` of a source."""
    mapping: type[BaseModel] = get_args(source.model_fields["tables"].annotation)[1]
    match place:
        case ():
            return source
        case ("connector",):
            return _model_of(source, "connector")
        case ("pulls", _):
            return Pull
        case ("pulls", *_):
            return DeletedWhere
        case (_, _):
            return mapping
        case (_, _, "headers", *_) | (_, _, "with", _, "headers", *_):
            return Header
    beneath: dict[str, type[BaseModel]] = {
        "plausible": Range,
        "reference_limits": ReferenceLimits,
        "with": Relation,
        "control": Control,
    }
    return beneath.get(str(place[2])) or _model_of(mapping, "options")


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel]:
    annotation = model.model_fields[key].annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation
