"""What a shop's own tables say about it, before any is pulled."""

from typing import Any

from pipelines.config.shop_databases import ShopDatabaseConnector
from pipelines.pulls.connectors.mysql import MysqlSnapshot
from pipelines.pulls.errors import SourceError, TableError


def ask_shop(snapshot: MysqlSnapshot, connector: ShopDatabaseConnector, name: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows of ``sql``, in which ``{table}`` is the shop's table ``name``.

    Raises SourceError where the shop has no such table: none of the others would be found either.
    """
    table, told = f"{connector.prefix}{name}", ""
    try:
        return snapshot.ask(sql.replace("{table}", snapshot.quote(table)), f"table '{table}'")
    except TableError as error:
        told = str(error)
    raise SourceError(f"{told} All tables of the shop begin with `prefix`.")
