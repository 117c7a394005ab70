"""How FreeTDS, the library within pymssql, is told whom to believe: by a file of settings, and by nothing else.

Without a file that names an authority it checks no certificate at all, and the machine's own file could say anything.
So there is one of ours, for as long as a connection is opened.
"""

import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pipelines.config.mssql import MssqlConnector
from pipelines.pulls.errors import SourceError

ENCRYPTION = {"off": "off", "prefer": "request", "require": "require", "verify": "require"}
"""What pymssql calls each `tls`. Without an authority in the settings, `require` believes any certificate."""

_VARIABLE = "FREETDSCONF"
_one_at_a_time = threading.Lock()


@contextmanager
def freetds_settings(connector: MssqlConnector, base: Path) -> Iterator[None]:
    """FreeTDS reads settings that go with `tls` and `ca`, and none of the machine's, until the block ends."""
    lines = ["[global]", "\ttds version = 7.4"]
    if connector.tls == "verify":
        lines += [f"\tca file = {_find_authority(connector, base)}", "\tcheck certificate hostname = yes"]
    with _one_at_a_time, NamedTemporaryFile("w", prefix="parcours-", suffix=".conf", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = file.name
        try:
            yield
        finally:
            del os.environ[_VARIABLE]
            if before is not None:
                os.environ[_VARIABLE] = before


def _find_authority(connector: MssqlConnector, base: Path) -> str:
    """The file of the authority, absolute: that of `ca`, the machine's, or the one that comes with requests."""
    if connector.ca is None:
        return ssl.get_default_verify_paths().cafile or DEFAULT_CA_BUNDLE_PATH
    path = str(connector.ca.resolve_path(base).absolute())
    is_usable = path.isprintable()
    if is_usable:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError):
            is_usable = False
    if not is_usable:
        raise SourceError(f"`ca` of the SQL Server {connector.host} is no file of certificates: {connector.ca}.")
    return path
