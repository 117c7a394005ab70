"""What a column holds, as far as its values show: a mailbox, a number to call, a date and how it is written."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.extracts.casting import FALSE, TRUE
from pipelines.onboarding.values.date_formats import DateFormat, find_date_format, find_time_format
from pipelines.onboarding.values.number_marks import are_numbers, has_decimals

MOST = 2_000  # Values looked at; a shape shows in a few hundred.
MOSTLY = 0.7  # Of the values; columns typed by hand hold a bit of everything.

_MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?:\+|00)?\(?\d[\d .()/\-]{7,18}\d")
_KEEPS_TEXT = re.compile(r'="([^"]*)"|\'(\S*\d\S*)')


@dataclass(frozen=True)
class Shape:
    """The values of one column, cleaned, empty ones left out. ``rows``: how many there were with the empty ones."""

    values: tuple[str, ...] = field(repr=False)
    rows: int

    @cached_property
    def sample(self) -> tuple[str, ...]:
        """As many as show the shape, from the first to the last."""
        return self.values[:: len(self.values) // MOST + 1]

    @property
    def is_empty(self) -> bool:
        return not self.values

    @cached_property
    def distinct(self) -> int:
        return len(set(self.values))

    @property
    def tells_rows_apart(self) -> bool:
        """Whether it is filled, and another, on every row."""
        return self.distinct == self.rows > 0

    @cached_property
    def are_mails(self) -> bool:
        return self._share(_MAIL) >= MOSTLY

    @cached_property
    def are_phones(self) -> bool:
        """Numbers to call: with a prefix, a zero in front or marks between, which ids have not."""
        usual = [value for value in self.sample if re.match(r"\+|0|\(", value) or re.search(r"\d[ .\-]\d", value)]
        return self._share(_PHONE) >= MOSTLY and len(usual) >= MOSTLY * len(self.sample) and self.date is None

    @cached_property
    def are_mobiles(self) -> bool:
        """Phones of which most are those of mobiles in France, where the number tells."""
        mobiles = sum(bool(re.match(r"(?:\+33|0033|0)\s*\(?0?\)?\s*[67]", value)) for value in self.sample)
        return self.are_phones and mobiles >= MOSTLY * len(self.sample)

    @cached_property
    def are_numbers(self) -> bool:
        return are_numbers(self.sample)

    @cached_property
    def are_fractions(self) -> bool:
        return self.are_numbers and has_decimals(self.sample)

    @cached_property
    def are_booleans(self) -> bool:
        words = {value.lower() for value in self.sample}
        return bool(words) and words <= {*TRUE, *FALSE}

    @cached_property
    def date(self) -> DateFormat | None:
        found = find_date_format(self.sample)
        # One day above 12 is enough, and may be any.
        return find_date_format(list(dict.fromkeys(self.values))) if found is not None and found.is_open else found

    @cached_property
    def time(self) -> str | None:
        return find_time_format(self.sample) if self.sample else None

    @cached_property
    def are_births(self) -> bool:
        """Dates of which most lie a generation or more back."""
        if self.date is None or self.date.epoch:
            return False
        years = [int(found[0]) for value in self.sample if (found := re.search(r"(?:19|20)\d{2}", value))]
        return len(years) >= MOSTLY * len(self.sample) and sorted(years)[len(years) // 2] <= 2005 and min(years) < 1985

    @cached_property
    def commonest(self) -> list[str]:
        """The different values, the commonest first."""
        return [value for value, _ in sorted(Counter(self.values).items(), key=lambda item: (-item[1], item[0]))]

    def _share(self, pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(value)) for value in self.sample) / max(len(self.sample), 1)


def shape_of(values: Iterable[object]) -> Shape:
    """The shape of a column of which ``values`` are the first rows, None where there is no value."""
    listed: Sequence[object] = list(values)
    cleaned = (clean(value) for value in listed if value is not None)
    return Shape(tuple(value for value in cleaned if value), len(listed))


def clean(value: object) -> str:
    """A value as text, as SQL will see it: blanks at the ends and what keeps a number a text are gone."""
    text = str(value).replace("\u00a0", " ").replace("\u202f", " ").replace("\ufeff", "").strip()
    kept = _KEEPS_TEXT.fullmatch(text)
    return (kept[1] or kept[2] or "").strip() if kept else text
