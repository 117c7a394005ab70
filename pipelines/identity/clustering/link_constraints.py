"""What human decisions come to, record by record: which are tied together, which are held apart, whatever else says."""

import polars as pl

from pipelines.identity.scoring.profiles import is_blank, is_receipt


def name_decided(decisions: pl.DataFrame) -> pl.Series:
    """The record_ids that ``decisions`` (``identity/decisions``) name, each once, sorted."""
    return pl.concat([decisions["record_id_l"], decisions["record_id_r"]]).unique().sort()


def mark_decided(records: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """``records`` with ``is_decided`` set for those that ``decisions`` (``identity/decisions``) name.

    Receipts and records that say nothing are not marked: they are not compared, so a decision places them as they are.
    Decisions about records that are not there mark nothing.
    """
    is_named = pl.col("record_id").is_in(name_decided(decisions).implode())
    return records.with_columns((is_named & ~is_receipt() & ~is_blank()).alias("is_decided"))


def tie_records(decisions: pl.DataFrame) -> pl.DataFrame:
    """Every record that a decision names, with those it is tied to by must_links: record_id, tie.

    ``tie`` is the smallest record_id of all that a chain of must_links holds together.
    """
    root: dict[str, str] = {}

    def find(record: str) -> str:
        root.setdefault(record, record)
        while root[record] != record:
            root[record] = root[root[record]]
            record = root[record]
        return record

    for verdict, left, right in decisions.select("verdict", "record_id_l", "record_id_r").iter_rows():
        one, other = sorted((find(left), find(right)))
        if verdict == "must_link":
            root[other] = one
    rows = [(record, find(record)) for record in sorted(root)]
    return pl.DataFrame(rows, schema={"record_id": pl.String, "tie": pl.String}, orient="row")


def hold_apart(decisions: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """The ties that a cannot_link holds apart, each both ways: tie, other_tie."""
    cannot = decisions.filter(pl.col("verdict") == "cannot_link").select("record_id_l", "record_id_r")
    sides = (
        cannot.join(ties.rename({"record_id": "record_id_l", "tie": "l"}), on="record_id_l")
        .join(ties.rename({"record_id": "record_id_r", "tie": "r"}), on="record_id_r")
        .select("l", "r")
    )
    both_ways = pl.concat([sides, sides.select(pl.col("r").alias("l"), pl.col("l").alias("r"))])
    return both_ways.unique().sort("l", "r").rename({"l": "tie", "r": "other_tie"})


def list_concerned(before: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """The record_ids that a change of decisions may move: those it names, and those tied to them before or now."""
    what = ["verdict", "record_id_l", "record_id_r"]
    changed = pl.concat([before.join(now, on=what, how="anti"), now.join(before, on=what, how="anti")])
    named = pl.concat([changed["record_id_l"], changed["record_id_r"]])
    tied = [named.rename("record_id")]
    for decisions in (before, now):
        ties = tie_records(decisions)
        groups = ties.filter(pl.col("record_id").is_in(named.implode()))["tie"]
        tied.append(ties.filter(pl.col("tie").is_in(groups.implode()))["record_id"])
    return pl.concat(tied).unique().sort()
