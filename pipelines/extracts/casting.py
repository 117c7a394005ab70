"""A source's values as the canonical types, in DuckDB SQL.

Each function returns an expression that is null where the value does not fit; ``mapping`` tells that from a value that
was never there. DuckDB's own casts are kind in ways that would change meaning (`1.5` becomes the integer 2, `12-05-06`
the year 12), so each is narrowed here.
"""

from datetime import date

from pipelines.config.connectors import TextOptions
from pipelines.config.field_types import CURRENCIES
from pipelines.contracts import Column
from pipelines.extracts.currency_signs import SIGNS
from pipelines.extracts.source_values import MINUS, drop_dash_for_cents, join_offset
from pipelines.extracts.sql_quoting import quote_text

# Spellings of the systems seen; `o` is oui, `v` vrai, `f` false or faux.
TRUE = ("true", "t", "yes", "y", "1", "1.0", "oui", "o", "vrai", "v", "on")
FALSE = ("false", "f", "no", "n", "0", "0.0", "non", "faux", "off")

# Earlier or later years are slips of the keyboard or a system's infinity, and other engines cannot hold them.
YEARS = "between 1000 and 9999"

AMBIGUOUS_ZONES = (
    "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CNT", "CST", "CTT", "ECT", "IET", "IST", "MIT", "NET", "NST",
    "PLT", "PNT", "PRT", "SST", "VST",
)  # fmt: skip
"""Names of more than one time zone: to ICU `BST` is Bangladesh's and `IST` India's, to a British till and an Irish
shop they are their summer's."""

FAULTS = {
    "text": "is not a text",
    "integer": "is not an integer",
    "number": "is not a number",
    "quantity": "is not a quantity",
    "money": "is not an amount",
    "price": "is not a price",
    "boolean": "is not a yes or no",
    "date": "is not a date",
    "timestamp": "is not a date and time",
}

AMOUNTS = ("money", "price")
OTHER_CURRENCY = "is not an amount in the retailer's currency"

_TEXT_LIKE = ("VARCHAR", "JSON", "UUID", "ENUM", '"NULL"', "CHAR")
APOSTROPHES = "'’"  # Swiss thousands, straight or typographic.
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def can_fail(column: Column, duckdb_type: str) -> bool:
    """Whether there are values of ``duckdb_type`` that are none of the type of ``column``."""
    return column.type != "text" or duckdb_type == "BLOB"


def names_currency(amount: str) -> str:
    """Whether the text of an amount still has a currency beside it: the retailer's own was taken away before."""
    words = {sign for signs in SIGNS.values() for sign in signs if sign.isalpha()} | CURRENCIES
    listed = "|".join(sorted(words))
    pattern = rf"(?i)(?:^|[^a-z])(?:{listed})(?:[^a-z]|$)|\p{{Sc}}"
    return f"regexp_matches({amount}, {quote_text(pattern)})"


def is_text(duckdb_type: str) -> bool:
    return duckdb_type.startswith(_TEXT_LIKE) and not duckdb_type.endswith("]")


def normalise(value: str, duckdb_type: str, options: TextOptions, *, is_clean: bool) -> str:
    """``value`` with what means nothing as null: an empty or blank text, one of `nulls`.

    ``is_clean``: a text that :mod:`source_values` has gone over has no blanks at its ends, and is never empty.
    """
    if not is_text(duckdb_type):
        return value
    text = f"({value} ->> '$')" if duckdb_type == "JSON" else f"cast({value} as varchar)"
    is_clean &= duckdb_type == "VARCHAR"
    normalised = value if is_clean else f"trim({text})"
    for null in options.nulls if is_clean else ("", *options.nulls):
        normalised = f"nullif({normalised}, {quote_text(null)})"
    return normalised


def cast(value: str, duckdb_type: str, column: Column, options: TextOptions) -> str:
    """``value``, normalised and of ``duckdb_type``, as the type of ``column``."""
    match column.type:
        case "text":
            return _as_text(value, duckdb_type)
        case _ if column.is_number and is_text(duckdb_type):
            return read_number(put_sign_in_front(value), column, options)
        case "integer":
            return _as_integer(value, duckdb_type)
        case "number" | "quantity" | "money" | "price":
            return _as_decimal(value, column)
        case "boolean":
            return _as_boolean(value)
        case "date":
            return _as_date(value, duckdb_type)
        case "timestamp":
            return _as_timestamp(value, duckdb_type)


def _as_text(value: str, duckdb_type: str) -> str:
    if is_text(duckdb_type):
        return value
    if duckdb_type in ("DOUBLE", "FLOAT"):
        # An id that once stood beside a null was made a float: 17850.0 is the text 17850.
        is_whole = f"{value} = trunc({value}) and abs({value}) < 9007199254740992"
        return f"case when {is_whole} then cast(cast({value} as bigint) as varchar) else cast({value} as varchar) end"
    if duckdb_type == "BLOB":
        return f"try(decode({value}))"
    if duckdb_type.startswith(("STRUCT", "MAP")) or duckdb_type.endswith("]"):
        return f"cast(to_json({value}) as varchar)"
    return f"cast({value} as varchar)"


_WRITTEN_TIMES = ("%I:%M %p", "%I:%M:%S %p", "%H:%M", "%H:%M:%S")


def sql_functions(options: TextOptions, day: date) -> tuple[str, ...]:
    """SQL that makes the functions that `where`, `query` and expressions can call beside DuckDB's own.

    `amount(value)` reads an amount, `as_of()` is ``day``, that of the run, `utc(value)` a time in UTC that does not say
    so, `in_zone(value, zone)` one of the clock of ``zone`` that does not say so, where there is a zone.
    `slashed(value, is_month_first)` reads `12/31/2026` or `31/12/2026 9:05 PM`, and leaves what is written
    otherwise; which of both it is tells `second_number(value)`: a day where it is above 12.
    """
    return (
        amount_macro(options),
        as_of_macro(day),
        "create or replace temp macro utc(value) as "
        "regexp_replace(cast(value as varchar), '^([0-9-]+[ T][0-9:.]+)$', '\\1Z')",
        "create or replace temp macro in_zone(value, zone) as coalesce(strftime(timezone('UTC', timezone("
        "nullif(cast(zone as varchar), ''), "
        "try_cast(regexp_extract(cast(value as varchar), '^[0-9-]+[ T][0-9:.]+$') as timestamp)"
        ")), '%Y-%m-%dT%H:%M:%SZ'), cast(value as varchar))",
        "create or replace temp macro second_number(value) as "
        "try_cast(regexp_extract(value, '^[0-9]+/([0-9]+)/', 1) as integer)",
        "create or replace temp macro slashed(value, is_month_first) as coalesce(strftime("
        f"case when is_month_first then {_parse_slashed('%m/%d/%Y')} else {_parse_slashed('%d/%m/%Y')} end, "
        "'%Y-%m-%d %H:%M:%S'), value)",
    )


def _parse_slashed(day: str) -> str:
    formats = ", ".join(quote_text(f"{day} {time}") for time in _WRITTEN_TIMES)
    return f"try_strptime(upper(replace(value, ',', '')), [{formats}, {quote_text(day)}])"


def amount_macro(options: TextOptions) -> str:
    """SQL that makes `amount(value)`, by which `query` and expressions read an amount as ``options`` have it written.

    A number (double); null for null. What is no amount is NaN and not null, so that a sum over it is none either, and
    is told, instead of being the sum of the others.
    """
    text = "trim(cast(value as varchar))"
    plain = (
        f"case when typeof(value) = 'VARCHAR' then {_plain_number(put_sign_in_front(text), options)} else {text} end"
    )
    number = f"coalesce(try_cast({plain} as double), cast('NaN' as double))"
    return f"create or replace temp macro amount(value) as case when nullif({text}, '') is not null then {number} end"


def as_of_macro(day: date) -> str:
    """SQL that makes `as_of()`, the day of the run, for exports that do not say when what they hold was so."""
    return f"create or replace temp macro as_of() as date {quote_text(day.isoformat())}"


def _plain_number(text: str, options: TextOptions) -> str:
    """A number as written by the source, its sign in front, as SQL writes it; null where its marks are out of place."""
    decimal, thousands = options.decimal, options.thousands
    if not thousands:
        stranger = f"contains({text}, '_')" + (f" or contains({text}, '.')" if decimal == "," else "")
        return f"case when not ({stranger}) then replace({text}, {quote_text(decimal)}, '.') end"
    if thousands.isspace():
        thousands = " "  # Blanks that do not break, as French typography has them, are ordinary ones by now.
    if thousands in APOSTROPHES:
        thousands, text = "'", f"replace({text}, '’', '''')"
    group, point = f"[{_escape(thousands)}]", f"[{decimal}]"
    shape = f"[+-]?([0-9]{{1,3}}({group}[0-9]{{3}})+|[0-9]+)({point}[0-9]*)?"
    cleaned = f"replace(replace({text}, {quote_text(thousands)}, ''), {quote_text(decimal)}, '.')"
    return f"case when regexp_full_match({text}, {quote_text(shape)}) then {cleaned} end"


def put_sign_in_front(text: str) -> str:
    """Bookkeepers write negative amounts in brackets, some tills with the minus behind or a blank after it."""
    behind = "^(?:[(] *([^()+-]+?) *[)]|([^()+-]+?) *-)$"
    hyphens = f"translate({drop_dash_for_cents(text)}, '{MINUS}', '{'-' * len(MINUS)}')"
    moved = f"regexp_replace(regexp_replace({hyphens}, {quote_text(behind)}, '-\\1\\2'), '^([+-]) +', '\\1')"
    # Most numbers are digits and marks alone, which one pattern tells and several move nothing of.
    return f"case when regexp_full_match({text}, '[0-9.,]*') then {text} else {moved} end"


def _escape(character: str) -> str:
    return "\\" + character if character in "\\]^-" else character


def read_number(text: str, column: Column, options: TextOptions) -> str:
    """A text, its sign in front, as the number that ``column`` holds."""
    plain = _plain_number(text, options)
    if column.type == "integer":
        whole = f"case when regexp_full_match({plain}, '[+-]?[0-9]+([.]0*)?') then try_cast({plain} as bigint) end"
        return f"case when regexp_full_match({text}, '[0-9]{{1,18}}') then cast({text} as bigint) else {whole} end"
    return _as_decimal(plain, column)


def _as_integer(value: str, duckdb_type: str) -> str:
    if duckdb_type in (*_WHOLE, "BOOLEAN"):
        return f"try_cast({value} as bigint)"
    exact = f"try_cast({value} as double)"
    return f"case when {exact} = trunc({exact}) then try_cast({value} as bigint) end"


def _as_decimal(value: str, column: Column) -> str:
    number = f"try_cast({value} as {column.duckdb_type})"
    return f"case when isfinite({number}) then {number} end" if column.type == "number" else number


def _as_boolean(value: str) -> str:
    word = f"lower(cast({value} as varchar))"
    return f"case when {word} in ({_listed(TRUE)}) then true when {word} in ({_listed(FALSE)}) then false end"


def _as_date(value: str, duckdb_type: str) -> str:
    """A midnight is the date as written; any other instant is the date it has in the configured time zone."""
    if is_text(duckdb_type):
        value = join_offset(value)
        instant = _instant(value)
        is_midnight = f"regexp_matches({value}, '^[0-9-]+[T ]00:00(:00([.]0+)?)?([^0-9:.]|$)')"
        written = f"case when {instant} is not null then try_cast(left({value}, 10) as date) end"
        day = (
            f"case when length({value}) <= 10 then try_cast({value} as date) "
            f"when {is_midnight} then {written} else cast({instant} as date) end"
        )
    else:
        day = f"try_cast({value} as date)"
    return f"case when year({day}) {YEARS} then {day} end"


def _instant(text: str) -> str:
    """A text as an instant; null where it names a zone of which there are several."""
    zone = f"(?i)[^a-z](?:{'|'.join(AMBIGUOUS_ZONES)})$"
    is_clear = f"not ({text} ilike '%t' and regexp_matches({text}, {quote_text(zone)}))"
    return f"case when {is_clear} then try_cast({text} as timestamptz) end"


def _as_timestamp(value: str, duckdb_type: str) -> str:
    """Naive UTC. The session's time zone is the configured one, so what carries no offset is read in it."""
    # Nanoseconds are more than a timestamp with time zone holds.
    local = f"cast({value} as timestamp)" if duckdb_type == "TIMESTAMP_NS" else value
    moment = f"try_cast({local} as timestamptz)"
    if is_text(duckdb_type):  # Most are written as machines do, and need none of the care for what people write.
        care = _instant(join_offset(local))
        moment = f"case when regexp_full_match({local}, {quote_text(_MACHINE_TIME)}) then {moment} else {care} end"
    instant = f"timezone('UTC', {moment})"
    return f"case when year({instant}) {YEARS} then {instant} end"


_MACHINE_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(quote_text(value) for value in values)
