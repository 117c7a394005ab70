"""A source's texts as SQL sees them: without what the way here has left on them, null where they mean nothing.

A spreadsheet, a till or a web form writes more than the value: an apostrophe that keeps a number a text, blanks that do
not break, marks that nobody sees, `NULL` for nothing, the currency beside the amount. All of it is gone before `where`,
`query` and the expressions of `columns` are evaluated, so that none of them has to know.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from pipelines.config.connectors import TableMapping
from pipelines.contracts import Table
from pipelines.extracts.amount_columns import amount_columns
from pipelines.extracts.currency_signs import signs_of
from pipelines.extracts.sql_quoting import quote_name, quote_text

ORIGINAL = "_original"
"""The column, a struct, in which numbered rows carry the values as they came, for the quarantine."""

# Byte order marks, soft hyphens, zero-width blanks, marks of writing direction, control characters but for line breaks.
_UNSEEN = (
    "[\\x{0}-\\x{8}\\x{b}\\x{c}\\x{e}-\\x{1f}\\x{7f}\\x{ad}"
    "\\x{200b}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2069}\\x{feff}]"
)
# Joiners shape Persian and Indic words and join emoji; beside Latin letters and digits they are a slip.
_STRAY_JOINERS = "[\\x{200c}\\x{200d}]+([\\x{0}-\\x{24f}]|$)"
_STRAY_JOINERS_AFTER = "(^|[\\x{0}-\\x{24f}])[\\x{200c}\\x{200d}]+"
_BLANKS = "[\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]"
# What some program took for latin-1 were the typographic characters of cp1252; U+0081 and a few others are none.
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_MISREAD = {chr(code): character for code, character in _C1.items() if character}
# An apostrophe before nothing or what a spreadsheet would compute or take for a number; not that of 't Hart or of a
# quotation.
_APOSTROPHE = "^'(|[=+@-].*|[^'\\s]*[0-9@][^'\\s]*|[0-9(][0-9 ().,/:+*-]*)$"
_FORMULA = '^="([^"]*)"$'  # How a spreadsheet's export keeps a number a text: ="0123".
_NEEDS_CARE = f"(?s){_UNSEEN}|{_BLANKS}|[\\x{{80}}-\\x{{9f}}\\x{{200c}}\\x{{200d}}]|^[\\s'=]|\\s$"

_MOMENT = "[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?"
_BLANK_BEFORE_OFFSET = f"^({_MOMENT}) +(Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)$"

_DIGITS = "[0-9][0-9 .,'’]*|[.,][0-9]+"
MINUS = "-−–"  # The hyphen, the minus, and the dash that typography prefers.
_NO_CENTS = f"([0-9]) *(?:[.,] *[{MINUS}—]{{1,2}}|:-)([ )]|[^0-9{MINUS}]|$)"


# Of a row's texts, a bar between them, any that one of the functions below may change, but for signs of currencies. A
# text that has a bar itself is looked at for nothing.
_BAR = "|"
_MAY_CHANGE = (
    f"(?s){_UNSEEN}|{_BLANKS}|[\\x{{80}}-\\x{{9f}}\\x{{200c}}\\x{{200d}}]"
    "|(?:^|[|])[\\s'={\\[]|\\s(?:[|]|$)|[0-9] +(?:Z|[+-][0-9])"
)


def are_plain(texts: Iterable[str]) -> str:
    """SQL of whether none of the columns ``texts`` holds what :func:`clean_text` and the others would change.

    One look at a row is a third of what one at each of its values costs, and nearly all rows are so.
    """
    joined = f"concat_ws({quote_text(_BAR)}, {', '.join(map(quote_name, texts))})"
    return f"not regexp_matches({joined}, {quote_text(_MAY_CHANGE)})"


def _null_if(text: str, nulls: Iterable[str]) -> str:
    for null in ("", *nulls):
        text = f"nullif({text}, {quote_text(null)})"
    return text


def clean_text(text: str, nulls: Iterable[str]) -> str:
    """SQL of the text of ``text``: visible, ordinary blanks, none at its ends; null if empty or one of ``nulls``."""
    wrong, right = "".join(_MISREAD), "".join(_MISREAD.values())
    cared = f"translate({text}, {quote_text(wrong)}, {quote_text(right)})"
    for pattern, instead in (
        (_UNSEEN, ""),
        (_STRAY_JOINERS, "\\1"),
        (_STRAY_JOINERS_AFTER, "\\1"),
        (_BLANKS, " "),
    ):
        cared = f"regexp_replace({cared}, {quote_text(pattern)}, {quote_text(instead)}, 'g')"
    cared = f"trim({cared}, ' \t\r\n')"
    for pattern in (_APOSTROPHE, _FORMULA):
        cared = f"regexp_replace({cared}, {quote_text('(?s)' + pattern)}, '\\1')"
    return _null_if(f"case when regexp_matches({text}, {quote_text(_NEEDS_CARE)}) then {cared} else {text} end", nulls)


def empty_members(text: str, nulls: Iterable[str]) -> str:
    """SQL of ``text`` in which, if it is JSON, the members that mean nothing are null, as columns are."""
    meaningless = "|".join(["\\s*", *map(re.escape, nulls)])
    member = f'(:\\s*)"(?:{meaningless})"(\\s*[,}}])'  # Within a string, quotes have a backslash before them.
    emptied = f"regexp_replace({text}, {quote_text(member)}, '\\1null\\2', 'g')"
    return f"case when {text}[1] in ('{{', '[') then {emptied} else {text} end"


def join_offset(text: str) -> str:
    """SQL of ``text`` without a blank between a time and its offset from UTC, which casts do not understand."""
    joined = f"regexp_replace({text}, {quote_text(_BLANK_BEFORE_OFFSET)}, '\\1\\2')"
    return f"case when {text} like '____-__-__%_ %' or {text} like '____/__/__%_ %' then {joined} else {text} end"


def drop_dash_for_cents(text: str) -> str:
    """SQL of the amount ``text`` without the dash that stands for no cents: `99,-` and `199:-` are not negative."""
    return f"regexp_replace({text}, {quote_text(_NO_CENTS)}, '\\1\\2')"


def strip_currency(text: str, signs: Iterable[str]) -> str:
    """SQL of ``text`` without ``signs`` where it is an amount beside one; a negative one then begins with its minus."""
    sign = "|".join(re.escape(each) for each in signs)
    minus, end = f"[{MINUS}+( ]*", f"[{MINUS}+) ]*"
    shape = f"(?i){minus}(?:{sign})?{minus}({_DIGITS}){end}(?:{sign})?{end}"
    plain = drop_dash_for_cents(text)
    amount = (
        f"if(regexp_matches({plain}, '[{MINUS}(]'), '-', '') || "
        f"trim(regexp_extract({plain}, {quote_text(f'^{shape}$')}, 1))"
    )
    is_amount = (
        f"regexp_matches({text}, {quote_text(f'(?i){sign}')}) and regexp_full_match({plain}, {quote_text(shape)})"
    )
    return f"case when {is_amount} then {amount} else {text} end"


class SourceValues:
    """How the columns of one source's table are seen by the SQL of `sources.yml`.

    ``types`` are DuckDB's types of the source's columns. The retailer's ``currency`` beside an amount is taken away in
    columns that become numbers; a blank before an offset, unless SQL reads offsets itself. Columns that are ``unseen``
    stay as they came.
    """

    def __init__(
        self,
        types: Mapping[str, str],
        table: Table,
        declared: TableMapping,
        currency: str,
        unseen: Collection[str] = (),
    ) -> None:
        self._columns = tuple(types)
        self._texts = tuple(name for name, type_ in types.items() if type_ == "VARCHAR" and name not in unseen)
        self._nulls = declared.options.nulls
        self._signs = signs_of(currency)
        self._amounts = amount_columns(table, declared, self._columns, self._signs)
        self._reads_offsets = any("%z" in sql.lower() for sql in declared.written_sql)

    def select(self, rows: str, *, keeps_original: bool) -> str:
        """``rows``, a SELECT of the source, as SQL is to see it; if asked for, with :data:`ORIGINAL`."""
        original = f", {self._original()} as {ORIGINAL}" if keeps_original else ""
        if not self._texts:
            return f"select *{original} from ({rows})"
        plain = quote_name(self._name_of_plain())
        cleaned = ", ".join(f"{self._clean(name, plain)} as {quote_name(name)}" for name in self._texts)
        seen = ", ".join(f"{self._see(name, plain)} as {quote_name(name)}" for name in self._texts)
        judged = f"select *, {are_plain(self._texts)} as {plain} from ({rows})"
        cleaned = f"select * replace ({cleaned}){original} from ({judged})"
        return f"select * exclude ({plain}) replace ({seen}) from ({cleaned})"

    def _name_of_plain(self) -> str:
        name, taken = "_is_plain", {column.lower() for column in self._columns}
        while name in taken:
            name += "_"
        return name

    def _clean(self, name: str, plain: str) -> str:
        text = quote_name(name)
        return f"case when {plain} then {_null_if(text, self._nulls)} else {clean_text(text, self._nulls)} end"

    def _original(self) -> str:
        return "{" + ", ".join(f"{quote_text(name)}: {quote_name(name)}" for name in self._columns) + "}"

    def _see(self, name: str, plain: str) -> str:
        text = quote_name(name)
        if name not in self._amounts:
            text = empty_members(text, self._nulls)
        if not self._reads_offsets:
            text = join_offset(text)
        if text != quote_name(name):
            text = f"case when {plain} then {quote_name(name)} else {text} end"
        return strip_currency(text, self._signs) if name in self._amounts else text
