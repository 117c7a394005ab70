"""What `sources.yml` says of Salesforce: the org's domain, and a connected app that may read it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from pipelines.config.connectors import Secret
from pipelines.config.environment_text import FromEnvironment
from pipelines.config.web import WebConnector, WebSource

_HOST = ".my.salesforce.com"


def _read_domain(written: str) -> str:
    name = written.removeprefix("https://").rstrip("/").removesuffix(_HOST)
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.(sandbox|develop|scratch|demo|patch|trailblaze|free))?", name):
        raise ValueError("must be the org's My Domain, such as `moda` of moda.my.salesforce.com")
    return name


class SalesforceConnector(WebConnector):
    """``domain``: My Domain of the org, `moda` of `moda.my.salesforce.com`, or `moda--uat.sandbox`.

    ``client_id``, ``client_secret``: the consumer key and secret of a connected app with the client credentials flow.
    """

    domain: Annotated[str, AfterValidator(_read_domain)]
    client_id: FromEnvironment
    client_secret: Secret

    @property
    def api(self) -> str:
        """Where the org's API is."""
        return self.address or f"https://{self.domain}{_HOST}"


class SalesforceSource(WebSource):
    """An org of Salesforce."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {"preset": "salesforce_contacts", "from": "contacts"},
        "contact_points": {"preset": "salesforce_contacts", "from": "contacts"},
        "consents": {
            "preset": "salesforce_contacts",
            "from": "contacts",
            "with": {"point_type_consents": "point_type_consents"},
        },
        "merges": {"preset": "salesforce_contacts", "from": "merges", "headers": {"LastName": None, "Email": None}},
        "interactions": {"preset": "salesforce_cases", "from": "cases"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "contacts": {"from": "Contact", "key": "Id", "cursor": "SystemModstamp", "day": "CreatedDate"},
        "merges": {"from": "Contact:merged", "key": "Id", "cursor": "SystemModstamp", "deletes": "none"},
        "point_type_consents": {
            "from": "ContactPointTypeConsent",
            "key": "Id",
            "cursor": "SystemModstamp",
            "day": "CreatedDate",
            "optional": True,
        },
        "cases": {"from": "Case", "key": "Id", "cursor": "SystemModstamp", "day": "CreatedDate"},
    }

    connector: SalesforceConnector
