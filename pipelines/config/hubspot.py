"""What `sources.yml` says of HubSpot: the token of a private app."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.config.connectors import Secret
from pipelines.config.web import WebConnector, WebSource


class HubspotConnector(WebConnector):
    """``token``: that of a private app, with the scopes to read contacts and tickets."""

    token: Secret


class HubspotSource(WebSource):
    """An account of HubSpot."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **{
            table: {"preset": "hubspot_contact_landed", "from": "contacts"}
            for table in ("contacts", "merges", "contact_points", "consents")
        },
        "interactions": {
            "preset": "hubspot_ticket_landed",
            "from": "tickets",
            "with": {"ticket_contact": "ticket_contact"},
        },
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {
            "key": "id",
            "cursor": "property_lastmodifieddate",
            "deletes": "reported",
            "day": "property_createdate",
        },
        "tickets": {
            "key": "id",
            "cursor": "property_hs_lastmodifieddate",
            "deletes": "reported",
            "day": "property_createdate",
        },
        "ticket_contact": {"key": ["ticket_id", "contact_id"]},
        "email_events": {"key": ["id", "created"], "cursor": "created", "overlap": "1d", "deletes": "none"},
    }

    connector: HubspotConnector
