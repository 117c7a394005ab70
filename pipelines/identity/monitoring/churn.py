"""Churn: what a run changes in the customer ids and records published before it.

Of those records, few say something else from one night to the next, and fewer belong to another customer for it. Where
most of them do, something was written over them: an erasure in words that nobody declared, keys given anew, a join gone
wrong. Among all records of a large retailer these few would not be noticed.
"""

from dataclasses import asdict, dataclass

import polars as pl

from pipelines.identity.customer_ids.ledger import current_map


@dataclass(frozen=True)
class Churn:
    """Counts since the last publication.

    Ids: those published, those of them still in use (kept), and how many were created, absorbed, split, retired and
    restored. Records: those published, those of them that no longer exist (gone), and those that belong to another
    customer now (moved). ``customers`` are today's.
    """

    published_ids: int
    kept: int
    created: int
    absorbed: int
    split: int
    retired: int
    restored: int
    published_records: int
    gone: int
    moved: int
    customers: int

    @property
    def moved_share(self) -> float:
        """Of the published records that are still there."""
        return share(self.moved, self.published_records - self.gone)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def count_churn(ledger: pl.DataFrame, published: pl.DataFrame, today: pl.DataFrame | None = None) -> Churn:
    """``ledger`` is today's, ``published`` the one of the last publication, with which it begins.

    ``today`` is the map that ``ledger`` replays to; where it is known, it saves a replay.
    """
    before = current_map(published)
    today = current_map(ledger) if today is None else today
    new = ledger.tail(ledger.height - published.height)
    ids = dict(new.group_by("change").agg(pl.col("customer_id").n_unique()).iter_rows())
    stayed = before.join(today, on="record_id", suffix="_today")
    return Churn(
        published_ids=before["customer_id"].n_unique(),
        kept=before.select("customer_id").unique().join(today, on="customer_id", how="semi").height,
        **{change: ids.get(change, 0) for change in ("created", "absorbed", "split", "retired", "restored")},
        published_records=before.height,
        gone=before.height - stayed.height,
        moved=stayed.filter(pl.col("customer_id") != pl.col("customer_id_today")).height,
        customers=today["customer_id"].n_unique(),
    )


@dataclass(frozen=True)
class ChangedRecords:
    """The published records that are still there and say something else now (changed); those that moved with it."""

    changed: int
    moved: int


def list_contents(records: pl.DataFrame) -> pl.DataFrame:
    """What ``identity/records`` say, one row per record: record_id, content (the first bits of its content_hash)."""
    return records.select("record_id", pl.col("content_hash").str.slice(0, 15).str.to_integer(base=16).alias("content"))


def count_changed(contents: pl.DataFrame, published: pl.DataFrame, new_entries: pl.DataFrame) -> ChangedRecords:
    """``contents`` are today's, ``published`` those last published, ``new_entries`` those of the ledger since then."""
    differs = pl.col("content").ne_missing(pl.col("content_published"))
    changed = contents.join(published, on="record_id", suffix="_published").filter(differs)["record_id"]
    moved = new_entries.filter((pl.col("change") == "assigned") & pl.col("evidence").is_not_null())["record_id"]
    return ChangedRecords(len(changed), int(changed.is_in(moved.implode()).sum()))


def share(part: int, whole: int) -> float:
    """``part`` of ``whole``; of nothing, 0."""
    return part / whole if whole else 0.0
