"""One source of `sources.yml`: how its system is reached, and how each of its tables is filled.

The settings of a connector are declared as the models that validate them, those of web APIs in ``web`` and beside it;
how it reads stands in the module named like its type in ``extracts/connectors``. A new connector is that module, and a
subclass of :class:`Source`, entered in ``source_models`` under its `type`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from pipelines.config.environment_text import EnvironmentText, FromEnvironment
from pipelines.config.field_types import Bound, Character, Encoding, Expression, Name, Share
from pipelines.config.pulls import Drift, Pull, Pulls, Taking
from pipelines.contracts import Kind
from pipelines.presets.headers import Headers
from pipelines.yaml_document import ConfigModel


class TextOptions(ConfigModel):
    """How texts are to be understood, whatever they come from. The `options` of a table begin with these."""

    decimal: Literal[".", ","] = "."
    thousands: Character | None = None
    nulls: tuple[str, ...] = ()


class ReferenceLimits(ConfigModel):
    """Shares of a column's rows that may match nothing: above ``warn`` the night warns, above ``stop`` it stops."""

    warn: Share | None = 0.05  # Cards that were never registered are some in a hundred; a mistaken mapping is most.
    stop: Share | None = None


class Range(ConfigModel):
    """What a column may hold: from ``min`` to ``max``, both included; numbers, or days."""

    min: Bound | None = None
    max: Bound | None = None


class Relation(ConfigModel):
    """Further rows that the `query` of a table reads, under a name of their own; None: there are none."""

    from_: Annotated[Annotated[str, Field(min_length=1)] | None, Field(alias="from")] = None
    headers: Annotated[Headers, Field(default_factory=dict)]
    optional: bool = False


def _as_relation(written: object) -> object:
    """``refunds: "refund*.csv"`` are files of whatever columns."""
    return {"from": written} if isinstance(written, str) else written


class TableMapping(ConfigModel):
    """How one source fills one canonical table. What ``from_`` names is the connector's to say: files, a table.

    What a preset gives is laid out in the other keys by now; ``preset`` is its name, for messages. A canonical column
    that is null in ``columns`` is not filled, whatever the source has.
    """

    preset: str | None = None

    from_: Annotated[str, Field(alias="from", min_length=1)]
    options: TextOptions = TextOptions()
    where: Expression | None = None
    query: Annotated[str, Field(min_length=1)] | None = None
    headers: Annotated[Headers, Field(default_factory=dict)]
    with_: Annotated[
        dict[str, Annotated[Relation, BeforeValidator(_as_relation)]], Field(alias="with", default_factory=dict)
    ]
    columns: Annotated[dict[str, Expression | None], Field(default_factory=dict)]
    reject_limit: Share | None = None
    reference_limits: Annotated[dict[str, ReferenceLimits], Field(default_factory=dict)]
    plausible: Annotated[dict[str, Range], Field(default_factory=dict)]
    bad_values: Annotated[dict[str, Literal["empty", "reject"]], Field(default_factory=dict)]

    @property
    def written_sql(self) -> tuple[str, ...]:
        """All SQL, and the source columns that are named beside it."""
        texts = (self.where, self.query, *self.columns.values())
        return tuple(sql for sql in texts if sql)


class Connector(ConfigModel):
    """How a system is reached."""

    type: str


class Source(ConfigModel):
    """One system. ``name`` is the prefix of its record ids.

    ``belongs_to``: another source, whose accounts and orders its rows name.
    """

    name: Name
    kind: Kind
    belongs_to: Name | None = None
    connector: Connector
    tables: Annotated[Mapping[str, TableMapping], Field(min_length=1)]

    @property
    def rows_of(self) -> str:
        """The source that its rows are of."""
        return self.belongs_to or self.name


class FilesConnector(Connector):
    """Exports that lie in a folder; ``root`` is relative to `sources.yml`.

    ``outside`` are further folders, that links below ``root`` and `..` in `from` may lead to.
    """

    root: FromEnvironment
    outside: tuple[FromEnvironment, ...] = ()

    def folder(self, base: Path) -> Path:
        """The folder of the exports, absolute; ``base`` is that of `sources.yml`."""
        return self.root.resolve_path(base)

    def outside_folders(self, base: Path) -> list[Path]:
        """The folders elsewhere from which exports may come too, absolute."""
        return [folder.resolve_path(base) for folder in self.outside]


class FileOptions(TextOptions):
    """How the files of one table are written. Most concern CSV; ``sheet`` Excel, ``member`` files in a .zip."""

    format: Literal["csv", "parquet", "jsonl", "xlsx"] | None = None
    sheet: Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)] | None = None
    member: Annotated[str, Field(min_length=1)] | None = None
    delimiter: Character | None = None
    quote: Character | Literal[""] = '"'
    escape: Character | None = None
    encoding: Encoding = "utf-8"
    skip: Annotated[int, Field(ge=0)] = 0
    names: Annotated[tuple[str, ...], Field(min_length=1)] | None = None


class FilesMapping(TableMapping):
    """``from_`` is a pattern of files under the connector's root."""

    options: FileOptions = FileOptions()


class FilesSource(Source):
    """A system whose exports lie in a folder."""

    connector: FilesConnector
    tables: Annotated[Mapping[str, FilesMapping], Field(min_length=1)]


class RemoteConnector(Connector):
    """A system whose rows or files come into the lake before they are extracted.

    A try that fails because the system could not be reached, or broke off, is made again up to ``tries`` times,
    ``wait_seconds`` after the first and twice as long after each further one.
    """

    if_not_taken: Taking = "stop"
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    wait_seconds: Annotated[float, Field(ge=0, le=3_600)] = 20


class LandedMapping(TableMapping):
    """A table of a source that is read from the lake."""

    _landed: Path | None = PrivateAttr(default=None)

    @property
    def landed(self) -> Path | None:
        """Where what came of the source lies; None before :meth:`RemoteSource.at`."""
        return self._landed


class RemoteSource(Source):
    """A system of which something comes into the lake before it is extracted."""

    connector: RemoteConnector
    tables: Annotated[Mapping[str, LandedMapping], Field(min_length=1)]

    def at(self, landed: Path) -> Self:
        """The source of which what came lies in the folder ``landed``."""
        tables = {name: mapping.model_copy() for name, mapping in self.tables.items()}
        for mapping in tables.values():
            mapping._landed = landed
        return self.model_copy(update={"tables": tables})

    def read_by(self, table: str) -> list[str]:
        """The names of what a canonical table is made of: those of `from`, and of `with` beside it."""
        mapping = self.tables[table]
        return [mapping.from_, *(each.from_ for each in mapping.with_.values() if each.from_)]


_PLACES = (
    "host", "port", "database", "shop", "domain", "address", "customer", "account", "site", "project", "dataset"
)  # fmt: skip


class PulledConnector(RemoteConnector):
    """A system whose rows are pulled."""

    drift: Drift = "evolve"

    @property
    def place(self) -> dict[str, str]:
        """Which system it is: all that is declared of where it is; not who asks, and with which secret."""
        told = {name: getattr(self, name, None) for name in _PLACES}
        revealed = {name: each.reveal() if isinstance(each, EnvironmentText) else each for name, each in told.items()}
        return {"type": self.type, **{name: str(each) for name, each in revealed.items() if each is not None}}


class PulledMapping(LandedMapping):
    """``from_`` is the name of one of the source's ``pulls``, or of a table of the system, of which all rows come."""


class PulledSource(RemoteSource):
    """A system whose rows are pulled."""

    connector: PulledConnector
    pulls: Pulls
    tables: Annotated[Mapping[str, PulledMapping], Field(min_length=1)]

    @model_validator(mode="after")
    def _use_every_pull(self) -> "PulledSource":
        unused = [name for name in self.pulls if name not in self._named]
        if unused:
            raise ValueError(f"no table reads the pull '{unused[0]}': name it in a `from`, or take it out of 'pulls'")
        return self

    @property
    def _named(self) -> set[str]:
        return {name for table in self.tables for name in self.read_by(table)}

    @property
    def wanted(self) -> dict[str, Pull]:
        """What is to be pulled, by name, in the order of names; a name without a declaration is a table, as a whole."""
        return {name: self.pulls.get(name) or Pull() for name in sorted(self._named)}


def _only_from_environment(text: EnvironmentText) -> EnvironmentText:
    if not re.fullmatch(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", text.written):
        raise ValueError(
            "must be the name of an environment variable, such as ${CRM_PASSWORD}: a password has no place in a file"
        )
    return text


Secret = Annotated[FromEnvironment, AfterValidator(_only_from_environment)]
"""A text that only the environment holds."""


class DatabaseConnector(PulledConnector):
    """A database server. ``tls``: never, where the server has it, always, or always and by the name in its certificate.

    ``ca``: the file of the authority that signed the certificate, relative to `sources.yml`; by default the machine's.
    """

    host: FromEnvironment
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    database: FromEnvironment
    user: FromEnvironment
    password: Secret | None = None
    tls: Literal["off", "prefer", "require", "verify"] = "prefer"
    ca: FromEnvironment | None = None


class DatabaseSource(PulledSource):
    """A system whose tables stand in a database."""

    connector: DatabaseConnector
