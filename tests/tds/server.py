"""A server that speaks TDS 7.4 and runs the T-SQL of a client on a DuckDB: what SQL Server's driver is tested against.

It is none of Microsoft's. The client's login, encryption, types and SQL are real; what a statement means is DuckDB's
word, after sqlglot read it as T-SQL. Whatever it does not know ends as an error, as a server's would.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.tds import protocol

_MISSING, _NO_COLUMN, _DENIED, _LOGIN, _DATABASE, _WRONG, _NO_SNAPSHOT, _VALUE = (
    208, 207, 229, 18456, 4060, 102, 3952, 8114,
)  # fmt: skip
_BASES = {
    "money": "decimal(19, 4)", "smallmoney": "decimal(10, 4)", "datetime": "timestamp", "smalldatetime": "timestamp",
    "datetime2": "timestamp", "datetimeoffset": "timestamptz", "uniqueidentifier": "uuid", "bit": "boolean",
    "tinyint": "utinyint", "float": "double", "real": "float", "rowversion": "bigint", "binary": "blob",
    "varbinary": "blob", "image": "blob", "xml": "varchar", "ntext": "varchar", "sql_variant": "varchar",
    "hierarchyid": "varchar", "nvarchar": "varchar", "nchar": "varchar", "varchar": "varchar", "char": "varchar",
}  # fmt: skip
_NAMES = {
    "VARCHAR": "nvarchar(max)", "BIGINT": "bigint", "INTEGER": "int", "SMALLINT": "smallint", "UTINYINT": "tinyint",
    "BOOLEAN": "bit", "DOUBLE": "float", "FLOAT": "real", "DATE": "date", "TIMESTAMP": "datetime2(7)",
    "TIMESTAMP WITH TIME ZONE": "datetimeoffset(7)", "BLOB": "varbinary(max)", "UUID": "uniqueidentifier",
    "TIME": "time(7)",
}  # fmt: skip
_MADE = """
create schema sys;
create table sys.databases (database_id int, snapshot_isolation_state utinyint, is_read_only boolean);
insert into sys.databases values (5, 1, false);
create macro db_id() as 5;
create macro min_active_rowversion() as 1000001;
create macro switchoffset(moment, zone) as moment;
create macro sysutcdatetime() as now() at time zone 'UTC';
create macro sysdatetimeoffset() as now();
"""


class TsqlError(Exception):
    """What is told of a statement: a number of SQL Server's, and words."""

    def __init__(self, number: int, words: str = "refused") -> None:
        super().__init__(words)
        self.number = number


@dataclass
class TdsServer:
    """One database, `shop`. ``context`` encrypts what asks for it; ``versions_end``: none are kept any more."""

    user: str
    password: str
    context: ssl.SSLContext | None = None
    denied: set[str] = field(default_factory=set)
    versions_end: bool = False
    asked: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    declared: dict[tuple[str, str], str] = field(default_factory=dict)
    port: int = 0
    sessions: set["_Session"] = field(default_factory=set)
    _open: set[socket.socket] = field(default_factory=set)
    _listener: socket.socket | None = None

    def __post_init__(self) -> None:
        self.database = duckdb.connect()
        self.database.execute("set global TimeZone = 'UTC'")
        self.database.execute(_MADE)

    def start(self) -> None:
        """Listens, from the second time on where it did before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Breaks every connection off, in the middle of whatever is sent."""
        for each in [self._listener, *self._open]:
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Executes SQL as the owner does. What creates a table may name any type of SQL Server."""
        found = self.database.cursor()
        for statement in statements:
            if login := re.fullmatch(r"alter login \w+ with password = '(.*)'", statement):
                self.password = login[1]
            else:
                found.execute(self._as_owner(statement))
        return found.fetchall() if found.description else []

    def _as_owner(self, statement: str) -> str:
        if created := re.match(r"create table (\S+) \(", statement):
            return self._declare(created[1], statement)
        if statement.startswith("insert") and "N'" in statement:
            return sqlglot.transpile(statement, read="tsql", write="duckdb")[0]
        if statement.startswith("alter table"):
            self._wait_for_sessions()
        if retyped := re.fullmatch(r"alter table (\w+) alter column (\w+) (.*)", statement):
            table, column, type_ = retyped.groups()
            self.declared[table, column] = type_.replace(" ", "")
            changed = f"cast({column} as {type_}) as {column}"
            return f"create or replace table {table} as select * replace ({changed}) from {table}"
        return statement

    def _wait_for_sessions(self) -> None:
        """Until whoever has hung up is known to have; DuckDB changes no table that others look at."""
        deadline = time.monotonic() + 10
        while self.sessions:
            assert time.monotonic() < deadline, "a session goes on"
            time.sleep(0.005)

    def _declare(self, table: str, statement: str) -> str:
        """The statement with DuckDB's types; those of SQL Server are kept for whoever asks."""
        parsed = sqlglot.parse_one(statement, read="tsql")
        columns = []
        for column in parsed.find_all(exp.ColumnDef):
            quoted = re.escape(column.name.replace("]", "]]"))
            written = re.search(rf"(?<!\w)\[?{quoted}\]?\s+(\w+(?:\s*\([^)]*\))?)", statement)
            assert written is not None
            type_ = written[1].replace(" ", "").lower().replace("numeric", "decimal")
            self.declared[table.split(".")[-1].lower(), column.name.lower()] = type_
            key = " primary key" if "primary key" in column.sql().lower() else ""
            name, base = column.name.replace('"', '""'), type_.partition("(")[0]
            columns.append(f'"{name}" {_BASES.get(base, type_)}{key}')
        return f"create table {table} ({', '.join(columns)})"

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(EOFError, OSError, ssl.SSLError, ValueError):
            channel = protocol.Channel(connection)
            if self._let_in(channel):
                self._answer(channel)
        self._open.discard(connection)
        connection.close()

    def _answer(self, channel: protocol.Channel) -> None:
        session = _Session(self)
        self.sessions.add(session)
        try:
            while True:
                kind, message = channel.read()
                if kind == protocol.ATTENTION:
                    channel.write(protocol.done(status=0x20))
                else:
                    channel.write_rows(session.answer(protocol.read_batch(message)))
        finally:
            session.end()
            self.sessions.discard(session)

    def _let_in(self, channel: protocol.Channel) -> bool:
        asked = protocol.read_encryption(channel.read()[1])
        if self.context and asked != protocol.NOT_ENCRYPTED:
            channel.write(protocol.prelogin(protocol.ENCRYPTED))
            channel.encrypt(self.context)
        else:
            channel.write(protocol.prelogin(protocol.NOT_ENCRYPTED))
        login = protocol.Login.read(channel.read()[1])
        self.encrypted.append(channel.is_encrypted)
        if (login.user, login.password) != (self.user, self.password):
            channel.write(protocol.error(_LOGIN, "Login failed."))
        elif login.database != "shop":
            channel.write(protocol.error(_DATABASE, "Cannot open database."))
        else:
            channel.write(protocol.login_accepted(login.database))
            return True
        return False


class _Session:
    """What one connection keeps between its batches: a transaction."""

    def __init__(self, server: TdsServer) -> None:
        self._server = server
        self._cursor = server.database.cursor()
        self._is_within = self._is_snapshot = False

    def answer(self, batch: str) -> Iterator[bytes]:
        self._server.asked.append(batch)
        try:
            yield from self._execute(batch.strip())
        except TsqlError as error:
            yield protocol.error(error.number, str(error))
        except (sqlglot.ParseError, sqlglot.TokenError, duckdb.ParserException):
            yield protocol.error(_WRONG, "Incorrect syntax.")
        except duckdb.CatalogException:
            yield protocol.error(_MISSING, "Invalid object name.")
        except duckdb.BinderException:
            yield protocol.error(_NO_COLUMN, "Invalid column name.")
        except duckdb.Error:
            self.end()  # As most faults of a value do.
            yield protocol.error(_VALUE, "Error converting data type.")

    def end(self) -> None:
        if self._is_within:
            self._cursor.execute("rollback")
            self._is_within = False

    def _execute(self, batch: str) -> Iterator[bytes]:
        if re.match(r"(set|use)\b", batch, re.IGNORECASE):
            for statement in batch.lower().split(";"):
                self._set(statement.strip())
            yield protocol.done()
        elif described := re.fullmatch(r"exec sp_describe_first_result_set N'(.*)'", batch, re.DOTALL):
            yield from self._describe(described[1].replace("''", "'"))
        elif looked := re.fullmatch(r"select object_id\(N'(.*)'\)", batch, re.DOTALL):
            yield from _reply([("", "INTEGER")], [(self._find(looked[1].replace("''", "'")),)])
        elif batch == "select @@trancount":
            yield from _reply([("", "INTEGER")], [(int(self._is_within),)])
        else:
            yield from self._select(batch)

    def _set(self, statement: str) -> None:
        if statement == "begin transaction":
            self._cursor.execute("begin transaction")
            self._is_within = True
        elif statement.startswith("set transaction isolation level "):
            self._is_snapshot = statement.endswith(" snapshot")

    def _select(self, batch: str) -> Iterator[bytes]:
        sql = self._translate(batch)
        if self._is_snapshot and self._server.versions_end:
            raise TsqlError(_NO_SNAPSHOT)
        self._server.database.cursor().execute(f"describe {sql}")  # A fault of names leaves the transaction.
        self._cursor.execute(sql)
        described = [(name, str(type_)) for name, type_, *_ in self._cursor.description]
        yield protocol.columns(described)
        types, count = [type_ for _, type_ in described], 0
        while rows := self._cursor.fetchmany(2_000):
            count += len(rows)
            yield b"".join(protocol.row(values, types) for values in rows)
        yield protocol.done(count)

    def _translate(self, batch: str) -> str:
        parsed = sqlglot.parse_one(batch, read="tsql")
        for table in parsed.find_all(exp.Table):
            if table.name.lower() in self._server.denied:
                raise TsqlError(_DENIED)
        return parsed.transform(_as_duckdb).sql("duckdb")

    def _find(self, relation: str) -> int | None:
        table = sqlglot.parse_one(relation, into=exp.Table, read="tsql")
        asked = "select table_oid from duckdb_tables() where table_name ilike ? and schema_name ilike ?"
        found = self._cursor.execute(asked, [table.name, table.db or "main"]).fetchone()
        return int(found[0]) if found else None

    def _describe(self, batch: str) -> Iterator[bytes]:
        tables = [table.name.lower() for table in sqlglot.parse_one(batch, read="tsql").find_all(exp.Table)]
        found = self._server.database.cursor().execute(f"describe {self._translate(batch)}").fetchall()
        rows = []
        for number, (name, type_, *_) in enumerate(found, 1):
            known = (self._server.declared.get((table, name.lower())) for table in tables)
            named = next(filter(None, known), _NAMES.get(type_, type_.lower()))
            digits = [int(part) for part in re.findall(r"\d+", named)] + [0, 0]
            longest = -1 if named.endswith("(max)") else digits[0] * (2 if named.startswith("n") else 1)
            rows.append((False, number, name, named, longest, digits[0], digits[1]))
        names = ("is_hidden", "column_ordinal", "name", "system_type_name", "max_length", "precision", "scale")
        types = ("BOOLEAN", "INTEGER", "VARCHAR", "VARCHAR", "SMALLINT", "UTINYINT", "UTINYINT")
        yield from _reply(list(zip(names, types, strict=True)), rows)


def _reply(described: list[tuple[str, str]], rows: list[tuple[Any, ...]]) -> Iterator[bytes]:
    yield protocol.columns(described)
    yield b"".join(protocol.row(values, [type_ for _, type_ in described]) for values in rows)
    yield protocol.done(len(rows))


def _as_duckdb(node: exp.Expression) -> exp.Expression:
    """What sqlglot leaves as it is, or renders with another meaning than T-SQL's."""
    if isinstance(node, exp.Convert):
        return _convert(node.this, node.expression.transform(_as_duckdb), str(node.args.get("style")))
    if isinstance(node, exp.Cast):
        return _convert(node.to, node.this.transform(_as_duckdb), "None")
    if isinstance(node, exp.Add) and getattr(node.expression, "is_string", False):
        return exp.DPipe(this=node.this.transform(_as_duckdb), expression=node.expression)
    if isinstance(node, exp.Dot) and node.expression.name.lower() == "tostring":
        return exp.cast(exp.column(node.this), "VARCHAR")
    return exp.func("now") if isinstance(node, exp.CurrentTimestampLTZ) else node


def _convert(to: exp.DataType, value: exp.Expression, style: str) -> exp.Expression:
    if style == "2":
        return exp.func("hex", value)
    if style == "23":
        return exp.func("strftime", value, exp.Literal.string("%Y-%m-%d"))
    if style == "121":
        return exp.func("strftime", value, exp.Literal.string("%Y-%m-%d %H:%M:%S.%f0"))
    if to.this == exp.DType.BINARY:  # Of a rowversion, which is a number here.
        return value
    length = to.expressions[0].sql() if to.expressions else ""
    plain = to if to.this == exp.DType.DECIMAL else exp.DataType(this=to.this)
    cast = exp.Cast(this=value, to=plain)
    return exp.Upper(this=cast) if (to.this, length) == (exp.DType.CHAR, "36") else cast
