"""Tables whose rows have a version, a number that grows with every change of anything in Lightspeed.

Pages follow the versions: each begins behind the highest of the one before. A row that is changed meanwhile gets a
higher one and comes once more at the end, so that none is passed over. The list ends where a page is empty, which is
believed the second time. The next pull begins at the highest version that came, less the overlap: what an end that came
too early left out is late, and not lost.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import pyarrow as pa

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.lightspeed.api import LightspeedApi
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import Counted, Measures, Since, SourceColumn
from pipelines.pulls.web.table import WebRows

PAGE = 200
CURSOR = "version"


class VersionedTable(WebRows):
    """See :class:`pipelines.pulls.system.SourceTable`. Rows that were deleted come with the moment, and stay."""

    asked: Mapping[str, str] = {"deleted": "true"}
    needed: Set[str] = frozenset()
    """The columns that every row has beside its id and version, be they empty."""

    def __init__(self, api: LightspeedApi, path: str, pull: Pull, shown: str, columns: Sequence[SourceColumn]) -> None:
        if pull.cursor not in (None, CURSOR):
            raise TableError(f"the cursor of {shown} must be {CURSOR}.")
        super().__init__(shown, columns)
        self._api, self._path = api, path
        self._highest = 0
        self.lacking = {column.name for column in columns} - {"id", CURSOR, *self.needed}

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row as its columns have it."""
        return row

    def stream(
        self, columns: Sequence[SourceColumn], since: Since | None = None, most: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        pages = self._read_pages(int(since.value) if since else 0, PAGE if most is None else min(PAGE, most))
        yield from self.batch((self.read(row) for page in pages for row in page), columns, most)

    def _read_pages(self, after: int, limit: int) -> Iterator[list[dict[str, Any]]]:
        place, empty = max(after, 0), 0
        while empty < 2:
            asked = {**self.asked, "after": place, "page_size": limit}
            page = self._api.list(self._path, self.shown, asked, needed=CURSOR)
            empty = 0 if page else empty + 1
            if not page:
                continue
            highest = max(int(row[CURSOR]) for row in page)
            if highest <= place:
                raise SourceError(f"Lightspeed leads from page to page of {self.shown} in a circle.", is_passing=True)
            place, self._highest = highest, max(self._highest, highest)
            yield page

    def stream_kept(self, columns: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        raise TableError(f"`deletes: compare_keys` of {self.shown}: rows that were deleted are marked. Take it out.")

    def stream_deleted(self, key: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        raise TableError(f"`deletes: reported` of {self.shown}: rows that were deleted are marked. Take it out.")

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:  # noqa: ARG002
        return None

    def read_cursor(self, cursor: SourceColumn) -> str | None:  # noqa: ARG002
        """The highest version that came."""
        return str(self._highest) if self._highest else None
