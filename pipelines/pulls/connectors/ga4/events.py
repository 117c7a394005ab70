"""Events of all days as one table: GA4 writes a table a day, and for three days again, for what comes late.

A table that was written to since the last pull is read as a whole, and takes the place of what was landed of its day.
Events have no id: a row is known by its day and its place there. Each day has exactly as many rows as BigQuery says its
table has, and a table that is written to while it is read is read again later.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.ga4.api import BigQueryApi, State
from pipelines.pulls.connectors.ga4.records import read_cell
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import ROWS, Counted, Kind, Measures, Since
from pipelines.pulls.web.rows import as_json, declare
from pipelines.pulls.web.table import WebTable

DAY, PLACE, MODIFIED = "day", "place", "modified"
LATE = timedelta(days=4)  # A day's table is there by the evening of the next, as a rule.

_OWN: dict[str, Kind] = {DAY: "date", PLACE: "integer", MODIFIED: "timestamptz"}
_COLUMNS: dict[str, Kind] = {
    "event_date": "text",
    "event_timestamp": "integer",
    "event_name": "text",
    "event_params": "text",
    "user_pseudo_id": "text",
    "user_id": "text",
    "platform": "text",
    "device": "text",
    "items": "text",
    "ecommerce": "text",
    "collected_traffic_source": "text",
}
_LATER = frozenset({"collected_traffic_source"})  # Tables of before May 2023 have none.
_KEPT: dict[str, frozenset[str]] = {
    "device": frozenset({"category", "operating_system", "language"}),
    "items": frozenset({"item_id", "item_name", "item_brand", "item_variant", "item_category", "price", "quantity"}),
}
"""What comes of records that have much more: the numbers of devices stay where they are."""


class Events(WebTable):
    """One row per event; what has parts of its own is JSON. Columns that the pull names besides are texts."""

    may_repeat = False
    parent: tuple[str, ...] = (DAY,)

    def __init__(self, api: BigQueryApi, pull: Pull, first_day: date | None, shown: str) -> None:
        if pull.cursor not in (None, MODIFIED) or pull.day != DAY or pull.key != (DAY, PLACE):
            raise TableError(f"{shown}: the key must be {DAY} and {PLACE}, the day {DAY}, and the cursor {MODIFIED}.")
        self._api = api
        every = api.list_days()
        self._days = {day: table for day, table in every.items() if first_day is None or day >= first_day}
        newest = next((state for table in reversed(every.values()) if (state := api.read_state(table))), None)
        if newest is None:
            raise TableError(
                f"{shown}: the dataset has no table of a day (`events_20260101`). In GA4, Admin > BigQuery links, the "
                "daily export must be on; the first table is there a day later."
            )
        there = {field.name for field in newest.fields}
        named: dict[str, Kind] = {name: "text" for name in pull.columns if name in there}
        kinds: dict[str, Kind] = {**named, **_COLUMNS, **_OWN}
        super().__init__(shown, declare(**kinds), api.moment)
        self._wanted = set(pull.columns) or kinds.keys()
        self.lacking = _LATER | (named.keys() - _COLUMNS.keys())
        self._states: dict[date, State] = {}
        self._came: set[date] = set()

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        if most is not None:
            yield from self._look(most)
            return
        self._states = {day: state for day, table in self._days.items() if (state := self._api.read_state(table))}
        for day, state in self._states.items():
            if since is None or state.modified >= since:
                self._came.add(day)
                yield from self._read(day, state)
                self._check_still(day, state)

    def _look(self, most: int) -> Iterator[Mapping[str, Any]]:
        """Some of the latest events."""
        for day, table in reversed(self._days.items()):
            state = self._api.read_state(table)
            yield from self._read(day, state, most) if state else ()

    def _read(self, day: date, state: State, most: int | None = None) -> Iterator[Mapping[str, Any]]:
        table = self._days[day]
        fields = [field for field in state.fields if field.name in self._wanted]
        own = {DAY: day.isoformat(), MODIFIED: state.modified.isoformat()}
        for place, cells in enumerate(self._api.read_rows(table, fields, most)):
            row = {field.name: read_cell(cell, field, table) for field, cell in zip(fields, cells, strict=True)}
            yield {**{name: _flatten(name, value) for name, value in row.items()}, **own, PLACE: place}

    def _check_still(self, day: date, state: State) -> None:
        after = self._api.read_state(self._days[day])
        if after is None or after.modified != state.modified:
            raise SourceError(f"the table of {day} of {self.shown} was written to while it was read.", is_passing=True)

    def count(self, measures: Measures, since: Since | None = None) -> Counted:  # noqa: ARG002
        """Rows by day, of all days or of those that came."""
        return Counted(
            {
                (day.isoformat(), ROWS): Decimal(state.rows)
                for day, state in self._states.items()
                if since is None or day in self._came
            }
        )

    def tell(self) -> Iterator[str]:
        if not self._states:
            return
        first, last = min(self._states), max(self._states)
        absent = (last - first).days + 1 - len(self._states)
        if absent:
            yield f"between {first} and {last} the export has no table of {absent:,} days"
        if self.began.date() - last > LATE:
            yield f"the newest table of the export is of {last}: see whether GA4 still writes it"


def _flatten(name: str, value: Any) -> Any:
    if kept := _KEPT.get(name):
        value = [_keep(each, kept) for each in value] if isinstance(value, list) else _keep(value, kept)
    return as_json(value) if isinstance(value, dict | list) else value


def _keep(record: Any, kept: frozenset[str]) -> Any:
    return {name: record[name] for name in record if name in kept} if isinstance(record, dict) else record
