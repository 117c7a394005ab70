"""Magento's database: MySQL, of which Adobe Commerce has another edition whose totals mean something else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.magento import Edition, MagentoConnector
from pipelines.pulls.connectors import mysql
from pipelines.pulls.connectors.shop_tables import ask_shop
from pipelines.pulls.errors import SourceError


@contextmanager
def open_snapshot(connector: MagentoConnector, base: Path) -> Iterator[mysql.MysqlSnapshot]:
    """One state of the database. Raises SourceError where it is of another edition than is declared."""
    with mysql.open_snapshot(connector, base) as snapshot:
        columns = ask_shop(snapshot, connector, "catalog_product_entity", "show columns from {table} like 'row_id'")
        edition: Edition = "commerce" if columns else "open source"
        if edition != connector.edition:
            raise SourceError(
                f"the shop is of the edition '{edition}': write `edition: {edition}`. The other one keeps its products "
                "otherwise, and takes gift cards and store credit off the totals of orders."
            )
        yield snapshot
