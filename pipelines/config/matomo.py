"""What `sources.yml` says of Matomo: where it runs, which of its sites, and a token that may view it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pipelines.config.connectors import Secret
from pipelines.config.field_types import Day
from pipelines.config.web import Address, WebConnector, WebSource


class MatomoConnector(WebConnector):
    """``address``: where Matomo runs, with its folder; ``site``: the id of the site there; ``token``: a `token_auth`.

    ``first_day``: from which on visits come, in the time zone of the site; by default all that Matomo has.
    """

    address: Address
    site: Annotated[int, Field(ge=1)]
    token: Secret
    first_day: Day | None = None


class MatomoSource(WebSource):
    """A site that Matomo measures."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "web_events": {"preset": "matomo_visits", "from": "visits"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "visits": {
            "key": "idVisit",
            "cursor": "lastActionTimestamp",
            "overlap": "3d",
            "deletes": "none",
            "day": "day",
            "amounts": "actions",
        },
    }
    summed: ClassVar[tuple[str, ...]] = ("actions",)

    connector: MatomoConnector
