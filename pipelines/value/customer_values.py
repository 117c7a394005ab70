"""The tables ``value/customer_values`` and ``value/back_test``, from the purchase histories that a build leaves in
the lake."""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from pipelines.lake.tables import Lake
from pipelines.value.back_test import back_test
from pipelines.value.predict import PREDICTED, Predictions, predict

DAYS_A_YEAR = 365
KIND = "value"
HISTORIES = "purchase_histories"


@dataclass(frozen=True)
class FittedValues:
    """What was written, and the fits behind it."""

    customers: int
    today: Predictions
    deciles: pl.DataFrame
    past: Predictions


def fit_customer_values(lake: Lake) -> FittedValues:
    """Fits the models to the histories as of today and, for the back-test, to those of some time ago; writes both.

    What cannot be fitted is null, never an error: a new shop has no repeat customers.
    """
    histories = lake.read(KIND, HISTORIES)
    today = predict(histories.filter(~pl.col("is_back_test")), DAYS_A_YEAR)
    deciles, past = back_test(histories.filter("is_back_test"))
    assert today.rows.schema == pl.Schema(PREDICTED)
    lake.write(
        KIND,
        "customer_values",
        today.rows.rename({"expected_orders": "expected_orders_12m", "expected_revenue": "clv_12m"}),
    )
    lake.write(KIND, "back_test", deciles)
    return FittedValues(today.rows.height, today, deciles, past)


def describe_values(fitted: FittedValues) -> dict[str, Any]:
    """The fits as plain values: parameters, or why there are none."""
    return {"customers": fitted.customers, **_describe(fitted.today)}


def describe_back_test(fitted: FittedValues) -> dict[str, Any]:
    """Totals predicted and actual over all customers, and the fits."""
    totals = fitted.deciles.select(pl.exclude("decile", "counted_until", "held_out_days").sum())
    sums = {} if fitted.deciles.is_empty() else {name: float(value) for name, value in totals.to_dicts()[0].items()}
    return {**sums, **_describe(fitted.past)}


def _describe(predictions: Predictions) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for name, fit, failure in (
        ("purchases", predictions.purchases, predictions.purchases_failure),
        ("spending", predictions.spending, predictions.spending_failure),
    ):
        described[f"{name}_fitted"] = failure is None
        if failure is not None:
            described[f"{name}_not_fitted_because"] = failure
        elif fit is not None:
            described |= {parameter: round(value, 6) for parameter, value in asdict(fit.model).items()}
            described[f"{name}_is_anchored"] = fit.is_anchored
    return described
