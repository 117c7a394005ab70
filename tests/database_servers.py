"""Database servers on the loopback interface, started and ended by the tests that need them.

PostgreSQL and MariaDB are real; they run as another user where the tests run as root, since neither starts as root. SQL
Server is a server of the tests' own that speaks its protocol.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest

from tests.tds.certificate import AUTHORITY, make_certificate
from tests.tds.server import TdsServer

PATIENCE_SECONDS = 60
PASSWORD = "Qz7-needle/in:the@haystack"
USER = "parcours"


@dataclass
class Server:
    """One server, with a database `shop` and a user that may only read it. ``run`` executes SQL as the owner."""

    type: str
    port: int
    start: Callable[[], subprocess.Popen[bytes]]
    run: Callable[..., list[tuple[Any, ...]]]
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(default_factory=lambda: {"SHOP_PASSWORD": PASSWORD})

    @property
    def connector(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "host": "127.0.0.1",
            "port": self.port,
            "database": "shop",
            "user": USER,
            "password": "${SHOP_PASSWORD}",
            "wait_seconds": 0,
        }

    def kill(self) -> None:
        """As a machine does that loses its power."""
        for process in [self.process.pid, *_list_children(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        _wait_for(lambda: not _answers(self.port), "the server to end")

    def start_again(self) -> None:
        self.process = self.start()


def _list_children(process: int) -> list[int]:
    """Those of PostgreSQL are at work for a client each, and outlive it for a while."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == process:
                children.append(int(status.parent.name))
    return children


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait_for(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited for {what} in vain"
        time.sleep(0.05)


def _as_user(user: str) -> list[str]:
    """What runs a command as ``user`` where root must not, and ends it with the tests, however these end."""
    if os.getuid() != 0:
        return ["setpriv", "--pdeathsig=KILL", "--"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--pdeathsig=KILL", "--"]


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    """A folder of the server's own, short enough for the name of a socket."""
    folder = Path(mkdtemp(prefix="pc-db-", dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _launch(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True)


def _find_postgresql() -> Path | None:
    programs = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    return Path(sorted(map(str, programs))[-1]).parent if programs else None


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL; skips where its programs are not there."""
    programs = _find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    from adbc_driver_postgresql import dbapi

    with _folder("postgres") as folder:
        user, port, data = _as_user("postgres"), _free_port(), folder / "data"
        made = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "owner",
            "--auth-local=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        subprocess.run([*user, *made, "--auth-host=scram-sha-256", "--locale=C.UTF-8"], check=True, capture_output=True)

        def start() -> subprocess.Popen[bytes]:
            (data / "postmaster.pid").unlink(missing_ok=True)
            options = ["-k", str(folder), "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
            process = _launch(
                [*user, str(programs / "postgres"), "-D", str(data), "-p", str(port), *options], folder / "log"
            )
            _wait_for(_is_ready, "PostgreSQL")
            return process

        def connect(database: str) -> Any:
            return dbapi.connect(f"postgresql:///{database}?host={folder}&port={port}&user=owner", autocommit=True)

        def _is_ready() -> bool:
            try:
                connect("postgres").close()
            except dbapi.Error:
                return False
            return True

        def run(*statements: str, database: str = "shop") -> list[tuple[Any, ...]]:
            with connect(database) as connection, connection.cursor() as cursor:
                for statement in statements[:-1]:
                    cursor.execute(statement)
                cursor.execute(statements[-1])
                if statements[-1].lstrip().lower().startswith("select"):
                    rows: list[tuple[Any, ...]] = cursor.fetchall()
                    return rows
            return []

        server = Server("postgresql", port, start, run, start())
        try:
            run("create database shop", database="postgres")
            run(
                f"create role {USER} login password '{PASSWORD}'",
                f"alter default privileges in schema public grant select on tables to {USER}",
            )
            yield server
        finally:
            server.kill()


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB; skips where its programs are not there."""
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or shutil.which("mysqld")
    if install is None or program is None:
        pytest.skip("MariaDB is not installed (Debian: mariadb-server)")
    import pymysql

    with _folder("mysql") as folder:
        user, port, data = _as_user("mysql"), _free_port(), folder / "data"
        made = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        subprocess.run([*user, *made, "--skip-test-db"], check=True, capture_output=True)

        def start() -> subprocess.Popen[bytes]:
            options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's'}", "--skip-name-resolve"]
            tuned = ["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M", "--sql-mode="]
            process = _launch([*user, program, "--no-defaults", f"--datadir={data}", *options, *tuned], folder / "log")
            _wait_for(lambda: _answers(port), "MariaDB")
            return process

        def connect(database: str | None) -> Any:
            return pymysql.connect(unix_socket=str(folder / "s"), user="root", database=database, autocommit=True)

        def run(*statements: str, database: str | None = "shop") -> list[tuple[Any, ...]]:
            with connect(database) as connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())

        server = Server("mariadb", port, start, run, start())
        try:
            run("create database shop character set utf8mb4", database=None)
            run(f"create user {USER}@'%' identified by '{PASSWORD}'", f"grant select on shop.* to {USER}@'%'")
            yield server
        finally:
            server.kill()


@dataclass
class SqlServer:
    """The tests' own server that speaks as SQL Server does, with what a ``Server`` has."""

    tds: TdsServer
    authority: Path
    type: str = "mssql"
    environment: dict[str, str] = field(default_factory=lambda: {"SHOP_PASSWORD": PASSWORD})

    @property
    def port(self) -> int:
        return self.tds.port

    @property
    def connector(self) -> dict[str, Any]:
        reached = {"host": "127.0.0.1", "port": self.port, "database": "shop", "user": USER}
        return {
            "type": self.type,
            **reached,
            "password": "${SHOP_PASSWORD}",
            "ca": str(self.authority),
            "wait_seconds": 0,
        }

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.tds.run(*statements)

    def kill(self) -> None:
        """As a machine does that loses its power."""
        self.tds.stop()

    def start_again(self) -> None:
        self.tds.start()


@contextmanager
def mssql() -> Iterator[SqlServer]:
    """A server that speaks TDS, encrypted; skips where its driver is not there."""
    pytest.importorskip("pymssql")
    with TemporaryDirectory() as folder:
        server = SqlServer(TdsServer(USER, PASSWORD, make_certificate(Path(folder))), Path(folder) / AUTHORITY)
        server.tds.start()
        try:
            yield server
        finally:
            server.kill()


SERVERS = {"postgresql": postgresql, "mariadb": mariadb, "mssql": mssql}
