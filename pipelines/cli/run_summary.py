"""What a run came to, in the words of the person who reads it over coffee."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.cli.progress import ORDER, Progress
from pipelines.cli.run_job import Outcome
from pipelines.config.home import Home
from pipelines.config.sources import Sources
from pipelines.lake.tables import Lake

MOST_LINES = 8
FIRST_QUERY = (
    "select channel_profile, count(*) as customers, sum(revenue) as revenue "
    "from marts.customer_360 group by channel_profile order by revenue desc"
)


def render(outcome: Outcome, home: Home, sources: Sources, as_of: date, progress: Progress) -> str:
    """The summary of a run that published."""
    paragraphs = [
        [f"Published {_near(home.warehouse)}, as of {as_of:%d %B %Y}"],
        _sources(outcome, sources),
        _rejections(outcome, home),
        _people(outcome),
        _segments(outcome),
        _marts(outcome),
        _checks(outcome),
        _times(progress),
        _next(home, outcome),
    ]
    return "\n" + "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def render_failure(outcome: Outcome, home: Home) -> str:
    """Why a run published nothing: each failed step with its message, and what is left to do."""
    lines = ["", "Nothing was published.", *_failures(outcome)]
    told = tuple(f"on {failure.step}" for failure in outcome.failures)
    at_fault = [name for name in outcome.checks_failed if not name.endswith(told)]
    if at_fault:
        lines += ["", "Checks that failed:", *_shortened(f"  {name}" for name in at_fault)]
    as_it_was = (
        f"The published warehouse {_near(home.warehouse)} is as it was."
        if home.warehouse.exists()
        else "There is no published warehouse yet."
    )
    lines += ["", f"{as_it_was} Mend what is said above and run again. The whole log: {_near(outcome.log)}", ""]
    return "\n".join(lines)


def render_unfinished(outcome: Outcome) -> str:
    """What failed after the warehouse was published, and what to do about it."""
    hint = "The warehouse is published all the same. Mend what is said above, then `parcours report` draws the report."
    return "\n".join([*_failures(outcome), "", f"{hint} The whole log: {_near(outcome.log)}", ""])


def _failures(outcome: Outcome) -> list[str]:
    lines: list[str] = []
    for failure in outcome.failures:
        message = failure.message.strip().replace("\n", "\n  ")
        lines += ["", f"✗ {failure.step}", f"  {message}"]
    return lines


def _sources(outcome: Outcome, sources: Sources) -> list[str]:
    totals = {source.name: [0, 0, 0] for source in sources.sources}
    for metadata in outcome.assets.values():
        for name, counts in metadata.get("rows_by_source", {}).items():
            for position, column in enumerate(("rows_read", "rows_kept", "rows_rejected")):
                totals[name][position] += counts[column]
    rows = [[source.name, source.kind, *map(_number, totals[source.name])] for source in sources.sources]
    return _table(["Source", "Kind", "Rows in", "Kept", "Rejected"], rows)


def _rejections(outcome: Outcome, home: Home) -> list[str]:
    rejected = [
        (metadata["rows_rejected"], asset, metadata["rejection_reasons"])
        for asset, metadata in outcome.assets.items()
        if metadata.get("rows_rejected")
    ]
    if not rejected:
        return []
    told = []
    for count, asset, reasons in sorted(rejected, key=lambda row: (-row[0], row[1])):
        most = max(reasons, key=lambda reason: (reasons[reason], reason), default="")
        told.append(f"  {asset}: {_number(count)}, {'mostly ' if len(reasons) > 1 else ''}{most}")
    folder = Lake(home.lake).quarantine_path("crm", "contacts").parent
    return [f"Rejected rows are in {_near(folder)}, with file, line and reason:", *_shortened(told)]


def _people(outcome: Outcome) -> list[str]:
    records = outcome.assets["identity/records"]["dagster/row_count"]
    people = outcome.assets["identity/customers"]["dagster/row_count"]
    lines = [
        f"Customers  {_number(people)} people found in {_number(records)} records",
        *_decisions(outcome.assets["identity/decisions"]),
        *_ids(outcome.assets["identity/drift"]),
    ]
    model = outcome.assets["identity/model"]
    if model["trained"]:
        lines.append(f"           the identity model {model['version']} was trained first: there was none in force")
    return lines


def _decisions(held: dict[str, Any]) -> list[str]:
    """What people decided, where they decided anything."""
    told = []
    if held["dagster/row_count"]:
        told.append(f"{_number(held['must_link'])} pairs together, {_number(held['cannot_link'])} apart")
    waiting, to_come = held["about_absent_records"], held["not_yet_in_force"]
    if waiting:
        told.append(f"{_number(waiting)} {'waits' if waiting == 1 else 'wait'} for a record that is not there")
    if to_come:
        told.append(f"{_number(to_come)} not in force yet")
    return [f"           decided by people: {'; '.join(told)}"] if told else []


def _ids(drift: dict[str, Any]) -> list[str]:
    """What became of the ids since the last publication, in the ledger's words."""
    churn, changes = drift["churn"], ("created", "absorbed", "split", "retired", "restored")
    if not churn["published_records"]:
        return [f"           customer ids: {_number(churn['created'])} created, none published before"]
    if not any(churn[change] for change in changes):
        return [f"           customer ids since the last publication: {_number(churn['kept'])} kept, no id changed"]
    counted = ", ".join(f"{_number(churn[change])} {change}" for change in ("kept", *changes))
    return [
        f"           customer ids since the last publication: {counted}",
        f"           {drift['moved_share']:.2%} of the records published then are another customer's now",
    ]


def _segments(outcome: Outcome) -> list[str]:
    """Where the analysts' definitions were found: whoever writes one wants to know that it was read."""
    told = outcome.assets["segments/definitions"]
    counted = f"{_number(told['segments'])} segments and {_number(told['traits'])} traits"
    return [f"Segments   {counted} of {_near(Path(told['file']))}"]


def _marts(outcome: Outcome) -> list[str]:
    marts = outcome.assets["published/warehouse"]["rows_by_mart"]
    width = max((len(name) for name in marts), default=0)
    return ["Marts (rows)", *(f"  {name:<{width}}  {_number(count):>12}" for name, count in sorted(marts.items()))]


def _checks(outcome: Outcome) -> list[str]:
    lines = [f"Checks     {_number(outcome.checks_passed)} passed, {len(outcome.checks_warned)} warned, 0 failed"]
    for name in outcome.checks_warned:
        said = outcome.check_descriptions.get(name, "").splitlines()
        lines += [f"           warned: {name}", *_shortened(f"             {line}" for line in said)]
    return lines


def _times(progress: Progress) -> list[str]:
    stages = [f"{name} {progress.stages[name].elapsed:.1f} s" for name in ORDER]
    whole = progress.seconds
    rest = whole - sum(progress.stages[name].elapsed for name in ORDER)
    return [f"Time       {whole:.1f} s: {', '.join(stages)}, starting up and bookkeeping {rest:.1f} s"]


def _next(home: Home, outcome: Outcome) -> list[str]:
    query = f'import duckdb; duckdb.connect("{_near(home.warehouse)}", read_only=True).sql("{FIRST_QUERY}").show()'
    home_option = "" if _near(home.root) == "data" else f" --home {shlex.quote(_near(home.root))}"
    report = outcome.assets.get("published/report")
    return [
        *([f"Read the report:       {_near(Path(report['latest']))}"] if report else []),
        "Next, ask it something:",
        f"  {_near(Path(sys.executable))} -c {shlex.quote(query)}",
        f"See how it was built:  parcours ui{home_option}",
        f"The whole log:         {_near(outcome.log)}",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    widths = [max(len(str(row[column])) for row in (header, *rows)) for column in range(len(header))]
    is_number = [column >= 2 for column in range(len(header))]
    return [
        "  ".join(
            f"{cell:>{width}}" if number else f"{cell:<{width}}"
            for cell, width, number in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]


def _shortened(lines: Iterable[str]) -> list[str]:
    all_of_them = list(lines)
    rest = len(all_of_them) - MOST_LINES
    return all_of_them if rest <= 0 else [*all_of_them[:MOST_LINES], f"  and {rest} more"]


def _number(count: int) -> str:
    return f"{count:,}"


def _near(path: Path) -> str:
    """The path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
