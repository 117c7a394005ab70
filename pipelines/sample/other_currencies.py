"""Orders in pounds, which have a rate in sources.yml, and orders in dollars, which have none."""

from decimal import Decimal

import numpy as np
import polars as pl

from pipelines.sample.fault_list import Untouched, few, is_among, list_faults

POUND_IN_EUROS = Decimal("1.17")  # As the sources.yml that is written beside the exports declares it.
SHARE, LEAST = 0.004, 5
DOLLAR_ORDERS = 2
DOLLARS_FROM = 97_000_000  # Numbers of orders that no other part of the retailer has.


def take_other_currencies(
    rng: np.random.Generator, tables: dict[str, pl.DataFrame], untouched: Untouched
) -> list[pl.DataFrame]:
    """Turns some orders of ``tables`` into orders in pounds and adds some in dollars; the faults.

    The right value of a total in pounds is the same in euros; the orders in dollars are refused.
    """
    table, frame = "ecommerce/orders", tables["ecommerce/orders"]
    has_account = pl.col("account_id").is_not_null()
    pounds = untouched.draw(rng, table, frame, has_account, few(frame.height, SHARE, LEAST))
    drawn = untouched.draw(rng, table, frame, has_account, DOLLAR_ORDERS)  # Fewer where a small retailer has no more.
    dollars = drawn.with_columns(
        pl.lit("USD").alias("currency"),
        pl.lit(None, pl.String).alias("session_id"),
        pl.Series("order_id", [f"W{DOLLARS_FROM + number}" for number in range(drawn.height)], pl.String),
    )
    currency = pl.when(is_among(table, pounds)).then(pl.lit("GBP")).otherwise(pl.col("currency"))
    tables[table] = pl.concat([frame.with_columns(currency.alias("currency")), dollars]).sort("order_id")
    untouched.touch(table, dollars)
    in_euros = (pl.col("total_amount") * pl.lit(POUND_IN_EUROS)).round(2)
    return [
        list_faults("other_currency", table, pounds, "total_amount", written=pl.lit("GBP"), right=in_euros),
        list_faults("currency_without_rate", table, dollars, "currency", written=pl.lit("USD")),
    ]
