"""Records that were not compared find their place: receipts by their e-mail, records that say nothing alone."""

import polars as pl

from pipelines.identity.decided import hold_apart, tie_records
from pipelines.identity.profiles import is_compared, is_receipt

# A cluster of its own: not named like a record, since receipts of one e-mail are named by the first of them.
_ALONE = pl.lit("alone ") + pl.col("tie")


def attach_receipts(records: pl.DataFrame, clustered: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """``clustered`` (record_id, cluster_id) with all ``records`` in it: one row per record, sorted by record_id.

    A receipt goes to the one cluster that uses its e-mail. Where none or several do, receipts of that e-mail stay
    together, apart from all others. What people decided comes first: a record that they tied to another goes where that
    one is; one that they held apart from a record is not of its cluster, but of the one other user of the e-mail, else
    alone.
    """
    receipts = records.filter(is_receipt()).select("record_id", "email_key")
    users = (
        records.lazy()
        .select("record_id", "email_key")
        .drop_nulls("email_key")
        .join(receipts.lazy().select("email_key").unique(), on="email_key", how="semi")
        .join(clustered.lazy(), on="record_id")
        .select("email_key", "cluster_id")
        .unique()
        .collect()
    )
    attached = (
        receipts.join(_sole(users, "email_key"), on="email_key", how="left")
        .with_columns(pl.col("record_id").min().over("email_key").alias("own_cluster"))
        .select("record_id", pl.coalesce("cluster_id", "own_cluster").alias("cluster_id"))
    )
    blank = records.filter(~is_compared() & ~is_receipt()).select("record_id")
    placed = pl.concat([attached, blank.with_columns(pl.col("record_id").alias("cluster_id"))])
    if not decisions.is_empty():
        placed = _obey(placed, receipts, users, clustered, decisions)
    everyone = pl.concat([clustered, placed]).sort("record_id")
    number = pl.col("cluster_id").cast(pl.Categorical).to_physical()
    return everyone.select("record_id", pl.col("record_id").first().over(number).alias("cluster_id"))


def _sole(users: pl.DataFrame, key: str) -> pl.DataFrame:
    """The keys that one cluster uses, with it: key, cluster_id."""
    counted = users.group_by(key).agg(pl.len().alias("users"), pl.col("cluster_id").min())
    return counted.filter(pl.col("users") == 1).select(key, "cluster_id")


def _obey(
    placed: pl.DataFrame, receipts: pl.DataFrame, users: pl.DataFrame, clustered: pl.DataFrame, decisions: pl.DataFrame
) -> pl.DataFrame:
    """``placed`` (record_id, cluster_id) with the records that decisions name where these let them be.

    Records tied together move together, to the cluster of a compared record they are tied to, else to where the first
    of them was placed.
    """
    ties = tie_records(decisions)
    apart = hold_apart(decisions, ties)
    tied = placed.join(ties, on="record_id")
    homes = clustered.join(ties, on="record_id").group_by("tie").agg(pl.col("cluster_id").min().alias("home"))
    homeless = tied.join(homes, on="tie", how="anti")

    def barred(where: pl.DataFrame) -> pl.DataFrame:
        """The clusters that each tie must stay out of: tie, cluster_id."""
        others = where.join(ties, on="record_id").select(pl.col("tie").alias("other_tie"), "cluster_id")
        return apart.join(others, on="other_tie").select("tie", "cluster_id").unique()

    not_theirs = barred(pl.concat([clustered, placed]))
    emails = homeless.join(receipts, on="record_id")
    could_be = pl.concat(
        [emails.join(users, on="email_key").select("tie", pl.col("cluster_id_right").alias("cluster_id")),
         homeless.select("tie", "cluster_id")]
    ).unique()  # fmt: skip
    concerned = could_be.join(not_theirs, on=["tie", "cluster_id"], how="semi").select("tie").unique()
    left_to_them = could_be.join(users.select("cluster_id").unique(), on="cluster_id", how="semi").join(
        not_theirs, on=["tie", "cluster_id"], how="anti"
    )
    first_places = (
        homeless.sort("record_id").unique("tie", keep="first").select("tie", pl.col("cluster_id").alias("home"))
    )
    chosen = pl.concat(
        [
            homes,
            concerned.join(_sole(left_to_them, "tie"), on="tie", how="left").select(
                "tie", pl.coalesce("cluster_id", _ALONE).alias("home")
            ),
            first_places.join(concerned, on="tie", how="anti"),
        ]
    )
    moved = tied.join(chosen, on="tie").select("record_id", pl.col("home").alias("cluster_id"))
    # Two that are held apart may be left with the same user: which of them is theirs is not known.
    in_conflict = (
        moved.join(ties, on="record_id")
        .join(homes, on="tie", how="anti")
        .join(barred(pl.concat([clustered, moved])), on=["tie", "cluster_id"], how="semi")
    )
    alone = in_conflict.select("record_id", _ALONE.alias("cluster_id"))
    moved = pl.concat([moved.join(alone, on="record_id", how="anti"), alone])
    return pl.concat([placed.join(moved, on="record_id", how="anti"), moved])
