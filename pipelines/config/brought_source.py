"""A system whose tables are known: they and their pulls come with the connector."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.config.connectors import PulledSource

Brought = Mapping[str, Mapping[str, Any]]
"""By name, what would be written of it in `sources.yml`."""


class BroughtSource(PulledSource):
    """A source that `sources.yml` says hardly more of than how to get in.

    ``brought_tables`` are per canonical table what would be written of it in `tables`, ``brought_pulls`` the same of
    `pulls`; what a person writes goes over that, key by key.
    """

    brought_tables: ClassVar[Brought] = {}
    brought_pulls: ClassVar[Brought] = {}

    @classmethod
    def bring_pulls(cls, connector: Mapping[str, Any]) -> Brought:  # noqa: ARG003
        """The pulls that come with ``connector``, which is as written and may have faults."""
        return cls.brought_pulls
