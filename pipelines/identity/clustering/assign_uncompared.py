"""Clusters for records that were not compared: receipts go by their e-mail, blank records stand alone."""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.clusters import Clusters, name_clusters
from pipelines.identity.clustering.link_constraints import group_must_links, list_cannot_links
from pipelines.identity.scoring.profiles import is_receipt


def assign_uncompared(
    records: pl.DataFrame, members: pl.DataFrame, labels: npt.NDArray[np.int32], decisions: pl.DataFrame
) -> Clusters:
    """``identity/clusters``: one row per record, sorted by record_id, named by the smallest record_id of its cluster.

    ``records`` are sorted; ``members`` (``number_profiles``) are those that were compared, ``labels`` the cluster of
    each profile. A receipt goes to the one cluster that uses its e-mail. Where none or several do, the receipts of that
    e-mail form a cluster of their own. Human decisions come first: a record with a must-link to another goes where that
    one is; one with a cannot-link to a record never joins its cluster, but that of the one other user of the e-mail,
    or else stands alone.
    """
    numbers = np.full(records.height, -1, dtype=np.int64)
    numbers[members["row"].to_numpy()] = labels[members["profile_no"].to_numpy()]
    is_compared = pl.Series(numbers >= 0)
    uncompared = records.filter(~is_compared)
    has_email = uncompared.select(is_receipt()).to_series()
    receipts = uncompared.filter(has_email).select("record_id", "email_key")
    # Found by hashes: a user of another e-mail with the same hash is joined with no receipt below.
    is_user = is_compared & records["email_key"].hash().is_in(receipts["email_key"].hash().implode())
    users = pl.DataFrame({"email_key": records["email_key"], "cluster": numbers}).filter(is_user).unique()
    # Clusters without a compared record are numbered beyond the labels.
    attached = (
        receipts.with_row_index("number", len(labels))
        .join(_find_only_cluster(users, "email_key"), on="email_key", how="left")
        .with_columns(pl.col("number").cast(pl.Int64).min().over("email_key").alias("own_cluster"))
        .select("record_id", pl.coalesce("cluster", "own_cluster").alias("cluster"))
    )
    blank = uncompared.filter(~has_email).select("record_id")
    alone = blank.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("cluster") + len(labels) + receipts.height)
    assigned = pl.concat([attached, alone])
    if not decisions.is_empty():
        compared = pl.DataFrame({"record_id": records["record_id"], "cluster": numbers}).filter(is_compared)
        assigned = apply_decisions(assigned, receipts, users, compared, decisions, len(labels) + records.height)
    numbers[~is_compared.to_numpy()] = assigned.sort("record_id")["cluster"].to_numpy()
    return name_clusters(records["record_id"], numbers)


def _find_only_cluster(users: pl.DataFrame, key: str) -> pl.DataFrame:
    """The keys that one cluster only uses, with it: key, cluster."""
    counted = users.group_by(key).agg(pl.len().alias("users"), pl.col("cluster").min())
    return counted.filter(pl.col("users") == 1).select(key, "cluster")


def apply_decisions(
    assigned: pl.DataFrame,
    receipts: pl.DataFrame,
    users: pl.DataFrame,
    compared: pl.DataFrame,
    decisions: pl.DataFrame,
    first_unused: int,
) -> pl.DataFrame:
    """``assigned`` (record_id, cluster) with the uncompared records that decisions name where these allow them to be.

    ``receipts`` have record_id and email_key, ``users`` the clusters of each e-mail (email_key, cluster), ``compared``
    the clusters of compared records (record_id, cluster). Clusters have no number from ``first_unused`` on.

    The records of a must-link group move together: to the cluster of a compared record of the group, else to where the
    first of them was assigned.
    """
    groups = group_must_links(decisions)
    cannot_links = list_cannot_links(decisions, groups)
    names = groups["must_link_group"].unique().sort()
    own_number = pl.col("must_link_group").replace_strict(
        names, range(first_unused, first_unused + len(names)), return_dtype=pl.Int64
    )
    grouped = assigned.join(groups, on="record_id")
    anchors = (
        compared.join(groups, on="record_id").group_by("must_link_group").agg(pl.col("cluster").min().alias("target"))
    )
    unanchored = grouped.join(anchors, on="must_link_group", how="anti")

    def list_barred(placed: pl.DataFrame) -> pl.DataFrame:
        """The clusters that each group must stay out of, given where records are: must_link_group, cluster."""
        others = placed.join(groups, on="record_id").select(pl.col("must_link_group").alias("other_group"), "cluster")
        return cannot_links.join(others, on="other_group").select("must_link_group", "cluster").unique()

    barred = list_barred(pl.concat([compared, assigned]))
    emails = unanchored.join(receipts, on="record_id")
    candidates = pl.concat(
        [emails.join(users, on="email_key").select("must_link_group", pl.col("cluster_right").alias("cluster")),
         unanchored.select("must_link_group", "cluster")]
    ).unique()  # fmt: skip
    keys = ["must_link_group", "cluster"]
    constrained = candidates.join(barred, on=keys, how="semi").select("must_link_group").unique()
    allowed = candidates.join(users.select("cluster").unique(), on="cluster", how="semi").join(
        barred, on=keys, how="anti"
    )
    first_assigned = (
        unanchored.sort("record_id")
        .unique("must_link_group", keep="first")
        .select("must_link_group", pl.col("cluster").alias("target"))
    )
    targets = pl.concat(
        [
            anchors,
            constrained.join(_find_only_cluster(allowed, "must_link_group"), on="must_link_group", how="left").select(
                "must_link_group", pl.coalesce("cluster", own_number).alias("target")
            ),
            first_assigned.join(constrained, on="must_link_group", how="anti"),
        ]
    )
    moved = grouped.join(targets, on="must_link_group").select("record_id", pl.col("target").alias("cluster"))
    # Two groups with a cannot-link between them may be left with the same user: which of them is theirs is not known.
    in_conflict = (
        moved.join(groups, on="record_id")
        .join(anchors, on="must_link_group", how="anti")
        .join(list_barred(pl.concat([compared, moved])), on=keys, how="semi")
    )
    alone = in_conflict.select("record_id", own_number.alias("cluster"))
    moved = pl.concat([moved.join(alone, on="record_id", how="anti"), alone])
    return pl.concat([assigned.join(moved, on="record_id", how="anti"), moved])
