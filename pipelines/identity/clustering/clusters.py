"""Clusters of records: named by record ids for those who read them, by row numbers for the steps to come."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import count_distinct
from pipelines.identity.scoring.predict import Numbers


@dataclass(frozen=True)
class Clusters:
    """``identity/clusters``, and for each of its rows the row of the first record of its cluster.

    ``table`` has one row per record, sorted: record_id, and cluster_id, the record_id of that first one.
    """

    table: pl.DataFrame
    first: Numbers

    @cached_property
    def sizes(self) -> Numbers:
        """How many records each cluster has."""
        counts = np.bincount(self.first)
        return counts[counts > 0].astype(np.int32)

    def number_customers(self, customer_ids: pl.DataFrame) -> Numbers | None:
        """The customer number of each row, where customers and clusters are the same: one id a cluster, and no two.

        ``customer_ids`` is ``identity/customer_ids``. None where it has other records than the table, or where its
        customers are not the clusters; ids are compared by 64-bit hashes.
        """
        ids = customer_ids["customer_id"]
        if not customer_ids["record_id"].equals(self.table["record_id"]) or ids.null_count():
            return None
        hashes = ids.hash().to_numpy()
        is_first = self.first == np.arange(len(self.first))
        if not np.array_equal(hashes, hashes[self.first]):
            return None
        if count_distinct(pl.Series(hashes[is_first])) < is_first.sum():
            return None
        numbers = np.cumsum(is_first, dtype=np.int32) - 1
        return np.asarray(numbers[self.first])


def name_clusters(record_ids: pl.Series, labels: npt.NDArray[np.int64]) -> Clusters:
    """The clusters of ``record_ids``, which are sorted; records with the same label (from 0) are one cluster."""
    first = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.int32)
    first[labels[::-1]] = np.arange(len(labels), dtype=np.int32)[::-1]  # The smallest record_id is written last: stays.
    rows = first[labels]
    return Clusters(pl.DataFrame({"record_id": record_ids, "cluster_id": record_ids.gather(rows)}), rows)


def index_clusters(table: pl.DataFrame) -> Clusters:
    """The clusters of the table ``identity/clusters``, as read back from the lake."""
    rows = table.select(pl.col("record_id").alias("cluster_id"), pl.int_range(pl.len(), dtype=pl.Int32).alias("row"))
    return Clusters(table, table.join(rows, on="cluster_id", how="left", maintain_order="left")["row"].to_numpy())
