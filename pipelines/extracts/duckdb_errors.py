"""DuckDB's errors in our own words: its own repeat the value that it could not handle, which belongs in no message.

Of what it says, only what is known to be no value is told: words of the SQL that stands in `sources.yml`, types, and
the reasons of the operating system.
"""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from pipelines.extracts import sandbox

_KINDS: tuple[tuple[type[duckdb.Error], str, str], ...] = (
    (
        duckdb.ConversionException,
        "Conversion",
        "a value does not fit the type that it is cast to; try_cast leaves such a one empty",
    ),
    (duckdb.OutOfRangeException, "Out of Range", "a value is out of the range of its type"),
    (
        duckdb.InvalidInputException,
        "Invalid Input",
        "a value is not what a function takes, or error() was called; try_strptime and try() leave such a one empty",
    ),
    (duckdb.OutOfMemoryException, "Out of Memory", "there is too little memory"),
    (duckdb.IOException, "IO", "a file cannot be read or written"),
    (
        duckdb.PermissionException,
        "Permission",
        "it reads what it may not: only the files of this table are open to it",
    ),
    (duckdb.ParserException, "Parser", "it is no SQL"),
    (duckdb.SyntaxException, "Syntax", "it is no SQL"),
    (duckdb.CatalogException, "Catalog", "it names a function, type or table that there is not"),
    (duckdb.BinderException, "Binder", "its names, types or clauses do not go together"),
    (duckdb.TypeMismatchException, "Mismatch Type", "its types do not go together"),
    (duckdb.NotImplementedException, "Not implemented", "DuckDB cannot do this"),
    (duckdb.ConstraintException, "Constraint", "a value breaks a constraint"),
    (duckdb.InterruptException, "Interrupt", "it was interrupted"),
)
"""Each kind of error by its name, and what it says of the SQL or of a row, in words that are always true of it."""

_TYPE = r"[A-Z][A-Z_0-9]*(?:\(\d+(?:, *\d+)?\))?(?:\[\d*\])*"
_TYPES = re.compile(rf"{_TYPE}(?:, *{_TYPE})*|")
_KNOWN_TYPES = frozenset(
    """
    ANY ARRAY BIGINT BIGNUM BIT BLOB BOOLEAN CHAR DATE DECIMAL DOUBLE ENUM FLOAT GEOMETRY HUGEINT INTEGER
    INTEGER_LITERAL INTERVAL JSON LAMBDA LIST MAP NULL SMALLINT STRING_LITERAL STRUCT TIME TIMESTAMP TIMESTAMPTZ
    TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ TINYINT UBIGINT UHUGEINT UINTEGER UNKNOWN USMALLINT UTINYINT UUID
    VARCHAR VARIANT WITH ZONE
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class _Known:
    """A message of DuckDB that says more than its kind: ``pattern`` is the beginning of it, ``told`` what we say.

    The groups `name` and `other` are told where the SQL of `sources.yml` has them, `types` and `type_` where they are
    types.
    """

    pattern: re.Pattern[str]
    told: str


def _know(pattern: str, told: str) -> _Known:
    return _Known(re.compile(pattern, re.DOTALL), told)


_MESSAGES = (
    _know(r'Referenced column "(?P<name>.+?)" not found', 'Referenced column "{name}" not found'),
    _know(r'Referenced table "(?P<name>.+?)" not found', 'Referenced table "{name}" not found'),
    _know(
        r'\w+(?: \w+)? "(?P<other>.+?)" does not have a column named "(?P<name>.+?)"',
        '"{other}" does not have a column named "{name}"',
    ),
    *(
        _know(rf"{what} with name (?P<name>.+?) does not exist", f"{what} with name {{name}} does not exist")
        for what in ("Scalar Function", "Aggregate Function", "Table Function", "Function", "Macro", "Type", "Table")
    ),
    _know(
        r"No function matches the given name and argument types '(?P<name>[^ ()]+)\((?P<types>.*?)\)'",
        "no function {name} takes ({types}): cast its arguments",
    ),
    _know(r'syntax error at or near "(?P<name>.+?)"', 'syntax error at or near "{name}"'),
    _know(r"syntax error at end of input", "it ends too early: a bracket or a word is missing"),
    _know(r"unterminated quoted string", "a text is not closed: its quote is missing"),
    _know(r"unterminated quoted identifier", "a name is not closed: its quote is missing"),
    _know(r"zero-length delimited identifier", 'a name is empty: ""'),
    _know(
        r'column "(?P<name>.+?)" must appear in the GROUP BY clause',
        'column "{name}" must appear in GROUP BY or in an aggregate function',
    ),
    _know(r'Ambiguous reference to column name "(?P<name>.+?)"', 'column "{name}" is that of several tables'),
    _know(
        r"Cannot (?:compare|mix) values of type (?P<types>.+?) (?:and|in|with)(?: values of)? type (?P<type_>\S+)",
        "Cannot compare values of type {types} and type {type_}: cast one of them",
    ),
    _know(
        r"Cannot (?:mix|compare|combine) values of type (?P<types>\S+) and (?P<type_>\S+)",
        "Cannot mix values of type {types} and {type_}: cast one of them",
    ),
    _know(r'No files found that match the pattern "(?P<name>.+?)"', 'there is no file "{name}"'),
    _know(r'Cannot open file "(?P<name>.+?)"', 'file "{name}" cannot be opened'),
    _know(r"WHERE clause cannot contain aggregates", "a condition cannot contain aggregates"),
    _know(r"WHERE clause cannot contain window functions", "a condition cannot contain window functions"),
    _know(r"aggregate function calls cannot be nested", "aggregates cannot be nested"),
)

_REASONS = {
    code: os.strerror(code)
    for code in (
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EROFS, errno.EIO,
        errno.EMFILE, errno.ENFILE, errno.EISDIR,
    )
}  # fmt: skip
_MEMORY = re.compile(r"\([\d.]+ \w+/[\d.]+ \w+ used\)")


KINDS = tuple(name for _, name, _ in _KINDS)
"""The kinds of errors, as DuckDB's messages begin with them."""


def explain(error: duckdb.Error, written: Iterable[str] = ()) -> str:
    """The fault in one line: its kind, and of DuckDB's own words those that name no value.

    ``written`` is the SQL of `sources.yml` that DuckDB was given: what stands there may be repeated.
    """
    if isinstance(error, duckdb.OutOfMemoryException):
        return sandbox.explain_shortage()
    kind = next((name for known, name, _ in _KINDS if isinstance(error, known)), "DuckDB")
    return explain_text(kind, str(error).partition("Error: ")[2], written)


def explain_text(kind: str, message: str, written: Iterable[str] = ()) -> str:
    """The same of an error that is known as text only: ``message`` is what stands behind the name of its ``kind``."""
    said = message.split("\n")[0]
    general = next((text for _, name, text in _KINDS if name == kind), "it cannot be done")
    told = _tell(said, " ".join(written).lower()) or general
    details = ", ".join(_details(kind, message))
    return f"{kind} Error: {told}" + (f" ({details})" if details else "")


def _tell(said: str, written: str) -> str | None:
    """The message in our own words, None where it is not known, or would name what is not in ``written``."""
    for known in _MESSAGES:
        found = known.pattern.match(said)
        if found is None:
            continue
        parts = found.groupdict()
        names = [parts[group] for group in ("name", "other") if group in parts]
        types = [parts[group] for group in ("types", "type_") if group in parts]
        if all(_is_of(name, written) for name in names) and all(map(_are_types, types)):
            return known.told.format_map(parts)
        return None
    return None


def _is_of(name: str, written: str) -> bool:
    """Whether a name or a mark is repeated from the SQL that was written, or is no more than a mark."""
    return name.lower() in written or not any(map(str.isalnum, name))


def _are_types(said: str) -> bool:
    is_written_so = _TYPES.fullmatch(said.rstrip(".!")) is not None
    return is_written_so and set(re.findall(r"[A-Z][A-Z_0-9]*", said)) <= _KNOWN_TYPES


def _details(kind: str, message: str) -> Iterator[str]:
    if kind == "IO":
        yield from (reason for reason in _REASONS.values() if reason in message)
    if kind == "Out of Memory" and (used := _MEMORY.search(message)):
        yield used[0].strip("()")
