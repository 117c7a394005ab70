"""What every section of the report keeps to: what its ``draw`` takes and gives, and rules that all of them share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipelines.report.figures import Figure
from pipelines.report.published_marts import Marts
from pipelines.report.tables import Table
from pipelines.texts.texts import Texts

Needs: TypeAlias = Sequence[tuple[str, ...]]
"""Canonical tables without which there is nothing to show: all of these, each as any one of its tables."""


@dataclass(frozen=True)
class Lack:
    """What the data cannot show: ``what`` is its name, ``why`` a sentence, and ``needs`` would show it."""

    what: str
    why: str
    needs: Needs


@dataclass(frozen=True)
class Section:
    """One question, answered. Without figures the title says that there is nothing to show and why.

    ``name`` is that of the section's module, of its place on the page and of its texts. ``scope``: the day or months it
    is of. ``facts``: values as written, by name, for who links the report. ``terms``: entries of the glossary
    (``report.term`` of the catalogue) that a reader of the section may not know. ``lacks``: parts that the data cannot
    fill, told at the end of the page. ``is_wide``: the words stand above the figures, not beside them.
    """

    name: str
    title: str
    lead: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    marts: Sequence[str] = ()
    nav: str = ""
    scope: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    terms: Sequence[str] = ()
    lacks: Sequence[Lack] = ()
    is_wide: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of it but what it lacks."""
        return bool(self.lacks) and not self.figures and not self.tables


Draw = Callable[[Marts, Texts], Section]


def share(part: Any, whole: Any) -> float | None:
    """A part of a whole; None where there is no whole."""
    return None if part is None or not whole else float(part) / float(whole)


def tell_period(marts: Marts, texts: Texts) -> str:
    """The months that the flows of a section are summed over."""
    if marts.period is None:
        return ""
    first, last = (texts.write("month", month) for month in (marts.period.first, marts.period.last))
    return texts.say("page.period", first=first, last=last)


def tell_day(marts: Marts, texts: Texts) -> str:
    """The day that a section's state is of."""
    return texts.say("page.as_of", day=texts.write("day", marts.as_of)) if marts.as_of else ""


def say_empty(name: str, marts: Sequence[str], texts: Texts, needs: Needs) -> Section:
    """A section whose marts are empty: a sentence in place of a chart, and the tables that would fill it."""
    nav, why = texts.say(f"{name}.nav"), texts.say(f"{name}.empty")
    return Section(name, why, marts=marts, nav=nav, lacks=[Lack(nav, why, needs)])


def say_few(name: str, marts: Sequence[str], texts: Texts) -> Section:
    """A section of which everything is about a few: a sentence in place of a chart; no table would fill it."""
    nav, why = texts.say(f"{name}.nav"), texts.say("page.too_few")
    return Section(name, why, marts=marts, nav=nav, lacks=[Lack(nav, why, ())])
