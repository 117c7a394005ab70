"""The records of one kind of HubSpot's objects: contacts, tickets, or any other that can be searched."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.hubspot.api import HubspotApi, follow
from pipelines.pulls.connectors.hubspot.search import Filter, Search, between, on_day, since_then
from pipelines.pulls.errors import TableError
from pipelines.pulls.system import ROWS, Counted, Counts, Kind, Measures, Since, SourceColumn
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.rows import declare, read_moment
from pipelines.pulls.web.table import WebTable

PREFIX = "property_"
PAGE_OF_LIST = 100
COUNTED_DAYS = 14  # Each is a search of its own, of which there are four a second.
"""The latest days of which records are counted by themselves, beside the count of all."""

_KINDS: dict[str, Kind] = {"bool": "boolean", "date": "date", "datetime": "timestamptz"}
_MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")
_STANDARD: dict[str, tuple[str, ...]] = {
    "contacts": (
        "email", "firstname", "lastname", "salutation", "phone", "mobilephone", "date_of_birth", "address", "zip",
        "city", "country", "hs_additional_emails", "hs_email_optout", *_MERGED,
    ),
    "tickets": ("closed_date", "subject", "content", "source_type", "hs_ticket_category", "hs_merged_object_ids"),
}  # fmt: skip
"""Properties of HubSpot's own that come by themselves, of hundreds, beside all that the account has made."""


def name_modified(kind: str) -> str:
    """The property that says when a record was changed last."""
    return "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


class Objects(WebTable):
    """One row per record: its id, and its properties behind ``property_``."""

    def __init__(self, api: HubspotApi, kind: str, pull: Pull, shown: str) -> None:
        modified = name_modified(kind)
        if pull.cursor not in (None, PREFIX + modified):
            raise TableError(f"the cursor of {shown} must be {PREFIX}{modified}.")
        self._api, self._kind, self._pull, self._modified = api, kind, pull, modified
        self._search = Search(api, kind, shown)
        columns = self._list_columns(shown)
        self._fence = self._search.find_fence()
        super().__init__(shown, columns, self._fence.began)
        self.lacking = {column.name for column in columns if column.name.startswith(PREFIX)}  # Those listed, that is.
        self._before: Counts = {}
        self._changed_before = 0

    def _list_columns(self, shown: str) -> list[SourceColumn]:
        """The id, and the properties that come by themselves or that the pull names."""
        listed = self._api.list("GET", f"/crm/v3/properties/{self._kind}", shown, needed="name")["results"]
        named = [name.removeprefix(PREFIX) for name in (*self._pull.columns, *self._pull.needed)]
        taken = {"createdate", self._modified, *_STANDARD.get(self._kind, ()), *named}
        kinds = {
            PREFIX + each["name"]: _KINDS.get(each.get("type", ""), "text")
            for each in listed
            if each["name"] != "hs_object_id" and (each["name"] in taken or not each.get("hubspotDefined", False))
        }
        return [*declare(id="integer"), *declare(**dict(sorted(kinds.items())))]

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        filters = self._list_filters(since)
        if most is None:
            self._changed_before = self._search.count(self._fence, filters)
            self._before = self._count_all()
        wanted = set(self._pull.columns) or {column.name for column in self._columns}
        properties = [name.removeprefix(PREFIX) for name in sorted(wanted) if name.startswith(PREFIX)]
        for record in self._search.read(self._fence, filters, properties):
            yield self._flatten(record)

    def fetch_kept(self, names: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        for record in self._search.read(self._fence, (), ["hs_object_id"]):
            yield {"id": record["id"]}

    def fetch_deleted(self, names: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        """What lies in HubSpot's recycle bin since, and the ids that records which changed were merged from.

        What was deleted for good is in neither: then the counts do not agree, and all records come.
        """
        after, trail = None, Trail("HubSpot", self.shown)
        while True:
            asked = {"archived": "true", "limit": PAGE_OF_LIST, **({"after": after} if after else {})}
            found = self._api.list("GET", f"/crm/v3/objects/{self._kind}", self.shown, params=asked)
            for record in found["results"]:
                archived = read_moment(_as_text(record.get("archivedAt")))
                if archived is None or archived >= since:
                    yield {"id": record["id"]}
            after = follow(found, trail)
            if after is None:
                break
        if self._kind in _STANDARD:
            filters = [*self._list_filters(since), {"propertyName": _MERGED[0], "operator": "HAS_PROPERTY"}]
            for record in self._search.read(self._fence, filters, _MERGED):
                yield from ({"id": old} for old in _list_merged(record))

    def count(self, measures: Measures, since: Since | None = None) -> Counted:  # noqa: ARG002
        """All records, and those of the latest days; of those that changed, all. Of sums HubSpot says nothing."""
        if since is None:
            return Counted(self._before, self._count_all(), is_complete=False)
        moment = read_moment(since.value)
        assert moment is not None
        settled = self._search.count(self._fence, [between(self._modified, moment, self.began)])
        changed = self._search.count(self._fence, self._list_filters(moment))
        # Those that were changed while they were read may be among the rows, of those that were not all are.
        place, most = (None, ROWS), self._changed_before + max(0, changed - settled)
        return Counted({place: Decimal(settled)}, {place: Decimal(most)}, is_complete=False)

    def _list_filters(self, since: datetime | None) -> list[Filter]:
        """What changed while the pull goes on is among them: of who is new since the last one, nothing else tells."""
        return [] if since is None else [since_then(self._modified, since)]

    def _count_all(self) -> Counts:
        counts: dict[tuple[str | None, str], int] = {(None, ROWS): self._search.count(self._fence)}
        for day in self._list_latest_days():
            filters = [on_day(str(self._pull.day).removeprefix(PREFIX), day)]
            counts[(day.isoformat(), ROWS)] = self._search.count(self._fence, filters)
        return {place: Decimal(count) for place, count in counts.items()}

    def _list_latest_days(self) -> list[date]:
        today = self.began.astimezone(UTC).date()
        return [today - timedelta(days=days) for days in range(COUNTED_DAYS)] if self._pull.day else []

    def _flatten(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """HubSpot writes every value as a text, and none as an empty one."""
        kinds = {column.name: column.kind for column in self._columns}
        row: dict[str, Any] = {"id": record["id"]}
        for name, value in _read_properties(record).items():
            is_truth = kinds.get(PREFIX + name) == "boolean" and value in ("true", "false")
            row[PREFIX + name] = (value == "true") if is_truth else (None if value == "" else value)
        return row


def _list_merged(record: Mapping[str, Any]) -> list[str]:
    """The ids that a record was merged from."""
    told = [_as_text(_read_properties(record).get(name)) or "" for name in _MERGED]
    listed = [part.partition(":")[0].strip() for each in told for part in each.split(";")]
    return [each for each in dict.fromkeys(listed) if each.isdecimal() and each != str(record["id"])]


def _read_properties(record: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = record.get("properties")
    return properties if isinstance(properties, dict) else {}


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
