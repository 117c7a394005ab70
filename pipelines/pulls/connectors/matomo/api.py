"""Requests to Matomo, and what its refusals mean.

Matomo answers faults with status 200 as often as not: `{"result": "error", "message": ...}`. The message is looked at
and never repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.shapes import reach, read_count, read_rows

DAYS_AT_ONCE = 100  # An answer of some tens of kilobytes; a day that was never archived is archived as it is asked for.

_JUDGED = frozenset({200, 400, 401, 403})
_OF_ACCESS = ("access", "token", "authenticat")
_OF_SWITCH = "log is deactivated"
_OF_TIME = "execution time"


@dataclass(frozen=True)
class InBody:
    """A token that goes in the body of requests, where no log of a web server has it."""

    key: str = "token"

    def headers(self) -> Mapping[str, str]:
        return {}

    def renew(self) -> bool:
        return False


@dataclass(frozen=True)
class Counts:
    """What Matomo reports of one day."""

    visits: int
    actions: int


class MatomoApi:
    """What is asked of one ``site``. ``moment`` is Matomo's clock at its last answer."""

    def __init__(self, client: WebClient, site: int, token: str) -> None:
        self._client, self._site, self._token = client, site, token
        self.moment = datetime.now(UTC)

    def read_time_zone(self, shown: str) -> tzinfo:
        """The time zone of the site, by which its days are. Raises SourceError also where the site may not be seen."""
        found = self._ask("SitesManager.getSiteFromId", shown)
        if isinstance(found, list) and len(found) == 1:  # As versions before 4 have it.
            found = found[0]
        written = found.get("timezone") if isinstance(found, dict) else None
        zone = read_time_zone(written) if isinstance(written, str) else None
        if zone is None:
            raise SourceError(f"Matomo does not say in which time zone the days of site {self._site} are.")
        return zone

    def list_visits(self, shown: str, **asked: str | int) -> list[dict[str, Any]]:
        """Visits, those with the earliest last action first, each with the id and that moment."""
        found = self._ask("Live.getLastVisitsDetails", shown, filter_sort_order="asc", **asked)
        visits = read_rows({"visits": found}, "visits", "Matomo", shown, needed="idVisit", is_number=True)
        return read_rows({"visits": visits}, "visits", "Matomo", shown, needed="lastActionTimestamp", is_number=True)

    def count_days(self, first: date, last: date, shown: str) -> dict[date, Counts]:
        """What Matomo reports of every day from ``first`` to ``last``, both included."""
        counted: dict[date, Counts] = {}
        while first <= last:
            until = min(last, first + timedelta(days=DAYS_AT_ONCE - 1))
            span = f"{first.isoformat()},{until.isoformat()}"
            found = self._ask("VisitsSummary.get", shown, period="day", date=span)
            while first <= until:
                counted[first] = self._read_counts(found, first, shown)
                first += timedelta(days=1)
        return counted

    def _read_counts(self, found: Any, day: date, shown: str) -> Counts:
        told = found.get(day.isoformat()) if isinstance(found, dict) else None
        if told == []:  # As PHP writes an object that has nothing in it.
            return Counts(0, 0)
        visits, actions = (read_count(reach(told, name)) for name in ("nb_visits", "nb_actions"))
        if visits is None or actions is None:
            raise SourceError(f"Matomo does not say how many there are of {shown} on {day}.", is_passing=True)
        return Counts(visits, actions)

    def _ask(self, method: str, shown: str, **asked: str | int) -> Any:
        """What Matomo answers to a method of its API. Raises SourceError, TableError."""
        form = {
            "module": "API",
            "method": method,
            "idSite": str(self._site),
            "format": "JSON",
            "language": "en",
            "token_auth": self._token,
            **{name: str(value) for name, value in asked.items()},
        }
        answer = self._client.ask("POST", "/index.php", form=form, expected=_JUDGED)
        self.moment = answer.moment
        found = answer.document
        is_error = isinstance(found, dict) and found.get("result") == "error"
        if is_error or answer.status != 200:
            self._refuse(answer.status, str(found.get("message")) if is_error else "", shown)
        return found

    def _refuse(self, status: int, message: str, shown: str) -> NoReturn:
        said = message.lower()
        if _OF_SWITCH in said:
            raise TableError(
                f"{shown} may not be read: the visits log of site {self._site} is switched off. Switch it on in "
                "Matomo, Settings > Websites, or its General settings."
            )
        if _OF_TIME in said:
            raise TableError(
                f"{shown} takes longer to read than Matomo allows: raise `live_query_max_execution_time` in its "
                "config.ini.php."
            )
        if status in (401, 403) or any(word in said for word in _OF_ACCESS):
            raise SourceError(
                f"Matomo does not let us in: check `token`, and that its user may view site {self._site} (`site`)."
            )
        raise SourceError(f"Matomo has a fault of its own when {shown} is asked for (HTTP {status}).", is_passing=True)


def read_time_zone(written: str) -> tzinfo | None:
    """An IANA name, or an offset as Matomo writes them, `UTC+5.5`; None where it is neither."""
    offset = written.removeprefix("UTC")
    try:
        return timezone(timedelta(hours=float(offset))) if offset not in (written, "") else ZoneInfo(written)
    except (ValueError, OverflowError, OSError, KeyError):  # KeyError: there is no such time zone.
        return None
