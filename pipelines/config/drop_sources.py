"""What `sources.yml` says of a source whose files lie on another machine, of whichever kind of place."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipelines.config.connectors import (
    FileOptions,
    FilesMapping,
    LandedMapping,
    RemoteConnector,
    RemoteSource,
    Secret,
)
from pipelines.config.drops import Completeness, Control, Deletes, Duplicates, FileBeside
from pipelines.config.environment_text import EnvironmentText, FromEnvironment
from pipelines.config.field_types import as_tuple
from pipelines.config.pulls import Taking
from pipelines.config.web import is_sealed


def _fingerprint(written: str) -> str:
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", written):
        raise ValueError("is no fingerprint: it begins with SHA256: and has 43 letters and digits more")
    return written


Fingerprint = Annotated[str, AfterValidator(_fingerprint)]
"""Of the key of a host, as `ssh-keygen -lf` shows it."""


def _address(written: EnvironmentText) -> EnvironmentText:
    try:
        parts = urlsplit(written.reveal())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be an address such as https://minio.example.com:9000") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address such as https://minio.example.com:9000, without a user and a query")
    return written


Endpoint = Annotated[FromEnvironment, AfterValidator(_address)]
"""Where a store is reached that is not the provider's own."""

OPEN = "must begin with https: by http, whoever is on the way reads the files, and what lets us in"


class DropConnector(RemoteConnector):
    """A folder of files on another machine, of which the complete ones are mirrored. ``root`` is that folder.

    ``complete``: a file is taken once its ``marker`` is there, or once it is the same ``stable_seconds`` later.
    """

    root: FromEnvironment | None = None
    complete: Completeness = "stable"
    marker: FileBeside | None = None
    stable_seconds: Annotated[float, Field(ge=0, le=3_600)] | None = None
    deletes: Deletes = "keep"
    duplicates: Duplicates = "once"
    largest_mb: Annotated[float, Field(gt=0, le=1e9)] = 20_000
    usual_stable_seconds: ClassVar[float] = 0.0
    """Where an object is there as a whole or not at all, one look is enough."""

    @property
    def pause_seconds(self) -> float:
        """Between the two looks."""
        return self.usual_stable_seconds if self.stable_seconds is None else self.stable_seconds

    @property
    def shown_root(self) -> str:
        """What goes before the names of files in messages."""
        return self.type if self.root is None else str(self.root)

    @model_validator(mode="after")
    def _say_the_marker(self) -> Self:
        if (self.complete == "marker") != (self.marker is not None):
            raise ValueError("`complete: marker` and a 'marker', such as \"{name}.done\" or _SUCCESS, go together")
        if self.marker is not None and self.stable_seconds is not None:
            raise ValueError("'stable_seconds' beside a 'marker': the marker says that a file is whole, take it out")
        return self


class SftpConnector(DropConnector):
    """A folder on an SFTP server, which is known by ``known_hosts`` (a file) or the ``fingerprint`` of its key.

    ``key``: the file of a private key. Without ``key`` and ``password``, those of the running SSH agent are offered.
    """

    host: FromEnvironment
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    user: FromEnvironment
    password: Secret | None = None
    key: FromEnvironment | None = None
    passphrase: Secret | None = None
    known_hosts: FromEnvironment | None = None
    fingerprint: Annotated[tuple[Fingerprint, ...], Field(min_length=1), BeforeValidator(as_tuple)] | None = None
    usual_stable_seconds: ClassVar[float] = 30.0

    @model_validator(mode="after")
    def _known_in_one_way(self) -> Self:
        if self.known_hosts is not None and self.fingerprint is not None:
            raise ValueError("'known_hosts' and 'fingerprint' together: the server is known by one, take the other out")
        if self.passphrase is not None and self.key is None:
            raise ValueError("'passphrase' without 'key': it opens a private key, name its file")
        return self


class S3Connector(DropConnector):
    """A bucket of S3, or of what speaks like it at ``endpoint``; by http elsewhere than here only where ``insecure``.

    Without ``key_id`` and ``secret``, credentials are those of the environment, as AWS's own tools find them.
    """

    bucket: FromEnvironment
    region: FromEnvironment | None = None
    endpoint: Endpoint | None = None
    insecure: bool = False
    key_id: Secret | None = None
    secret: Secret | None = None
    session_token: Secret | None = None
    anonymous: bool = False

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.key_id is None) != (self.secret is None):
            raise ValueError("has only one of 'key_id' and 'secret': give both, or neither")
        if self.anonymous and self.key_id is not None:
            raise ValueError("is 'anonymous' and has a 'key_id': take one out")
        return self

    @model_validator(mode="after")
    def _sealed(self) -> Self:
        if self.endpoint is not None and not self.insecure and not is_sealed(self.endpoint.reveal()):
            raise ValueError(f"'endpoint' {OPEN}. For a store of a network of your own, say `insecure: true`")
        return self


class GcsConnector(DropConnector):
    """A bucket of Google Cloud Storage. ``credentials``: a file with a service account's key; else the machine's."""

    bucket: FromEnvironment
    project: FromEnvironment | None = None
    endpoint: Endpoint | None = None
    credentials: FromEnvironment | None = None
    anonymous: bool = False

    @model_validator(mode="after")
    def _sealed(self) -> Self:
        if self.endpoint is not None and not is_sealed(self.endpoint.reveal()):
            raise ValueError(f"'endpoint' {OPEN}")
        return self


class AzureConnector(DropConnector):
    """A container of Azure Blob Storage; without a secret, credentials are those of the environment."""

    container: FromEnvironment
    account: FromEnvironment | None = None
    account_key: Secret | None = None
    sas_token: Secret | None = None
    connection_string: Secret | None = None
    anonymous: bool = False
    usual_stable_seconds: ClassVar[float] = 30.0
    """A blob may be one that is appended to."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = [each for each in ("account_key", "sas_token", "connection_string") if getattr(self, each) is not None]
        if len(given) + self.anonymous > 1:
            raise ValueError(f"has several ways in, {' and '.join(given)}: leave one")
        if self.account is None and self.connection_string is None:
            raise ValueError("has neither 'account' nor 'connection_string': give one")
        return self

    @model_validator(mode="after")
    def _sealed(self) -> Self:
        if self.connection_string is not None:
            said = dict(part.split("=", 1) for part in self.connection_string.reveal().split(";") if "=" in part)
            named = {name.strip().lower(): value.strip() for name, value in said.items()}
            address = named.get("blobendpoint") or f"{named.get('defaultendpointsprotocol', 'https')}://azure"
            if not is_sealed(address.lower()):
                raise ValueError(f"'connection_string' leads to an address that {OPEN}")
        return self


class DropMapping(FilesMapping, LandedMapping):
    """``from_`` is a pattern of files under the connector's root; ``control`` proves that all of a file came."""

    control: Control | None = None
    if_not_taken: Taking | None = None


class DropSource(RemoteSource):
    """A system whose files lie on another machine."""

    connector: DropConnector
    tables: Annotated[Mapping[str, DropMapping], Field(min_length=1)]

    @model_validator(mode="after")
    def _agree_on_controls(self) -> Self:
        said: dict[str, tuple[str, Control]] = {}
        for name, mapping in sorted(self.tables.items()):
            if mapping.control is None:
                continue
            other, control = said.setdefault(mapping.from_, (name, mapping.control))
            if control != mapping.control:
                raise ValueError(
                    f"tables {other} and {name} read the same files and have different 'control': leave one"
                )
        return self

    @property
    def wanted(self) -> dict[str, tuple[DropMapping, ...]]:
        """The patterns of files that are to be mirrored, each with the tables that read them, in order."""
        found: dict[str, list[DropMapping]] = {}
        for name, mapping in sorted(self.tables.items()):
            for pattern in self.read_by(name):
                found.setdefault(pattern, []).append(mapping)
        return {pattern: tuple(found[pattern]) for pattern in sorted(found)}

    def control_of(self, pattern: str) -> tuple[Control, FileOptions] | None:
        """How files of ``pattern`` are proved, and how they are read for that."""
        for _, mapping in sorted(self.tables.items()):
            if mapping.from_ == pattern and mapping.control is not None:
                return mapping.control, mapping.options
        return None

    def taking_of(self, pattern: str) -> Taking:
        """What is done where files of ``pattern`` are not taken: the stricter of what its tables say."""
        said = {mapping.if_not_taken or self.connector.if_not_taken for mapping in self.wanted[pattern]}
        return "stop" if "stop" in said else "keep"


class SftpSource(DropSource):
    """A system whose files lie on an SFTP server."""

    connector: SftpConnector


class S3Source(DropSource):
    """A system whose files lie in S3."""

    connector: S3Connector


class GcsSource(DropSource):
    """A system whose files lie in Google Cloud Storage."""

    connector: GcsConnector


class AzureSource(DropSource):
    """A system whose files lie in Azure Blob Storage."""

    connector: AzureConnector
