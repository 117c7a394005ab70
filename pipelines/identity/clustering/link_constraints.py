"""Must-link and cannot-link constraints: what human decisions require of clusters, record by record and as numbers."""

from dataclasses import dataclass

import polars as pl

from pipelines.identity.scoring.predict import Numbers
from pipelines.identity.scoring.profiles import is_blank, is_receipt


@dataclass(frozen=True)
class Constraints:
    """Constraints between profiles, as profile numbers: pairs that must be, and pairs that cannot be, one person."""

    must_link_left: Numbers
    must_link_right: Numbers
    cannot_link_left: Numbers
    cannot_link_right: Numbers


def list_decided_records(decisions: pl.DataFrame) -> pl.Series:
    """The record_ids that ``decisions`` (``identity/decisions``) name, each once, sorted."""
    return pl.concat([decisions["record_id_l"], decisions["record_id_r"]]).unique().sort()


def mark_decided(records: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """``records`` with ``is_decided`` set for those that ``decisions`` (``identity/decisions``) name.

    Receipts and blank records are not marked: they are not compared, so a decision places them as they are. Decisions
    about records that are not there mark nothing.
    """
    is_named = pl.col("record_id").is_in(list_decided_records(decisions).implode())
    return records.with_columns((is_named & ~is_receipt() & ~is_blank()).alias("is_decided"))


def group_must_links(decisions: pl.DataFrame) -> pl.DataFrame:
    """Every record that a decision names, with its group: record_id, must_link_group.

    The group is the smallest record_id of all that a chain of must-links holds together.
    """
    root: dict[str, str] = {}

    def find(record_id: str) -> str:
        root.setdefault(record_id, record_id)
        while root[record_id] != record_id:
            root[record_id] = root[root[record_id]]
            record_id = root[record_id]
        return record_id

    for verdict, left, right in decisions.select("verdict", "record_id_l", "record_id_r").iter_rows():
        one, other = sorted((find(left), find(right)))
        if verdict == "must_link":
            root[other] = one
    rows = [(record_id, find(record_id)) for record_id in sorted(root)]
    return pl.DataFrame(rows, schema={"record_id": pl.String, "must_link_group": pl.String}, orient="row")


def list_cannot_links(decisions: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """The must-link groups that a cannot-link separates, each pair both ways: must_link_group, other_group."""
    cannot = decisions.filter(pl.col("verdict") == "cannot_link").select("record_id_l", "record_id_r")
    sides = (
        cannot.join(groups.rename({"record_id": "record_id_l", "must_link_group": "l"}), on="record_id_l")
        .join(groups.rename({"record_id": "record_id_r", "must_link_group": "r"}), on="record_id_r")
        .select("l", "r")
    )
    both_ways = pl.concat([sides, sides.select(pl.col("r").alias("l"), pl.col("l").alias("r"))])
    return both_ways.unique().sort("l", "r").rename({"l": "must_link_group", "r": "other_group"})


def number_constraints(members: pl.DataFrame, decisions: pl.DataFrame) -> Constraints:
    """The constraints between compared records, as profile numbers; ``members`` is that of ``number_profiles``.

    A chain of decisions may run over receipts, which are not compared: it holds all the same.
    """
    groups = group_must_links(decisions)
    numbered = members.join(groups, on="record_id").sort("profile_no")
    first = numbered.group_by("must_link_group").agg(pl.col("profile_no").min().alias("first"))
    must = (
        numbered.join(first, on="must_link_group")
        .filter(pl.col("profile_no") > pl.col("first"))
        .sort("first", "profile_no")
    )
    cannot = (
        list_cannot_links(decisions, groups)
        .join(first.rename({"first": "l"}), on="must_link_group")
        .join(first.rename({"first": "r", "must_link_group": "other_group"}), on="other_group")
        .filter(pl.col("l") < pl.col("r"))
        .sort("l", "r")
    )
    return Constraints(
        must["first"].to_numpy(), must["profile_no"].to_numpy(), cannot["l"].to_numpy(), cannot["r"].to_numpy()
    )


def list_affected_records(before: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """The record_ids that a change of decisions may move: those it names, and their groups, then and now."""
    what = ["verdict", "record_id_l", "record_id_r"]
    changed = pl.concat([before.join(now, on=what, how="anti"), now.join(before, on=what, how="anti")])
    named = pl.concat([changed["record_id_l"], changed["record_id_r"]])
    affected = [named.rename("record_id")]
    for decisions in (before, now):
        groups = group_must_links(decisions)
        theirs = groups.filter(pl.col("record_id").is_in(named.implode()))["must_link_group"]
        affected.append(groups.filter(pl.col("must_link_group").is_in(theirs.implode()))["record_id"])
    return pl.concat(affected).unique().sort()
