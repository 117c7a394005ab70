"""The append-only ledger of customer ids: ids survive reruns, merges and splits, and today's map follows from it.

One row per change. ``created absorbed split retired restored`` are about a customer, ``assigned removed`` about a
record. Replaying ``assigned`` and ``removed`` in order gives the map; the rest says what became of every id issued.

- When a merge comes apart, the absorbed id gets its records back, if they are together and complete (``restored``).
- Otherwise an id goes where most of its records went (of two equal parts, the one with its smallest record_id): the
  heir.
- Where several ids have the same heir, the oldest stays (issued by the earliest run; then the one with most records
  there, then the smaller id); the others are absorbed and resolve to it for ever.
- A cluster that is no id's heir takes back the resting id most of whose records it holds (``restored``); otherwise it
  gets a new one (``created``), along with a ``split`` of the id that its records leave.
- An id with no records left is ``retired``: they are gone, or say nobody, since the person was erased. It rests, and is
  restored if they come back; it is never another's.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import mark_common_hashes
from pipelines.frames.nearly_sorted import argsort_nearly_sorted

Status = Literal["active", "absorbed", "retired", "unknown"]

LEDGER_SCHEMA: dict[str, pl.DataType] = {
    "entry_no": pl.Int64(), "run_id": pl.String(), "changed_at": pl.Datetime("us"), "change": pl.String(),
    "customer_id": pl.String(), "into_customer_id": pl.String(), "record_id": pl.String(), "reason": pl.String(),
    "evidence": pl.String(),
}  # fmt: skip
"""``split``: customer_id is the id that was divided, into_customer_id the one that took a part. ``absorbed``:
into_customer_id is the id that stays."""

ID_LETTERS = 12  # 60 bits: among ten million customers, a chance of 1 in 23,000 of any collision, which is handled.
_ORDER = ("retired", "absorbed", "restored", "created", "split", "removed", "assigned")


def empty_ledger() -> pl.DataFrame:
    """The ledger before the first run."""
    return pl.DataFrame(schema=LEDGER_SCHEMA)


def assign_ids(
    clusters: pl.DataFrame, ledger: pl.DataFrame, as_of: date, earlier_map: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The ledger with the changes appended that make ``clusters`` (record_id, cluster_id) today's map.

    The same clusters again append nothing. The run is stamped with the end of ``as_of`` and numbered
    ``<as_of>.<n>``, n counting the runs of that day that changed something.

    ``earlier_map``, where given, saves the replay and the comparison of what did not change: the map that the ledger
    replays to and the clusters it was made for, one id per cluster: record_id, first (the row of the first record of
    its cluster), customer_id, sorted by record_id.
    """
    clusters = clusters.select("record_id", "cluster_id")
    if not clusters["record_id"].is_sorted():
        clusters = clusters.sort("record_id")
    before = current_map(ledger) if earlier_map is None else earlier_map.select("record_id", "customer_id")
    now, then = (clusters, before) if earlier_map is None else _leave_out_unchanged(clusters, earlier_map)
    moves = now.join(then, on="record_id", how="full", coalesce=True)
    moves = moves.filter(~_is_unchanged(moves))
    if moves.is_empty():
        return ledger
    assigned = _assign_to_clusters(moves, before, ledger)
    changes = _list_changes(moves, assigned)
    return pl.concat([ledger, _number_entries(changes, ledger, as_of)])


def current_map(ledger: pl.DataFrame, earlier_map: pl.DataFrame | None = None) -> pl.DataFrame:
    """Today's map, one row per record: record_id, customer_id, sorted by record_id.

    With ``earlier_map``, the map up to some entry, ``ledger`` is only what came after it.
    """
    last_moves = (
        ledger.lazy()
        .filter(pl.col("change").is_in(["assigned", "removed"]))
        .select("record_id", "change", "customer_id")
        .collect()
        .unique("record_id", keep="last")  # Entries are in the order of their numbers.
    )
    assigned = last_moves.filter(pl.col("change") == "assigned").select("record_id", "customer_id")
    if earlier_map is not None:
        stays = ~earlier_map["record_id"].is_in(last_moves["record_id"].implode())
        assigned = pl.concat([earlier_map.select("record_id", "customer_id").filter(stays), assigned], rechunk=True)
    return assigned[argsort_nearly_sorted(assigned["record_id"])]


@dataclass(frozen=True)
class Resolution:
    """What became of an id. ``customer_id``: today's id (None where retired or unknown).

    ``path``: the ids from the one asked about to today's, one per absorption. ``took_parts``: the ids that took records
    from the id asked about by splits, in order.
    """

    asked: str
    customer_id: str | None
    status: Status
    path: tuple[str, ...]
    took_parts: tuple[str, ...]


def resolve(ledger: pl.DataFrame, customer_id: str) -> Resolution:
    """Today's id for any id ever issued."""
    about = ledger.filter(pl.col("record_id").is_null())
    split = about.filter((pl.col("change") == "split") & (pl.col("customer_id") == customer_id)).sort("entry_no")
    took_parts = tuple(dict.fromkeys(split["into_customer_id"]))
    path, asked = [customer_id], customer_id
    while True:
        last = (
            about.filter(
                pl.col("change").is_in(["created", "restored", "absorbed", "retired"])
                & (pl.col("customer_id") == path[-1])
            )
            .sort("entry_no")
            .tail(1)
        )
        if last.is_empty():
            return Resolution(asked, None, "unknown", tuple(path), took_parts)
        change = last["change"].item()
        if change == "retired":
            return Resolution(asked, None, "retired", tuple(path), took_parts)
        if change != "absorbed":
            status: Status = "absorbed" if len(path) > 1 else "active"
            return Resolution(asked, path[-1], status, tuple(path), took_parts)
        path.append(last["into_customer_id"].item())


def absorbed_ids(ledger: pl.DataFrame) -> pl.DataFrame:
    """Every id that is absorbed today, one row each: customer_id, and into_customer_id, the id it resolves to."""
    last = (
        ledger.filter(pl.col("change").is_in(["created", "restored", "absorbed", "retired"]))
        .sort("entry_no")
        .unique("customer_id", keep="last", maintain_order=True)
    )
    steps = last.filter(pl.col("change") == "absorbed").select("customer_id", "into_customer_id")
    further = steps.rename({"customer_id": "into_customer_id", "into_customer_id": "next_customer_id"})
    resolved = steps
    while True:  # One step for all at a time; an id is absorbed by one that was not, so this ends.
        moved = resolved.join(further, on="into_customer_id", how="left")
        if moved["next_customer_id"].is_null().all():
            return resolved.sort("customer_id")
        resolved = moved.select(
            "customer_id", pl.coalesce("next_customer_id", "into_customer_id").alias("into_customer_id")
        )


def history(ledger: pl.DataFrame, customer_id: str) -> pl.DataFrame:
    """Every entry that names the id, oldest first."""
    named = (pl.col("customer_id") == customer_id) | (pl.col("into_customer_id") == customer_id)
    return ledger.filter(named).sort("entry_no")


def _leave_out_unchanged(clusters: pl.DataFrame, earlier_map: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Today's ``clusters`` and the ``earlier_map`` without the clusters and ids that did not change.

    A cluster is named by its first record. One whose records were all in the cluster of that name, which lost none, is
    unchanged: none of its rows is new, gone or of another name.

    Names are compared by their hashes, which takes a tenth of the time of texts. Where two names share a hash, an
    unchanged cluster may be kept, and is found unchanged later.
    """
    now, then = clusters.select(pl.all().hash()), earlier_map.select(pl.col("record_id", "customer_id").hash())
    is_known, stays = mark_common_hashes(now["record_id"], then["record_id"])
    if (
        not clusters["record_id"].filter(is_known).equals(earlier_map["record_id"].filter(stays))
    ):  # Two ids share a hash.
        is_known = clusters["record_id"].is_in(earlier_map["record_id"].implode())
        stays = earlier_map["record_id"].is_in(clusters["record_id"].implode())
    names_then = then["record_id"].gather(earlier_map["first"])
    is_other = now["cluster_id"].filter(is_known) != names_then.filter(stays)  # Both sorted: row by row.
    names = _list_changed(now["cluster_id"], is_known, is_other)
    ids = _list_changed(then["customer_id"], stays, is_other)
    records = pl.concat(
        [
            now["record_id"].filter(now["cluster_id"].is_in(names.implode())),
            then["record_id"].filter(then["customer_id"].is_in(ids.implode())),
        ]
    ).implode()
    return (
        clusters.filter(now["record_id"].is_in(records)),
        earlier_map.filter(then["record_id"].is_in(records)).select("record_id", "customer_id"),
    )


def _list_changed(hashes: pl.Series, is_shared: pl.Series, is_other: pl.Series) -> pl.Series:
    """The ``hashes`` of rows that only this side has, and of shared rows that are different on the other side."""
    return pl.concat([hashes.filter(~is_shared), hashes.filter(is_shared).filter(is_other)])


def _is_unchanged(moves: pl.DataFrame) -> pl.Series:
    """For each of ``moves``, whether its cluster has exactly the records of one id: nothing changed."""
    cluster, customer = _number(moves["cluster_id"]), _number(moves["customer_id"])
    in_cluster, of_customer = np.bincount(cluster), np.bincount(customer)
    # They are the same where the records in both are as many as the cluster has and as the id has.
    both = cluster.astype(np.int64) * len(of_customer) + customer
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    together = counts[inverse]
    whole = (together == in_cluster[cluster]) & (together == of_customer[customer])
    return pl.Series(whole & (cluster > 0) & (customer > 0))


def _number(names: pl.Series) -> npt.NDArray[np.int64]:
    """A number from 1 for each name, 0 for null."""
    return (names.cast(pl.Categorical).to_physical().cast(pl.Int64) + 1).fill_null(0).to_numpy()


def _assign_to_clusters(moves: pl.DataFrame, before: pl.DataFrame, ledger: pl.DataFrame) -> pl.DataFrame:
    """The id of every cluster that changed, and how it gets it: cluster_id, customer_id, change (null: it keeps it)."""
    members = moves.drop_nulls("cluster_id").select("record_id", "cluster_id")
    overlap = moves.drop_nulls(["cluster_id", "customer_id"])
    last_held = _last_held(ledger)
    ages = _ages(ledger, pl.concat([overlap["customer_id"], last_held["customer_id"]]))
    undone = _undo_merges(overlap, members, last_held, ages)
    kept = (
        _heirs(overlap.join(undone, on="cluster_id", how="anti"))
        .join(ages, on="customer_id", how="left")
        .sort("issued_at", "issued_run", pl.col("common") * -1, "customer_id")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "customer_id", pl.lit(None, dtype=pl.String).alias("change"))
    )
    without_id = members.join(pl.concat([kept, undone]), on="cluster_id", how="anti")
    resting = last_held.join(undone, on="customer_id", how="anti")
    restored = _restore(without_id, members, resting, before, ages)
    unnamed = (
        without_id.join(restored, on="cluster_id", how="anti")
        .group_by("cluster_id")
        .agg(pl.col("record_id").min().alias("smallest"))
        .sort("smallest")
    )
    issued = ledger.filter(pl.col("change") == "created")["customer_id"]
    created = unnamed.select(
        "cluster_id",
        pl.Series("customer_id", _new_ids(unnamed["smallest"], issued), dtype=pl.String),
        pl.lit("created").alias("change"),
    )
    return pl.concat([kept, undone, restored, created])


_NO_ASSIGNMENT = {"cluster_id": pl.String, "customer_id": pl.String, "change": pl.String}


def _undo_merges(
    overlap: pl.DataFrame, members: pl.DataFrame, last_held: pl.DataFrame, ages: pl.DataFrame
) -> pl.DataFrame:
    """Absorbed ids that get their records back, because these form a cluster again; this comes before heirs are found.

    So undoing a merge gives every id what it had, even where the absorbed part is the larger one. The cluster must have
    all records that the resting id last held, and these must be most of the cluster; the id that they leave must have
    another cluster left.
    """
    if last_held.is_empty() or overlap.is_empty():
        return pl.DataFrame(schema=_NO_ASSIGNMENT)
    sizes = members.group_by("cluster_id").agg(pl.len().alias("size"))
    claims = (
        last_held.join(members, on="record_id")
        .group_by("customer_id")
        .agg(pl.col("cluster_id").n_unique().alias("clusters"), pl.col("cluster_id").min(), pl.len().alias("held"))
        .filter(pl.col("clusters") == 1)
        .join(sizes, on="cluster_id")
        .filter(pl.col("held") * 2 > pl.col("size"))
        .join(ages, on="customer_id", how="left")
        .sort(pl.col("held").cast(pl.Int64) * -1, "issued_at", "issued_run", "customer_id")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "customer_id", pl.lit("restored").alias("change"))
    )
    # Of the clusters that an id's records are in now, one must remain for the id itself.
    claimed = (
        overlap.select("customer_id", "cluster_id")
        .unique()
        .with_columns(pl.col("cluster_id").is_in(claims["cluster_id"].implode()).alias("is_claimed"))
    )
    all_claimed = claimed.group_by("customer_id").agg(pl.col("is_claimed").all()).filter("is_claimed")
    needed = _heirs(overlap.join(all_claimed, on="customer_id", how="semi"))
    return claims.join(needed, on="cluster_id", how="anti")


def _heirs(overlap: pl.DataFrame) -> pl.DataFrame:
    """For each id, the cluster where most of its records are: customer_id, cluster_id, common (how many)."""
    return (
        overlap.group_by("customer_id", "cluster_id")
        .agg(pl.len().cast(pl.Int64).alias("common"), pl.col("record_id").min().alias("smallest"))
        .sort("customer_id", pl.col("common") * -1, "smallest")
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", "cluster_id", "common")
    )


def _ages(ledger: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """When each of ``ids`` was first issued: customer_id, issued_at, issued_run (the first entry of that run)."""
    runs = ledger.group_by("run_id").agg(pl.col("entry_no").min().alias("issued_run"))
    return (
        ledger.filter((pl.col("change") == "created") & pl.col("customer_id").is_in(ids.unique().implode()))
        .sort("entry_no")
        .unique("customer_id", keep="first", maintain_order=True)
        .join(runs, on="run_id", how="left")
        .select("customer_id", pl.col("changed_at").alias("issued_at"), "issued_run")
    )


def _restore(
    without_id: pl.DataFrame, members: pl.DataFrame, resting: pl.DataFrame, before: pl.DataFrame, ages: pl.DataFrame
) -> pl.DataFrame:
    """Resting ids taken back by the clusters that hold most of what they last held: cluster_id, customer_id, change."""
    if resting.is_empty() or without_id.is_empty():
        return pl.DataFrame(schema=_NO_ASSIGNMENT)
    # Heirs are found among all clusters, so that a small part split from the survivor of a merge does not restore the
    # absorbed id while most of its records stay.
    elsewhere = before.rename({"customer_id": "stays_with"})
    placed = (
        resting.join(members, on="record_id", how="left")
        .join(elsewhere, on="record_id", how="left")
        .with_columns(pl.coalesce("cluster_id", "stays_with"))
        .drop_nulls("cluster_id")
    )
    return (
        _heirs(placed)
        .join(without_id.select("cluster_id").unique(), on="cluster_id", how="semi")
        .join(ages, on="customer_id", how="left")
        .sort("cluster_id", pl.col("common") * -1, "issued_at", "issued_run", "customer_id")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "customer_id", pl.lit("restored").alias("change"))
    )


def _last_held(ledger: pl.DataFrame) -> pl.DataFrame:
    """The records that each resting id (absorbed or retired) last held: customer_id, record_id."""
    came_to_rest = ledger.filter(pl.col("change").is_in(["absorbed", "retired"]))["customer_id"].unique()
    state = (
        ledger.filter(
            pl.col("change").is_in(["created", "restored", "absorbed", "retired"])
            & pl.col("customer_id").is_in(came_to_rest.implode())
        )
        .sort("entry_no")
        .group_by("customer_id")
        .agg(pl.col("change").last().alias("state"), pl.col("run_id").last().alias("rest_run"))
        .filter(pl.col("state").is_in(["absorbed", "retired"]))
    )
    if state.is_empty():
        return pl.DataFrame(schema={"customer_id": pl.String, "record_id": pl.String})
    placed = ledger.filter(pl.col("change").is_in(["assigned", "removed"]))
    ever_theirs = placed.filter(pl.col("customer_id").is_in(state["customer_id"].implode()))["record_id"].unique()
    stays = (
        placed.filter(pl.col("record_id").is_in(ever_theirs.implode()))
        .sort("record_id", "entry_no")
        .with_columns(pl.col("run_id").shift(-1).over("record_id").alias("left_in"))
        .filter(pl.col("change") == "assigned")
    )
    return (
        stays.join(state, on="customer_id", how="inner")
        .filter(pl.col("left_in") == pl.col("rest_run"))
        .select("customer_id", "record_id")
    )


def _new_ids(smallest_records: pl.Series, issued: pl.Series) -> list[str]:
    """An id for each cluster, from its smallest record_id; with a counter where that id is already issued."""
    candidates = [name_customer(record_id) for record_id in smallest_records]
    taken = _find_issued(candidates, issued)
    # Each look-up scans all issued ids: the second names of those whose first is taken are looked up together.
    collisions = [pair for pair in zip(smallest_records, candidates, strict=True) if pair[1] in taken]
    again = [_name_again(record_id, 1) for record_id, _ in collisions]
    taken |= _find_issued(again, issued)
    checked = {*candidates, *again}
    ids = []
    for record_id, candidate in zip(smallest_records, candidates, strict=True):
        named, attempt = candidate, 0
        while named in taken or (named not in checked and issued.eq(named).any()):
            attempt += 1
            named = _name_again(record_id, attempt)
        taken.add(named)
        ids.append(named)
    return ids


def _find_issued(names: list[str], issued: pl.Series) -> set[str]:
    return set(issued.filter(issued.is_in(pl.Series(names, dtype=pl.String).implode())))


def _name_again(record_id: str, attempt: int) -> str:
    return name_customer(f"{record_id}#{attempt}")


def name_customer(text: str) -> str:
    """``cus_`` and twelve base32 letters of the SHA-256 of ``text``."""
    letters = base64.b32encode(hashlib.sha256(text.encode()).digest()[:8]).decode().lower()
    return f"cus_{letters[:ID_LETTERS]}"


def _list_changes(moves: pl.DataFrame, assigned: pl.DataFrame) -> pl.DataFrame:
    """The entries that carry out the assignment, not yet numbered: change, customer_id, into_customer_id, ..."""
    placed = moves.join(
        assigned.select("cluster_id", pl.col("customer_id").alias("new_id"), pl.col("change").alias("how")),
        on="cluster_id",
        how="left",
    )
    sizes = placed.drop_nulls("new_id").group_by("new_id").agg(pl.len().alias("records"))
    kept_ids = assigned.filter(pl.col("change").is_null())["customer_id"].implode()
    left = placed.drop_nulls("customer_id").filter(~pl.col("customer_id").is_in(kept_ids))
    return pl.concat(
        [
            _issued(assigned, sizes),
            _absorbed(left),
            _retired(left),
            _split(placed, assigned),
            placed.filter(pl.col("new_id").is_null()).select(
                pl.lit("removed").alias("change"), "customer_id", _text(None, "into_customer_id"), "record_id",
                _text("the record is gone, or names nobody any more", "reason"), _text(None, "evidence"),
            ),
            placed.filter(
                pl.col("new_id").is_not_null() & (pl.col("new_id") != pl.col("customer_id")).fill_null(True)
            ).select(
                pl.lit("assigned").alias("change"), pl.col("new_id").alias("customer_id"),
                _text(None, "into_customer_id"), "record_id",
                pl.when(pl.col("customer_id").is_null()).then(pl.lit("new record")).otherwise(pl.lit("moved"))
                .alias("reason"),
                pl.when(pl.col("customer_id").is_not_null()).then(pl.lit("from ") + pl.col("customer_id"))
                .alias("evidence"),
            ),
        ]
    )  # fmt: skip


def _text(value: str | None, name: str) -> pl.Expr:
    return pl.lit(value, dtype=pl.String).alias(name)


def _count(column: str = "records") -> pl.Expr:
    return (pl.col(column).cast(pl.String) + pl.lit(" records")).alias("evidence")


def _issued(assigned: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """``created`` and ``restored`` entries."""
    named = assigned.drop_nulls("change").join(sizes, left_on="customer_id", right_on="new_id", how="left")
    reason = pl.when(pl.col("change") == "created").then(pl.lit("a person not known before"))
    return named.select(
        "change", "customer_id", _text(None, "into_customer_id"), _text(None, "record_id"),
        reason.otherwise(pl.lit("most of what it last held is together again")).alias("reason"), _count(),
    )  # fmt: skip


def _absorbed(left: pl.DataFrame) -> pl.DataFrame:
    """``absorbed`` entries: ids that did not stay, into the id of their heir cluster."""
    heirs = _heirs(left.drop_nulls("new_id").select("customer_id", pl.col("new_id").alias("cluster_id"), "record_id"))
    return heirs.select(
        pl.lit("absorbed").alias("change"), "customer_id", pl.col("cluster_id").alias("into_customer_id"),
        _text(None, "record_id"), _text("its records are another customer's too", "reason"), _count("common"),
    )  # fmt: skip


def _retired(left: pl.DataFrame) -> pl.DataFrame:
    """``retired`` entries: ids with no records left."""
    counted = left.group_by("customer_id").agg(
        pl.len().alias("records"), pl.col("new_id").drop_nulls().len().alias("kept")
    )
    return counted.filter(pl.col("kept") == 0).select(
        pl.lit("retired").alias("change"), "customer_id", _text(None, "into_customer_id"), _text(None, "record_id"),
        _text("none of its records is left", "reason"), _count(),
    )  # fmt: skip


def _split(placed: pl.DataFrame, assigned: pl.DataFrame) -> pl.DataFrame:
    """``split`` entries: an id that stays, and each id of another cluster that took some of its records."""
    moved = placed.drop_nulls(["customer_id", "new_id"]).filter(pl.col("customer_id") != pl.col("new_id"))
    stays = moved.filter(pl.col("customer_id").is_in(assigned["customer_id"].implode()))
    parts = stays.group_by("customer_id", "new_id").agg(pl.len().alias("records"))
    return parts.select(
        pl.lit("split").alias("change"), "customer_id", pl.col("new_id").alias("into_customer_id"),
        _text(None, "record_id"), _text("its records are two people's", "reason"), _count(),
    )  # fmt: skip


def _number_entries(changes: pl.DataFrame, ledger: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The entries numbered in a fixed order and stamped with the run."""
    day = as_of.isoformat()
    runs = ledger.filter(pl.col("run_id").str.starts_with(f"{day}."))["run_id"].n_unique()
    changed_at = datetime.combine(as_of + timedelta(days=1), datetime.min.time())
    last = ledger["entry_no"].max()
    first = int(last) + 1 if isinstance(last, int) else 1
    order = pl.col("change").replace_strict({name: rank for rank, name in enumerate(_ORDER)}, return_dtype=pl.Int8)
    return (
        changes.sort(order, "customer_id", "into_customer_id", "record_id", nulls_last=True)
        .with_row_index("entry_no", offset=first)
        .select(
            pl.col("entry_no").cast(pl.Int64),
            pl.lit(f"{day}.{runs + 1}").alias("run_id"),
            pl.lit(changed_at).cast(pl.Datetime("us")).alias("changed_at"),
            "change", "customer_id", "into_customer_id", "record_id", "reason", "evidence",
        )
    )  # fmt: skip
