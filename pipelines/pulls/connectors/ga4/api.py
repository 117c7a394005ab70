"""Requests to BigQuery: which tables there are, how many rows each has, and the rows; none of them costs a query."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pipelines.pulls.connectors.ga4.records import Field, read_fields
from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import reach, read_count, read_rows

ADDRESS = "https://bigquery.googleapis.com"
PAGE = 10_000  # BigQuery ends a page at 10 MB in any case.
PAGE_OF_TABLES = 1_000
MOST_EMPTY = 20  # Pages one after another that hold nothing and say that more follow.

_DAILY = re.compile(r"events_([0-9]{8})")  # Not `events_intraday_`, which is written to all day and then deleted.
_LIMITS = frozenset({"rateLimitExceeded", "quotaExceeded", "backendError"})


@dataclass(frozen=True)
class State:
    """A table as it is: ``modified`` is when it was last written to."""

    rows: int
    modified: datetime
    fields: tuple[Field, ...]


class BigQueryApi:
    """What is asked of one dataset. ``moment`` is BigQuery's clock at its last answer."""

    def __init__(self, client: WebClient, project: str, dataset: str) -> None:
        self._client, self._shown = client, f"dataset {dataset} of project {project}"
        self._tables = f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables"
        self.moment = datetime.now(UTC)

    def list_days(self) -> dict[date, str]:
        """The tables of single days, in order. Raises SourceError, also where BigQuery lists fewer than it counts."""
        found: dict[date, str] = {}
        listed: set[str] = set()
        total = 0
        for page in self._read_pages(self._tables, {"maxResults": PAGE_OF_TABLES}, "nextPageToken", "tables"):
            total = max(total, read_count(page.get("totalItems")) or 0)
            for each in read_rows({"tables": [], **page}, "tables", "BigQuery", self._shown, needed="id"):
                name = reach(each, "tableReference", "tableId")
                listed.add(str(name))
                day = read_day(name)
                if day is not None:
                    found[day] = name
        if len(listed) < total:
            raise SourceError(
                f"a short list of {self._shown}: BigQuery counts {total:,} tables and lists {len(listed):,}.",
                is_passing=True,
            )
        return dict(sorted(found.items()))

    def read_state(self, table: str) -> State | None:
        """How a table is now; None where it is no more."""
        found = self._ask(f"{self._tables}/{table}", {}, may_lack=True)
        if found is None:
            return None
        rows, modified = (read_count(found.get(name)) for name in ("numRows", "lastModifiedTime"))
        if rows is None or modified is None:
            raise SourceError(f"BigQuery does not say how many rows {table} has, or since when.", is_passing=True)
        moment = datetime.fromtimestamp(min(modified, 10**13) / 1_000, UTC)
        return State(rows, moment, read_fields(reach(found, "schema", "fields"), table))

    def read_rows(self, table: str, fields: Sequence[Field], most: int | None = None) -> Iterator[list[Any]]:
        """The cells of each row of a table, in the order of ``fields``, which is that of its schema."""
        asked = {"maxResults": min(PAGE, most or PAGE), "selectedFields": ",".join(each.name for each in fields)}
        for page in self._read_pages(f"{self._tables}/{table}/data", asked, "pageToken", "rows"):
            for row in read_rows({"rows": [], **page}, "rows", "BigQuery", table):
                cells = row.get("f")
                if not isinstance(cells, list) or len(cells) != len(fields):
                    raise SourceError(f"BigQuery lists the rows of {table} in another shape than Parcours knows.")
                yield cells

    def _read_pages(self, path: str, asked: Mapping[str, Any], named: str, rows: str) -> Iterator[dict[str, Any]]:
        """Pages to the last, which names no other. One that is empty and names another is asked once more before it."""
        token: str | None = None
        trail = Trail("BigQuery", self._shown)
        empty = 0
        while True:
            page = self._ask(path, {**asked, **({"pageToken": token} if token else {})})
            assert page is not None
            yield page
            following = page.get(named)
            if not following:
                return
            empty = 0 if page.get(rows) else empty + 1
            if empty > MOST_EMPTY:
                raise SourceError(f"BigQuery gives nothing but empty pages of {self._shown}.", is_passing=True)
            if empty % 2:
                continue
            token = trail.follow(following)

    def _ask(self, path: str, params: Mapping[str, Any], *, may_lack: bool = False) -> dict[str, Any] | None:
        answer = self._client.ask("GET", path, params=params, expected=frozenset({200, 403, 404}))
        self.moment = answer.moment
        if answer.status == 404 and may_lack:
            return None
        if answer.status == 404:
            raise SourceError(
                f"BigQuery has no {self._shown}, or no longer a table of it: check `project` and `dataset`.",
                is_passing=may_lack or path != self._tables,
            )
        if answer.status == 403:
            reasons = reach(answer.document, "error", "errors")
            if any(reach(each, "reason") in _LIMITS for each in (reasons if isinstance(reasons, list) else ())):
                raise SourceError("BigQuery lets no more requests through (HTTP 403).", is_passing=True)
            raise SourceError(
                f"{self._shown} may not be read with `credentials`: grant the service account BigQuery Data Viewer on "
                "the dataset."
            )
        if not isinstance(answer.document, dict):
            raise SourceError(f"BigQuery answers with nothing of {self._shown}.", is_passing=True)
        return answer.document


def read_day(name: Any) -> date | None:
    """The day whose events a table has, by its name; None of any other table."""
    found = _DAILY.fullmatch(name) if isinstance(name, str) else None
    try:
        return datetime.strptime(found[1], "%Y%m%d").date() if found else None  # noqa: DTZ007
    except ValueError:
        return None
