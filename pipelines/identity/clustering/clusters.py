"""Which records are one person's, told by texts for those who read it, and by numbers for the steps to come."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import count_distinct
from pipelines.identity.scoring.predict import Numbers


@dataclass(frozen=True)
class Clustered:
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
        """The number of each row's customer, where customers are the clusters: one id each, none of them of two.

        ``customer_ids`` is ``identity/customer_ids``. None where it has other records than the table, or other
        customers than there are clusters, told by 64-bit hashes.
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


def name_clusters(record_ids: pl.Series, labels: npt.NDArray[np.int64]) -> Clustered:
    """The clusters of ``record_ids``, which are sorted; those with one label (from 0) are one."""
    first = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.int32)
    first[labels[::-1]] = np.arange(len(labels), dtype=np.int32)[::-1]  # The smallest record_id is written last: stays.
    rows = first[labels]
    return Clustered(pl.DataFrame({"record_id": record_ids, "cluster_id": record_ids.gather(rows)}), rows)


def find_clusters(table: pl.DataFrame) -> Clustered:
    """The clusters of ``identity/clusters`` as another process wrote it."""
    rows = table.select(pl.col("record_id").alias("cluster_id"), pl.int_range(pl.len(), dtype=pl.Int32).alias("row"))
    return Clustered(table, table.join(rows, on="cluster_id", how="left", maintain_order="left")["row"].to_numpy())
