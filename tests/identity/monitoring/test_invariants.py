"""The counts that stop a night can all be other than nought."""

import polars as pl

from pipelines.identity.monitoring.invariants import (
    count_misplaced_records,
    count_rewritten_entries,
    count_unreplayed_records,
)


def table(column: str, **places: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"record_id": list(places), column: list(places.values())}, schema={"record_id": pl.String, column: pl.String}
    )


CLUSTERS = table("cluster_id", a="1", b="1", c="2")


def test_a_map_that_gives_each_cluster_its_id_is_sound():
    assert count_unreplayed_records(table("customer_id", a="x", b="x", c="y"), CLUSTERS) == 0


def test_two_ids_in_one_cluster_are_counted():
    assert count_unreplayed_records(table("customer_id", a="x", b="z", c="y"), CLUSTERS) == 2


def test_one_id_for_two_clusters_is_counted():
    assert count_unreplayed_records(table("customer_id", a="x", b="x", c="x"), CLUSTERS) == 3


def test_a_record_without_a_customer_and_a_customer_without_a_record_are_counted():
    assert count_unreplayed_records(table("customer_id", a="x", b="x", d="y"), CLUSTERS) == 2


def test_records_that_are_missing_repeated_or_invented_are_counted():
    placed = pl.concat([table("customer_id", a="x", d="y"), table("customer_id", a="x")])
    assert count_misplaced_records(placed, CLUSTERS) == 4
    assert count_misplaced_records(CLUSTERS, CLUSTERS) == 0


def test_entries_of_the_published_ledger_that_are_gone_or_other_are_rewritten():
    def ledger(*reasons: str | None) -> pl.DataFrame:
        rows = {"entry_no": range(1, len(reasons) + 1), "reason": reasons}
        return pl.DataFrame(rows, schema={"entry_no": pl.Int64, "reason": pl.String})

    committed = ledger("new", None, "moved")
    assert count_rewritten_entries(ledger("new", None, "moved", "split"), committed) == 0
    assert count_rewritten_entries(ledger("new", "said now", "other", "split"), committed) == 2
    assert count_rewritten_entries(ledger("new", None), committed) == 1
    assert count_rewritten_entries(ledger("new"), ledger()) == 0
