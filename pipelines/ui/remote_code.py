"""A code location that another container serves, with the daemon in a third: nothing is started here."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.ui.private_folder import private_folder

START_SECONDS = 600.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class RemoteCode:
    """Stands where ``services.Services`` stands. ``workspace`` is the file that says where the code location is."""

    workspace: Path
    host: str
    port: int

    def wait_until_loaded(self) -> None:
        """Until something listens there. Raises ParcoursError where nothing does."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=5).close()
            except OSError as fault:
                if time.monotonic() > deadline:
                    raise ParcoursError(
                        f"No code server answers at {self.host}:{self.port} ({fault.strerror or 'no connection'}). "
                        "Start it, or correct --code-server."
                    ) from None
                time.sleep(_LOOK_SECONDS)
            else:
                return

    def start_daemon(self) -> None:
        """It runs elsewhere."""

    def watch(self, give_up: Callable[[str], None]) -> None:
        """Whoever has started them watches them."""


@contextmanager
def use_server(module: str, host: str, port: int) -> Iterator[RemoteCode]:
    """The code location ``module`` as it is served at ``host`` and ``port``."""
    with private_folder() as (private, _):
        workspace = private / "workspace.yaml"
        location = {"location_name": module, "host": host, "port": port}
        workspace.write_text(json.dumps({"load_from": [{"grpc_server": location}]}), encoding="utf-8")  # JSON is YAML.
        yield RemoteCode(workspace, host, port)


def parse_address(written: str) -> tuple[str, int]:
    """Host and port. Raises ConfigurationError."""
    host, _, port = written.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"--code-server '{written[:100]}' is no HOST:PORT, such as code:4266.")
    return host.removeprefix("[").removesuffix("]"), int(port)
