"""What became of one table's pull, in plain values: for whoever shows it, whatever the language."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from pipelines.pulls.pull import Outcome
from pipelines.pulls.reconciliation import CHANGED_ROWS, Reconciled
from pipelines.pulls.system import ROWS

MOST = 5
"""Of the differences beyond tolerance, the largest; the lake's table has all."""
LEAST = Decimal("0.000001")
"""What the lake's table shows of a difference: below, it is the order in which floats were added."""


def account_for(outcome: Outcome) -> dict[str, Any]:
    """What :meth:`Outcome.describe` tells, and besides

    - ``is_counted``: whether the source has counted its rows or summed their amounts; None where tonight nothing came
      of it at all,
    - ``days``: how many days both sides were counted by,
    - ``sums``: for each amount its sum on both sides, as text, unless all of it is of one day; of a table that is not
      taken, what arrived,
    - ``differing``: how many counts and sums differ, ``beyond`` those beyond tolerance, the largest first; both sides
      of a day's sum are null, since of a day with one order it would be that order's,
    - ``columns``: what is new, missing or of another kind of its columns.
    """
    measured = outcome.reconciled
    wrong = sorted((each for each in measured if not each.is_taken), key=_largest_first)
    is_asked = bool(measured) or outcome.state == "taken"
    return {
        **outcome.describe(),
        "taken_at": outcome.taken_at,
        "is_counted": bool(measured) if is_asked else None,
        "days": len({each.day for each in measured if each.day is not None}),
        "sums": _add_up(measured),
        "differing": sum(abs(each.difference) >= LEAST for each in measured),
        "beyond": [_describe(each) for each in wrong[:MOST]],
        "beyond_count": len(wrong),
        "columns": outcome.changes.describe(),
        "notes": list(outcome.notes),
    }


def sort_accounts(accounts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What differs beyond tolerance first, then what is not of tonight, what is not counted, and the others by name."""
    return sorted(accounts, key=lambda each: (_rank(each), each["source"], each["table"]))


def _rank(account: dict[str, Any]) -> int:
    signs = (
        account["beyond_count"] > 0,
        account["state"] == "not taken",
        account["state"] == "kept",
        bool(account["columns"]),
        account["differing"] > 0,
        account["is_counted"] is False,
    )
    return signs.index(True) if True in signs else len(signs)


def _add_up(measured: Sequence[Reconciled]) -> list[dict[str, str]]:
    days = {each.day for each in measured}
    if len(days) == 1 and None not in days:
        return []
    told_of_all = {each.measure for each in measured if not each.is_complete and each.day is None}
    measured = [each for each in measured if each.day is None or each.measure not in told_of_all]
    names = dict.fromkeys(each.measure for each in measured if each.measure != ROWS)
    return [
        {
            "measure": name,
            "source": _write(sum((each.source for each in measured if each.measure == name), Decimal(0))),
            "landed": _write(sum((each.landed for each in measured if each.measure == name), Decimal(0))),
        }
        for name in names
    ]


def _describe(one: Reconciled) -> dict[str, str | None]:
    if one.day and one.measure not in (ROWS, CHANGED_ROWS):
        return {"day": one.day, "measure": one.measure, "source": None, "landed": None}
    return {"day": one.day, "measure": one.measure, "source": _write(one.source), "landed": _write(one.landed)}


def _largest_first(one: Reconciled) -> tuple[bool, Decimal, str, str]:
    return (one.measure not in (ROWS, CHANGED_ROWS), -abs(one.difference), one.day or "", one.measure)


def _write(value: Decimal) -> str:
    return f"{value:f}"
