"""Whether the day or the month comes first in an export's dates: its columns have one habit."""

from collections.abc import Iterable

from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.values.date_formats import DateFormat


def find_order(exports: Iterable[Export]) -> tuple[str, str] | None:
    """`day first` or `month first`, and the column that shows it; None where no date shows it, or two contradict.

    ``exports`` are those of one system.
    """
    shown: dict[str, str] = {}
    for export in exports:
        for column, shape in export.shapes.items():
            date = shape.date
            if date is not None and date.order and not date.is_open and any("%d" in each for each in date.patterns):
                shown.setdefault(date.order, column)
    return next(iter(shown.items())) if len(shown) == 1 else None


def settle(date: DateFormat, order: tuple[str, str] | None) -> DateFormat:
    """The format with the order that another column of the system shows, if it leaves its own open."""
    if not date.is_open or order is None:
        return date
    return date.day_first() if order[0] == "day first" else date.month_first()
