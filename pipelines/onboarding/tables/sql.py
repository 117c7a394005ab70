"""SQL over an export's columns, as short as a person would write it."""

import re
from collections.abc import Mapping, Sequence

from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.onboarding.values.date_formats import DateFormat

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = {
    "all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "column", "constraint", "create",
    "default", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "group",
    "having", "in", "initially", "intersect", "into", "lateral", "leading", "limit", "not", "null", "offset", "on",
    "only", "or", "order", "primary", "references", "returning", "select", "show", "some", "table", "then", "to",
    "trailing", "true", "union", "unique", "using", "when", "where", "window", "with",
}  # fmt: skip


def name(column: str) -> str:
    """A column in SQL, in quotes only where it needs them."""
    return column if _PLAIN.fullmatch(column) and column.lower() not in _RESERVED else quote_name(column)


def date(column: str, format_: DateFormat, clock: tuple[str, str] | None, *, is_forgiving: bool = False) -> str | None:
    """SQL of a date or time; None where the column is read as it is. ``clock``: column and pattern of its time of day.

    ``is_forgiving``: what is no date is null instead of an error, as a `query` needs it.
    """
    own = name(column)
    if format_.epoch:
        number = f"cast({own} as bigint)" if not is_forgiving else f"try_cast({own} as bigint)"
        return f"to_timestamp({number}{' / 1000' if format_.epoch == 'milliseconds' else ''})"
    patterns, text = list(format_.patterns), own
    if clock:
        if not patterns:
            text, patterns = f"left({own}, 10)", ["%Y-%m-%d"]
        if clock[1].startswith("%H:%M") and patterns == ["%Y-%m-%d"]:
            return f"{text} || ' ' || {name(clock[0])}"
        text = f"{text} || ' ' || {name(clock[0])}"
        patterns = [f"{pattern} {clock[1]}" for pattern in patterns]
    if not patterns:
        return None
    listed = quote_text(patterns[0]) if len(patterns) == 1 else f"[{', '.join(map(quote_text, patterns))}]"
    return f"{'try_' if is_forgiving else ''}strptime({text}, {listed})"


def choose(column: str, meanings: Mapping[str, str]) -> str:
    """SQL of the allowed value for each value (in small letters); any other stays itself, so that it is told."""
    by_value: dict[str, list[str]] = {}
    for value, meaning in meanings.items():
        by_value.setdefault(meaning, []).append(value)
    if all(value == meaning for value, meaning in meanings.items()):
        return f"lower({name(column)})"
    lines = ["case"]
    for meaning, values in by_value.items():
        test = f"= {quote_text(values[0])}" if len(values) == 1 else f"in ({', '.join(map(quote_text, values))})"
        lines.append(f"when lower({name(column)}) {test} then {quote_text(meaning)}")
    return "\n".join([*lines, f"else {name(column)} end"])


def join(columns: Sequence[str], mark: str) -> str:
    return f"concat_ws({quote_text(mark)}, {', '.join(map(name, columns))})"


def digest(columns: Sequence[str]) -> str:
    """SQL of an id made of what the row says, the same every night."""
    return f"md5(concat_ws('|', {', '.join(map(name, columns))}))"
