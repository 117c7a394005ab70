"""Klaviyo's profiles with what they consented to, all of them every night.

Klaviyo tells of none that was deleted or merged away: it is in the list no more, and that is all. What has changed
could be asked for; who is gone is known by the whole list only, which costs the same requests.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.pulls.connectors.klaviyo.api import KlaviyoApi
from pipelines.pulls.connectors.klaviyo.listing import Listing
from pipelines.pulls.system import Kind
from pipelines.pulls.web.rows import as_json, declare, tell_gone
from pipelines.pulls.web.shapes import reach
from pipelines.pulls.web.table import WebTable

PAGE = 100

_PLAIN: dict[str, Kind] = {
    "email": "text",
    "phone_number": "text",
    "external_id": "text",
    "first_name": "text",
    "last_name": "text",
    "created": "timestamptz",
    "updated": "timestamptz",
}
_PLACE = ("address1", "address2", "zip", "city", "region", "country")
_CONSENT: dict[str, Kind] = {
    "consent": "text",
    "consent_timestamp": "timestamptz",
    "last_updated": "timestamptz",
    "method": "text",
    "method_detail": "text",
}
_EMAIL: dict[str, Kind] = {**_CONSENT, "double_optin": "boolean", "suppression": "text"}
_CHANNELS = {"email": _EMAIL, "sms": _CONSENT}
_COLUMNS: dict[str, Kind] = {
    "id": "text",
    **_PLAIN,
    **{f"location_{name}": "text" for name in _PLACE},
    "properties": "text",
    **{f"{channel}_{name}": kind for channel, kinds in _CHANNELS.items() for name, kind in kinds.items()},
}
_LACKING = frozenset(f"{channel}_{name}" for channel, kinds in _CHANNELS.items() for name in kinds if name != "consent")
_FIELDS = [*_PLAIN, *(f"location.{name}" for name in _PLACE), "properties", "subscriptions"]
_WHOLE = {"fields[profile]": ",".join(_FIELDS), "additional-fields[profile]": "subscriptions"}
_BRIEF = {"fields[profile]": "created"}


class Profiles(WebTable):
    """One row per profile: its location behind ``location_``, what it said of marketing behind the channel's name.

    ``properties`` are the account's own, as one text of JSON, and so is ``email_suppression``.
    """

    lacking = _LACKING

    def __init__(self, api: KlaviyoApi, shown: str) -> None:
        self._listing = Listing(api, "profiles", shown, "id", PAGE, _BRIEF, whole=_WHOLE, has_ids=True)
        self._last = self._listing.find_last()
        super().__init__(shown, declare(**_COLUMNS), api.moment)

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        rows = self._listing.read_whole(self._last) if most is None else self._listing.read(most)
        told = silent = 0
        for profile in rows:
            row = _flatten(profile)
            if row.get("email") and "email_consent" in row:
                told, silent = told + (row["email_consent"] is not None), silent + (row["email_consent"] is None)
            yield row
        if silent > 1 and not told:  # Who never answered is said to have: that nobody is, is no chance.
            raise tell_gone("email_consent", self.shown)


def _flatten(profile: Mapping[str, Any]) -> dict[str, Any]:
    """What is not in an answer is not in the row either: its column is missed, where it has to be there."""
    given = profile.get("attributes")
    attributes = given if isinstance(given, Mapping) else {}
    row = {"id": profile["id"], **{name: attributes[name] for name in _PLAIN if name in attributes}}
    if "properties" in attributes:
        row["properties"] = as_json(attributes["properties"])
    if "location" in attributes:
        row |= {f"location_{name}": reach(attributes, "location", name) for name in _PLACE}
    if "subscriptions" in attributes:
        for channel, kinds in _CHANNELS.items():
            row |= _flatten_marketing(channel, kinds, reach(attributes, "subscriptions", channel, "marketing"))
    return row


def _flatten_marketing(channel: str, kinds: Mapping[str, Kind], said: Any) -> dict[str, Any]:
    if said is None:
        return {f"{channel}_consent": None}
    known = {name: said[name] for name in kinds if name in said} if isinstance(said, Mapping) else {}
    if "suppression" in known:
        known["suppression"] = as_json(known["suppression"])
    return {f"{channel}_{name}": value for name, value in known.items()}
