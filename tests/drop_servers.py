"""Real servers that hold files, on the loopback interface, started and ended by the tests that need them."""

import asyncio
import base64
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

PATIENCE_SECONDS = 30
PASSWORD = "Xy9-needle/in:the@haystack"
PASSPHRASE = "Kp3-needle-of-a-key"


@dataclass
class Store:
    """Where files are put for others to fetch. ``connector`` reaches it, but for the folder."""

    connector: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, content: bytes) -> None:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError


@dataclass
class FolderStore(Store):
    """A server over a folder of this machine. ``accepted``: connections so far; ``cut_after``: bytes of the next."""

    folder: Path = Path()
    clock: int = 1_767_225_600  # 2026-01-01; each file is a minute younger than the one before.

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.clock += 60
        os.utime(path, (self.clock, self.clock))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, "waited for a server in vain"
        time.sleep(0.05)


@contextmanager
def openssh() -> Iterator[FolderStore]:
    """The SFTP server of OpenSSH, with a key for whoever runs the tests; skips where it is not installed."""
    pytest.importorskip("asyncssh", reason="the [sftp] extra is not installed")
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("OpenSSH's server is not installed (Debian: openssh-server)")
    import asyncssh

    folder = Path(mkdtemp(prefix="pc-ssh-", dir="/tmp"))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd asks for it where root starts it.
    host, own = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    for name, key in (("host", host), ("own", own)):
        passphrase = PASSPHRASE if name == "own" else None
        key.write_private_key(str(folder / name), passphrase=passphrase, rounds=1, ignore_few_rounds=True)
        (folder / name).chmod(0o600)
    own.write_public_key(str(folder / "authorized"))
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n"
        "Subsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    command = ["setpriv", "--pdeathsig=KILL", "--", program, "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_for(port)
            files = folder / "files"
            files.mkdir()
            public = host.export_public_key().decode().strip()
            (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
            connector = {
                "type": "sftp",
                "host": "127.0.0.1",
                "port": port,
                "user": _own_name(),
                "key": str(folder / "own"),
                "passphrase": "${DROP_PASSPHRASE}",
                "known_hosts": str(folder / "known_hosts"),
                "root": str(files),
            }
            yield FolderStore(connector, {"DROP_PASSPHRASE": PASSPHRASE}, files)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _own_name() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


@dataclass
class ScriptedStore(FolderStore):
    """An SFTP server of asyncssh, in a thread of the tests: what it does wrong is set here.

    ``drops``: connections that it ends when the first file is read. ``shortens``: bytes that it keeps back of each file
    without a word. ``names``: what it lists besides; ``pauses``: seconds that each 200 names of a list take it.
    ``on_open`` is called with the name of each file that is opened.
    """

    fingerprint: str = ""
    drops: int = 0
    shortens: int = 0
    pauses: float = 0
    names: list[bytes] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    on_open: Any = None


@contextmanager
def scripted() -> Iterator[ScriptedStore]:
    """See :class:`ScriptedStore`."""
    asyncssh = pytest.importorskip("asyncssh", reason="the [sftp] extra is not installed")
    folder = Path(mkdtemp(prefix="pc-ssh-", dir="/tmp"))
    key, port = asyncssh.generate_private_key("ssh-ed25519"), free_port()
    connector = {
        "type": "sftp",
        "host": "127.0.0.1",
        "port": port,
        "user": "till",
        "password": "${DROP_PASSWORD}",
        "fingerprint": key.get_fingerprint(),
        "root": "out",
    }
    (folder / "out").mkdir()
    store = ScriptedStore(connector, {"DROP_PASSWORD": PASSWORD}, folder / "out", fingerprint=key.get_fingerprint())

    async def serve(ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=_make_login(asyncssh),
            server_host_keys=[key],
            sftp_factory=_make_files(asyncssh, store, folder),
        )
        ready.set()
        await stop.wait()
        server.close()

    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    try:
        yield store
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


def _make_login(ssh: Any) -> Any:
    class Login(ssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return bool(username)

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("till", PASSWORD)

    return Login


def _make_files(ssh: Any, store: ScriptedStore, folder: Path) -> Any:
    class Files(ssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=os.fsencode(folder))
            self._channel = channel

        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            name = os.fsdecode(path).rpartition("/")[2]
            store.opened.append(name)
            if store.on_open is not None:
                store.on_open(name)
            return super().open(path, pflags, attrs)

        def read(self, file: Any, offset: int, size: int) -> bytes:
            if store.drops:
                store.drops -= 1
                self._channel.get_connection().abort()
            whole: bytes = super().read(file, offset, size)
            return whole[: -store.shortens] if store.shortens and whole else whole

        async def scandir(self, path: bytes) -> Any:
            store.listed.append(os.fsdecode(path))
            number = 0
            async for entry in super().scandir(path):
                yield entry
                number += 1
                if store.pauses and number % 200 == 0:
                    await asyncio.sleep(store.pauses)
            for name in store.names:
                yield ssh.SFTPName(name, b"", ssh.SFTPAttrs(size=4, permissions=0o100644, mtime=1))

    return Files


@dataclass
class ObjectStore(Store):
    """A bucket; ``system`` is its owner's way in, by fsspec."""

    system: Any = None
    bucket: str = "drops"

    def put(self, name: str, content: bytes) -> None:
        self.system.pipe_file(f"{self.bucket}/{self.connector['root']}/{name}", content)

    def remove(self, name: str) -> None:
        self.system.rm_file(f"{self.bucket}/{self.connector['root']}/{name}")


@contextmanager
def s3() -> Iterator[ObjectStore]:
    """S3 as moto plays it, over HTTP."""
    library = pytest.importorskip("s3fs", reason="the [s3] extra is not installed")
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    port = free_port()
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{port}"
        client = {"endpoint_url": endpoint, "region_name": "eu-west-1"}
        system = library.S3FileSystem(
            key="id", secret=PASSWORD, client_kwargs=client, use_listings_cache=False, skip_instance_cache=True
        )
        with suppress(FileExistsError):  # What moto holds is one for all of its servers.
            system.mkdir("drops", region_name="eu-west-1")
        connector = {
            "type": "s3",
            "bucket": "drops",
            "endpoint": endpoint,
            "region": "eu-west-1",
            "key_id": "${DROP_KEY_ID}",
            "secret": "${DROP_SECRET}",
            "root": "till",
        }
        yield ObjectStore(connector, {"DROP_KEY_ID": "id", "DROP_SECRET": PASSWORD}, system)
    finally:
        server.stop()


@contextmanager
def gcs() -> Iterator[ObjectStore]:
    """Google Cloud Storage as gcp-storage-emulator plays it."""
    library = pytest.importorskip("gcsfs.core", reason="the [gcs] extra is not installed")
    emulator = pytest.importorskip("gcp_storage_emulator.server", reason="gcp-storage-emulator is not installed")
    port = free_port()
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="drops")
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{port}"
        system = library.GCSFileSystem(
            token="anon", endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True
        )
        connector = {"type": "gcs", "bucket": "drops", "endpoint": endpoint, "anonymous": True, "root": "till"}
        yield ObjectStore(connector, {}, system)
    finally:
        server.stop()


@contextmanager
def azure() -> Iterator[ObjectStore]:
    """Azure Blob Storage as Microsoft's Azurite plays it; skips where that is not installed."""
    library = pytest.importorskip("adlfs", reason="the [azure] extra is not installed")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("Azurite is not installed (npm: azurite)")
    port, folder = free_port(), Path(mkdtemp(prefix="pc-azure-", dir="/tmp"))
    key = base64.b64encode(PASSWORD.encode()).decode()
    command = ["setpriv", "--pdeathsig=KILL", "--", program, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    options = ["--location", str(folder), "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"drops:{key}"}
    with subprocess.Popen([*command, *options], env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            way_in = (
                f"DefaultEndpointsProtocol=http;AccountName=drops;AccountKey={key};"
                f"BlobEndpoint=http://127.0.0.1:{port}/drops;"
            )
            system = library.AzureBlobFileSystem(
                connection_string=way_in, use_listings_cache=False, skip_instance_cache=True
            )
            system.mkdir("drops")
            connector = {
                "type": "azure",
                "container": "drops",
                "connection_string": "${DROP_WAY_IN}",
                "root": "till",
            }
            yield ObjectStore(connector, {"DROP_WAY_IN": way_in}, system)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


STORES = {"openssh": openssh, "scripted": scripted, "s3": s3, "gcs": gcs, "azure": azure}
