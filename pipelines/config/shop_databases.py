"""What `sources.yml` says of a shop in a database of one's own: how to get in, and how its tables begin.

The tables of such a shop are the same everywhere but for their prefix, so that mappings and pulls come with the
connector. Underneath it is MySQL or MariaDB.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pipelines.config.brought_source import Brought, BroughtSource
from pipelines.config.connectors import DatabaseConnector
from pipelines.config.field_types import matching

_PREFIX = r"[A-Za-z0-9_]{0,60}"

Prefix = Annotated[
    str, matching(_PREFIX, "is no prefix of tables: letters, digits and `_`, as the shop's own settings have it")
]
"""What the names of a shop's tables begin with."""


class ShopDatabaseConnector(DatabaseConnector):
    """The database of a shop."""

    prefix: Prefix = ""


class ShopDatabaseSource(BroughtSource):
    """A shop in a database. Pulls are written with ``{prefix}`` where a table's name begins."""

    default_prefix: ClassVar[str] = ""

    connector: ShopDatabaseConnector

    @classmethod
    def bring_pulls(cls, connector: Mapping[str, Any]) -> Brought:
        written = connector.get("prefix", cls.default_prefix)
        prefix = written if isinstance(written, str) and re.fullmatch(_PREFIX, written) else cls.default_prefix
        return {name: _begin_names(pull, prefix) for name, pull in cls.list_pulls(connector).items()}

    @classmethod
    def list_pulls(cls, connector: Mapping[str, Any]) -> Brought:  # noqa: ARG003
        """The pulls of the shop that ``connector`` leads to."""
        return cls.brought_pulls


def _begin_names(pull: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    named = ("from", "select")
    return {key: value.replace("{prefix}", prefix) if key in named else value for key, value in pull.items()}
