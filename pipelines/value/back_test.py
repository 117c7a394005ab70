"""Back-test of the predictions: fitted to the past, compared with what happened afterwards."""

import polars as pl

from pipelines.value.predict import Predictions, predict

DECILES = 10
BACK_TEST: dict[str, pl.DataType | type[pl.DataType]] = {
    "decile": pl.Int64,
    "counted_until": pl.Date,
    "held_out_days": pl.Int64,
    "customer_count": pl.Int64,
    "predicted_orders": pl.Float64,
    "actual_orders": pl.Int64,
    "predicted_revenue": pl.Decimal(18, 2),
    "actual_revenue": pl.Decimal(18, 2),
}


def back_test(histories: pl.DataFrame) -> tuple[pl.DataFrame, Predictions]:
    """One row per decile of customers by expected orders, 1 the highest; no rows if nothing could be predicted.

    ``histories`` has the columns of :func:`pipelines.value.predict.predict` as of the day ``counted_until``, and what
    each customer did in the ``held_out_days`` after it: ``held_out_count`` purchases worth ``held_out_amount``.
    """
    days = 0 if histories.is_empty() else int(histories["held_out_days"][0])
    predicted = predict(histories, days)
    if predicted.purchases_failure is not None:
        return pl.DataFrame(schema=BACK_TEST), predicted
    ranked = (
        predicted.rows.join(histories, on="customer_id", validate="1:1")
        .sort(["expected_orders", "customer_id"], descending=[True, False])
        .with_columns((pl.int_range(pl.len()) * DECILES // pl.len() + 1).alias("decile"))
    )
    # A sum of nulls is 0 in Polars: if no worth could be predicted, the revenue stays null.
    revenue = pl.col("expected_revenue").sum() if predicted.spending_failure is None else pl.lit(None)
    deciles = ranked.group_by("decile").agg(
        pl.col("counted_until", "held_out_days").first(),
        pl.len().alias("customer_count"),
        pl.col("expected_orders").sum().round(6).alias("predicted_orders"),
        pl.col("held_out_count").sum().alias("actual_orders"),
        revenue.alias("predicted_revenue"),
        pl.col("held_out_amount").sum().alias("actual_revenue"),
    )
    return deciles.sort("decile").select(pl.col(name).cast(type_) for name, type_ in BACK_TEST.items()), predicted
