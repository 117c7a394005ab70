"""Who was in which of the analysts' segments, and when: recorded night by night in a log, and read from it.

Who is in a segment is known only for the night that a warehouse is published for: a condition speaks of customers as
they are then. So published nights are recorded in a log, under the customer ids of their time; ``change`` says of what
a row is:

- ``night``: a night that was published for;
- ``computed``: a segment computed that night, with its definition and the counts that were published;
- ``entered``, ``left``: a customer who was in it and had not been the night before, or the other way round.

From the log, and from what became of the ids since, follow the membership intervals: half open, from the first night in
to the first night out. The marts call them stays. A night that is published again is recorded again; a night before
others leaves those after it as they were. What is computed for a day reads the nights before it only.
"""

import json
from datetime import date
from typing import Any

import polars as pl

from pipelines.segments.definitions import Definitions

LOG: dict[str, Any] = {
    "night": pl.Date, "change": pl.String, "segment": pl.String, "customer_id": pl.String, "definition": pl.String,
    "member_count": pl.Int64, "entered_count": pl.Int64, "left_count": pl.Int64,
}  # fmt: skip
"""``definition`` is JSON: digest, description, owner, condition, reason."""

COMPUTED: dict[str, Any] = {
    "segment": pl.String, "definition": pl.String,
    "member_count": pl.Int64, "entered_count": pl.Int64, "left_count": pl.Int64,
}  # fmt: skip
MEMBERS: dict[str, Any] = {"segment": pl.String, "customer_id": pl.String}
INTERVALS: dict[str, Any] = {**MEMBERS, "entered_on": pl.Date, "left_on": pl.Date}
SIZES: dict[str, Any] = {
    "segment": pl.String, "night": pl.Date, "definition_digest": pl.String,
    "member_count": pl.Int64, "entered_count": pl.Int64, "left_count": pl.Int64,
}  # fmt: skip
TEXTS = ("description", "owner", "condition", "reason")
DEFINITIONS: dict[str, Any] = {
    "segment": pl.String, "description": pl.String, "owner": pl.String, "condition": pl.String, "reason": pl.String,
    "definition_digest": pl.String, "is_defined": pl.Boolean,
    "first_computed_on": pl.Date, "defined_since": pl.Date, "removed_on": pl.Date,
}  # fmt: skip


def empty_log() -> pl.DataFrame:
    """A log before its first night."""
    return pl.DataFrame(schema=LOG)


def record_night(log: pl.DataFrame, night: date, members: pl.DataFrame, computed: pl.DataFrame) -> pl.DataFrame:
    """The log with what is published for ``night``: who is in which segment, and which segments there are.

    ``members``: segment, customer_id, one row each. ``computed``: segment, definition, member_count, entered_count,
    left_count. Later nights keep what they say; what was recorded of the same night before is replaced.
    """
    before = log.filter(pl.col("night") < night)
    later = log.filter(pl.col("night") > night)
    tonight = pl.concat(
        [
            _typed(pl.DataFrame({"night": [night], "change": ["night"]}, schema_overrides={"night": pl.Date})),
            _typed(computed.with_columns(pl.lit(night).alias("night"), pl.lit("computed").alias("change"))),
            _differences(night, _members_after(before), members),
        ]
    )
    if not later.is_empty():
        following = later["night"].min()
        assert isinstance(following, date)
        then = _members_after(log.filter(pl.col("night") <= following))
        is_move = pl.col("change").is_in(["entered", "left"])
        later = pl.concat(
            [
                later.filter((pl.col("night") != following) | ~is_move),
                _differences(following, members, then),
            ]
        )
    order = pl.col("change").replace_strict({"night": 0, "computed": 1, "left": 2, "entered": 3}, return_dtype=pl.Int8)
    return pl.concat([before, tonight, later]).sort("night", order, "segment", "customer_id")


def intervals_before(log: pl.DataFrame, day: date, todays_ids: pl.DataFrame) -> pl.DataFrame:
    """One row per membership interval known from the nights before ``day``: segment, customer_id, entered_on, left_on.

    ``left_on`` is null while the customer is in the segment. The ids are today's: ``todays_ids`` (customer_id,
    into_customer_id) says into which an id was absorbed. Intervals of two ids of one customer are one where they
    overlap or follow each other without a gap.
    """
    moves = log.filter((pl.col("night") < day) & pl.col("change").is_in(["entered", "left"]))
    raw = (
        moves.sort("segment", "customer_id", "night")
        .with_columns(pl.col("night").shift(-1).over("segment", "customer_id").alias("left_on"))
        .filter(pl.col("change") == "entered")
        .select("segment", "customer_id", pl.col("night").alias("entered_on"), "left_on")
    )
    named = (
        raw.join(todays_ids, on="customer_id", how="left")
        .with_columns(pl.coalesce("into_customer_id", "customer_id").alias("customer_id"))
        .drop("into_customer_id")
    )
    never = date.max
    ordered = named.with_columns(pl.col("left_on").fill_null(never)).sort(
        "segment", "customer_id", "entered_on", "left_on"
    )
    so_far = pl.col("left_on").cum_max().shift(1).over("segment", "customer_id")
    return (
        ordered.with_columns((pl.col("entered_on") > so_far).fill_null(True).alias("begins"))
        .with_columns(pl.col("begins").cum_sum().alias("interval"))
        .group_by("interval", "segment", "customer_id")
        .agg(pl.col("entered_on").min(), pl.col("left_on").max())
        .with_columns(pl.when(pl.col("left_on") != never).then("left_on").alias("left_on"))
        .select(pl.col(name).cast(type_) for name, type_ in INTERVALS.items())
        .sort("segment", "customer_id", "entered_on")
    )


def sizes_before(log: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row per segment and night before ``day``: how large it was, as published then."""
    return (
        log.filter((pl.col("night") < day) & (pl.col("change") == "computed"))
        .with_columns(pl.col("definition").str.json_path_match("$.digest").alias("definition_digest"))
        .select(pl.col(name).cast(type_) for name, type_ in SIZES.items())
        .sort("segment", "night")
    )


def list_definitions(log: pl.DataFrame, day: date, definitions: Definitions) -> pl.DataFrame:
    """One row per segment defined on ``day`` or computed before it, by name: its texts, and since when it is so.

    ``defined_since``: the first night of the definition in force, in an unbroken run of nights until now.
    ``removed_on``: the first night that was computed without a segment that is no longer defined.
    """
    nights = sorted({*log.filter(pl.col("night") < day)["night"], day})
    earlier: dict[str, list[tuple[date, dict[str, Any]]]] = {}
    of_segments = log.filter((pl.col("night") < day) & (pl.col("change") == "computed")).sort("night")
    for night, segment, definition in of_segments.select("night", "segment", "definition").iter_rows():
        earlier.setdefault(segment, []).append((night, json.loads(definition)))
    defined = {segment.name: segment for segment in definitions.segments}
    rows = []
    for name in sorted({*earlier, *defined}):
        past = earlier.get(name, [])
        if name in defined:
            texts = {text: getattr(defined[name], text) for text in TEXTS}
            digest = definitions.digest(defined[name])
            computed = [*past, (day, {"digest": digest})]
            removed_on = None
        else:
            texts = {text: past[-1][1].get(text) for text in TEXTS}
            digest = past[-1][1]["digest"]
            computed = past
            removed_on = next(night for night in nights if night > past[-1][0])
        defined_since = computed[-1][0]
        for night, definition in reversed(computed):
            if definition["digest"] != digest:
                break
            defined_since = night
        rows.append(
            {"segment": name, **texts, "definition_digest": digest, "is_defined": name in defined}
            | {"first_computed_on": computed[0][0], "defined_since": defined_since, "removed_on": removed_on}
        )
    return pl.DataFrame(rows, schema=DEFINITIONS)


def _members_after(log: pl.DataFrame) -> pl.DataFrame:
    """Who is in which segment after the last night of ``log``."""
    last = (
        log.filter(pl.col("change").is_in(["entered", "left"]))
        .sort("night")
        .unique(["segment", "customer_id"], keep="last", maintain_order=True)
    )
    return last.filter(pl.col("change") == "entered").select("segment", "customer_id")


def _differences(night: date, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The rows ``entered`` and ``left`` that turn the members ``before`` into those ``after``."""
    key = ["segment", "customer_id"]
    moves = [
        moved.select(*key, pl.lit(change).alias("change"), pl.lit(night).alias("night"))
        for moved, change in (
            (after.join(before, on=key, how="anti"), "entered"),
            (before.join(after, on=key, how="anti"), "left"),
        )
    ]
    return _typed(pl.concat(moves))


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with every column of the log, null where they have none."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(type_).alias(name) for name, type_ in LOG.items()
    )
