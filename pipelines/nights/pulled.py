"""What became of the tables that were pulled, in words: both sides of each, and what differs before all else.

An account is what ``pulls/account`` makes of a table, as it comes back from Dagster's records.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.nights.outcome import Outcome
from pipelines.pulls.reconciliation import CHANGED_ROWS
from pipelines.pulls.system import ROWS
from pipelines.texts.texts import Texts, open_texts

ASSET, CHECK = "landed/pulls", "every_pull_is_whole on landed/pulls"

Account = Mapping[str, Any]


def read_accounts(outcome: Outcome) -> list[Account]:
    """The accounts of a night, those at fault first; also of one that a pull has stopped."""
    told = outcome.assets.get(ASSET) or outcome.check_metadata.get(CHECK) or {}
    return list(told.get("pulled", []))


def tell_pulls(accounts: Sequence[Account], language: str) -> list[str]:
    """How many tables agree with their source, then a line for each, in the order they have."""
    if not accounts:
        return []
    texts = open_texts(language, "pulled")
    return [_sum_up(accounts, texts), *(tell_table(each, texts) for each in accounts)]


def tell_table(account: Account, texts: Texts, *, with_rows: bool = True) -> str:
    """One table in a line of the section ``pulled``; not ``with_rows``, what is beside its rows, empty if nothing."""
    parts = [
        *_tell_beyond(account, texts),
        *_tell_state(account, texts),
        *(_tell_rows(account, texts) if with_rows else ()),
        *(_tell_sum(each, texts) for each in account["sums"] if account["state"] == "taken"),
        *([texts.count("days", account["days"])] if account["days"] else []),
        *_tell_columns(account, texts),
    ]
    if not parts:
        return ""
    return texts.say("table", source=account["source"], table=account["table"], told=texts.say("mark").join(parts))


def _sum_up(accounts: Sequence[Account], texts: Texts) -> str:
    counts = {
        "agreeing": sum(
            each["state"] == "taken" and each["is_counted"] is True and not each["differing"] for each in accounts
        ),
        "tolerated": sum(
            each["state"] == "taken" and bool(each["differing"]) and not each["beyond_count"] for each in accounts
        ),
        "beyond": sum(bool(each["beyond_count"]) for each in accounts),
        "kept": sum(each["state"] == "kept" for each in accounts),
        "not_taken": sum(each["state"] == "not taken" for each in accounts),
        "uncounted": sum(each["state"] == "taken" and each["is_counted"] is False for each in accounts),
    }
    told = texts.say("mark").join(texts.count(name, count) for name, count in counts.items() if count)
    return texts.say("overall", tables=texts.count("tables", len(accounts)), told=told or texts.say("none"))


def _tell_beyond(account: Account, texts: Texts) -> Iterable[str]:
    for worst in account["beyond"][:1]:
        what = worst["measure"]
        if what in (ROWS, CHANGED_ROWS):
            what = texts.name("measure", what.replace(" ", "_"))
        day = _write_day(worst["day"], texts) if worst["day"] else ""
        if worst["source"] is None:
            yield texts.say("differs_of_day", what=what, day=day)
        else:
            source, landed = _write_both(worst, texts)
            key = "beyond_of_day" if day else "beyond_in_all"
            yield texts.say(key, what=what, day=day, source=source, landed=landed)
    if account["beyond_count"] > 1:
        yield texts.count("more", account["beyond_count"] - 1)


def _tell_state(account: Account, texts: Texts) -> Iterable[str]:
    message = "" if account["beyond_count"] or account["columns"] else (account["message"] or "").rstrip(".")
    if account["state"] == "kept":
        day = texts.write("day", date.fromisoformat(account["taken_at"][:10]))
        yield texts.say("kept_since", day=day, rows=texts.write("count", account["rows"]))
    elif account["state"] == "not taken":
        yield texts.say("nothing_taken")
    elif account["state"] == "absent":
        yield texts.say("absent")
    if message:
        yield message


def _tell_rows(account: Account, texts: Texts) -> Iterable[str]:
    if account["state"] != "taken":
        return
    rows, source = account["rows"], account["rows_in_source"]
    written = texts.write("count", rows)
    if not account["is_counted"]:
        yield texts.say("rows_uncounted", rows=written)
    elif source is None:  # Counted, though not over all days.
        yield texts.say("rows_here", rows=written)
    elif source == rows:
        yield texts.say("rows_on_both", rows=written)
    else:
        yield texts.say("rows_on_each", landed=written, source=texts.write("count", source))


def _tell_sum(both: Account, texts: Texts) -> str:
    source, landed = _write_both(both, texts)
    if source == landed:
        return texts.say("sum_on_both", measure=both["measure"], value=landed)
    return texts.say("sum_on_each", measure=both["measure"], landed=landed, source=source)


def _tell_columns(account: Account, texts: Texts) -> Iterable[str]:
    for kind, names in account["columns"].items():
        yield texts.say(f"columns_{kind}", names=", ".join(names))


def _write_day(day: str, texts: Texts) -> str:
    try:
        return texts.write("day", date.fromisoformat(day))
    except ValueError:
        return day  # Beyond the calendar, such as one of the year 20231.


def _write_both(both: Account, texts: Texts) -> tuple[str, str]:
    """The source's value and the landed one; to the last digit where they would look the same and are not."""
    values = [Decimal(both["source"]), Decimal(both["landed"])]
    is_whole = all(value == value.to_integral_value() for value in values)
    written = [texts.write("count" if is_whole else "decimal", value) for value in values]
    if written[0] == written[1] and values[0] != values[1]:
        written = [f"{value:f}".replace(".", texts.decimal_mark) for value in values]
    return written[0], written[1]
