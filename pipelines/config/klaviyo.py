"""What `sources.yml` says of Klaviyo: a private API key."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.config.connectors import Secret
from pipelines.config.web import WebConnector, WebSource


class KlaviyoConnector(WebConnector):
    """``token``: a private API key, with the scopes to read profiles, events and metrics."""

    token: Secret


class KlaviyoSource(WebSource):
    """An account of Klaviyo."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {"preset": "klaviyo_profiles", "from": "profiles"},
        "consents": {"preset": "klaviyo_profiles", "from": "profiles"},
        "campaign_events": {"preset": "klaviyo_events", "from": "events"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "profiles": {"key": "id"},
        "events": {
            "key": "id",
            "cursor": "datetime",
            "overlap": "1d",
            "deletes": "none",
            "day": "datetime",
            "tolerance": 0.01,  # Klaviyo does not promise that it counts just what it lists.
        },
    }

    connector: KlaviyoConnector
