"""PostgreSQL by ADBC: COPY in binary form, as Arrow, in one transaction that sees one state and can change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.config.connectors import DatabaseConnector
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.reachable import why_unreachable
from pipelines.pulls.snapshot import SqlColumn
from pipelines.pulls.system import Kind, SourceColumn

PORT = 5432
PATIENCE = 30
MOST_DIGITS = 38  # Of a decimal in Arrow and in DuckDB.
_TLS = {"off": "disable", "prefer": "prefer", "require": "require", "verify": "verify-full"}
_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_MOMENTS: dict[str, tuple[Kind, pa.DataType]] = {
    "date": ("date", pa.date32()),
    "timestamp": ("timestamp", pa.timestamp("us")),
    "timestamptz": ("timestamptz", pa.timestamp("us", tz="UTC")),
}
_PASSING = ("08", "40", "53", "57", "58", "XX")
"""Classes of SQLSTATE of what has to do with the server and the moment, not with the query."""
_NO_NUMBERS = ("'NaN'", "'Infinity'", "'-Infinity'")
_NOT_YET = ("starting up", "shutting down", "recovery mode", "too many", "remaining connection slots")


@contextmanager
def open_snapshot(connector: DatabaseConnector, base: Path) -> Iterator["PostgresqlSnapshot"]:
    """One state of the database, until the block ends."""
    connection = _connect(connector, base)
    try:
        snapshot = PostgresqlSnapshot(connection)
        snapshot.command("begin transaction isolation level repeatable read, read only")
        yield snapshot
    finally:
        with suppress(Exception):  # It may have gone away, which was told.
            connection.close()


def _connect(connector: DatabaseConnector, base: Path) -> Any:
    from adbc_driver_postgresql import dbapi

    host, port = connector.host.reveal(), connector.port or PORT
    settings = {
        "connect_timeout": PATIENCE,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 6,
        "application_name": "parcours",
        "sslmode": _TLS[connector.tls],
        "options": "-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1",
    }
    if connector.ca is not None:
        settings["sslrootcert"] = str(connector.ca.resolve_path(base))
    user = quote(connector.user.reveal(), safe="")
    if connector.password is not None:
        user += ":" + quote(connector.password.reveal(), safe="")
    if host.startswith("/"):  # The folder of a socket.
        settings["host"], settings["port"] = host, port
        address = ""
    else:
        address = f"[{host}]:{port}" if ":" in host else f"{quote(host, safe='')}:{port}"
    database = quote(connector.database.reveal(), safe="")
    refused = None
    # The transaction is begun by a command: one that the driver began itself could not go on after a query that failed.
    try:
        return dbapi.connect(
            f"postgresql://{user}@{address}/{database}?{urlencode(settings, quote_via=quote)}", autocommit=True
        )
    except dbapi.Error as error:
        refused = str(error)
    raise _explain_refusal(connector, refused)


def _explain_refusal(connector: DatabaseConnector, said: str) -> SourceError:
    """What is wrong, told from whether anybody answers at all; what the server ``said`` is looked at, not repeated."""
    host, port = connector.host.reveal(), connector.port or PORT
    shown = f"the PostgreSQL server {connector.host}:{port}"
    if not host.startswith("/") and (reason := why_unreachable(host, port, PATIENCE)):
        return SourceError(
            f"{shown} does not answer ({reason}). Check `host` and `port`, that it runs, and that this machine may "
            "reach it.",
            is_passing=True,
        )
    if any(words in said for words in _NOT_YET) or ("FATAL" not in said and "SSL" not in said):
        return SourceError(f"{shown} takes no connection at the moment.", is_passing=True)
    if "SSL" in said or "certificate" in said:
        return SourceError(f"{shown} and this machine do not agree on TLS. Check `tls` and `ca`.")
    return SourceError(
        f"{shown} does not let {connector.user} into {connector.database}: check `user`, `password` and `database`, "
        "and that pg_hba.conf admits this machine."
    )


class PostgresqlSnapshot:
    """See :class:`pipelines.pulls.snapshot.Snapshot`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def command(self, sql: str) -> None:
        """Runs what is no query."""
        with self._telling("the database"), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def name_table(self, name: str) -> str:
        return ".".join(map(self.quote, name.split(".")))

    def first(self, select: str, most: int) -> str:
        return f"{select} limit {most}"

    def literal(self, column: SourceColumn, value: str) -> str:
        return value if column.kind == "integer" else f"{column.kind} '{value}'"

    def cursor_text(self, column: SourceColumn, value: str) -> str:
        match column.kind:
            case "integer":
                return f"({value})::text"
            case "date":
                return f"to_char({value}, 'YYYY-MM-DD')"
        return f"to_char({value}, 'YYYY-MM-DD HH24:MI:SS.US')" + (
            " || '+00:00'" if column.kind == "timestamptz" else ""
        )

    def now(self, column: SourceColumn) -> str | None:
        return {"date": "current_date", "timestamp": "localtimestamp", "timestamptz": "now()"}.get(column.kind)

    def describe(self, relation: str, shown: str, *, is_table: bool) -> list[SqlColumn]:  # noqa: ARG002
        with self._telling(shown), self._connection.cursor() as cursor:
            schema = cursor.adbc_execute_schema(f"select * from {relation}")
        return [self._describe_column(field) for field in schema]

    def _describe_column(self, field: pa.Field) -> SqlColumn:
        told = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        type_, modifier, name = told.get("POSTGRESQL:type", ""), int(told.get("POSTGRESQL:typmod", -1)), field.name
        quoted = self.quote(name)
        if type_ in _INTEGERS:
            return SqlColumn(name, "integer", _INTEGERS[type_], quoted)
        if type_ in _MOMENTS:
            kind, arrow = _MOMENTS[type_]
            return SqlColumn(name, kind, arrow, f"case when isfinite({quoted}) then {quoted} end")
        if type_ == "bool":
            return SqlColumn(name, "boolean", pa.bool_(), quoted)
        if type_ in ("float4", "float8"):
            return SqlColumn(name, "float", pa.float64(), _finite(f"{quoted}::float8"))
        if type_ == "numeric":
            return SqlColumn(name, "decimal", _decimal(modifier), _finite(f"{quoted}::text"))
        if type_ == "money":
            return SqlColumn(name, "decimal", pa.decimal128(19, 2), f"{quoted}::numeric(19, 2)::text")
        if type_ in _TEXTS:
            return SqlColumn(name, "text", pa.string(), quoted)
        if type_ == "bytea":
            return SqlColumn(name, "text", pa.string(), f"encode({quoted}, 'hex')")
        if pa.types.is_list(field.type):
            return SqlColumn(name, "text", pa.string(), f"array_to_json({quoted})::text")
        return SqlColumn(name, "text", pa.string(), f"{quoted}::text")

    def stream(self, sql: str, schema: pa.Schema, shown: str) -> Iterator[pa.RecordBatch]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(sql)
            with cursor.fetch_record_batch() as reader:
                for batch in reader:
                    yield _cast(batch, schema)

    def ask(self, sql: str, shown: str) -> list[tuple[Any, ...]]:
        with self._telling(shown), self._connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def day_of(self, column: SourceColumn) -> str:
        quoted = self.quote(column.name)
        return f"case when isfinite({quoted}) then to_char({quoted}, 'YYYY-MM-DD') end"

    def sum_of(self, column: SqlColumn) -> str:
        number = f"({column.sql})::numeric" if column.kind == "decimal" else column.sql
        return f"sum({number})::text"

    def is_impossible(self, column: SqlColumn) -> str | None:
        quoted = self.quote(column.name)
        if column.kind in ("date", "timestamp", "timestamptz"):
            return f"not isfinite({quoted})"
        return f"{quoted}::text in ({', '.join(_NO_NUMBERS)})" if _NO_NUMBERS[0] in column.sql else None

    @contextmanager
    def separate(self, number: int) -> Iterator[None]:
        self.command(f"savepoint table_{number}")
        try:
            yield
        except TableError:
            self.command(f"rollback to savepoint table_{number}")
            raise

    @contextmanager
    def _telling(self, shown: str) -> Iterator[None]:
        """What goes wrong within as an error of ours, which keeps nothing of what the driver said."""
        from adbc_driver_postgresql import dbapi

        state = None
        try:
            yield
        except (dbapi.Error, pa.ArrowException, OSError) as error:
            state = getattr(error, "sqlstate", None) or ""
        if state is not None:
            _refuse(state, shown)


def _finite(value: str) -> str:
    """SQL that is null where ``value``, a float or the text of a numeric, is no number to reckon with."""
    for other in _NO_NUMBERS:
        value = f"nullif({value}, {other})"
    return value


def _decimal(modifier: int) -> pa.DataType:
    """numeric(p, s) as a decimal; without a precision, or with more digits than Arrow has, as text, exact as it is."""
    if modifier < 4:
        return pa.string()
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
    return pa.decimal128(precision, scale) if precision <= MOST_DIGITS and scale <= precision else pa.string()


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field, column in zip(schema, batch.columns, strict=True):
        plain = column.storage if isinstance(column, pa.ExtensionArray) else column
        columns.append(plain if plain.type == field.type else pc.cast(plain, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _refuse(state: str, shown: str) -> NoReturn:
    if state == "42P01":
        raise MissingTableError(f"the database has no {shown}. Check its name, and the schema before it.")
    if state == "42501":
        raise TableError(f"{shown} may not be read by this user: grant it SELECT.")
    if state == "42703":
        raise TableError(f"{shown} has no column of a name that its pull speaks of.")
    if not state or state.startswith(_PASSING):
        told = f" (SQLSTATE {state})" if state else ""
        raise SourceError(f"the connection broke off while {shown} was read{told}.", is_passing=True)
    raise TableError(
        f"the database refuses what is asked of {shown} (SQLSTATE {state}). Correct the SQL of its pull; what the "
        "database says stands in its own log."
    )
