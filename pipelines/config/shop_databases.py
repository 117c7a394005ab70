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


def dated(column: str, name: str) -> str:
    """SQL of a day or moment, null where it is the one of zeros that shops write in place of none."""
    return f"case when month({column}) > 0 then {column} end as {name}"


def by_preset(preset: str, pull: str, **beside: str) -> dict[str, Any]:
    """A table that ``preset`` makes of ``pull``, and of the pulls ``beside`` it under the names of its query."""
    return {"preset": preset, "from": pull, **({"with": beside} if beside else {})}


class ShopDatabaseConnector(DatabaseConnector):
    """The database of a shop."""

    prefix: Prefix = ""


class ShopDatabaseSource(BroughtSource):
    """A shop in a database. Pulls are written with ``{prefix}`` where a table's name begins."""

    default_prefix: ClassVar[str] = ""

    connector: ShopDatabaseConnector

    @classmethod
    def bring_pulls(cls, connector: Mapping[str, Any]) -> Brought:
        written = cls.list_prefixes(connector)
        prefixes = {name: prefix if _is_prefix(prefix) else cls.default_prefix for name, prefix in written.items()}
        return {name: _begin_names(pull, prefixes) for name, pull in cls.list_pulls(connector).items()}

    @classmethod
    def list_pulls(cls, connector: Mapping[str, Any]) -> Brought:  # noqa: ARG003
        """The pulls of the shop that ``connector`` leads to."""
        return cls.brought_pulls

    @classmethod
    def list_prefixes(cls, connector: Mapping[str, Any]) -> dict[str, Any]:
        """What stands for each name in braces, as written."""
        return {"prefix": connector.get("prefix", cls.default_prefix)}


def _is_prefix(written: object) -> bool:
    return isinstance(written, str) and re.fullmatch(_PREFIX, written) is not None


def _begin_names(pull: Mapping[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    begun = dict(pull)
    for key in {"from", "select"} & pull.keys():
        for name, prefix in prefixes.items():
            begun[key] = begun[key].replace(f"{{{name}}}", prefix)
    return begun
