"""The four systems as tests see them: an account with people in it, and what its API may do wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.pulls.connectors.api_server import Answer, Asked, Change
from tests.pulls.connectors.brevo import account as brevo_account
from tests.pulls.connectors.brevo.account import BrevoAccount
from tests.pulls.connectors.hubspot import account as hubspot_account
from tests.pulls.connectors.hubspot.account import HubspotAccount
from tests.pulls.connectors.klaviyo import account as klaviyo_account
from tests.pulls.connectors.klaviyo.account import KlaviyoAccount
from tests.pulls.connectors.salesforce.org import SalesforceOrg, limit_exceeded


@dataclass(frozen=True)
class Kit:
    """One system. ``rows``: under which key its pages of contacts hold them; ``is_page``: whether that is one."""

    name: str
    open: Callable[[], Any]
    connector: dict[str, Any]
    rows: str
    is_page: Callable[[Asked], bool]
    too_many: Callable[[int], Answer]
    add: Callable[[Any, int], Any]
    list_ids: Callable[[Any], list[Any]]
    read: str
    """A part of the path of its pages."""
    pull: str = "contacts"
    """The pull that contacts come by."""
    is_counted: bool = True
    """Whether the system says how many contacts there are."""

    def secrets(self, account: Any) -> dict[str, str]:
        return {"CRM_SECRET": getattr(account, "client_secret", None) or account.token}

    def fill(self, account: Any, people: int) -> None:
        """So many people, a minute apart, and an hour of rest."""
        for number in range(people):
            account.now += timedelta(minutes=1)
            self.add(account, number)
        account.now += timedelta(hours=1)

    def change_pages(self, change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Change:
        """What becomes of the pages of contacts, numbered from 1."""
        seen = 0

        def changed(asked: Asked, answer: Answer) -> Answer:
            nonlocal seen
            status, headers, document = answer
            if status != 200 or not self.is_page(asked):
                return answer
            seen += 1
            return status, headers, change(seen, document)

        return changed


def _asks_contacts_of_hubspot(asked: Asked) -> bool:
    return asked.path == "/crm/v3/objects/contacts/search" and asked.body.get("limit", 0) > 1


def _asks_contacts_of_salesforce(asked: Asked) -> bool:
    is_first = "FROM+Contact+WHERE+CreatedDate" in asked.query and "LastName" in asked.query
    return is_first or asked.path.startswith("/services/data/v60.0/query/01gNEXT")


def _asks_contacts_of_brevo(asked: Asked) -> bool:
    return asked.path == "/v3/contacts" and "sort=asc" in asked.query


def _asks_profiles_of_klaviyo(asked: Asked) -> bool:
    return asked.path == "/api/profiles" and "sort=id" in asked.query


HUBSPOT = Kit(
    "hubspot",
    HubspotAccount,
    {"type": "hubspot", "token": "${CRM_SECRET}"},
    "results",
    _asks_contacts_of_hubspot,
    lambda seconds: hubspot_account.too_many(seconds=seconds),
    lambda account, number: account.add(email=f"p{number}@example.fr", firstname="Qzneedle", lastname=f"L{number}"),
    lambda account: sorted(account.objects["contacts"]),
    "/contacts/search",
)
SALESFORCE = Kit(
    "salesforce",
    SalesforceOrg,
    {"type": "salesforce", "domain": "moda", "client_id": "client-id", "client_secret": "${CRM_SECRET}"},
    "records",
    _asks_contacts_of_salesforce,
    lambda seconds: (429, {"Retry-After": str(seconds)}, [{"errorCode": "TOO_MANY_REQUESTS", "message": "Qzneedle"}]),
    lambda account, number: account.add(Email=f"p{number}@example.fr", FirstName="Qzneedle", LastName=f"L{number}"),
    lambda account: sorted(account.rows["Contact"]),
    "/queryAll",
)
BREVO = Kit(
    "brevo",
    BrevoAccount,
    {"type": "brevo", "token": "${CRM_SECRET}"},
    "contacts",
    _asks_contacts_of_brevo,
    brevo_account.too_many,
    lambda account, number: account.add(f"p{number}@example.fr", FIRSTNAME="Qzneedle", LASTNAME=f"L{number}"),
    lambda account: sorted(account.contacts),
    "/v3/contacts",
)
KLAVIYO = Kit(
    "klaviyo",
    KlaviyoAccount,
    {"type": "klaviyo", "token": "${CRM_SECRET}"},
    "data",
    _asks_profiles_of_klaviyo,
    klaviyo_account.too_many,
    lambda account, number: account.add(f"p{number}@example.fr", first_name="Qzneedle", last_name=f"L{number}"),
    lambda account: sorted(account.profiles),
    "/api/profiles",
    pull="profiles",
    is_counted=False,
)
KITS = {kit.name: kit for kit in (HUBSPOT, SALESFORCE, BREVO, KLAVIYO)}
__all__ = ["BREVO", "HUBSPOT", "KITS", "KLAVIYO", "SALESFORCE", "Kit", "limit_exceeded"]
