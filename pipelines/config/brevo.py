"""What `sources.yml` says of Brevo: an API key."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.config.connectors import Secret
from pipelines.config.web import WebConnector, WebSource


class BrevoConnector(WebConnector):
    """``token``: an API key, of version 3."""

    token: Secret


class BrevoSource(WebSource):
    """An account of Brevo."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {"preset": "brevo_contacts", "from": "contacts"},
        "consents": {"preset": "brevo_contacts", "from": "contacts"},
        "campaign_events": {"preset": "brevo_email_events", "from": "events", "with": {"contacts": "contacts"}},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {"key": "id"},
        "events": {"key": "id", "cursor": "date", "overlap": "1d", "deletes": "none"},
    }

    connector: BrevoConnector
