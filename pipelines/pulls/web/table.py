"""A table of a web API: what a connector says of it, and all else that a pull asks of a table."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from pipelines.pulls.errors import TableError
from pipelines.pulls.system import Counted, Measures, Since, SourceColumn
from pipelines.pulls.web.rows import batch_rows, read_moment


class WebRows:
    """What all tables of web APIs are: ``columns`` that are known, and rows of JSON that become Arrow."""

    may_repeat = True
    parent: tuple[str, ...] = ()
    reaches_back_to: date | None = None
    lacking: Set[str] = frozenset()
    """The columns that a row may be without, as an API leaves out what is empty."""

    def __init__(self, shown: str, columns: Sequence[SourceColumn]) -> None:
        self.shown = shown
        self._columns = tuple(columns)
        self._emptied: Counter[str] = Counter()

    def describe(self) -> list[SourceColumn]:
        return list(self._columns)

    def batch(
        self, rows: Iterable[Mapping[str, Any]], columns: Sequence[SourceColumn], most: int | None
    ) -> Iterator[pa.RecordBatch]:
        """The ``rows``, no more than ``most``. What became null of them is counted."""
        self._emptied.clear()
        yield from batch_rows(islice(rows, most), columns, self.shown, self._emptied, lacking=self.lacking)

    def count_emptied(self, columns: Sequence[SourceColumn], since: Since | None = None) -> Iterator[tuple[str, int]]:  # noqa: ARG002
        yield from sorted(self._emptied.items())

    def tell(self) -> Iterator[str]:
        yield from ()


class WebTable(WebRows, ABC):
    """See :class:`pipelines.pulls.system.SourceTable`. A connector says how rows are fetched, and what is counted.

    Changes are told by moments. ``began`` is when the pull did, by the API's clock: the bound that is the same for all
    that is asked.
    """

    def __init__(self, shown: str, columns: Sequence[SourceColumn], began: datetime) -> None:
        super().__init__(shown, columns)
        self.began = began

    @abstractmethod
    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        """All rows, or those that changed ``since``, as JSON has them; about ``most`` are enough.

        Where the API counts, it is asked before the first row.
        """

    def fetch_kept(self, names: Sequence[str], since: datetime) -> Iterable[Mapping[str, Any]]:  # noqa: ARG002
        """Of all rows there are, ``names``: the key, or the parents that did not change."""
        raise TableError(f"`deletes: compare_keys` of {self.shown}: the API does not list all keys. Take it out.")

    def fetch_deleted(self, names: Sequence[str], since: datetime) -> Iterable[Mapping[str, Any]]:  # noqa: ARG002
        """The keys that the API tells were deleted."""
        raise TableError(f"`deletes: reported` of {self.shown}: the API does not report them. Take it out.")

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:  # noqa: ARG002
        return None

    def stream(
        self, columns: Sequence[SourceColumn], since: Since | None = None, most: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        yield from self.batch(self.fetch(_moment_of(since), most), columns, most)

    def stream_kept(self, columns: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in columns]
        yield from batch_rows(self.fetch_kept(names, _moment_of(since)), columns, self.shown, Counter())  # type: ignore[arg-type]

    def stream_deleted(self, key: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in key]
        yield from batch_rows(self.fetch_deleted(names, _moment_of(since)), key, self.shown, Counter())  # type: ignore[arg-type]

    def read_cursor(self, cursor: SourceColumn) -> str:  # noqa: ARG002
        """When the pull began: what changed later may have been missed, and comes the next time."""
        return self.began.isoformat(sep=" ", timespec="microseconds")


def _moment_of(since: Since | None) -> datetime | None:
    if since is None:
        return None
    moment = read_moment(since.value)
    if moment is None:
        raise ValueError(f"a cursor that is no moment: {since.value}")
    return moment
