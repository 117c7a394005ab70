"""Retention worked out a second time, in Polars, over a generated retailer."""

from datetime import date

import duckdb
import polars as pl

from pipelines.config.home import Home


def list_months(first: date, last: date) -> list[date]:
    return pl.date_range(first, last, "1mo", eager=True).to_list()


def test_cohorts_agree_with_an_oracle_to_the_cent(first_night: tuple[Home, str]) -> None:
    home, _ = first_night
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        orders = connection.sql("from marts.orders").pl().filter("is_revenue", pl.col("customer_id").is_not_null())
        returns = connection.sql("from marts.returns").pl().filter("is_revenue", pl.col("customer_id").is_not_null())
        mart = connection.sql("from marts.retention_cohorts").pl()
    orders = orders.with_columns(month=pl.col("ordered_on").dt.truncate("1mo"), in_store=pl.col("channel") == "store")
    customers = orders.group_by("customer_id").agg(
        cohort=pl.col("month").min(),
        profile=pl.when(pl.col("in_store").all())
        .then(pl.lit("store_only"))
        .when(pl.col("in_store").any())
        .then(pl.lit("omnichannel"))
        .otherwise(pl.lit("online_only")),
    )
    bought = orders.join(customers, on="customer_id")
    refunded = returns.join(customers, on="customer_id").with_columns(
        month=pl.max_horizontal(pl.col("returned_on").dt.truncate("1mo"), "cohort")
    )

    expected = set()
    for (cohort, profile), members in customers.group_by("cohort", "profile"):
        takings, orders_so_far = 0, 0
        for month in list_months(cohort, date(2026, 2, 1)):
            here = (pl.col("cohort") == cohort) & (pl.col("profile") == profile) & (pl.col("month") == month)
            sold, back = bought.filter(here), refunded.filter(here)
            revenue = sum(sold["total_amount"]) - sum(back["refund_amount"])
            takings, orders_so_far = takings + revenue, orders_so_far + len(sold)
            active = sold["customer_id"].n_unique()
            row = (cohort, month, profile, len(members), active, len(sold), revenue, orders_so_far, takings)
            expected.add(row)
    columns = ["cohort_month", "month", "channel_profile", "customers", "active_customers", "orders", "revenue"]
    found = mart.select(*columns, "cumulative_orders", "cumulative_revenue").rows()
    assert len(expected) >= 15
    assert len(found) == len(set(found))
    assert set(found) == expected
