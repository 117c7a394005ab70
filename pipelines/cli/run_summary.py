"""The summary of a run, for the person who reads it the next morning.

A run that published is summarised in the language of the report. Failures are reported in English, like all errors.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.cli.progress import ORDER, Progress
from pipelines.cli.standing import as_it_was, near
from pipelines.cli.tables_of_text import lay_out
from pipelines.config.home import Home
from pipelines.config.home_sizes import measure_home
from pipelines.config.sources import Sources
from pipelines.doctor.exposed_files import find_exposed
from pipelines.identity.monitoring.field_report import tell_example
from pipelines.lake.tables import Lake
from pipelines.nights.outcome import Outcome
from pipelines.nights.pulled import Account, read_accounts, tell_table
from pipelines.texts.texts import Texts, open_texts
from pipelines.warehouse.access import declared_group, declared_readers, find_barrier
from pipelines.warehouse.newest_orders import are_silent

MOST_LINES = 8
COUNTED_OF_PULLS = ("rows_pulled", "rows_gone", "rows", "rows_in_source")
MOST_LINES_FIRST = 24  # Of columns: a mistaken mapping is to be seen the first night.
FIRST_QUERY = (
    "select channel_profile, count(*) as customers, sum(revenue) as revenue "
    "from marts.customer_360 group by channel_profile order by revenue desc"
)


def render(outcome: Outcome, home: Home, sources: Sources, as_of: date, progress: Progress, texts: Texts) -> str:
    """The summary of a run that published, in the language of ``texts`` (section ``run``).

    Descriptions of checks and names of sources are not translated.
    """
    summary = _Summary(outcome, texts)
    paragraphs = [
        [texts.say("published", file=near(home.warehouse), day=texts.write("day", as_of))],
        summary.list_sources(sources),
        summary.list_pulled(),
        summary.tell_unchanged(),
        summary.list_rejections(home),
        summary.list_references(),
        summary.list_set_apart(as_of),
        summary.list_silent(as_of),
        summary.list_noteworthy_fields(),
        summary.tell_people(),
        summary.tell_segments(),
        summary.list_marts(),
        summary.tell_checks(),
        summary.tell_access(home),
        summary.tell_disk(home),
        summary.tell_time(progress),
        summary.say_what_next(home),
    ]
    return "\n" + "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def render_failure(outcome: Outcome, home: Home) -> str:
    """Why a run published nothing: each failed step with its message, and what is left to do."""
    lines = ["", "Nothing was published.", *_failures(outcome)]
    explained = tuple(f"on {failure.step}" for failure in outcome.failures)
    at_fault = [name for name in outcome.checks_failed if not name.endswith(explained)]
    if at_fault:
        lines += [
            "",
            "Checks that failed:",
            *_shorten((f"  {name}" for name in at_fault), lambda rest: f"and {rest} more"),
        ]
    exposed = find_exposed(home)
    if exposed:
        lines += ["", f"Other users can read {len(exposed)} of its files and folders. To close them: {_mend(home)}"]
    lines += ["", f"{as_it_was(home)} Fix the problem above and run again. Full log: {near(outcome.log)}", ""]
    return "\n".join(lines)


def render_unfinished(outcome: Outcome) -> str:
    """What failed after the warehouse was published, and what to do about it."""
    hint = "The warehouse is published nevertheless. Fix the problem above, then `parcours report` draws the report."
    return "\n".join([*_failures(outcome), "", f"{hint} Full log: {near(outcome.log)}", ""])


def _failures(outcome: Outcome) -> list[str]:
    lines: list[str] = []
    for failure in outcome.failures:
        message = failure.message.strip().replace("\n", "\n  ")
        lines += ["", f"✗ {failure.step}", f"  {message}"]
    return lines


@dataclass(frozen=True)
class _Summary:
    """The paragraphs, as lists of lines. Some have a label before the first line; the other lines are indented."""

    outcome: Outcome
    texts: Texts

    def list_sources(self, sources: Sources) -> list[str]:
        totals = {source.name: [0, 0, 0] for source in sources.sources}
        for metadata in self.outcome.assets.values():
            for name, counts in metadata.get("rows_by_source", {}).items():
                for position, column in enumerate(("rows_read", "rows_kept", "rows_rejected")):
                    totals[name][position] += counts[column]
        rows = [[source.name, source.kind, *map(self._number, totals[source.name])] for source in sources.sources]
        headings = [self.texts.say(f"column_{name}") for name in ("source", "kind", "read", "kept", "rejected")]
        return lay_out(headings, rows, numbers=range(2, 5))

    def list_pulled(self) -> list[str]:
        """What came of every table that is pulled, beside what its system counted: what differs before all else."""
        pulled = read_accounts(self.outcome)
        if not pulled:
            return []
        rows = [
            [
                f"{each['source']} {each['table']}",
                self.texts.say(f"pull_{each['mode'] or each['state']}"),
                *(self._write_count(each, name) for name in COUNTED_OF_PULLS),
            ]
            for each in pulled
        ]
        headings = [self.texts.say(f"column_{name}") for name in ("table", "pulled", *COUNTED_OF_PULLS)]
        told = open_texts(self.texts.language, "pulled")
        beside = [line for each in pulled if (line := tell_table(each, told, with_rows=False))]
        table = lay_out(headings, rows, numbers=range(2, 6))
        return [*table, *self._shorten(f"  {line}" for line in beside)]

    def _write_count(self, account: Account, name: str) -> str:
        if name == "rows_in_source" and account["is_counted"] is False:
            return self.texts.say("pull_uncounted")
        return "" if account[name] is None else self._number(account[name])

    def tell_unchanged(self) -> list[str]:
        """Which tables were kept as they were, since nothing that they are made of has changed."""
        told = {
            asset: each for asset, each in self.outcome.assets.items() if "is_unchanged" in each and each["files_of"]
        }
        kept = [asset for asset, each in told.items() if each["is_unchanged"]]
        if not kept:
            return []
        counts = {"count": self._number(len(kept)), "all": self._number(len(told))}
        read = sorted(told.keys() - set(kept))
        lines = [self.texts.say("unchanged_tables", **counts)]
        return [*lines, *([self.texts.say("read_tables", tables=", ".join(read))] if read else [])]

    def list_rejections(self, home: Home) -> list[str]:
        rejected = [
            (metadata["rows_rejected"], asset, metadata["rejection_reasons"])
            for asset, metadata in self.outcome.assets.items()
            if metadata.get("rows_rejected")
        ]
        if not rejected:
            return []
        lines = []
        for count, asset, reasons in sorted(rejected, key=lambda row: (-row[0], row[1])):
            most = max(reasons, key=lambda reason: (reasons[reason], reason), default="")
            key = "rejected_mostly_for" if len(reasons) > 1 else "rejected_for"
            lines.append("  " + self.texts.say(key, table=asset, count=self._number(count), reason=most))
        folder = Lake(home.lake).quarantine_path("crm", "contacts").parent
        return [self.texts.say("rejected_rows", folder=near(folder)), *self._shorten(lines)]

    def list_references(self) -> list[str]:
        """What names rows that are not there, the largest share first; how to mend it stands with the checks."""
        found = self.outcome.assets.get("quarantine/references", {}).get("unmatched", [])
        lines = [
            "  "
            + self.texts.say(
                each["finding"],
                source=each["source"],
                column=f"{each['table']}.{each['column']}",
                targets=each["targets"],
                count=self._number(each["unmatched"]),
                rows=self._number(each["rows"]),
                share=self.texts.write("share", each["unmatched"] / max(each["rows"], 1)),
            )
            for each in sorted(
                found, key=lambda row: (-row["unmatched"] / max(row["rows"], 1), row["table"], row["column"])
            )
        ]
        return [self.texts.say("references"), *self._shorten(lines)] if lines else []

    def list_set_apart(self, as_of: date) -> list[str]:
        """The rows of after the day of the run: an export that goes on, or dates of the wrong century."""
        counted = [
            (metadata["rows_set_apart"], asset)
            for asset, metadata in self.outcome.assets.items()
            if metadata.get("rows_set_apart")
        ]
        lines = [
            "  " + self.texts.say("set_apart_of", table=asset, count=self._number(count))
            for count, asset in sorted(counted, key=lambda row: (-row[0], row[1]))
        ]
        return [self.texts.say("set_apart", day=self.texts.write("day", as_of)), *self._shorten(lines)] if lines else []

    def list_silent(self, as_of: date) -> list[str]:
        """The sources whose orders end long before the day of the run: an older export, or one that no longer comes."""
        newest = self.outcome.assets["published/warehouse"].get("newest_orders", {})
        lines = []
        for source, written in sorted(newest.items(), key=lambda row: (row[1], row[0])):
            day = date.fromisoformat(written)
            if are_silent(day, as_of):
                days = self._number((as_of - day).days)
                told = {"source": source, "day": self.texts.write("day", day), "count": days}
                lines.append("  " + self.texts.say("silent_since", **told))
        return [self.texts.say("silent"), *self._shorten(lines)] if lines else []

    def list_noteworthy_fields(self) -> list[str]:
        """The columns that lose most values: how a mistaken mapping shows."""
        noteworthy = self.outcome.assets.get("identity/field_report", {}).get("noteworthy", [])
        is_first = not self.outcome.assets["identity/drift"]["churn"]["published_records"]
        if not noteworthy:
            return [self.texts.say("nothing_noteworthy")] if is_first else []
        most = MOST_LINES_FIRST if is_first else MOST_LINES
        counts = ("rows", "filled", "unreadable", "implausible", "placeholder")
        rows = []
        for field in noteworthy[:most]:
            numbers = (
                field["row_count"],
                *(field[f"{name}_count"] for name in counts[1:]),
            )
            column = f"{field['source']} {field['table_name']}.{field['column_name']}"
            rows.append([column, *map(self._number, numbers), tell_example(field)])
        headings = [self.texts.say(f"field_{name}") for name in ("column", *counts, "example")]
        table = lay_out(headings, rows, numbers=range(1, 6))
        rest = len(noteworthy) - len(rows)
        more = [self.texts.say("more_lines", count=self._number(rest))] if rest else []
        return [self.texts.say("noteworthy"), *(f"  {line}" for line in [*table, *more])]

    def tell_people(self) -> list[str]:
        assets = self.outcome.assets
        people, records = (assets[f"identity/{name}"]["dagster/row_count"] for name in ("customers", "records"))
        lines = [
            self.texts.say("people", people=self._number(people), records=self._number(records)),
            *self._tell_accuracy(assets["identity/accuracy"]),
            *self._tell_nobody(assets["identity/records"].get("rows_of_nobody", 0)),
            *self._tell_decisions(assets["identity/decisions"]),
            *self._tell_ids(assets["identity/drift"]),
        ]
        return self._label("customers", [*lines, *self._tell_model(assets["identity/model"])])

    def _tell_accuracy(self, accuracy: dict[str, Any]) -> list[str]:
        """How wrong the customers are, as estimated without known truth, and whether that is more than a guess."""
        sides = {"": "estimate", "_low": "low", "_high": "high"}
        told = {
            f"{name}{suffix}": self.texts.write("fine_share", accuracy[f"{name}_{side}"])
            for name in ("precision", "recall")
            for suffix, side in sides.items()
        }
        guess = [] if accuracy["is_reliable"] else [self.texts.say("accuracy_guess")]
        return [self.texts.say("accuracy", **told), *guess]

    def _tell_nobody(self, rows: int) -> list[str]:
        return [self.texts.count("nobody", rows)] if rows else []

    def _tell_model(self, model: dict[str, Any]) -> list[str]:
        """Whether the model was learned tonight, and what it moved, or is still the shipped one."""
        if model.get("is_default"):
            return [self.texts.say("default_model", profiles=self._number(model["profiles"]))]
        if not model["trained"]:
            return []
        comparison = model["training"]["comparison"]
        if comparison is None:
            return [self.texts.say("trained", model=model["version"])]
        moved, records = (self._number(comparison[name]) for name in ("records_moved", "records"))
        return [self.texts.say("trained_in_place", model=model["version"], moved=moved, records=records)]

    def _tell_decisions(self, decisions: dict[str, Any]) -> list[str]:
        """The human decisions, if there are any."""
        counted = []
        if decisions["dagster/row_count"]:
            together = self.texts.count("decided_together", decisions["must_link"])
            counted.append(f"{together}, {self.texts.count('decided_apart', decisions['cannot_link'])}")
        if decisions["about_absent_records"]:
            counted.append(self.texts.count("decided_waiting", decisions["about_absent_records"]))
        if decisions["not_yet_in_force"]:
            counted.append(self.texts.count("decided_later", decisions["not_yet_in_force"]))
        return (
            [self.texts.say("decided", decisions=self.texts.say("decided_separator").join(counted))] if counted else []
        )

    def _tell_ids(self, drift: dict[str, Any]) -> list[str]:
        """What happened to the ids since the last publication, in the terms of the ledger."""
        churn, changes = drift["churn"], ("created", "absorbed", "split", "retired", "restored")
        if not churn["published_records"]:
            return [self.texts.say("ids_first", created=self.texts.count("created", churn["created"]))]
        if not any(churn[change] for change in changes):
            return [self.texts.say("ids_unchanged", kept=self.texts.count("kept", churn["kept"]))]
        counted = ", ".join(self.texts.count(change, churn[change]) for change in ("kept", *changes))
        return [
            self.texts.say("ids_changed", changes=counted),
            self.texts.say("moved", share=self.texts.write("fine_share", drift["moved_share"])),
        ]

    def tell_segments(self) -> list[str]:
        """Which file of definitions was read: whoever wrote one wants to see that it was."""
        definitions = self.outcome.assets["segments/definitions"]
        segments, traits = (self.texts.count(name, definitions[name]) for name in ("segments", "traits"))
        file = near(Path(definitions["file"]))
        return self._label("segments", [self.texts.say("definitions", segments=segments, traits=traits, file=file)])

    def list_marts(self) -> list[str]:
        marts = self.outcome.assets["published/warehouse"]["rows_by_mart"]
        width = max((len(name) for name in marts), default=0)
        rows = (f"  {name:<{width}}  {self._number(count):>12}" for name, count in sorted(marts.items()))
        return [self.texts.say("marts"), *rows]

    def tell_checks(self) -> list[str]:
        passed, warned = self.outcome.checks_passed, self.outcome.checks_warned
        lines = [self.texts.say("checks", passed=self._number(passed), warned=self._number(len(warned)))]
        for name in warned:
            said = self.outcome.check_descriptions.get(name, "").splitlines()
            lines += [self.texts.say("warned", check=name), *self._shorten(f"  {line}" for line in said)]
        return self._label("checks", lines)

    def tell_access(self, home: Home) -> list[str]:
        """That others may read what a former version or somebody by hand has left open, and who cannot read but may."""
        lines, exposed = [], find_exposed(home)
        if exposed:
            told = {"count": self._number(len(exposed)), "example": near(exposed[0].path), "command": _mend(home)}
            lines.append(self.texts.say("exposed", **told))
        readers = declared_readers(home)
        group = declared_group(home)
        barrier = None if group is None else find_barrier(home, group)
        if barrier is not None:
            lines.append(self.texts.say("barrier", group=str(readers), folder=near(barrier)))
        return lines

    def tell_disk(self, home: Home) -> list[str]:
        """What the home takes, and its parts."""
        sizes = measure_home(home.root)
        parts = [
            self.texts.say("disk_part", part=self.texts.name("home_part", part), size=self._number(round(size / 1e6)))
            for part, size in sizes.items()
            if round(size / 1e6) > 0
        ]
        whole = self._number(round(sum(sizes.values()) / 1e6))
        return self._label("disk", [self.texts.say("disk", whole=whole, parts=", ".join(parts))])

    def tell_time(self, progress: Progress) -> list[str]:
        elapsed = {name: progress.stages[name].elapsed for name in ORDER}
        stages = [
            f"{self.texts.name('stage', name)} {self.texts.write('number', seconds)} s"
            for name, seconds in elapsed.items()
        ]
        whole, rest = (
            self.texts.write("number", seconds)
            for seconds in (progress.seconds, progress.seconds - sum(elapsed.values()))
        )
        return self._label("time", [self.texts.say("time", whole=whole, stages=", ".join(stages), rest=rest)])

    def say_what_next(self, home: Home) -> list[str]:
        file = json.dumps(near(home.warehouse))
        query = f'import duckdb; duckdb.connect({file}, read_only=True).sql("{FIRST_QUERY}").show()'
        report = self.outcome.assets.get("published/report")
        places = {"see_how": f"parcours ui{_home_option(home)}", "log": near(self.outcome.log)}
        if report:
            places["read_report"] = near(Path(report["latest"]))
        labels = {name: self.texts.say(name) for name in ("read_report", "see_how", "log")}
        width = max(len(label) for label in labels.values()) + 2
        lines = {name: f"{labels[name]:<{width}}{place}" for name, place in places.items()}
        return [
            *([lines["read_report"]] if report else []),
            self.texts.say("ask"),
            f"  {near(Path(sys.executable))} -c {shlex.quote(query)}",
            lines["see_how"],
            lines["log"],
        ]

    def _label(self, name: str, lines: Sequence[str]) -> list[str]:
        """The first line after its label, the others aligned below it."""
        labels = {each: self.texts.say(f"label_{each}") for each in ("customers", "segments", "checks", "disk", "time")}
        width = max(len(label) for label in labels.values()) + 2
        heads = [labels[name], *[""] * (len(lines) - 1)]
        return [f"{head:<{width}}{line}" for head, line in zip(heads, lines, strict=True)]

    def _shorten(self, lines: Iterable[str]) -> list[str]:
        return _shorten(lines, lambda rest: self.texts.say("more_lines", count=self._number(rest)))

    def _number(self, count: int) -> str:
        return self.texts.write("count", count)


def _mend(home: Home) -> str:
    return f"parcours doctor{_home_option(home)} --mend"


def _home_option(home: Home) -> str:
    return "" if near(home.root) == "data" else f" --home {shlex.quote(near(home.root))}"


def _shorten(lines: Iterable[str], say_rest: Callable[[int], str]) -> list[str]:
    """The first few lines, and how many are left out."""
    all_of_them = list(lines)
    rest = len(all_of_them) - MOST_LINES
    return all_of_them if rest <= 0 else [*all_of_them[:MOST_LINES], f"  {say_rest(rest)}"]
