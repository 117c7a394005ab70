"""The metrics of a run, kept from run to run, with which later runs are compared.

Families: the records of each table and the null rates of their match columns, the pairs that each blocking rule finds,
the distributions of match weights and customer sizes, the churn of published ids, and that of changed records.
"""

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from pipelines.identity.monitoring.churn import ChangedRecords, Churn, share
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS

MEASURED: dict[str, pl.DataType] = {
    "metric": pl.String(), "key": pl.String(), "value": pl.Float64(), "count": pl.Int64(),
}  # fmt: skip
"""One row per metric and key. ``count`` is the number of rows that the value counts, or is a share of."""

HISTORY: dict[str, pl.DataType] = {
    "as_of": pl.Date(), "run_id": pl.String(), "model_version": pl.String(), "is_accepted": pl.Boolean(), **MEASURED,
}  # fmt: skip
"""``identity/run_metrics``: the same for every day that was published, and whether its drift was accepted."""

WEIGHT_EDGES = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0)  # Bits; 5 are odds of 32 to 1.
SIZE_EDGES = (1, 2, 3, 5, 10)  # Records of a customer, each the most of its bin: one, two, three, up to five, ten.


def measure_run(
    records: pl.DataFrame,
    pairs: pl.DataFrame,
    customers: pl.DataFrame,
    churn: Churn,
    changed: ChangedRecords | None = None,
) -> pl.DataFrame:
    """The run's metrics (:data:`MEASURED`), sorted. There are none about ids before the first publication.

    ``changed`` is None where nobody noted what the published records said.
    """
    measured = [
        _record_counts(records),
        _null_rates(records),
        _pairs_per_record(pairs, records.height),
        _shares(pairs["match_weight"], "weights", list(WEIGHT_EDGES), "bits"),
        _shares(customers["record_count"].cast(pl.Float64), "cluster_sizes", list(map(float, SIZE_EDGES)), "records"),
    ]
    if churn.published_records:
        measured.append(_churn_shares(churn))
    if changed is not None:
        measured.append(_moved_of_changed(changed))
    return pl.concat(measured).sort("metric", "key")


def add_run(
    history: pl.DataFrame,
    measured: pl.DataFrame,
    *,
    as_of: date,
    run_id: str,
    model_version: str,
    is_accepted: bool,
) -> pl.DataFrame:
    """``history`` with the run, in place of an earlier run of the same day."""
    run = measured.select(
        pl.lit(as_of).alias("as_of"),
        pl.lit(run_id).alias("run_id"),
        pl.lit(model_version).alias("model_version"),
        pl.lit(is_accepted).alias("is_accepted"),
        *MEASURED,
    )
    return pl.concat([history.filter(pl.col("as_of") != as_of), run]).sort("as_of", "metric", "key")


def no_history() -> pl.DataFrame:
    """The history before the first publication."""
    return pl.DataFrame(schema=HISTORY)


def _table() -> pl.Expr:
    return pl.concat_str("kind", pl.lit("/"), "table_name")


def _record_counts(records: pl.DataFrame) -> pl.DataFrame:
    counted = records.group_by(_table().alias("key")).agg(pl.len().cast(pl.Int64).alias("count"))
    return _measured(counted, "record_count", pl.col("count").cast(pl.Float64))


def _null_rates(records: pl.DataFrame) -> pl.DataFrame:
    rates = (
        records.group_by(_table().alias("table"))
        .agg(pl.len().cast(pl.Int64).alias("count"), *(pl.col(column).null_count() for column in MATCH_COLUMNS))
        .unpivot(index=["table", "count"], variable_name="column", value_name="nulls")
        .with_columns(pl.concat_str("table", pl.lit("."), "column").alias("key"))
    )
    return _measured(rates, "null_rate", pl.col("nulls") / pl.col("count"))


def _pairs_per_record(pairs: pl.DataFrame, records: int) -> pl.DataFrame:
    counted = pairs.group_by(pl.col("found_by").alias("key")).agg(pl.len().cast(pl.Int64).alias("count"))
    return _measured(counted, "pairs_per_record", pl.col("count") / max(records, 1))


def _shares(values: pl.Series, metric: str, edges: list[float], unit: str) -> pl.DataFrame:
    """The share of the values in each bin; an edge belongs to the bin below it."""
    names = [f"up to {edges[0]:g} {unit}"]
    names += [f"over {low:g} up to {high:g} {unit}" for low, high in pairwise(edges)]
    names.append(f"over {edges[-1]:g} {unit}")
    found = np.bincount(np.searchsorted(edges, values.to_numpy(), side="left"), minlength=len(names))
    counted = pl.DataFrame({"key": names, "found": found, "count": [len(values)] * len(names)})
    return _measured(counted, metric, pl.col("found") / max(len(values), 1))


def _churn_shares(churn: Churn) -> pl.DataFrame:
    stayed = churn.published_records - churn.gone
    rows = [
        ("id_churn", "records moved to another customer", share(churn.moved, stayed), stayed),
        ("id_churn", "ids absorbed", share(churn.absorbed, churn.published_ids), churn.published_ids),
        ("id_churn", "ids split", share(churn.split, churn.published_ids), churn.published_ids),
        ("departures", "records gone", share(churn.gone, churn.published_records), churn.published_records),
        ("departures", "ids retired", share(churn.retired, churn.published_ids), churn.published_ids),
        ("new_ids", "of today's customers", share(churn.created, churn.customers), churn.customers),
    ]
    return pl.DataFrame(rows, schema=MEASURED, orient="row")


def _moved_of_changed(changed: ChangedRecords) -> pl.DataFrame:
    moved = ("changed_records", "moved to another customer", share(changed.moved, changed.changed), changed.changed)
    return pl.DataFrame([moved], schema=MEASURED, orient="row")


def _measured(rows: pl.DataFrame, metric: str, value: pl.Expr) -> pl.DataFrame:
    return rows.select(pl.lit(metric).alias("metric"), "key", value.cast(pl.Float64).alias("value"), "count").cast(
        dict(MEASURED)  # type: ignore[arg-type]
    )
