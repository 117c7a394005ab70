"""Drift: how far a run's metrics are from those of the published runs before it, by the limits of `drift.yml`."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import polars as pl

from pipelines.identity.monitoring.drift_limits import Family, Measure, load_families

Verdict = Literal["within", "warning", "blocking", "not compared"]

RUNS = 7  # A week of nights: every weekday once, and a median that three odd nights do not move.
SMALLEST_SHARE = 0.0001  # In place of an empty bin, whose logarithm would be infinite.
MAX_LINES = 12
NEW_MODEL = "the model is new"
ACCEPT = (
    "If this is as it should be, accept it: `parcours run --accept-drift`, or in the Dagster interface, where it was "
    "opened with `--allow-launch-config`, `accept: true` in the configuration of identity/drift. The runs that follow "
    "are compared with the accepted one."
)

DRIFT: dict[str, pl.DataType] = {
    "metric": pl.String(), "key": pl.String(), "today": pl.Float64(), "usual": pl.Float64(), "runs": pl.Int64(),
    "distance": pl.Float64(), "limit": pl.Float64(), "verdict": pl.String(), "reason": pl.String(),
}  # fmt: skip
"""``identity/drift``: one row per metric and key. ``usual`` is the median of ``runs`` published runs, ``distance``
that of today's value from it by the metric's measure, ``limit`` the one it crosses, ``reason`` why it is not compared,
or only a warning."""


def compare_run(
    measured: pl.DataFrame,
    history: pl.DataFrame,
    *,
    as_of: date,
    model_version: str,
    families: Mapping[str, Family] | None = None,
) -> pl.DataFrame:
    """``identity/drift`` of a run, sorted: its metrics and the usual ones, each with a verdict.

    ``measured`` and ``history`` are those of ``run_metrics``. On the first run of a new model, changes of published ids
    only warn: what it moves was compared, and held to a limit, before it was put in force.
    """
    is_new_model = not history.is_empty() and history.sort("as_of")["model_version"][-1] != model_version
    runs = _runs_to_compare(history, as_of)
    rows = []
    for family in (families or load_families()).values():
        today = measured.filter(pl.col("metric") == family.name)
        before = runs.filter(pl.col("model_version") == model_version) if family.same_model else runs
        compared = _compare_bins(family, today, before) if family.measure == "psi" else _compare(family, today, before)
        rows += [_relax_for_new_model(row, family) for row in compared] if is_new_model else compared
    return pl.DataFrame(rows, schema=DRIFT, orient="row").sort("metric", "key")


def _runs_to_compare(history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The metrics of the last RUNS published days before ``as_of`` (else of that day), since the last acceptance."""
    earlier = history.filter(pl.col("as_of") < as_of)
    if earlier.is_empty():
        return history.filter(pl.col("as_of") == as_of)
    days = earlier["as_of"].unique().sort().tail(RUNS)
    accepted = earlier.filter("is_accepted")["as_of"].max()
    recent = earlier.filter(pl.col("as_of").is_in(days.implode()))
    return recent if accepted is None else recent.filter(pl.col("as_of") >= accepted)


def _compare(family: Family, today: pl.DataFrame, before: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per key of a family whose values are compared one by one."""
    usual, runs = _usual(family, before), before["as_of"].n_unique()
    joined = today.join(usual, on="key", how="full", coalesce=True).sort("key")
    rows = []
    for row in joined.iter_rows(named=True):
        value, usual_value = row["value"], row["usual"]
        counts = [count for count in (row["count"], row["usual_count"]) if count is not None]
        if family.measure == "ratio" and runs:  # None then or now counts as zero.
            value, usual_value = value or 0.0, usual_value or 0.0
        if family.measure == "value" and row["count"] is not None:  # It is compared with no other run.
            counts = [row["count"]]
        rows_behind = max(counts) if family.measure == "ratio" else min(counts)
        distance = _distance(family.measure, value, usual_value)
        rows.append(_judge(family, row["key"], value, usual_value, runs, distance, rows_behind))
    return rows


def _compare_bins(family: Family, today: pl.DataFrame, before: pl.DataFrame) -> list[dict[str, Any]]:
    """One row for a whole distribution, with the shares of the bin that moved most, which its key names."""
    if today.is_empty():
        return []
    usual, runs = _usual(family, before), before["as_of"].n_unique()
    rows_behind = min([*today["count"], *usual["usual_count"].cast(pl.Int64)])
    if usual.is_empty():
        return [_judge(family, "distribution", None, None, 0, None, rows_behind)]
    joined = today.join(usual, on="key", how="full", coalesce=True).sort("key")
    now, was = (joined[column].fill_null(0.0) for column in ("value", "usual"))
    was = was / (was.sum() or 1.0)  # Medians of shares need not add up to one.
    p, q = now.clip(SMALLEST_SHARE), was.clip(SMALLEST_SHARE)
    terms = (p - q) * (p / q).log()
    most = int(terms.arg_max() or 0)
    key = f"distribution, above all {joined['key'][most]}"
    return [_judge(family, key, now[most], was[most], runs, float(terms.sum()), rows_behind)]


def _usual(family: Family, before: pl.DataFrame) -> pl.DataFrame:
    """The median of the runs, by key: key, usual, usual_count. In counts, a run without the key had none."""
    runs = before["as_of"].n_unique()
    grouped = (
        before.filter(pl.col("metric") == family.name)
        .group_by("key")
        .agg("value", pl.col("count").median().alias("usual_count"))
    )
    values = pl.col("value")
    if family.measure in ("ratio", "psi"):
        values = pl.concat_list("value", pl.lit(0.0).repeat_by(runs - pl.col("value").list.len()))
    return grouped.select("key", values.list.median().alias("usual"), "usual_count").sort("key")


def _distance(measure: Measure, today: float | None, usual: float | None) -> float | None:
    if measure == "value":
        return today
    if today is None or usual is None:
        return None
    if measure == "difference":
        return today - usual
    if usual == 0.0:
        return math.inf if today else 1.0
    return today / usual


def _judge(
    family: Family,
    key: str,
    today: float | None,
    usual: float | None,
    runs: int,
    distance: float | None,
    rows_behind: float,
) -> dict[str, Any]:
    verdict: Verdict = "within"
    limit, reason = None, None
    if distance is None:
        verdict = "not compared"
        reason = "no published run has it" if usual is None else "this run has none"
    elif rows_behind < family.minimum:
        verdict, reason = "not compared", f"fewer than {family.minimum:,} rows"
        crossed = family.blocking.crossed(distance)
        concerned = _count_concerned(family.measure, today or 0.0, usual or 0.0, rows_behind)
        if crossed is not None and family.few is not None and concerned >= family.few:
            verdict, limit = "warning", crossed
    elif (limit := family.blocking.crossed(distance)) is not None:
        verdict = "blocking"
    elif (limit := family.warning.crossed(distance)) is not None:
        verdict = "warning"
    return {
        "metric": family.name, "key": key, "today": today, "usual": usual, "runs": runs, "distance": distance,
        "limit": limit, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _count_concerned(measure: Measure, today: float, usual: float, rows_behind: float) -> float:
    """The rows by which today's value differs: of counts their difference, of shares that part of the rows behind."""
    if measure == "ratio":
        return abs(today - usual)
    return round((today if measure == "value" else abs(today - usual)) * rows_behind, 6)


def _relax_for_new_model(row: dict[str, Any], family: Family) -> dict[str, Any]:
    if family.same_model and row["verdict"] == "not compared":
        return {**row, "reason": NEW_MODEL}
    if family.measure == "value" and row["verdict"] == "blocking":
        return {**row, "verdict": "warning", "reason": NEW_MODEL}
    return row


def describe_drift(compared: pl.DataFrame, *, families: Mapping[str, Family] | None = None) -> str:
    """The metrics beyond a limit, blocking first: today's value, the usual one, the limit, and where to look."""
    declared = families or load_families()
    crossed = compared.filter(pl.col("verdict").is_in(["warning", "blocking"])).sort("verdict", "metric", "key")
    if crossed.is_empty():
        judged = compared.filter(pl.col("verdict") != "not compared").height
        if judged:
            return f"{judged} metrics are what the published runs let expect."
        return "There is nothing to compare with yet: no run of this size and model was published before."
    lines = [_describe_breach(row, declared[row["metric"]]) for row in crossed.iter_rows(named=True)]
    rest = len(lines) - MAX_LINES
    return "\n".join(lines if rest <= 0 else [*lines[:MAX_LINES], f"and {rest} more, in identity/drift"])


def _describe_breach(row: dict[str, Any], family: Family) -> str:
    show = _SHOWN.get(family.name, _as_percent)
    runs = f"median of {row['runs']} run{'s' if row['runs'] > 1 else ''}"
    usual = "" if row["usual"] is None else f", usually {show(row['usual'])} ({runs})"
    words, measured = _MEASURED[family.measure]
    because = f"; {row['reason']}, so this only warns" if row["reason"] else ""
    return (
        f"{row['verdict']}: {family.name}, {row['key']}: {show(row['today'])} today{usual}"
        f"{words.format(measured(row['distance']))}, limit {measured(row['limit'])}{because}. Look at {family.look_at}."
    )


def _as_percent(share: float) -> str:
    return f"{share * 100:.2f}%"


_SHOWN: dict[str, Callable[[float], str]] = {
    "record_count": "{:,.0f}".format,
    "pairs_per_record": "{:.3f}".format,
}
_MEASURED: dict[Measure, tuple[str, Callable[[float], str]]] = {
    "ratio": (", {} times that", "{:.2f}".format),
    "difference": (", {} points", lambda points: f"{points * 100:+.1f}"),
    "psi": (", stability index {}", "{:.2f}".format),
    "value": ("", _as_percent),
}
