"""The rows of one of Salesforce's objects, deleted ones in the recycle bin among them.

Rows that were created after the pull began are not asked for: while it runs rows can only leave what is there, and
counts by day from before and after bound it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.salesforce.api import SalesforceApi
from pipelines.pulls.connectors.salesforce.ids import lengthen_id
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import ROWS, Counted, Counts, Kind, Measures, Since, SourceColumn
from pipelines.pulls.web.rows import declare, read_moment
from pipelines.pulls.web.table import WebTable

DAYS_AT_ONCE = 1_500  # A query that groups ends at 2,000 rows, and has no next page.
STAMP = "SystemModstamp"
MERGED = ":merged"
"""Behind an object's name: which of its rows were merged away and into which, and nothing else of them."""

_KINDS: dict[str, Kind] = {"boolean": "boolean", "date": "date", "datetime": "timestamptz"}
_UNREADABLE = frozenset({"address", "location", "base64", "anyType", "complexvalue"})
"""Types of fields that repeat others, or hold no value of a table."""
_OF_MERGED = ("Id", "MasterRecordId", STAMP)
_ALWAYS = ("Id", "IsDeleted", "CreatedDate", STAMP)
_STANDARD: dict[str, tuple[str, ...]] = {
    "Contact": (
        "MasterRecordId", "LastName", "FirstName", "Salutation", "Email", "Phone", "MobilePhone", "HomePhone",
        "OtherPhone", "Birthdate", "MailingStreet", "MailingPostalCode", "MailingCity", "MailingCountry",
        "HasOptedOutOfEmail", "DoNotCall", "IndividualId",
    ),
    "Case": (
        "CaseNumber", "ContactId", "Origin", "Type", "Reason", "Status", "IsClosed", "ClosedDate", "Subject",
        "Description",
    ),
    "ContactPointTypeConsent": (
        "PartyId", "ContactPointType", "PrivacyConsentStatus", "CaptureDate", "EffectiveFrom",
    ),
}  # fmt: skip
"""Fields of Salesforce's own that come by themselves, beside all that the org has made (`..__c`)."""


class Objects(WebTable):
    """One row per row of the object."""

    def __init__(self, api: SalesforceApi, name: str, pull: Pull, shown: str, began: datetime) -> None:
        if pull.cursor not in (None, STAMP):
            raise TableError(f"the cursor of {shown} must be {STAMP}.")
        self._api, self._pull = api, pull
        self._name, self._is_merged = name.removesuffix(MERGED), name.endswith(MERGED)
        self._types = {
            field: type_ for field, type_ in api.list_fields(self._name, shown).items() if type_ not in _UNREADABLE
        }
        super().__init__(shown, self._list_columns(), began)
        self._before: Counts = {}
        self._changed_before: Counts = {}

    def _list_columns(self) -> list[SourceColumn]:
        """The fields that come by themselves or that the pull names."""
        brought = _OF_MERGED if self._is_merged else (*_ALWAYS, *_STANDARD.get(self._name, ()))
        taken = {*brought, *self._pull.columns, *self._pull.needed}
        kinds = {
            field: _KINDS.get(type_, "text")
            for field, type_ in sorted(self._types.items())
            if field in taken or (field.endswith("__c") and not self._is_merged)
        }
        return list(declare(**kinds))

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        if most is None:
            self._before = self._count_by_day(self._list_conditions(None))
            self._changed_before = self._count_by_day(self._list_conditions(since)) if since else {}
        wanted = set(self._pull.columns) or {column.name for column in self._columns}
        yield from self._read(sorted(wanted), self._list_conditions(since), most)

    def fetch_kept(self, names: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        yield from self._read(names, self._list_conditions(None), None)

    def count(self, measures: Measures, since: Since | None = None) -> Counted:  # noqa: ARG002
        """Rows by day; of sums nothing."""
        if since is None:
            return Counted(self._before, self._count_by_day(self._list_conditions(None)))
        asked = self._list_conditions(read_moment(since.value))
        settled = self._count_by_day([*asked, f"{STAMP} <= {_write_moment(self.began)}"])
        changed = self._count_by_day(asked)
        # Those that were changed while they were read may be among the rows, of those that were not all are.
        none = Decimal(0)
        most = {
            place: self._changed_before.get(place, none)
            + max(none, changed.get(place, none) - settled.get(place, none))
            for place in {**self._changed_before, **changed, **settled}
        }
        return Counted(settled, most)

    def _list_conditions(self, since: datetime | None) -> list[str]:
        conditions = ["IsDeleted = true", "MasterRecordId != null"] if self._is_merged else []
        if since is not None:
            conditions.append(f"{STAMP} >= {_write_moment(since)}")
        return [*conditions, f"CreatedDate <= {_write_moment(self.began)}"]

    def _read(self, names: Sequence[str], conditions: Sequence[str], most: int | None) -> Iterator[dict[str, Any]]:
        limit = "" if most is None else f" LIMIT {most}"
        for record in self._api.read(f"SELECT {', '.join(names)} {self._from(conditions)}{limit}", self.shown):
            yield {name: self._mend(name, record[name]) for name in names if name in record}

    def _mend(self, name: str, value: Any) -> Any:
        """Ids in their long form, which other systems do not mistake where they do not tell capitals apart."""
        if self._types[name] in ("id", "reference"):
            return lengthen_id(value)
        return str(value).lower() if isinstance(value, bool) and self._types[name] not in _KINDS else value

    def _count_by_day(self, conditions: Sequence[str]) -> Counts:
        day = self._pull.day
        if day is None:
            return {(None, ROWS): Decimal(self._api.count(f"SELECT COUNT() {self._from(conditions)}", self.shown))}
        is_day = self._types[day] == "date"
        of = day if is_day else f"DAY_ONLY({day})"
        counts: dict[tuple[str | None, str], Decimal] = {}
        undated = self._api.count(f"SELECT COUNT() {self._from([*conditions, f'{day} = null'])}", self.shown)
        if undated:
            counts[(None, ROWS)] = Decimal(undated)
        for first, last in self._list_spans(day, conditions):
            bounds = [f"{day} >= {_write_day(first, is_day=is_day)}"]
            if last is not None:
                bounds.append(f"{day} < {_write_day(last, is_day=is_day)}")
            soql = f"SELECT {of} onDay, COUNT(Id) howMany {self._from([*conditions, *bounds])} GROUP BY {of}"
            for each in self._api.read(soql, self.shown):
                counts[(self._read_day(each.get("onDay")).isoformat(), ROWS)] = self._read_count(each.get("howMany"))
        return counts

    def _list_spans(self, day: str, conditions: Sequence[str]) -> Iterator[tuple[date, date | None]]:
        """Spans from the first day to the last that there are (:func:`divide_days`)."""
        ends = []
        for order in ("ASC", "DESC"):
            soql = f"SELECT {day} {self._from([*conditions, f'{day} != null'])} ORDER BY {day} {order} LIMIT 1"
            ends += [self._read_day(each.get(day)) for each in self._api.read(soql, self.shown)]
        if len(ends) < 2:
            return
        yield from divide_days(*ends)

    def _read_day(self, value: Any) -> date:
        moment = read_moment(value) if isinstance(value, str) else None
        if moment is None:
            raise SourceError(f"Salesforce counts {self.shown} by what is no day.", is_passing=True)
        return moment.date()

    def _read_count(self, value: Any) -> Decimal:
        if not isinstance(value, int):
            raise SourceError(f"Salesforce counts {self.shown} in what is no number.", is_passing=True)
        return Decimal(value)

    def _from(self, conditions: Sequence[str]) -> str:
        return f"FROM {self._name} WHERE {' AND '.join(conditions)}"


def divide_days(first: date, last: date) -> Iterator[tuple[date, date | None]]:
    """Spans from ``first`` to ``last`` without their ends, which are the next's beginnings; None: the end of all days.

    People write 9999-12-31 where no day is known.
    """
    begin: date | None = first
    while begin is not None and begin <= last:
        left = (date.max - begin).days
        end = begin + timedelta(days=DAYS_AT_ONCE) if left >= DAYS_AT_ONCE else None
        yield begin, end
        begin = end


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _write_day(day: date, *, is_day: bool) -> str:
    return day.isoformat() if is_day else f"{day.isoformat()}T00:00:00.000Z"
