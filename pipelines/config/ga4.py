"""What `sources.yml` says of GA4: the dataset of BigQuery that it exports to, and who may read it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pipelines.config.environment_text import FromEnvironment
from pipelines.config.field_types import Day, matching
from pipelines.config.web import WebConnector, WebSource


class Ga4Connector(WebConnector):
    """``project``, ``dataset``: of BigQuery, `analytics_<property>`; ``credentials``: a service account's key, a file.

    ``first_day``: from which on events come; by default all that the export has.
    """

    project: Annotated[
        str, matching(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]", "is no project's id: write one such as shop-1234")
    ]
    dataset: Annotated[
        str, matching(r"[A-Za-z0-9_]{1,1024}", "is no dataset's id: write one such as analytics_123456789")
    ]
    credentials: FromEnvironment
    first_day: Day | None = None


class Ga4Source(WebSource):
    """A property of Google Analytics 4."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "web_events": {"preset": "ga4_bigquery_events", "from": "events"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "events": {"key": ["day", "place"], "cursor": "modified", "deletes": "none", "day": "day"},
    }

    connector: Ga4Connector
