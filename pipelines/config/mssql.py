"""What `sources.yml` says of a source in SQL Server."""

from typing import Literal

from pipelines.config.connectors import DatabaseConnector, DatabaseSource


class MssqlConnector(DatabaseConnector):
    """A SQL Server. Who it is is checked unless ``tls`` says otherwise: none of its versions is open by default."""

    tls: Literal["off", "prefer", "require", "verify"] = "verify"


class MssqlSource(DatabaseSource):
    """A system whose tables stand in SQL Server."""

    connector: MssqlConnector
