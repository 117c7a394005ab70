"""What systems merged themselves: which record an id stands for that was merged away, and what that decides.

A merge is a decision that two rows are one person, made where people know more than their names; a no of the
retailer's own decisions outranks it.
"""

from collections.abc import Iterator
from datetime import date, datetime

import polars as pl

from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.standardisation.contact_points import TABLE_NAME, name_owners
from pipelines.lake.tables import Lake

MERGED_SCHEMA: dict[str, pl.DataType] = {
    "record_id": pl.String(), "surviving_record_id": pl.String(), "source": pl.String(), "merged_at": pl.Datetime("us"),
}  # fmt: skip
"""``identity/merged_records``: one row per record id that was merged away, with the one that is left of it in the end.

``merged_at`` is when it was merged into the next one; null where the system does not say."""


def find_merged_records(lake: Lake) -> pl.DataFrame:
    """``identity/merged_records``, sorted by record_id, from ``crm/merges``.

    The merges of a CRM are about its contacts. A source that gives merges and no contacts tells of the accounts of the
    one shop that has the surviving account.
    """
    if not lake.has("crm", "merges"):
        return pl.DataFrame(schema=MERGED_SCHEMA)
    resolved = resolve_merges(lake.read("crm", "merges"))
    with_contacts = _read_ids(lake, "crm", "contacts", "contact_id")["source"].unique()
    of_contacts = resolved.filter(pl.col("source").is_in(with_contacts.implode()))
    of_accounts = resolved.filter(~pl.col("source").is_in(with_contacts.implode()))
    return pl.concat(
        [_name_records(of_contacts, "contacts"), _name_records(_place_in_shops(of_accounts, lake), "customers")]
    ).sort("record_id")


def resolve_merges(merges: pl.DataFrame) -> pl.DataFrame:
    """One row per id that was merged away: source, old_id, surviving_id (of the end of its chain), merged_at.

    ``merges`` is ``crm/merges``. Of several merges of one id, and of those that lead in a circle, the latest counts,
    one without a date last; a merge of an id into itself is none.
    """
    latest_first = merges.sort(
        pl.col("merged_at"), "source", "old_contact_id", "surviving_contact_id",
        descending=[True, False, False, False], nulls_last=True,
    )  # fmt: skip
    into: dict[tuple[str, str], str] = {}
    merged_at: dict[tuple[str, str], datetime | None] = {}

    def follow(source: str, id_: str) -> str:
        while (source, id_) in into:
            id_ = into[source, id_]
        return id_

    columns = ("source", "old_contact_id", "surviving_contact_id", "merged_at")
    for source, old, surviving, when in latest_first.select(columns).iter_rows():
        if (source, old) in into or follow(source, surviving) == old:
            continue
        into[source, old], merged_at[source, old] = surviving, when
    rows = [(source, old, follow(source, old), merged_at[source, old]) for source, old in sorted(into)]
    names = dict.fromkeys(("source", "old_id", "surviving_id"), pl.String())
    schema: dict[str, pl.DataType] = {**names, "merged_at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def decide_by_systems(
    merged: pl.DataFrame, present: pl.LazyFrame, decisions: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """The must-links that systems decided: DECISION_SCHEMA, sorted by both records.

    ``merged`` is ``identity/merged_records``; a further mailbox or number (``standardisation.contact_points``) is one
    person with its row. Only records that are ``present`` (``scan_records``) count: mostly a system drops what it
    merged away. What ``decisions`` speak against, directly or by a chain, is left out.
    """
    points = name_owners(present).rename({"owner_id": "surviving_record_id"}).collect()
    merged = pl.concat([merged, points.with_columns(pl.lit(None, dtype=pl.Datetime("us")).alias("merged_at"))])
    survivors = merged["surviving_record_id"].unique()
    members = pl.concat(
        [
            merged,
            pl.DataFrame({"record_id": survivors, "surviving_record_id": survivors}).with_columns(
                pl.lit(None, dtype=pl.String).alias("source"), pl.lit(None, dtype=pl.Datetime("us")).alias("merged_at")
            ),
        ]
    )
    named = pl.col("record_id").is_in(members["record_id"].implode())
    here = members.join(present.filter(named).select("record_id").collect(), on="record_id", how="semi")
    ends = ["record_id", "surviving_record_id"]
    links = list(_link(here.unique(ends, keep="first", maintain_order=True).sort(ends), decisions, as_of))
    return pl.DataFrame(links, schema=DECISION_SCHEMA, orient="row").sort("record_id_l", "record_id_r")


def _link(members: pl.DataFrame, decisions: pl.DataFrame, as_of: date) -> Iterator[tuple[object, ...]]:
    groups = _Groups(decisions)
    anchors: dict[str, str] = {}
    for record_id, survivor, _, _ in members.iter_rows():
        if record_id == survivor or survivor not in anchors:
            anchors[survivor] = record_id  # Where the survivor is gone, the first of those that were merged into it.
    for record_id, survivor, source, merged_at in members.iter_rows():
        anchor = anchors[survivor]
        if record_id != anchor and groups.join(record_id, anchor):
            one, other = sorted((record_id, anchor))
            day = merged_at.date() if merged_at else as_of
            reason = "a further mailbox or number" if f":{TABLE_NAME}:" in record_id else "merged there"
            yield "must_link", one, other, source or anchor.split(":")[0], reason, day, None


class _Groups:
    """The groups of records that must-links join, which grow, and the pairs of records that are to stay apart."""

    def __init__(self, decisions: pl.DataFrame) -> None:
        self._root: dict[str, str] = {}
        pairs = decisions.select("verdict", "record_id_l", "record_id_r").rows()
        self._apart = [(one, other) for verdict, one, other in pairs if verdict == "cannot_link"]
        for verdict, one, other in pairs:
            if verdict == "must_link":
                self._root[self._find(other)] = self._find(one)

    def join(self, one: str, other: str) -> bool:
        """Joins the groups of two records, unless they are one already, or decisions keep them apart."""
        groups = {self._find(one), self._find(other)}
        if len(groups) == 1 or any({self._find(left), self._find(right)} == groups for left, right in self._apart):
            return False
        self._root[self._find(other)] = self._find(one)
        return True

    def _find(self, record_id: str) -> str:
        root = record_id
        while self._root.get(root, root) != root:
            root = self._root[root]
        while record_id != root:
            self._root[record_id], record_id = root, self._root.get(record_id, root)
        return root


def _read_ids(lake: Lake, kind: str, table: str, column: str) -> pl.DataFrame:
    if not lake.has(kind, table):
        return pl.DataFrame(schema={"source": pl.String, "id": pl.String})
    return lake.scan(kind, table).select("source", pl.col(column).alias("id")).unique().collect()


def _place_in_shops(resolved: pl.DataFrame, lake: Lake) -> pl.DataFrame:
    """Merges of accounts, with the shop that has the surviving one as their source; none where several shops do."""
    accounts = _read_ids(lake, "ecommerce", "customers", "account_id").rename({"source": "shop"})
    only_shop = accounts.filter(pl.len().over("id") == 1)
    placed = resolved.join(only_shop, left_on="surviving_id", right_on="id").drop("source").rename({"shop": "source"})
    return placed.select(resolved.columns).sort(resolved.columns).unique(["source", "old_id"], keep="first")


def _name_records(resolved: pl.DataFrame, table: str) -> pl.DataFrame:
    return resolved.select(
        (pl.col("source") + f":{table}:" + pl.col("old_id")).alias("record_id"),
        (pl.col("source") + f":{table}:" + pl.col("surviving_id")).alias("surviving_record_id"),
        "source",
        "merged_at",
    )
