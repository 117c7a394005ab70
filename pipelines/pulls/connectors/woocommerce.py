"""WooCommerce's database: MySQL, where orders may stand in tables that WooCommerce keeps and no longer fills."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.woocommerce import Layout, WoocommerceConnector
from pipelines.pulls.connectors import mysql
from pipelines.pulls.errors import SourceError, TableError

_OPTION = "woocommerce_custom_orders_table_enabled"
_TOLD: dict[Layout, str] = {
    "hpos": "tables of their own (High-Performance Order Storage)",
    "posts": "WordPress's posts (High-Performance Order Storage is switched off)",
}


@contextmanager
def open_snapshot(connector: WoocommerceConnector, base: Path) -> Iterator[mysql.MysqlSnapshot]:
    """One state of the database. Raises SourceError where its orders are not where they are declared to be."""
    with mysql.open_snapshot(connector, base) as snapshot:
        _check_layout(snapshot, connector)
        yield snapshot


def _check_layout(snapshot: mysql.MysqlSnapshot, connector: WoocommerceConnector) -> None:
    table = f"{connector.prefix}options"
    named = f"select option_value from {snapshot.quote(table)} where option_name = '{_OPTION}'"
    told = None
    try:
        rows = snapshot.ask(named, f"table '{table}'")
    except TableError as error:
        told = str(error)
    if told is not None:
        raise SourceError(f"{told} All tables of the shop begin with `prefix`.")
    layout: Layout = "hpos" if [value for [value] in rows] == ["yes"] else "posts"
    if layout != connector.layout:
        raise SourceError(
            f"the shop keeps its orders in {_TOLD[layout]}: write `layout: {layout}`. Elsewhere there would be none, "
            "or those of a former day."
        )
