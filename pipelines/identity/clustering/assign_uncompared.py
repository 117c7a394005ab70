"""Records that were not compared find their place: receipts by their e-mail, records that say nothing alone."""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.clusters import Clustered, name_clusters
from pipelines.identity.clustering.link_constraints import hold_apart, tie_records
from pipelines.identity.scoring.profiles import is_receipt


def place_records(
    records: pl.DataFrame, members: pl.DataFrame, labels: npt.NDArray[np.int32], decisions: pl.DataFrame
) -> Clustered:
    """``identity/clusters``: one row per record, sorted by record_id, named by the smallest record_id of its cluster.

    ``records`` are sorted; ``members`` (``number_profiles``) tell which of them were compared, ``labels`` tell the
    cluster of each profile. A receipt goes to the one cluster that uses its e-mail. Where none or several do,
    receipts of that e-mail stay together, apart from all others. What people decided comes first: a record that
    they tied to another goes where that one is; one that they held apart from a record is not of its cluster, but
    of the one other user of the e-mail, else alone.
    """
    numbers = np.full(records.height, -1, dtype=np.int64)
    numbers[members["row"].to_numpy()] = labels[members["profile_no"].to_numpy()]
    is_compared = pl.Series(numbers >= 0)
    others = records.filter(~is_compared)
    is_told_by_mail = others.select(is_receipt()).to_series()
    receipts = others.filter(is_told_by_mail).select("record_id", "email_key")
    # Told by hashes: a user of another e-mail, taken for one of these, is nobody's.
    is_user = is_compared & records["email_key"].hash().is_in(receipts["email_key"].hash().implode())
    users = pl.DataFrame({"email_key": records["email_key"], "cluster": numbers}).filter(is_user).unique()
    # Clusters without a compared record are numbered beyond the labels.
    attached = (
        receipts.with_row_index("number", len(labels))
        .join(_sole(users, "email_key"), on="email_key", how="left")
        .with_columns(pl.col("number").cast(pl.Int64).min().over("email_key").alias("own_cluster"))
        .select("record_id", pl.coalesce("cluster", "own_cluster").alias("cluster"))
    )
    blank = others.filter(~is_told_by_mail).select("record_id")
    alone = blank.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("cluster") + len(labels) + receipts.height)
    placed = pl.concat([attached, alone])
    if not decisions.is_empty():
        clustered = pl.DataFrame({"record_id": records["record_id"], "cluster": numbers}).filter(is_compared)
        placed = apply_decisions(placed, receipts, users, clustered, decisions, len(labels) + records.height)
    numbers[~is_compared.to_numpy()] = placed.sort("record_id")["cluster"].to_numpy()
    return name_clusters(records["record_id"], numbers)


def _sole(users: pl.DataFrame, key: str) -> pl.DataFrame:
    """The keys that one cluster uses, with it: key, cluster_id."""
    counted = users.group_by(key).agg(pl.len().alias("users"), pl.col("cluster").min())
    return counted.filter(pl.col("users") == 1).select(key, "cluster")


def apply_decisions(
    placed: pl.DataFrame,
    receipts: pl.DataFrame,
    users: pl.DataFrame,
    clustered: pl.DataFrame,
    decisions: pl.DataFrame,
    unused: int,
) -> pl.DataFrame:
    """``placed`` (record_id, cluster) with the records that decisions name where these let them be.

    From the number ``unused`` on, clusters have none yet.

    Records tied together move together, to the cluster of a compared record they are tied to, else to where the first
    of them was placed.
    """
    ties = tie_records(decisions)
    apart = hold_apart(decisions, ties)
    names = ties["tie"].unique().sort()
    alone_number = pl.col("tie").replace_strict(names, range(unused, unused + len(names)), return_dtype=pl.Int64)
    tied = placed.join(ties, on="record_id")
    homes = clustered.join(ties, on="record_id").group_by("tie").agg(pl.col("cluster").min().alias("home"))
    homeless = tied.join(homes, on="tie", how="anti")

    def barred(where: pl.DataFrame) -> pl.DataFrame:
        """The clusters that each tie must stay out of: tie, cluster."""
        others = where.join(ties, on="record_id").select(pl.col("tie").alias("other_tie"), "cluster")
        return apart.join(others, on="other_tie").select("tie", "cluster").unique()

    not_theirs = barred(pl.concat([clustered, placed]))
    emails = homeless.join(receipts, on="record_id")
    could_be = pl.concat(
        [emails.join(users, on="email_key").select("tie", pl.col("cluster_right").alias("cluster")),
         homeless.select("tie", "cluster")]
    ).unique()  # fmt: skip
    concerned = could_be.join(not_theirs, on=["tie", "cluster"], how="semi").select("tie").unique()
    left_to_them = could_be.join(users.select("cluster").unique(), on="cluster", how="semi").join(
        not_theirs, on=["tie", "cluster"], how="anti"
    )
    first_places = homeless.sort("record_id").unique("tie", keep="first").select("tie", pl.col("cluster").alias("home"))
    chosen = pl.concat(
        [
            homes,
            concerned.join(_sole(left_to_them, "tie"), on="tie", how="left").select(
                "tie", pl.coalesce("cluster", alone_number).alias("home")
            ),
            first_places.join(concerned, on="tie", how="anti"),
        ]
    )
    moved = tied.join(chosen, on="tie").select("record_id", pl.col("home").alias("cluster"))
    # Two that are held apart may be left with the same user: which of them is theirs is not known.
    in_conflict = (
        moved.join(ties, on="record_id")
        .join(homes, on="tie", how="anti")
        .join(barred(pl.concat([clustered, moved])), on=["tie", "cluster"], how="semi")
    )
    alone = in_conflict.select("record_id", alone_number.alias("cluster"))
    moved = pl.concat([moved.join(alone, on="record_id", how="anti"), alone])
    return pl.concat([placed.join(moved, on="record_id", how="anti"), moved])
