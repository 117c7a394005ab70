"""What must hold of every identity run, whatever the data: each function counts the rows that break it."""

import polars as pl

from pipelines.frames.hash_columns import count_distinct

MAX_PAIRS_PER_RECORD = 500
"""Beyond it, a value that everybody shares, such as a placeholder, is used for blocking: scoring then grows with the
square of the records, and would overload the machine a few nights later."""


def count_repeated_records(records: pl.DataFrame) -> int:
    """Rows whose record_id is in the table more than once."""
    ids = records["record_id"]
    if not ids.is_sorted():  # It nearly always is. Repeated texts share a hash.
        if count_distinct(ids.hash()) == len(ids):
            return 0
        ids = ids.sort()
    return int((ids == ids.shift()).sum())


def count_excess_pairs(pairs: pl.DataFrame, records: pl.DataFrame) -> int:
    """Candidate pairs beyond :data:`MAX_PAIRS_PER_RECORD`."""
    return max(pairs.height - MAX_PAIRS_PER_RECORD * records.height, 0)


def count_misplaced_records(placed: pl.DataFrame, records: pl.DataFrame) -> int:
    """Records that ``placed`` (one row per record: record_id, its cluster or customer) lacks, repeats or invents."""
    if placed["record_id"].equals(records["record_id"]):  # As they nearly always are, in the same order.
        return count_repeated_records(placed)
    missing = records.join(placed, on="record_id", how="anti").height
    invented = placed.join(records, on="record_id", how="anti").height
    return missing + invented + count_repeated_records(placed)


def count_reissued_ids(ledger: pl.DataFrame) -> int:
    """Customer ids that were created more than once."""
    created = ledger.filter(pl.col("change") == "created")["customer_id"]
    distinct = count_distinct(created.hash())
    return len(created) - (distinct if distinct == len(created) else created.n_unique())


def count_rewritten_entries(ledger: pl.DataFrame, committed: pl.DataFrame) -> int:
    """Entries of the last published ledger that are no longer there as they were: the ledger is only appended to."""
    kept = ledger.head(committed.height)
    if kept.height < committed.height:
        return committed.height - kept.height
    both = pl.concat([kept, committed.select(pl.all().name.suffix("_before"))], how="horizontal")
    changed = [pl.col(column).ne_missing(pl.col(f"{column}_before")) for column in committed.columns]
    return int(both.select(pl.any_horizontal(changed).sum()).item())


def count_unreplayed_records(customer_ids: pl.DataFrame, clusters: pl.DataFrame) -> int:
    """Records that the map replayed from the ledger places differently from the clusters.

    Expected is one id per cluster and one cluster per id; a record that either side lacks counts too.
    """
    both = customer_ids.select("record_id", "customer_id").join(
        clusters.select("record_id", "cluster_id"), on="record_id", how="full", coalesce=True
    )
    pairs = both.select("customer_id", "cluster_id").unique()
    shared = [pairs.filter(pl.len().over(name) > 1).select("customer_id", "cluster_id") for name in pairs.columns]
    divided = both.join(pl.concat(shared).unique(), on=["customer_id", "cluster_id"], how="semi").height
    return divided + both.filter(pl.col("customer_id").is_null() | pl.col("cluster_id").is_null()).height
