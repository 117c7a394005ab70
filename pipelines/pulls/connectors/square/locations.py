"""The locations of a seller, those that are closed too: all tickets are of one of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach
from pipelines.pulls.web.table import WebTable

COLUMNS = declare(
    id="text", name="text", address_line_1="text", postal_code="text", locality="text", country="text",
    latitude="float", longitude="float", status="text", created_at="timestamptz",
)  # fmt: skip


class Locations(WebTable):
    """One row per location; ``locations`` as Square lists them, in one answer."""

    may_repeat = False
    lacking = frozenset({"status"})

    def __init__(self, locations: Sequence[Mapping[str, Any]], began: datetime, shown: str) -> None:
        super().__init__(shown, COLUMNS, began)
        self._locations = locations

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        for each in self._locations:
            address = {name: reach(each, "address", name) for name in _OF_ADDRESS}
            place = {name: reach(each, "coordinates", name) for name in ("latitude", "longitude")}
            yield {**each, **address, **place}


_OF_ADDRESS = ("address_line_1", "postal_code", "locality", "country")
