"""MySQL and MariaDB by PyMySQL: rows as texts, unbuffered, cast in Arrow; one transaction that sees one state.

There is no ADBC driver of either on PyPI. Tables of engines without transactions (MyISAM) have no state to keep: where
one changes meanwhile, its reconciliation shows it.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.config.connectors import DatabaseConnector
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.row_batches import read_batches
from pipelines.pulls.snapshot import SqlColumn
from pipelines.pulls.system import SourceColumn

PORT = 3306
PATIENCE = 30
LONGEST_SILENCE = 3_600  # Seconds in which a server that counts a large table sends nothing.
MOST_DIGITS = 38
_INTEGERS = {
    1: pa.int16(),
    2: pa.int32(),
    3: pa.int64(),
    9: pa.int32(),
    13: pa.int16(),
}  # Of all but BIGINT, unsigned too.
_DECIMALS, _BIGINT, _FLOATS, _BIT = (0, 246), 8, (4, 5), 16
_DATES, _DATETIME, _TIMESTAMP = (10, 14), 12, 7
_CREDENTIALS = (1044, 1045, 1049, 1130, 1698)
_PASSING = (1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1317, 3024)


@contextmanager
def open_snapshot(connector: DatabaseConnector, base: Path) -> Iterator["MysqlSnapshot"]:
    """One state of the database, until the block ends."""
    connection = _connect(connector, base)
    try:
        snapshot = MysqlSnapshot(connection)
        for sql in (
            "set time_zone = '+00:00'",
            "set session transaction isolation level repeatable read",
            "start transaction with consistent snapshot, read only",
        ):
            snapshot.ask(sql, "the database")
        yield snapshot
    finally:
        with suppress(Exception):  # It may have gone away, which was told.
            connection.close()


def _connect(connector: DatabaseConnector, base: Path) -> Any:
    import pymysql

    host = connector.host.reveal()
    place: dict[str, Any] = (
        {"unix_socket": host} if host.startswith("/") else {"host": host, "port": connector.port or PORT}
    )
    code = None
    try:
        return pymysql.connect(
            **place,
            user=connector.user.reveal(),
            password=connector.password.reveal().encode() if connector.password else b"",  # Texts it takes as Latin-1.
            database=connector.database.reveal(),
            charset="utf8mb4",
            conv=dict(pymysql.converters.encoders),  # Without decoders: every value comes as its text.
            connect_timeout=PATIENCE,
            read_timeout=LONGEST_SILENCE,
            program_name="parcours",
            **_tls(connector, base),
        )
    except (pymysql.err.Error, OSError, RuntimeError, UnicodeError) as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    shown = f"the MySQL server {connector.host}:{connector.port or PORT}"
    if code in _CREDENTIALS:
        raise SourceError(
            f"{shown} does not let {connector.user} into {connector.database}: check `user`, `password` and "
            "`database`, and that the user may come from this machine."
        )
    if code == 2026:
        raise SourceError(f"{shown} and this machine do not agree on TLS. Check `tls` and `ca`.")
    raise SourceError(
        f"{shown} does not answer. Check `host` and `port`, that it runs, and that this machine may reach it.",
        is_passing=True,
    )


def _tls(connector: DatabaseConnector, base: Path) -> dict[str, Any]:
    if connector.tls == "off":
        return {"ssl_disabled": True}
    if connector.tls == "prefer":
        return {}
    context = ssl.create_default_context(cafile=str(connector.ca.resolve_path(base)) if connector.ca else None)
    if connector.tls == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return {"ssl": context}


class MysqlSnapshot:
    """See :class:`pipelines.pulls.snapshot.Snapshot`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def name_table(self, name: str) -> str:
        return ".".join(map(self.quote, name.split(".")))

    def first(self, select: str, most: int) -> str:
        return f"{select} limit {most}"

    def literal(self, column: SourceColumn, value: str) -> str:
        return value if column.kind == "integer" else f"'{value.removesuffix('+00:00')}'"

    def cursor_text(self, column: SourceColumn, value: str) -> str:
        match column.kind:
            case "integer":
                return f"cast({value} as char)"
            case "date":
                return f"date_format({value}, '%Y-%m-%d')"
        zone = "+00:00" if column.kind == "timestamptz" else ""
        return f"date_format({value}, '%Y-%m-%d %H:%i:%s.%f{zone}')"

    def now(self, column: SourceColumn) -> str | None:
        # A DATETIME is of a clock that nobody knows: the latest that it may be by any is 14 hours after UTC's.
        return {
            "date": "date(now() + interval 14 hour)",
            "timestamp": "now() + interval 14 hour",
            "timestamptz": "now()",
        }.get(column.kind)

    def describe(self, relation: str, shown: str, *, is_table: bool) -> list[SqlColumn]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(f"select * from {relation} limit 0")
            described = list(cursor.description)
        unsigned = self._find_unsigned(relation, shown) if is_table else None
        return [self._describe_column(each, unsigned) for each in described]

    def _find_unsigned(self, relation: str, shown: str) -> set[str]:
        """The columns that hold whole numbers beyond those of 64 bits with a sign."""
        rows = self.ask(f"show columns from {relation}", shown)
        return {str(name) for name, type_, *_ in rows if "unsigned" in str(type_).lower()}

    def _describe_column(self, described: Sequence[Any], unsigned: set[str] | None) -> SqlColumn:
        name, code, length, scale = described[0], described[1], described[4], described[5]
        quoted = self.quote(name)
        if code in _INTEGERS:
            return SqlColumn(name, "integer", _INTEGERS[code], quoted)
        if code == _BIGINT:
            is_signed = unsigned is not None and name not in unsigned
            return SqlColumn(name, "integer", pa.int64() if is_signed else pa.decimal128(20, 0), quoted)
        if code in _DECIMALS:
            digits = length - (1 if scale else 0)  # A sign, where there may be one, is counted too.
            fits = digits <= MOST_DIGITS
            return SqlColumn(name, "decimal", pa.decimal128(digits, scale) if fits else pa.string(), quoted)
        if code in _FLOATS:
            return SqlColumn(name, "float", pa.float64(), f"{quoted} + 0e0")
        if code in _DATES:
            return SqlColumn(name, "date", pa.date32(), quoted)
        if code == _DATETIME:
            return SqlColumn(name, "timestamp", pa.timestamp("us"), quoted)
        if code == _TIMESTAMP:
            return SqlColumn(name, "timestamptz", pa.timestamp("us", tz="UTC"), quoted)
        if code == _BIT:
            return SqlColumn(name, "integer", pa.decimal128(20, 0), f"{quoted} + 0")
        return SqlColumn(name, "text", pa.string(), quoted)

    def stream(self, sql: str, schema: pa.Schema, shown: str) -> Iterator[pa.RecordBatch]:
        from pymysql.cursors import SSCursor

        with self._telling(shown), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql)
            yield from read_batches(cursor, schema, _cast)

    def ask(self, sql: str, shown: str) -> list[tuple[Any, ...]]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def day_of(self, column: SourceColumn) -> str:
        quoted = self.quote(column.name)
        return f"case when month({quoted}) > 0 and day({quoted}) > 0 then date_format({quoted}, '%Y-%m-%d') end"

    def sum_of(self, column: SqlColumn) -> str:
        return f"cast(sum({column.sql}) as char)"

    def is_impossible(self, column: SqlColumn) -> str | None:
        quoted = self.quote(column.name)
        is_moment = column.kind in ("date", "timestamp", "timestamptz")
        return f"(month({quoted}) = 0 or day({quoted}) = 0)" if is_moment else None

    @contextmanager
    def separate(self, number: int) -> Iterator[None]:  # noqa: ARG002
        yield  # A query that fails leaves the transaction as it is.

    @contextmanager
    def _telling(self, shown: str) -> Iterator[None]:
        """What goes wrong within as an error of ours, which keeps nothing of what the driver said."""
        import pymysql

        code = None
        try:
            yield
        except (pymysql.err.Error, OSError) as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if code is not None:
            _refuse(code, shown)


def _cast(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Texts as ``type_``; what is no value of it, as dates of zeros are, is null."""
    if pa.types.is_string(type_):
        return pa.array([value.hex() if isinstance(value, bytes) else value for value in values], type_)
    texts = pa.array(values, pa.string())
    try:
        if pa.types.is_timestamp(type_):
            moments = pc.cast(texts, pa.timestamp("us"))
            return moments if type_.tz is None else pc.assume_timezone(moments, "UTC")
        return pc.cast(texts, type_)
    except pa.ArrowInvalid:
        if not (pa.types.is_timestamp(type_) or pa.types.is_date(type_)):
            raise
    return pa.array([_read_moment(value, is_day=pa.types.is_date(type_)) for value in values], type_)


def _read_moment(text: str | None, *, is_day: bool) -> date | datetime | None:
    try:
        if text is None:
            return None
        return date.fromisoformat(text) if is_day else datetime.fromisoformat(text)
    except ValueError:
        return None


def _refuse(code: int, shown: str) -> NoReturn:
    if code == 1146:
        if shown.startswith("query "):
            raise MissingTableError(f"{shown} reads a table that the database does not have. Check the names in it.")
        raise MissingTableError(f"the database has no {shown}. Check its name.")
    if code in (1142, 1143, 1370):
        raise TableError(f"{shown} may not be read by this user: grant it SELECT.")
    if code == 1054:
        raise TableError(f"{shown} has no column of a name that its pull speaks of.")
    if code in _PASSING or code == 0 or 2000 <= code < 3000:
        raise SourceError(f"the connection broke off while {shown} was read (error {code}).", is_passing=True)
    raise TableError(f"the database refuses what is asked of {shown} (error {code}). Correct the SQL of its pull.")
