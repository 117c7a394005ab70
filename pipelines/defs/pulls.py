"""The pulls asset: what other systems hold, brought into the lake before anything is extracted from it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg

from pipelines.config.connectors import PulledSource
from pipelines.defs import arrivals, freshness
from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.nights.arrival_table import note_pulled
from pipelines.nights.newest import await_newest
from pipelines.pulls.account import account_for, sort_accounts
from pipelines.pulls.errors import NotTakenError
from pipelines.pulls.night import join_again, pull_sources
from pipelines.pulls.pull import Outcome, Settings, list_messages, note_outcomes, pull_source

NOT_COUNTED = "not counted by the source"
ON_TIME, THERE = "pulled_rows_are_as_new_as_declared", "no_pulled_source_lags_that_a_night_needs"


@asset_of(
    "extracts",
    "landed/pulls",
    after=[arrivals.KEY],
    checks={
        "every_pull_is_whole": "What arrived of every table is what its source counted, or what is declared to go on "
        "without it (`if_not_taken: keep`). Where it is not, nothing is published: mend what the check's result says "
        "and run again; the tables that were taken are not lost.",
        THERE: "Every pulled source that the night may not do without (`then: stop` in nights.yml) has rows as new as "
        "declared. Where one has not, nothing is published: see why its system lags, and run again.",
    },
    warnings={
        "pulls_are_of_tonight": "No table is used as an earlier night left it, none was pulled otherwise than is "
        "declared, and none has new columns or values that no day or number can be. Where one was or has, the check's "
        "result says which and why: mend the source or correct what sources.yml says of it.",
        ON_TIME: "The rows of every pulled source are as new as `freshness` in nights.yml says. Where they are not, "
        "the night goes on with those that are there: see why its system lags.",
    },
)
def pulls(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.AssetCheckResult | Result]:
    """One row per table that is pulled from another system: how, how many rows, and how many the system counted.

    Files of other machines have a row per pattern. Exports in a folder are not pulled: they are read where they lie.
    What came lies beside this table, a folder for each source; ``landed/reconciliation`` has the counts and sums.
    """
    settings = Settings(night.retailer.base, full=night.full, say=context.log.warning)
    outcomes = pull_sources(night.retailer, night.lake, settings)

    def pull_again(source: PulledSource) -> None:
        context.log.info(f"source {source.name} is pulled again")
        later = pull_source(source, night.lake, replace(settings, full=False))
        outcomes[:] = join_again(outcomes, later)
        note_outcomes(outcomes, night.lake)

    how = arrivals.waiting(context, night)
    late = await_newest(night.retailer, night.nights, night.day, night.lake, pull_again, how)
    noted = note_pulled(night.retailer, night.lake, late, how.clock())
    freshness.note_arrived(context, night, noted, late)
    yield from arrivals.judge_late(late, ON_TIME, THERE)
    stopping = list_messages(outcomes, "not taken")
    remarks = [*list_messages(outcomes, "kept"), *_list_notes(outcomes)]
    yield dg.AssetCheckResult(
        check_name="every_pull_is_whole",
        passed=not stopping,
        description="\n".join(stopping),
        metadata=describe_accounts(outcomes),
    )
    yield dg.AssetCheckResult(
        check_name="pulls_are_of_tonight",
        passed=not remarks,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(remarks),
    )
    if stopping:
        raise NotTakenError("\n".join(stopping))
    yield Result(metadata={**_metadata(outcomes), "late": arrivals.describe_late(late)})


def _list_notes(outcomes: list[Outcome]) -> list[str]:
    return [f"source {each.source}, {each.name}: {note}" for each in outcomes for note in each.notes]


def _metadata(outcomes: list[Outcome]) -> dict[str, Any]:
    measures = [one for each in outcomes for one in each.reconciled]
    return {
        "dagster/row_count": len(outcomes),
        "rows_pulled": sum(each.batch.rows for each in outcomes if each.batch),
        "measures_reconciled": len(measures),
        "measures_that_differ": sum(one.difference != 0 for one in measures),
        **describe_accounts(outcomes),
    }


def describe_accounts(outcomes: list[Outcome]) -> dict[str, dg.MetadataValue[Any]]:
    """All accounts for programs, and as a table that people read."""
    accounts = sort_accounts(map(account_for, outcomes))
    told: dict[str, dg.MetadataValue[Any]] = {"pulled": dg.MetadataValue.json(accounts)}
    if accounts:  # Dagster asks for a row, to know the columns by.
        told["reconciliation"] = dg.MetadataValue.table([dg.TableRecord(_lay_out(each)) for each in accounts])
    return told


def _lay_out(account: dict[str, Any]) -> dict[str, str | int | float | bool]:
    is_counted, rows = account["is_counted"], account["rows_in_source"]
    sums = (f"{each['measure']} {each['source']}, {each['landed']} here" for each in account["sums"])
    beyond = map(_tell_beyond, account["beyond"])
    columns = (f"{kind}: {', '.join(names)}" for kind, names in account["columns"].items())
    return {
        "source": account["source"],
        "table": account["table"],
        "state": account["state"],
        "rows in the source": NOT_COUNTED if is_counted is False else "" if rows is None else f"{rows:,}",
        "rows here": "" if account["rows"] is None else f"{account['rows']:,}",
        "sums in the source": "; ".join(sums),
        "days compared": account["days"],
        "beyond tolerance": "; ".join(beyond),
        "columns": "; ".join(columns),
        "rows of": account["taken_at"] or "",
    }


def _tell_beyond(one: dict[str, Any]) -> str:
    what = f"{one['measure']}{' of ' + one['day'] if one['day'] else ''}"
    return f"the sum of {what} differs" if one["source"] is None else f"{what}: {one['source']}, {one['landed']} here"
