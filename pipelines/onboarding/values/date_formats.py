"""How a column writes dates and times, told from its values; never guessed where they leave it open."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

ENOUGH = 0.9  # Of the values; the others are slips, which the extract sets apart and counts.

_PARTED = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})\2(\d{2,4})(?!\d)")
_TIME = re.compile(
    r"(?P<sep>[ T,]+(?:à |a |at )?)?(?P<hour>\d{1,2})(?P<mark>[:hH.])(?P<minute>\d{2})(?P<second>:\d{2})?"
    r"(?P<part>\.\d+)?(?P<half> ?[AaPp]\.?[Mm]\.?)?(?P<zone> ?(?:Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2}))?$"
)
_COMPACT = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[ T]?(\d{4}|\d{6}))?$")
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3})?$")
_ENGLISH = (
    (re.compile(r"(?i)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2},? \d{4}"), "month first"),
    (re.compile(r"(?i)\d{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[ -]\d{4}"), "day first"),
)


@dataclass(frozen=True)
class DateFormat:
    """How a column writes its dates.

    ``patterns`` are those of strptime; none where a cast reads the values as they are. ``is_open``: days and months
    cannot be told apart, since no value has a day above 12; ``patterns`` are then day first. ``has_short_years``: of
    two digits, of which strptime decides the century. ``epoch``: seconds or milliseconds.
    """

    patterns: tuple[str, ...] = ()
    is_open: bool = False
    has_short_years: bool = False
    has_time: bool = False
    epoch: str | None = None
    order: str | None = None
    filled: float = 1.0

    def month_first(self) -> "DateFormat":
        """The same with the month before the day."""
        swapped = tuple(re.sub(r"%d([/.\-])%m", r"%m\1%d", pattern) for pattern in self.patterns)
        return replace(self, patterns=swapped, is_open=False, order="month first")

    def day_first(self) -> "DateFormat":
        return replace(self, is_open=False, order="day first")


@dataclass(frozen=True)
class _Read:
    pattern: str | None
    first: int = 0
    second: int = 0
    is_short: bool = False
    has_time: bool = False
    epoch: str | None = None


def find_date_format(values: Sequence[str]) -> DateFormat | None:
    """How ``values`` (no empty ones) write dates; None where they are none."""
    reads = [read for value in values if (read := _read(value.strip()))]
    if not values or len(reads) < ENOUGH * len(values):
        return None
    filled = len(reads) / len(values)
    epochs = {read.epoch for read in reads}
    if epochs != {None}:
        return DateFormat(epoch=str(next(iter(epochs))), has_time=True, filled=filled) if len(epochs) == 1 else None
    has_time = any(read.has_time for read in reads)
    is_short = any(read.is_short for read in reads)
    patterns = list(dict.fromkeys(read.pattern for read in reads))
    if patterns == [None]:
        return DateFormat(has_time=has_time, filled=filled)
    parted = [read for read in reads if read.first]
    has_day_first, has_month_first = any(read.first > 12 for read in parted), any(read.second > 12 for read in parted)
    if has_day_first and has_month_first:
        return None  # Two habits in one column: neither reads it.
    ordered = tuple(sorted({pattern or "%Y-%m-%d" for pattern in patterns}, key=lambda each: (-len(each), each)))
    found = DateFormat(ordered, bool(parted), is_short, has_time, filled=filled)
    if has_month_first:
        return found.month_first()
    return found.day_first() if has_day_first or not parted else found


def _read(value: str) -> _Read | None:
    """One value: its pattern, day first, and its first two parts where they may be day and month."""
    if _EPOCH.fullmatch(value):
        return _Read(None, epoch="milliseconds" if len(value) > 10 else "seconds")
    if compact := _COMPACT.fullmatch(value):
        clock = {0: "", 4: "%H%M", 6: "%H%M%S"}[len(compact[1] or "")]
        between = value[8] if compact[1] and not value[8].isdigit() else ""
        return _Read(f"%Y%m%d{between}{clock}", has_time=bool(clock))
    if parted := _PARTED.match(value):
        return _read_parted(parted, value)
    for pattern, order in _ENGLISH:
        if named := pattern.match(value):
            return _read_named(named[0], order, value[named.end() :])
    return None


def _read_parted(parted: re.Match[str], value: str) -> _Read | None:
    first, mark, second, third = parted[1], parted[2], int(parted[3]), parted[4]
    clock = _read_clock(value[parted.end() :])
    if clock is None or not 1 <= second <= 31:
        return None
    if len(first) == 4:
        if second > 12 or not 1 <= int(third) <= 31 or len(third) > 2:
            return None
        is_plain = mark in "-/" and _is_plain(clock)
        return _Read(None if is_plain else f"%Y{mark}%m{mark}%d{clock}", has_time=bool(clock))
    if len(first) == 3 or len(third) == 3 or not 1 <= int(first) <= 31 or (int(first) > 12 and second > 12):
        return None
    year = "%Y" if len(third) == 4 else "%y"
    pattern = f"%d{mark}%m{mark}{year}{clock}"
    return _Read(pattern, int(first), second, is_short=year == "%y", has_time=bool(clock))


def _read_named(date: str, order: str, rest: str) -> _Read | None:
    clock = _read_clock(rest)
    if clock is None:
        return None
    month = "%B" if re.search(r"[A-Za-z]{4,}", date) else "%b"
    if order == "day first":
        mark = "-" if "-" in date else " "
        return _Read(f"%d{mark}{month}{mark}%Y{clock}", has_time=bool(clock))
    return _Read(f"{month} %d{',' if ',' in date else ''} %Y{clock}", has_time=bool(clock))


def _is_plain(clock: str) -> bool:
    """Whether a cast reads the time as it is, after an ISO date."""
    return clock in ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M", " %H:%M:%S.%g") or clock.endswith("%z")


def _read_clock(rest: str) -> str | None:
    """The pattern of what follows a date; None where that is no time."""
    if not rest.strip():
        return ""
    time = _TIME.fullmatch(rest)
    if not time or not time["sep"] or int(time["minute"]) > 59:
        return None
    half = time["half"] or ""
    if int(time["hour"]) > (12 if half else 23):
        return None
    clock = f"{time['sep']}{'%I' if half else '%H'}{time['mark']}%M"
    clock += ":%S" if time["second"] else ""
    clock += ".%g" if time["part"] else ""
    clock += (" %p" if half.startswith(" ") else "%p") if half else ""
    return clock + ((" %z" if time["zone"].startswith(" ") else "%z") if time["zone"] else "")


def find_time_format(values: Iterable[str]) -> str | None:
    """The strptime pattern of a column of times of day, such as `%H:%M`; None where it is none or has several."""
    patterns = set()
    for value in values:
        text = value.strip()
        if re.fullmatch(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?", text):
            patterns.add("%H%M%S" if len(text) == 6 else "%H%M")
        elif half := re.fullmatch(r"(?:0?\d|1[0-2]):\d{2}(:\d{2})?( ?)[AaPp][Mm]", text):
            patterns.add(f"%I:%M{':%S' if half[1] else ''}{half[2]}%p")
        elif re.fullmatch(r"\d{1,2}[hH]\d{2}", text):
            patterns.add(f"%H{text[-3]}%M")
        elif re.fullmatch(r"\d{1,2}:\d{2}(?::\d{2})?", text) and int(text.split(":")[0]) < 24:
            patterns.add("%H:%M:%S" if text.count(":") == 2 else "%H:%M")
        else:
            return None
    return patterns.pop() if len(patterns) == 1 else None
