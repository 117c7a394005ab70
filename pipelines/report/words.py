"""The words and the numbers of a language, as its file under ``labels`` writes them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.config.sources import Language

Kind = Literal[
    "text", "count", "signed_count", "money", "money_short", "share", "percent", "signed_share", "signed_percent",
    "number", "score", "times", "days", "about_days", "day", "month", "month_short",
]  # fmt: skip

FOLDER = Path(__file__).with_name("labels")
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
MILLION = 1_000_000
MINUS = "\N{MINUS SIGN}"


@cache
def read_labels(language: Language) -> dict[str, str]:
    """Every label of a language by ``<group>.<name>``."""
    groups: dict[str, dict[Any, str]] = yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return {f"{group}.{name}": _set(text) for group, labels in groups.items() for name, text in labels.items()}


def _set(text: str) -> str:
    """As a printer sets it: curly apostrophes, and no line that begins with a colon or a semicolon."""
    for plain, typeset in (("'", "’"), (" :", "\N{NO-BREAK SPACE}:"), (" ;", "\N{NARROW NO-BREAK SPACE};")):
        text = text.replace(plain, typeset)
    return text


@dataclass(frozen=True)
class Words:
    """How one language says things. ``currency`` is that of the warehouse's amounts, empty where it has none."""

    language: Language
    currency: str = ""

    def say(self, label: str, **parts: str) -> str:
        """The label with its parts, which are written already, filled in."""
        return read_labels(self.language)[label].format(**parts)

    def count(self, label: str, count: int) -> str:
        """The label for so many; ``<label>_one`` where the language takes that for a single one."""
        is_one = abs(count) < 2 if self.language == "fr" else count == 1
        return self.say(f"{label}_one" if is_one else label, count=self.write("count", count))

    def name(self, group: str, value: str) -> str:
        """What people call a value of a mart; a value of the retailer's own stays itself, in words."""
        return read_labels(self.language).get(f"{group}.{value}") or value.replace("_", " ")

    def write(self, kind: Kind, value: Any) -> str:
        """A value as the language writes it; a dash for none."""
        if value is None:
            return "–"
        if kind == "text":
            return str(value)
        if kind in ("day", "month", "month_short"):
            return self._date(kind, value)
        return self._number(kind, value).replace("-", MINUS)

    def _number(self, kind: Kind, value: Any) -> str:
        if kind in ("money", "money_short"):
            return self._money(value, is_short=kind == "money_short")
        if kind in ("share", "percent", "signed_share", "signed_percent"):
            return self._percent(kind, 100 * value)
        if kind in ("count", "signed_count"):
            return ("+" if kind == "signed_count" and value > 0 else "") + self._digits(value, 0)
        if kind == "about_days":
            return self.say("format.no_day") if value < 1 else self.count("format.whole_days", round(value))
        number = self._digits(value, 1)
        if kind == "days":
            return self.say("format.days", number=number)
        if kind == "times":
            return self.say("format.times", number=number)
        return f"+{number}" if kind == "score" and round(value, 1) > 0 else number

    def _percent(self, kind: Kind, percent: float) -> str:
        decimals = 1
        if kind == "signed_percent" or (kind == "percent" and (not percent or round(abs(percent), 1) >= 10)):
            decimals = 0  # In a sentence or a small cell a tenth says nothing, unless there is little more.
        sign = "+" if kind.startswith("signed") and round(percent, decimals) > 0 else ""
        return sign + self.say("format.percent", number=self._digits(percent, decimals))

    def _money(self, value: Any, *, is_short: bool) -> str:
        if not is_short:
            label, digits = "format.money", self._digits(value, 2)
        elif abs(value) < MILLION:
            label, digits = "format.money", self._digits(value, 0)
        else:
            label, digits = "format.millions", self._digits(Decimal(value) / MILLION, 1)
        sign = "-" if digits.startswith("-") else ""
        symbol = SYMBOLS.get(self.currency, f"{self.currency}\N{NO-BREAK SPACE}")
        return sign + self.say(label, amount=digits.removeprefix("-"), symbol=symbol).strip()

    def _digits(self, value: Any, decimals: int) -> str:
        """Grouped by thousands; what rounds to nothing has no sign."""
        text = f"{value:,.{decimals}f}"
        if not text.strip("-0.,"):
            text = text.removeprefix("-")
        whole, _, rest = text.partition(".")
        whole = whole.replace(",", self.say("format.group"))
        return f"{whole}{self.say('format.decimal')}{rest}" if rest else whole

    def _date(self, kind: Kind, value: date) -> str:
        group = "month_short" if kind == "month_short" else "month"
        month = self.name(group, str(value.month))
        if kind == "day":
            return self.say("format.day", day=str(value.day), month=month, year=str(value.year))
        return f"{month} {value.year}"
