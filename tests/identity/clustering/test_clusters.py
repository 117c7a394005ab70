"""Clusters by numbers are what they are by names."""

import numpy as np
import polars as pl
import pytest

from pipelines.identity.clustering.clusters import Clusters, index_clusters, name_clusters

RECORDS = pl.Series("record_id", list("abcdef"))
LABELS = np.array([3, 0, 3, 9, 0, 3])


@pytest.fixture
def clustered() -> Clusters:
    return name_clusters(RECORDS, LABELS)


def customers(*ids: str | None, records: pl.Series = RECORDS) -> pl.DataFrame:
    return pl.DataFrame({"record_id": records, "customer_id": list(ids)})


def test_a_cluster_is_named_by_its_first_record(clustered):
    assert clustered.table["record_id"].equals(RECORDS)
    assert "".join(clustered.table["cluster_id"]) == "abadba"
    assert clustered.first.tolist() == [0, 1, 0, 3, 1, 0]
    assert sorted(clustered.sizes) == [1, 2, 3]


def test_what_another_process_reads_is_the_same(clustered):
    assert index_clusters(clustered.table).first.tolist() == clustered.first.tolist()


def test_nobody():
    nobody = name_clusters(RECORDS.clear(), LABELS[:0])
    assert nobody.table.is_empty()
    assert not len(nobody.sizes)
    assert nobody.number_customers(customers(records=RECORDS.clear())).tolist() == []


def test_customers_that_are_the_clusters_have_their_numbers(clustered):
    assert clustered.number_customers(customers("x", "z", "x", "y", "z", "x")).tolist() == [0, 1, 0, 2, 1, 0]


@pytest.mark.parametrize(
    "others",
    [
        customers("x", "z", "x", "y", "z", "y"),  # A cluster of two customers.
        customers("x", "z", "x", "x", "z", "x"),  # A customer of two clusters.
        customers("x", "z", "x", None, "z", "x"),
        customers("x", "z", "x", "y", "z", "x", records=pl.Series(list("abcdeg"))),
    ],
)
def test_customers_that_are_not_the_clusters_have_none(clustered, others):
    assert clustered.number_customers(others) is None
