"""The nights: when each run began, how long it took, whether it published, and what it changed of the customers."""

from datetime import date
from typing import Any

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.figures import Bar, Bars, Column, Columns, Figure, Legend, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.quality.lake_tables import ask_file
from pipelines.report.quality.run_logs import Run, read_runs
from pipelines.report.section_contract import Section, say_empty
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

TABLES = ("identity/run_metrics", "customer_id_history")
MOST_RUNS, MOST_STEPS = 30, 10
TONES: dict[str, Tone] = {"published": "blue", "unpublished": "amber", "failed": "red", "unfinished": "grey"}
PUBLISHED = """
select run_id, min(as_of) as as_of, min(model_version) as model_version,
    cast(sum(value) filter (where metric = 'record_count') as bigint) as records
from read_parquet($file)
group by run_id
order by min(as_of), run_id
"""
CHANGES = ("created", "absorbed", "split", "retired")
# How the ledger calls a change is its own; what people count is whose number came, went into another, or ended.
CHANGED = """
select run_id, change, count(*) as entries
from marts.customer_id_history
group by run_id, change
order by run_id, change
"""


def draw(home: Home, marts: Marts, texts: Texts) -> Section:
    published = {
        row["run_id"]: row for row in ask_file(marts, Lake(home.lake).published_path("run_metrics"), PUBLISHED)
    }
    changed: dict[str, dict[str, int]] = {}
    for row in marts.ask(CHANGED, NOBODY):
        changed.setdefault(row["run_id"], {})[row["change"]] = row["entries"]
    runs = read_runs(home.logs)[:MOST_RUNS]
    rows = [_tell(run, published.get(run.run_id, {}), texts) for run in runs]
    logged = {run.run_id for run in runs}
    rows += [
        _tell_unlogged(row, texts)
        for run_id, row in sorted(published.items(), key=lambda one: (one[1]["as_of"], one[0]), reverse=True)
        if run_id not in logged
    ][: MOST_RUNS - len(rows)]
    if not rows:
        return say_empty("nights", TABLES, texts, ())
    kinds = sorted({kind for changes in changed.values() for kind in changes})
    entries = [
        {"run": run_id[:8], "changes": texts.name("id_change", kind), "entries": changes[kind]}
        for run_id, changes in sorted(changed.items(), key=lambda one: _order(one[0], published))
        for kind in kinds
        if kind in changes
    ]
    return Section(
        "nights",
        _title(runs, rows, texts),
        lead=[texts.say("nights.lead")],
        figures=_draw(runs, texts),
        tables=[
            tabulate(
                "nights",
                texts.say("nights.table"),
                label_columns(
                    texts,
                    started="text",
                    day="day",
                    run="text",
                    outcome="text",
                    seconds="number",
                    failed_steps="text",
                    records="count",
                    model_version="text",
                ),
                rows,
                texts,
            ),
            tabulate(
                "nights_changes",
                texts.say("nights.changes"),
                label_columns(texts, run="text", changes="text", entries="count"),
                entries,
                texts,
            ),
        ],
        marts=TABLES,
        nav=texts.say("nights.nav"),
        scope=texts.say("nights.scope"),
        is_wide=True,
    )


def _tell(run: Run, published: Row, texts: Texts) -> Row:
    return {
        "started": f"{run.started_at:%Y-%m-%d %H:%M} UTC",
        "day": published.get("as_of"),
        "run": run.run_id[:8],
        "outcome": texts.name("night_outcome", _name_outcome(run)),
        "seconds": run.seconds,
        "failed_steps": ", ".join(run.failed),
        "records": published.get("records"),
        "model_version": published.get("model_version", ""),
    }


def _tell_unlogged(published: Row, texts: Texts) -> Row:
    """A run that was not started by the command, or whose log is gone: what publication noted of it."""
    return {
        "started": "",
        "day": published["as_of"],
        "run": published["run_id"][:8],
        "outcome": texts.name("night_outcome", "published"),
        "seconds": None,
        "failed_steps": "",
        "records": published["records"],
        "model_version": published["model_version"],
    }


def _order(run_id: str, published: dict[str, Row]) -> tuple[Any, str]:
    """The latest day first; runs that are no longer on record come last."""
    as_of: date | None = published.get(run_id, {}).get("as_of")
    return (-as_of.toordinal() if as_of else 0, run_id)


def _name_outcome(run: Run) -> str:
    if run.is_published:
        return "published"
    return {"succeeded": "unpublished", "": "unfinished"}.get(run.outcome, "failed")


def _title(runs: list[Run], rows: list[Row], texts: Texts) -> str:
    if not runs:
        return texts.say("nights.title_unlogged", count=texts.count("nights.runs", len(rows)))
    return texts.say(
        "nights.title",
        published=texts.write("count", sum(run.is_published for run in runs)),
        runs=texts.count("nights.runs", len(runs)),
        last=texts.write("number", runs[0].seconds),
    )


def _draw(runs: list[Run], texts: Texts) -> list[Figure]:
    if not runs:
        return []
    longest = max(run.seconds for run in runs)
    columns = [
        Column(
            f"{run.started_at.day}",
            percent_of(run.seconds, longest),
            f"{run.started_at:%Y-%m-%d %H:%M} UTC, {run.run_id[:8]}: "
            f"{texts.write('number', run.seconds)} s, {texts.name('night_outcome', _name_outcome(run))}",
            tone=TONES[_name_outcome(run)],
        )
        for run in reversed(runs)
    ]
    there = {_name_outcome(run) for run in runs}
    legend = [Legend(tone, texts.name("night_outcome", name)) for name, tone in TONES.items() if name in there]
    figures: list[Figure] = [
        Columns(
            texts.say("nights.figure"),
            texts.say("nights.description"),
            columns,
            texts.say("nights.seconds", seconds=texts.write("number", longest)),
            legend,
        )
    ]
    steps = sorted(runs[0].steps.items(), key=lambda one: (-one[1], one[0]))[:MOST_STEPS]
    if steps:
        figures.append(
            Bars(
                texts.say("nights.steps"),
                [
                    Bar(
                        name,
                        texts.say("nights.seconds", seconds=texts.write("number", seconds)),
                        [Segment(0, percent_of(seconds, steps[0][1]))],
                    )
                    for name, seconds in steps
                ],
            )
        )
    return figures
