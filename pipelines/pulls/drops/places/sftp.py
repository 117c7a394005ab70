"""A folder on an SFTP server, by asyncssh. The server is known before it is told who asks: no key is just believed.

Names are bytes on the other side, and stay what they are here (`surrogateescape`). Links are followed below the root.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Coroutine, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pipelines.config.drop_sources import SftpConnector
from pipelines.pulls.drops.place import MOST_LISTED, Entry, FileError, is_name
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.extras import need
from pipelines.visible_text import make_one_line

CONNECTING, LOGGING_IN = 20.0, 30.0  # Seconds.
STALLED = 120.0  # Seconds without an answer, of a server that still says that it lives.
PIECE = 4 << 20
Answer = TypeVar("Answer")


@contextmanager
def open_place(connector: SftpConnector, base: Path) -> Iterator["SftpPlace"]:
    """The folder ``root`` of the server, open."""
    ssh = need("asyncssh", "sftp")
    shown = f"the SFTP server {connector.host}:{connector.port}"
    with asyncio.Runner() as runner:
        connection = runner.run(_connect(ssh, connector, base, shown))
        try:
            sftp = _ask(runner, ssh, shown, _in_time(connection.start_sftp_client(path_encoding=None)))
            yield SftpPlace(runner, ssh, sftp, connector, shown)
        finally:
            connection.abort()
            runner.run(connection.wait_closed())


async def _connect(ssh: Any, connector: SftpConnector, base: Path, shown: str) -> Any:
    host = connector.host.reveal()
    keys = _read_key(ssh, connector, base)
    seen: list[str] = []
    known = None if connector.fingerprint else _read_known_hosts(ssh, connector, base)

    class Client(ssh.SSHClient):  # type: ignore[misc]
        def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:  # noqa: ARG002
            seen.append(key.get_fingerprint())
            return connector.fingerprint is not None and seen[-1] in connector.fingerprint

    options: dict[str, Any] = {} if keys is None and connector.password is None else {"agent_path": None}
    try:
        return await ssh.connect(
            host,
            connector.port,
            username=connector.user.reveal(),
            password=connector.password.reveal() if connector.password else None,
            client_keys=keys if keys is not None or connector.password else (),
            known_hosts=known if known is not None else ([], [], []),
            client_factory=Client,
            config=None,
            connect_timeout=CONNECTING,
            login_timeout=LOGGING_IN,
            keepalive_interval=15,
            **options,
        )
    except ssh.HostKeyNotVerifiable:
        raise SourceError(_tell_unknown_host(connector, shown, seen, known, host)) from None
    except ssh.PermissionDenied:
        raise SourceError(
            f"{shown} does not let {connector.user} in: check `user`, and `password` or `key`, and that the server "
            "allows this way in."
        ) from None
    except (ssh.KeyImportError, ssh.KeyEncryptionError):
        raise SourceError(f"a private key for {shown} cannot be read: check `key` and `passphrase`.") from None
    except (TimeoutError, ssh.Error, OSError, EOFError) as fault:
        raise _does_not_answer(shown, fault) from None


def _does_not_answer(shown: str, fault: BaseException) -> SourceError:
    reason = getattr(fault, "strerror", None) or type(fault).__name__
    return SourceError(
        f"{shown} does not answer ({reason}). Check `host` and `port`, that it runs, and that this machine may "
        "reach it.",
        is_passing=True,
    )


def _read_key(ssh: Any, connector: SftpConnector, base: Path) -> list[Any] | None:
    if connector.key is None:
        return None
    file = connector.key.resolve_path(base)
    passphrase = connector.passphrase.reveal() if connector.passphrase else None
    try:
        return [ssh.read_private_key(str(file), passphrase)]
    except OSError as fault:
        raise SourceError(
            f"the private key {file} cannot be read: {fault.strerror}. Correct `key`, or its rights."
        ) from None
    except (ssh.KeyImportError, ssh.KeyEncryptionError):
        raise SourceError(
            f"the private key {file} cannot be used: it is none, or `passphrase` does not open it."
        ) from None


def _read_known_hosts(ssh: Any, connector: SftpConnector, base: Path) -> Any:
    written = connector.known_hosts
    file = written.resolve_path(base) if written else Path("~/.ssh/known_hosts").expanduser()
    try:
        return ssh.import_known_hosts(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise SourceError(
            f"the file of known hosts {written or '~/.ssh/known_hosts'} cannot be read: {fault.strerror}. Say "
            "`known_hosts`, or the `fingerprint` of the server's key."
        ) from None
    except ValueError:
        raise SourceError(f"{written or '~/.ssh/known_hosts'} is no file of known hosts: correct it.") from None


def _tell_unknown_host(connector: SftpConnector, shown: str, seen: list[str], known: Any, host: str) -> str:
    found = f" It showed a key of {seen[-1]}." if seen else ""
    ask = "Ask whoever runs it for the fingerprint of its key, by another way than this network."
    if connector.fingerprint:
        return f"{shown} is not the one of the `fingerprint` that is declared.{found} Nothing was said to it. {ask}"
    file = connector.known_hosts or "~/.ssh/known_hosts"
    if known is not None and any(known.match(host, "", None if connector.port == 22 else connector.port)[:2]):
        return (
            f"{shown} has another key than the one in {file}.{found} Somebody may stand between, or its key was "
            f"replaced. Nothing was said to it. {ask} Then correct {file}."
        )
    return (
        f"{shown} is in no line of {file}, and an unknown host is not trusted.{found} {ask} Then add it with "
        "ssh-keyscan, or write it as `fingerprint`."
    )


async def _in_time(asked: Coroutine[Any, Any, Answer]) -> Answer:
    return await asyncio.wait_for(asked, STALLED)


def _ask(runner: asyncio.Runner, ssh: Any, shown: str, asked: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer to one question, however long it takes; SFTP errors about a file go through."""
    try:
        return runner.run(asked)
    except (ssh.SFTPConnectionLost, ssh.SFTPNoConnection) as fault:
        raise _broke_off(shown, fault) from None
    except ssh.SFTPError:
        raise
    except (TimeoutError, ssh.Error, OSError, EOFError) as fault:
        raise _broke_off(shown, fault) from None


def _broke_off(shown: str, fault: BaseException) -> SourceError:
    reason = getattr(fault, "strerror", None) or type(fault).__name__
    return SourceError(f"{shown} broke off ({reason}).", is_passing=True)


class SftpPlace:
    """See :class:`pipelines.pulls.drops.place.Place`."""

    def __init__(self, runner: asyncio.Runner, ssh: Any, sftp: Any, connector: SftpConnector, shown: str) -> None:
        self._runner, self._ssh, self._sftp = runner, ssh, sftp
        root = connector.root.reveal() if connector.root else "."
        self.shown = f"{connector.shown_root} of {shown}" if connector.root else shown
        self._server = shown
        told = "\n".join(["sftp", connector.host.reveal(), str(connector.port), connector.user.reveal(), root])
        self.identity = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        try:
            self._root = self._run(self._sftp.realpath(os.fsencode(root)))
            attributes = self._run(self._sftp.stat(self._root))
        except ssh.SFTPError as fault:
            raise self._no_root(fault, connector) from None
        if not stat.S_ISDIR(attributes.permissions or stat.S_IFDIR):
            raise SourceError(f"{self.shown} is a file, not a folder. Correct `root` under the source's `connector`.")

    def _no_root(self, fault: Exception, connector: SftpConnector) -> SourceError:
        if isinstance(fault, self._ssh.SFTPPermissionDenied):
            return SourceError(f"{self.shown} may not be read by {connector.user}: ask for the right to.")
        return SourceError(
            f"there is no folder {connector.shown_root} on {self._server}. Correct `root` under the source's "
            "`connector`; it begins where the user's login does, or with /."
        )

    def _run(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        return _ask(self._runner, self._ssh, self._server, _in_time(asked))

    def _path(self, name: str) -> bytes:
        root: bytes = self._root
        return root.rstrip(b"/") + b"/" + os.fsencode(name) if name else root

    def _is_below(self, real: bytes) -> bool:
        return real == self._root or real.startswith(self._root.rstrip(b"/") + b"/")

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:
        ssh, path = self._ssh, self._path(folder)
        shown = make_one_line(folder) or self.shown
        try:
            if folder and not self._is_below(self._run(self._sftp.realpath(path))):
                raise TableError(f"the folder {shown} is a link that leads out of `root`: name that place as `root`.")
            listed = _ask(self._runner, ssh, self._server, self._list(path, os.fsencode(beginning)))
        except (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath, ssh.SFTPNotADirectory):
            return
        except ssh.SFTPPermissionDenied:
            raise TableError(f"the folder {shown} may not be listed by this user: ask for the right to.") from None
        except ssh.SFTPError:
            raise TableError(f"the folder {shown} cannot be listed: the server refuses.") from None
        for found in listed:
            base = os.fsdecode(found.filename)
            if base in (".", ".."):
                continue
            name = f"{folder}/{base}" if folder else base
            if not is_name(base):
                yield Entry(name, fault="its name leads out of its folder")
            else:
                yield self._describe(name, found.attrs)

    async def _list(self, path: bytes, beginning: bytes) -> list[Any]:
        """As many as may be, and one more; the server may take its time as long as it goes on naming files."""
        found: list[Any] = []
        seen = 0

        async def collect() -> None:
            nonlocal seen
            async with aclosing(self._sftp.scandir(path)) as names:
                async for each in names:
                    seen += 1
                    if bytes(each.filename).startswith(beginning):
                        found.append(each)
                        if len(found) > MOST_LISTED:
                            return

        task = asyncio.ensure_future(collect())
        while True:
            before = seen
            done, _ = await asyncio.wait({task}, timeout=STALLED)
            if done:
                task.result()
                return found
            if seen == before:
                task.cancel()  # Nobody waits for it: it would close the folder, which the server does not answer.
                raise TimeoutError

    def _describe(self, name: str, attributes: Any) -> Entry:
        mode = attributes.permissions
        if mode is not None and stat.S_ISLNK(mode):
            return self._follow(name)
        if mode is not None and stat.S_ISDIR(mode):
            return Entry(name, is_folder=True)
        if mode is not None and stat.S_IFMT(mode) and not stat.S_ISREG(mode):
            return Entry(name, fault="it is no file, but a pipe, a socket or a device")
        return Entry(name, size=attributes.size or 0, modified_at=_moment(attributes.mtime))

    def _follow(self, name: str) -> Entry:
        ssh = self._ssh
        try:
            real = self._run(self._sftp.realpath(self._path(name)))
            if not self._is_below(real):
                return Entry(name, fault="it is a link that leads out of `root`")
            attributes = self._run(self._sftp.stat(real))
        except ssh.SFTPError:
            return Entry(name, fault="it is a link to nothing")
        if stat.S_ISDIR(attributes.permissions or 0):
            return Entry(name, is_folder=True, is_link=True)
        return self._describe(name, attributes)

    def look_up(self, name: str) -> Entry | None:
        ssh = self._ssh
        try:
            if not self._is_below(self._run(self._sftp.realpath(self._path(name)))):
                return Entry(name, fault="it is a link that leads out of `root`")
            return self._describe(name, self._run(self._sftp.stat(self._path(name))))
        except (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath, ssh.SFTPNotADirectory):
            return None
        except ssh.SFTPError:
            return Entry(name, fault="this user may not look at it")

    def read(self, name: str) -> Iterator[bytes]:
        ssh = self._ssh
        try:
            file = self._run(self._sftp.open(self._path(name), "rb"))
            try:
                while piece := self._run(file.read(PIECE)):
                    yield piece
            finally:
                self._run(file.close())
        except (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath):
            raise FileError("it went while it was fetched") from None
        except ssh.SFTPPermissionDenied:
            raise FileError("this user may not read it") from None
        except ssh.SFTPError:
            raise FileError("the server does not give it") from None


def _moment(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None
