"""Which module asks a system: by its `connector.type`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pipelines.pulls.connectors import magento, mssql, mysql, postgresql, woocommerce
from pipelines.pulls.connectors.brevo import tables as brevo
from pipelines.pulls.connectors.ga4 import tables as ga4
from pipelines.pulls.connectors.google_ads import tables as google_ads
from pipelines.pulls.connectors.hubspot import tables as hubspot
from pipelines.pulls.connectors.klaviyo import tables as klaviyo
from pipelines.pulls.connectors.lightspeed import tables as lightspeed
from pipelines.pulls.connectors.matomo import tables as matomo
from pipelines.pulls.connectors.meta_ads import tables as meta_ads
from pipelines.pulls.connectors.salesforce import tables as salesforce
from pipelines.pulls.connectors.shopify import tables as shopify
from pipelines.pulls.connectors.square import tables as square
from pipelines.pulls.snapshot import Snapshot
from pipelines.pulls.sql_tables import SqlSystem
from pipelines.pulls.system import System

OpenSystem = Callable[[Any, Path, Path], AbstractContextManager[System]]


def _speaking_sql(open_snapshot: Callable[[Any, Path], AbstractContextManager[Snapshot]]) -> OpenSystem:
    """What opens one state of a database as a system."""

    @contextmanager
    def open_system(connector: Any, base: Path, scratch: Path) -> Iterator[System]:  # noqa: ARG001
        with open_snapshot(connector, base) as snapshot:
            yield SqlSystem(snapshot)

    return open_system


SYSTEMS: dict[str, OpenSystem] = {
    "postgresql": _speaking_sql(postgresql.open_snapshot),
    "mysql": _speaking_sql(mysql.open_snapshot),
    "mariadb": _speaking_sql(mysql.open_snapshot),
    "mssql": _speaking_sql(mssql.open_snapshot),
    "shopify": shopify.open_system,
    "hubspot": hubspot.open_system,
    "salesforce": salesforce.open_system,
    "brevo": brevo.open_system,
    "klaviyo": klaviyo.open_system,
    "google_ads": google_ads.open_system,
    "meta_ads": meta_ads.open_system,
    "prestashop": _speaking_sql(mysql.open_snapshot),
    "woocommerce": _speaking_sql(woocommerce.open_snapshot),
    "magento": _speaking_sql(magento.open_snapshot),
    "square": square.open_system,
    "lightspeed": lightspeed.open_system,
    "matomo": matomo.open_system,
    "ga4": ga4.open_system,
}
"""Per `connector.type` that is pulled, what opens the system, given the connector as `sources.yml` has it, the folder
from which relative paths start, and a folder for what the pull need not keep. Raises SourceError."""
