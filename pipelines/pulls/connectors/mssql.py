"""SQL Server by pymssql: rows as FreeTDS decodes them, in one transaction under SNAPSHOT isolation.

Of the drivers on PyPI it is the one whose wheels need nothing of the system, that streams rows, keeps one transaction
open over many queries, and checks certificates. How: ``mssql_tls`` beside it. What columns are is asked of the server
(``sp_describe_first_result_set``), not of the driver, which tells five kinds of types apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.config.mssql import MssqlConnector
from pipelines.pulls.connectors.mssql_tls import ENCRYPTION, freetds_settings
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.extras import need
from pipelines.pulls.reachable import why_unreachable
from pipelines.pulls.row_batches import read_batches
from pipelines.pulls.snapshot import SqlColumn
from pipelines.pulls.system import Kind, SourceColumn

PORT = 1433
PATIENCE = 30
LONGEST_SILENCE = 3_600  # Seconds in which a server that counts a large table sends nothing.
LONGEST_LOCK = 60_000  # Milliseconds: a snapshot waits for changes of a table's columns alone.
_MOST_IN_ROW = 4_000  # Characters of an nvarchar that is not one of `max`.

_NUMBERS: dict[str, tuple[Kind, pa.DataType]] = {
    "bit": ("boolean", pa.bool_()),
    "tinyint": ("integer", pa.int16()),
    "smallint": ("integer", pa.int16()),
    "int": ("integer", pa.int32()),
    "bigint": ("integer", pa.int64()),
    "real": ("float", pa.float64()),
    "float": ("float", pa.float64()),
}
_MOMENTS: dict[str, tuple[Kind, pa.DataType]] = {
    "date": ("date", pa.date32()),
    "smalldatetime": ("timestamp", pa.timestamp("us")),
    "datetime": ("timestamp", pa.timestamp("us")),
    "datetime2": ("timestamp", pa.timestamp("us")),
    "datetimeoffset": ("timestamptz", pa.timestamp("us", tz="UTC")),
}
_MONEY = {"money": (19, 4), "smallmoney": (10, 4)}
_BYTES = ("binary", "varbinary", "image")
_OBJECTS = ("hierarchyid", "geometry", "geography")

_CREDENTIALS = (911, 4060, 18452, 18456, 18470, 18486, 18487, 18488)
_PASSING = (233, 596, 601, 701, 802, 1204, 1205, 1222, 3957, 3958, 3960, 3961, 3966, 3967, 6005, 8645, 10928, 10929,
            17187, 17892, 40197, 40501, 40613, 49918, 49919, 49920)  # fmt: skip
_UNREADABLE = -1
_NO_SNAPSHOT = (3951, 3952, 3953, 3956)


@contextmanager
def open_snapshot(connector: MssqlConnector, base: Path) -> Iterator["MssqlSnapshot"]:
    """One state of the database, until the block ends. Refuses a database that keeps none."""
    connection = _connect(connector, base)
    try:
        snapshot = MssqlSnapshot(connection, connector.database.written)
        snapshot.begin()
        yield snapshot
    finally:
        with suppress(Exception):  # It may have gone away, which was told.
            connection.close()


def _connect(connector: MssqlConnector, base: Path) -> Any:
    library = need("pymssql", "mssql")
    host, port = connector.host.reveal(), connector.port or PORT
    number = 0
    if not _is_special(host):
        try:
            with freetds_settings(connector, base):
                return library.connect(
                    server=host,
                    port=str(port),
                    user=connector.user.reveal(),
                    password=connector.password.reveal() if connector.password else "",
                    database=connector.database.reveal(),
                    login_timeout=PATIENCE,
                    timeout=LONGEST_SILENCE,
                    appname="parcours",
                    charset="UTF-8",
                    tds_version="7.4",
                    encryption=ENCRYPTION[connector.tls],
                    autocommit=True,  # The transaction is begun by a command, under an isolation of its own.
                )
        except (library.Error, OSError, ValueError) as error:
            # Without that message the number is of an earlier failure, of whatever connection.
            number = _number_of(error) if "message 20018" in str(error) else 0
    raise _explain_refusal(connector, host, port, number)


def _explain_refusal(connector: MssqlConnector, host: str, port: int, number: int) -> SourceError:
    """What is wrong; ``number`` is what the server said, 0 where it said nothing."""
    shown = f"the SQL Server {connector.host}:{port}"
    if number in _CREDENTIALS:
        return SourceError(
            f"{shown} does not let {connector.user} into {connector.database}: check `user`, `password` and "
            "`database`, and that it takes SQL Server's own logins."
        )
    if number:
        return SourceError(f"{shown} takes no connection at the moment (error {number}).", is_passing=True)
    reason = "no name of a machine" if _is_special(host) else why_unreachable(host, port, PATIENCE)
    if reason:
        return SourceError(
            f"{shown} does not answer ({reason}). Check `host` and `port`, that it runs, and that this machine may "
            "reach it. An instance with a name is reached by the port that it listens on.",
            is_passing=True,
        )
    return SourceError(
        f"{shown} answers, and no connection comes of it: mostly it and this machine do not agree on TLS. Check `tls`, "
        "and `ca`, the authority that signed its certificate, which is to name the host as `host` does.",
        is_passing=True,  # One that starts or stops hangs up alike.
    )


def _is_special(host: str) -> bool:
    """What the driver would take for this machine, an instance that another service knows, or a port."""
    return host in (".", "(local)") or any(mark in host for mark in "\\,:")


@dataclass(frozen=True)
class RowVersion(SqlColumn):
    """A column of type rowversion: eight bytes that grow with every change in the database, here a whole number."""


class MssqlSnapshot:
    """See :class:`pipelines.pulls.snapshot.Snapshot`. ``database`` is its name in messages."""

    def __init__(self, connection: Any, database: str) -> None:
        self._connection = connection
        self._database = database
        self._settled_version = 0
        self._is_over = False

    def begin(self) -> None:
        """Begins the one state."""
        with suppress(TableError):  # Where there is no such function, tables with a rowversion are pulled as wholes.
            # Asked before the state begins: what is at work now may yet commit versions that are lower than others.
            [[version]] = self.ask("select convert(bigint, min_active_rowversion()) - 1", "the database")
            self._settled_version = int(version)
        asked = "select snapshot_isolation_state, is_read_only from sys.databases where database_id = db_id()"
        [(state, is_read_only)] = self.ask(asked, "the database")
        if state != 1 and not is_read_only:
            raise self._refuse_without_versions()
        isolation = "snapshot" if state == 1 else "repeatable read"  # Nothing changes a database that is read only.
        self._run(
            f"set lock_timeout {LONGEST_LOCK}; set dateformat ymd; set transaction isolation level {isolation}; "
            "begin transaction",
        )

    def _run(self, sql: str) -> None:
        with self._telling("the database"), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def _refuse_without_versions(self) -> SourceError:
        return SourceError(
            f"the database {self._database} keeps no versions of rows, so that its tables cannot be read in one state "
            f"while others write. Let its owner run ALTER DATABASE {self._database} SET ALLOW_SNAPSHOT_ISOLATION ON, "
            "or pull from a database snapshot or another copy that is read only."
        )

    def quote(self, name: str) -> str:
        return "[" + name.replace("]", "]]") + "]"

    def name_table(self, name: str) -> str:
        return ".".join(map(self.quote, name.split(".")))

    def first(self, select: str, most: int) -> str:
        return f"select top ({most}) {select.removeprefix('select ')}"

    def literal(self, column: SourceColumn, value: str) -> str:
        if isinstance(column, RowVersion):
            return f"convert(binary(8), convert(bigint, {max(int(value), 0)}))"
        if column.kind == "integer":
            return value
        type_ = {"date": "date", "timestamp": "datetime2(6)", "timestamptz": "datetimeoffset(6)"}[column.kind]
        return f"cast('{value.replace(' ', 'T')}' as {type_})"  # With a T it is read alike in every language.

    def cursor_text(self, column: SourceColumn, value: str) -> str:
        if isinstance(column, RowVersion):
            value = f"convert(bigint, {value})"
        match column.kind:
            case "integer":
                return f"cast({value} as varchar(20))"
            case "date":
                return f"convert(varchar(10), {value}, 23)"
        # Seven digits behind the point, of which the last is cut off: rounded, it could be ahead of the row.
        zone = " + '+00:00'" if column.kind == "timestamptz" else ""
        moment = f"switchoffset({value}, '+00:00')" if zone else value
        return f"left(convert(varchar(27), cast({moment} as datetime2(7)), 121), 26){zone}"

    def now(self, column: SourceColumn) -> str | None:
        if isinstance(column, RowVersion):
            return f"convert(binary(8), convert(bigint, {self._settled_version}))"
        # A time without a zone is of a clock that nobody knows: the latest that it may be is 14 hours after UTC's.
        return {
            "date": "cast(dateadd(hour, 14, sysutcdatetime()) as date)",
            "timestamp": "dateadd(hour, 14, sysutcdatetime())",
            "timestamptz": "sysdatetimeoffset()",
        }.get(column.kind)

    def describe(self, relation: str, shown: str, *, is_table: bool) -> list[SqlColumn]:
        if is_table and self.ask(f"select object_id({_text(relation)})", shown) == [(None,)]:
            raise MissingTableError(f"the database has no {shown}. Check its name, and the schema before it.")
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(f"exec sp_describe_first_result_set {_text(f'select * from {relation}')}")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [self._describe_column(row) for row in rows if not row["is_hidden"]]

    def _describe_column(self, row: Mapping[str, Any]) -> SqlColumn:
        name = str(row["name"])
        type_ = str(row["system_type_name"]).partition("(")[0]
        quoted = self.quote(name)
        if type_ in _NUMBERS:
            return SqlColumn(name, *_NUMBERS[type_], quoted)
        if type_ in _MOMENTS:
            return SqlColumn(name, *_MOMENTS[type_], _moment(type_, quoted))
        if type_ in ("decimal", "numeric"):
            exact = pa.decimal128(int(row["precision"]), int(row["scale"]))
            return SqlColumn(name, "decimal", exact, f"cast({quoted} as varchar(41))")
        if type_ in _MONEY:
            exact = pa.decimal128(*_MONEY[type_])
            return SqlColumn(name, "decimal", exact, f"cast(cast({quoted} as decimal(19, 4)) as varchar(41))")
        if type_ in ("timestamp", "rowversion"):
            return RowVersion(name, "integer", pa.int64(), f"convert(bigint, {quoted})")
        return SqlColumn(name, "text", pa.string(), _text_of(type_, int(row["max_length"]), quoted))

    def stream(self, sql: str, schema: pa.Schema, shown: str) -> Iterator[pa.RecordBatch]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(sql)
            yield from read_batches(cursor, schema, _cast)

    def ask(self, sql: str, shown: str) -> list[tuple[Any, ...]]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def day_of(self, column: SourceColumn) -> str:
        quoted = self.quote(column.name)
        moment = f"switchoffset({quoted}, '+00:00')" if column.kind == "timestamptz" else quoted
        return f"convert(varchar(10), cast({moment} as date), 23)"

    def sum_of(self, column: SqlColumn) -> str:
        quoted = self.quote(column.name)
        if column.kind == "float":
            return f"sum({quoted})"
        number = quoted if column.kind == "decimal" else column.sql
        return f"sum(cast({number} as decimal(38, {column.type.scale if column.kind == 'decimal' else 0})))"

    def is_impossible(self, column: SqlColumn) -> str | None:  # noqa: ARG002
        return None  # Its types hold no days and numbers but such that there are.

    @contextmanager
    def separate(self, number: int) -> Iterator[None]:  # noqa: ARG002
        """Many a fault of a query ends the transaction with it, and so the one state: no table comes after."""
        if self._is_over:
            raise TableError(
                "not read, since what is at fault with a table before it ended the state that all are read in: mend "
                "that first."
            )
        try:
            yield
        except TableError:
            self._is_over = self.ask("select @@trancount", "the database") == [(0,)]
            raise

    @contextmanager
    def _telling(self, shown: str) -> Iterator[None]:
        """What goes wrong within as an error of ours, which keeps nothing of what the driver said."""
        import pymssql

        number = None
        try:
            yield
        except pa.ArrowException:
            raise  # Of a value: told where all systems' values are.
        except (OverflowError, ValueError):
            number = _UNREADABLE
        except (pymssql.Error, OSError) as error:
            number = _number_of(error)
        if number in _NO_SNAPSHOT:
            raise self._refuse_without_versions()
        if number is not None:
            _refuse(number, shown)


def _text(sql: str) -> str:
    return "N'" + sql.replace("'", "''") + "'"


def _moment(type_: str, quoted: str) -> str:
    """In UTC where it has a zone: the driver is told no zones."""
    return f"cast(switchoffset({quoted}, '+00:00') as datetime2(7))" if type_ == "datetimeoffset" else quoted


def _text_of(type_: str, length: int, quoted: str) -> str:
    """SQL of what is landed as text, always in Unicode: of other texts the driver would have to know the code page."""
    if type_ in ("nchar", "nvarchar", "sysname"):
        return quoted
    if type_ in ("char", "varchar"):
        return f"cast({quoted} as nvarchar({length if 0 < length <= _MOST_IN_ROW else 'max'}))"
    if type_ in _BYTES:
        return f"lower(convert(varchar(max), cast({quoted} as varbinary(max)), 2))"
    if type_ == "uniqueidentifier":
        return f"cast({quoted} as char(36))"
    if type_ == "time":
        return f"cast({quoted} as varchar(16))"
    return f"{quoted}.ToString()" if type_ in _OBJECTS else f"cast({quoted} as nvarchar(max))"


def _cast(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """What the driver gave as ``type_``: decimals come as texts, moments without their zone, which is UTC."""
    if pa.types.is_decimal(type_):
        return pc.cast(pa.array(values, pa.string()), type_)
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        return pc.assume_timezone(pa.array(values, pa.timestamp("us")), "UTC")
    return pa.array(values, type_)


def _number_of(error: BaseException) -> int:
    """The number of an error, from 20000 on of the driver; 0 where it has none."""
    found: Any = error.args
    while isinstance(found, tuple) and found:
        found = found[0]
    return found if isinstance(found, int) else 0


def _refuse(number: int, shown: str) -> NoReturn:
    if number == 208:
        raise MissingTableError(f"the database has no {shown}. Check its name, and the schema before it.")
    if number in (229, 230, 297, 300, 916):
        raise TableError(f"{shown} may not be read by this user: grant it SELECT.")
    if number == _UNREADABLE:
        raise TableError(f"{shown} holds a value that the driver cannot read. Leave its column out with `columns`.")
    if number in (207, 4104):
        raise TableError(f"{shown} has no column of a name that its pull speaks of.")
    if number in _PASSING or number == 0 or 20_000 <= number < 21_000:
        raise SourceError(f"the connection broke off while {shown} was read (error {number}).", is_passing=True)
    raise TableError(
        f"the database refuses what is asked of {shown} (error {number}). Correct the SQL of its pull; T-SQL has no "
        "WITH, ORDER BY or column without a name within FROM."
    )
