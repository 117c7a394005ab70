"""How one language says things: its texts with their parts filled in, its plurals, its numbers and dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pipelines.texts.catalogue import read_catalogue

Kind = Literal[
    "text", "count", "signed_count", "money", "money_short", "share", "signed_share", "fine_share", "percent",
    "signed_percent", "probability", "number", "decimal", "bits", "score", "times", "days", "about_days", "day",
    "month", "month_short",
]  # fmt: skip
"""How a value is written. Shares are of 1, written as percentages: ``percent`` to the whole, ``fine_share`` to a
hundredth, ``probability`` likewise and never a hundred where it is less. ``bits`` are signed, to a hundredth."""

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
MILLION = 1_000_000
ALMOST_CERTAIN = 0.9999
MINUS = "\N{MINUS SIGN}"
DECIMALS = {"number": 1, "score": 1, "times": 1, "days": 1, "decimal": 2, "bits": 2}


@dataclass(frozen=True)
class Texts:
    """One section of a language's catalogue. ``currency`` is that of the amounts, empty where there is none."""

    language: str
    section: str
    currency: str
    catalogue: Mapping[str, str]

    @property
    def decimal_mark(self) -> str:
        return self.catalogue["format.decimal"]

    def say(self, key: str, /, **parts: str) -> str:
        """The text of the section with its parts, which are written already, filled in."""
        return self.catalogue[f"{self.section}.{key}"].format(**parts)

    def count(self, key: str, count: int) -> str:
        """The text for so many; that of ``<key>_one`` where the language takes the singular."""
        return self._count(f"{self.section}.{key}", count)

    def name(self, group: str, value: str) -> str:
        """What people call a value of a table; a value of the retailer's own stays itself, in words."""
        return self.catalogue.get(f"{self.section}.{group}.{value}") or value.replace("_", " ")

    def write(self, kind: Kind, value: Any) -> str:
        """A value as the language writes it; a dash for none."""
        if value is None:
            return "–"
        if kind == "text":
            return str(value)
        if kind in ("day", "month", "month_short"):
            return self._date(kind, value)
        return self._number(kind, value).replace("-", MINUS)

    def _count(self, place: str, count: int) -> str:
        singular = self.catalogue["format.singular"].split()
        return self.catalogue[f"{place}_one" if str(abs(count)) in singular else place].format(
            count=self.write("count", count)
        )

    def _format(self, key: str, /, **parts: str) -> str:
        return self.catalogue[f"format.{key}"].format(**parts)

    def _number(self, kind: Kind, value: Any) -> str:
        if kind in ("money", "money_short"):
            return self._money(value, is_short=kind == "money_short")
        if kind == "probability":
            return ("> " if value > ALMOST_CERTAIN else "") + self._number("fine_share", min(value, ALMOST_CERTAIN))
        if kind in ("share", "signed_share", "fine_share", "percent", "signed_percent"):
            return self._percent(kind, 100 * value)
        if kind in ("count", "signed_count"):
            return ("+" if kind == "signed_count" and value > 0 else "") + self._digits(value, 0)
        if kind == "about_days":
            return self._format("no_day") if value < 1 else self._count("format.whole_days", round(value))
        decimals = DECIMALS[kind]
        number = self._digits(value, decimals)
        if kind in ("days", "times"):
            return self._format(kind, number=number)
        return f"+{number}" if _is_signed(kind, value, decimals) else number

    def _percent(self, kind: Kind, percent: float) -> str:
        decimals = 2 if kind == "fine_share" else 1
        if kind == "signed_percent" or (kind == "percent" and (not percent or round(abs(percent), 1) >= 10)):
            decimals = 0  # In a sentence or a small cell a tenth says nothing, unless there is little more.
        sign = "+" if kind.startswith("signed") and round(percent, decimals) > 0 else ""
        return sign + self._format("percent", number=self._digits(percent, decimals))

    def _money(self, value: Any, *, is_short: bool) -> str:
        if not is_short:
            key, digits = "money", self._digits(value, 2)
        elif abs(value) < MILLION:
            key, digits = "money", self._digits(value, 0)
        else:
            key, digits = "millions", self._digits(Decimal(value) / MILLION, 1)
        sign = "-" if digits.startswith("-") else ""
        symbol = SYMBOLS.get(self.currency, f"{self.currency}\N{NO-BREAK SPACE}")
        return sign + self._format(key, amount=digits.removeprefix("-"), symbol=symbol).strip()

    def _digits(self, value: Any, decimals: int) -> str:
        """Grouped by thousands; what rounds to nothing has no sign."""
        text = f"{value:,.{decimals}f}"
        if not text.strip("-0.,"):
            text = text.removeprefix("-")
        whole, _, rest = text.partition(".")
        whole = whole.replace(",", self._format("thousands"))
        return f"{whole}{self.decimal_mark}{rest}" if rest else whole

    def _date(self, kind: Kind, value: date) -> str:
        group = "month_short" if kind == "month_short" else "month"
        month = self.catalogue[f"format.{group}.{value.month}"]
        if kind != "day":
            return self._format("month_of_year", month=month, year=str(value.year))
        key = "first_day" if value.day == 1 else "day"
        return self._format(key, day=str(value.day), month=month, year=str(value.year))


def _is_signed(kind: Kind, value: float, decimals: int) -> bool:
    """A plus stands before a score that is above zero, and before bits that are not below it."""
    return (kind == "score" and round(value, decimals) > 0) or (kind == "bits" and round(value, decimals) >= 0)


def open_texts(language: str, section: str, currency: str = "") -> Texts:
    """The texts of ``section`` in a language of :func:`pipelines.texts.catalogue.list_languages`.

    Raises CatalogueError where the language's file does not go with the English one.
    """
    return Texts(language, section, currency, read_catalogue(language))
