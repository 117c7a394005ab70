"""Customer value: fitted between two layers of dbt, from purchase histories that the first leaves in the lake."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.asset import spec_of
from pipelines.defs.results import Result
from pipelines.value.customer_values import FittedValues, describe_back_test, describe_values

HISTORIES = "intermediate/int_purchase_histories_summed"
CUSTOMER_VALUES = spec_of(
    "customer_value",
    "value/customer_values",
    after=[HISTORIES],
    kinds=["python", "parquet"],
    description="One row per customer who has ordered: the probability that they are not lost, and the orders and "
    "the revenue expected of them in a year. BG/NBD and Gamma-Gamma, fitted by maximum likelihood; what could not be "
    "fitted is null, and the metadata says why.",
)
BACK_TEST = spec_of(
    "customer_value",
    "value/back_test",
    after=[HISTORIES],
    kinds=["python", "parquet"],
    description="One row per tenth of the customers: what the same models would have predicted some time ago, and what "
    "happened since.",
)
SPECS = (CUSTOMER_VALUES, BACK_TEST)


def fit_results(context: dg.AssetExecutionContext, fitted: FittedValues) -> Iterator[Result]:
    """The materialisations of what was fitted, with the parameters or why there are none."""
    for spec, rows, described in (
        (CUSTOMER_VALUES, fitted.customers, describe_values(fitted)),
        (BACK_TEST, fitted.deciles.height, describe_back_test(fitted)),
    ):
        if spec.key in context.selected_asset_keys:
            yield Result(asset_key=spec.key, metadata={"dagster/row_count": rows, **described})
