"""WooCommerce's database: MySQL, where orders may stand in tables that WooCommerce keeps and no longer fills."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.woocommerce import Layout, WoocommerceConnector
from pipelines.pulls.connectors import mysql
from pipelines.pulls.connectors.shop_tables import ask_shop
from pipelines.pulls.errors import SourceError

_SETTING = (
    "select option_value from {table} where option_name = 'woocommerce_custom_orders_table_enabled' "
    "and option_value = 'yes'"
)
_TOLD: dict[Layout, str] = {
    "hpos": "tables of their own (High-Performance Order Storage)",
    "posts": "WordPress's posts (High-Performance Order Storage is switched off)",
}


@contextmanager
def open_snapshot(connector: WoocommerceConnector, base: Path) -> Iterator[mysql.MysqlSnapshot]:
    """One state of the database. Raises SourceError where its orders are not where they are declared to be."""
    with mysql.open_snapshot(connector, base) as snapshot:
        layout: Layout = "hpos" if ask_shop(snapshot, connector, "options", _SETTING) else "posts"
        if layout != connector.layout:
            raise SourceError(
                f"the shop keeps its orders in {_TOLD[layout]}: write `layout: {layout}`. Elsewhere there would be "
                "none, or those of a former day."
            )
        yield snapshot
