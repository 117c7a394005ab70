"""The morning report: published or not, what changed, what is amiss, how long it took; as a mail and as a page.

Counts, names of sources and tables, and messages of ours, which are English as all errors are; no value of an export.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.charts.page import open_templates
from pipelines.config.home import Home
from pipelines.lake.tables import replacing
from pipelines.nights.alert import Alert
from pipelines.nights.outcome import Outcome
from pipelines.nights.pulled import read_accounts, tell_pulls
from pipelines.nights.record import read_last_night, usual_seconds
from pipelines.nights.settings import Nights
from pipelines.texts.texts import Texts, open_texts
from pipelines.visible_text import make_one_line, make_visible

MOST_LINES, LONGEST_LINE = 12, 500
CHANGES = ("kept", "created", "absorbed", "split", "retired", "restored")
NOTABLE = 1.5
"""Times the usual duration, or its inverse, from which on the difference is said in words."""


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[str]


def compose_morning(
    outcome: Outcome,
    nights: Nights,
    home: Home,
    run_id: str,
    as_of: str,
    times: tuple[datetime, datetime],
    language: str,
) -> Alert:
    """The report of one night, in the language of nights.yml, else in ``language``; ``times`` are its begin and end."""
    texts = open_texts(nights.language or language, "morning")
    page = _Morning(outcome, texts, open_texts(texts.language, "run"), home, run_id, as_of)
    sections = [each for each in page.sections(times) if each.lines]
    title, footer = page.title(), texts.say("footer", run=run_id, home=str(home.root))
    html = open_templates(Path(__file__).with_name("templates")).get_template("morning.html").render(
        language=texts.language, title=title, mood=page.mood(), sections=sections, footer=footer
    )  # fmt: skip
    plain = "\n\n".join(
        [
            title,
            *("\n".join([each.title, *(f"  - {_indent(line)}" for line in each.lines)]) for each in sections),
            footer,
        ]
    )
    return Alert(
        key=f"morning-{run_id}",
        kind="morning_report",
        subject=make_one_line(f"Parcours: {title}"),
        text=make_visible(plain) + "\n",
        html=html,
        instead_of=None if outcome.published else "failed",
        facts={"run_id": run_id, "as_of": as_of, "published": outcome.published, "home": str(home.root)},
    )


def write_page(home: Home, morning: Alert) -> Path:
    """Puts the report at `<home>/morning.html`."""
    file = home.root / "morning.html"
    with replacing(file) as temporary:
        temporary.write_text(morning.html or "", encoding="utf-8")
    return file


@dataclass(frozen=True)
class _Morning:
    outcome: Outcome
    texts: Texts
    run: Texts
    home: Home
    run_id: str
    as_of: str

    def title(self) -> str:
        if self.outcome.published:
            return self.texts.say(
                "published" if self.outcome.succeeded else "published_without_report", day=self._day()
            )
        good = read_last_night(self.home).last_good
        if good is None or not self.home.warehouse.exists():
            return self.texts.say("nothing_published", day=self._day())
        return self.texts.say("former_stands", day=self._day(), former=self._write_day(good.as_of))

    def mood(self) -> str:
        if not self.outcome.published:
            return "stands"
        return "flagged" if self.outcome.checks_warned or not self.outcome.succeeded else ""

    def sections(self, times: tuple[datetime, datetime]) -> Iterable[Section]:
        yield Section(
            self.texts.say("failed"), [self._cut(f"{each.step}: {each.message}") for each in self.outcome.failures]
        )
        yield Section(self.texts.say("late"), self._late())
        yield Section(self.texts.say("pulls"), self._pulls())
        yield Section(self.texts.say("customers"), self._customers())
        yield Section(self.texts.say("sources"), self._sources())
        yield Section(self.texts.say("quality"), self._quality())
        yield Section(self.texts.say("drift"), self._drift())
        yield Section(self.texts.say("duration"), [self._duration(*times)])

    def _of(self, asset: str) -> Mapping[str, Any]:
        return self.outcome.assets.get(asset, {})

    def _late(self) -> list[str]:
        return [
            self.texts.say("late_source", source=each["source"], what=each["what"])
            for asset in ("sources/arrivals", "landed/pulls")
            for each in self._of(asset).get("late", [])
        ]

    def _pulls(self) -> list[str]:
        return self._shorten(map(self._cut, tell_pulls(read_accounts(self.outcome), self.texts.language)))

    def _customers(self) -> list[str]:
        people, records = (self._of(f"identity/{name}").get("dagster/row_count") for name in ("customers", "records"))
        churn = self._of("identity/drift").get("churn")
        if people is None or records is None or churn is None:
            return []
        lines = [self.run.say("people", people=self._count(people), records=self._count(records))]
        if not churn["published_records"]:
            return [*lines, self.run.say("ids_first", created=self.run.count("created", churn["created"]))]
        changes = ", ".join(self.run.count(change, churn[change]) for change in CHANGES)
        return [*lines, self.run.say("ids_changed", changes=changes)]

    def _sources(self) -> list[str]:
        totals: dict[str, list[int]] = {}
        for metadata in self.outcome.assets.values():
            for name, counts in metadata.get("rows_by_source", {}).items():
                total = totals.setdefault(name, [0, 0, 0])
                for position, column in enumerate(("rows_read", "rows_kept", "rows_rejected")):
                    total[position] += counts[column]
        return self._shorten(
            self.texts.say(
                "rows", source=name, read=self._count(read), kept=self._count(kept), rejected=self._count(out)
            )
            for name, (read, kept, out) in sorted(totals.items())
        )

    def _quality(self) -> list[str]:
        passed, warned, failed = (
            self.outcome.checks_passed, len(self.outcome.checks_warned), len(self.outcome.checks_failed),
        )  # fmt: skip
        lines = [
            self.texts.say("checks", passed=self._count(passed), warned=self._count(warned), failed=self._count(failed))
        ]
        rejected = self._of("quarantine/quarantined_rows").get("dagster/row_count")
        if rejected:
            lines.append(self.texts.count("quarantined", rejected))
        at_fault = [*self.outcome.checks_failed, *self.outcome.checks_warned]
        said = (f"{name}\n{self.outcome.check_descriptions.get(name, '')}".strip() for name in at_fault)
        return [*lines, *self._shorten(map(self._cut, said))]

    def _drift(self) -> list[str]:
        verdicts, churn = (self._of("identity/drift").get(name) for name in ("verdicts", "churn"))
        if not verdicts or not churn or not churn["published_records"]:
            return []  # A first night is compared with none.
        beyond = sum(verdicts.get(name, 0) for name in ("warning", "blocking"))
        return [self.texts.count("beyond", beyond) if beyond else self.texts.say("as_usual")]

    def _duration(self, began: datetime, ended: datetime) -> str:
        seconds, usual = (ended - began).total_seconds(), usual_seconds(self.home, self.run_id)
        lasted = self._spell(seconds)
        if usual is None:
            return self.texts.say("lasted", lasted=lasted)
        key = "lasted_usual"
        if usual > 0 and not 1 / NOTABLE <= seconds / usual <= NOTABLE:
            key = "lasted_longer" if seconds > usual else "lasted_shorter"
        return self.texts.say(key, lasted=lasted, usual=self._spell(usual))

    def _spell(self, seconds: float) -> str:
        if seconds < 90:
            return self.texts.say("seconds", count=self._count(round(seconds)))
        return self.texts.say("minutes", count=self._count(round(seconds / 60)))

    def _shorten(self, lines: Iterable[str]) -> list[str]:
        listed = list(lines)
        rest = len(listed) - MOST_LINES
        return listed if rest <= 0 else [*listed[:MOST_LINES], self.run.say("more_lines", count=self._count(rest))]

    def _day(self) -> str:
        return self._write_day(self.as_of)

    def _write_day(self, written: str) -> str:
        try:
            return self.texts.write("day", date.fromisoformat(written))
        except ValueError:
            return self.texts.write("day", None)

    def _count(self, count: int) -> str:
        return self.texts.write("count", count)

    def _cut(self, text: str) -> str:
        return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]} ..."


def _indent(line: str) -> str:
    return line.strip().replace("\n", "\n    ")
