"""The processes behind the page: one has the assets, one the schedule. They are started again where they die."""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import ParcoursError
from pipelines.ui import guard
from pipelines.ui.private_folder import is_answered, private_folder

LOG = logging.getLogger("parcours.ui")

START_SECONDS = 600.0
"""The code location takes some seconds to load; on a machine at the end of its tether, minutes."""

MOST_RESTARTS, RESTARTS_WITHIN = 5, 600.0  # Seconds: what dies more often does not get well by itself.


@dataclass
class Service:
    """A process under a guard of its own. ``socket_file`` is what it listens at, if at anything.

    It inherits the descriptors ``held``, the locks of the page, and so holds them for as long as it lives.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    held: Sequence[int] = ()
    socket_file: Path | None = None
    _guard: "subprocess.Popen[bytes] | None" = None
    _restarts: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_RESTARTS))

    def start(self) -> None:
        if self.socket_file is not None:
            self.socket_file.unlink(missing_ok=True)
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, *self.command],
            stdin=subprocess.PIPE,
            env=self.environment,
            cwd=self.folder,
            pass_fds=self.held,
            start_new_session=True,  # Ctrl-C reaches the command alone, which then ends them in order.
        )

    def exit_code(self) -> int | None:
        """None while it runs."""
        return None if self._guard is None else self._guard.poll()

    def restart(self) -> bool:
        """Starts it again, unless it has died too often of late. Whether it did."""
        now = time.monotonic()
        if len(self._restarts) == MOST_RESTARTS and now - self._restarts[0] < RESTARTS_WITHIN:
            return False
        self._restarts.append(now)
        self.start()
        return True

    def let_go(self) -> None:
        """Tells its guard to end it."""
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()

    def wait(self) -> None:
        """Until it and all that it started have ended."""
        if self._guard is not None:
            try:
                self._guard.wait(guard.GRACE_SECONDS + 10)
            except subprocess.TimeoutExpired:
                self._guard.kill()


@dataclass
class Services:
    """Both of them. ``workspace`` is the file that says where the code location listens."""

    workspace: Path
    code: Service
    daemon: Service
    _stopping: threading.Event = field(default_factory=threading.Event)

    def wait_until_loaded(self) -> None:
        """Until the code location has loaded and listens. Raises ParcoursError where it does not."""
        deadline = time.monotonic() + START_SECONDS
        while self.code.socket_file is None or not is_answered(self.code.socket_file):
            code = self.code.exit_code()
            if code is not None:
                raise ParcoursError(
                    f"The code location ended while it was loaded (exit code {code}); its log is above."
                )
            if time.monotonic() > deadline:
                raise ParcoursError(f"The code location was not loaded within {START_SECONDS:.0f} seconds.")
            time.sleep(0.1)

    def start_daemon(self) -> None:
        self.daemon.start()

    def watch(self, give_up: Callable[[str], None]) -> None:
        """Starts again what dies, in a thread; calls ``give_up`` with the reason where that does not help."""
        threading.Thread(target=self._watch, args=(give_up,), name="watch-services", daemon=True).start()

    def _watch(self, give_up: Callable[[str], None]) -> None:
        while not self._stopping.wait(0.5):
            for service in (self.code, self.daemon):
                code = service.exit_code()
                if code is None or self._stopping.is_set():
                    continue
                if not service.restart():
                    give_up(f"The {service.name} has ended {MOST_RESTARTS + 1} times (exit code {code}).")
                    return
                LOG.warning("The %s ended (exit code %s) and is started again.", service.name, code)

    def stop(self) -> None:
        """The daemon first: what it has begun it asks of the code location, and waits long for one that has gone.

        The runs that they carry out stop with them, and Dagster is told.
        """
        from pipelines.ui.running import note_ended, note_stopped  # Importing dagster takes seconds: they start first.

        self._stopping.set()
        try:
            note_stopped()
        finally:
            for service in (self.daemon, self.code):
                service.let_go()
                service.wait()
        note_ended()


@contextmanager
def run_services(module: str, folder: Path, lock: int) -> Iterator[Services]:
    """Both processes, which serve ``module`` from ``folder``, while the block runs; started side by side.

    They inherit ``lock``, the descriptor by which the page of the home is held.

    The code location executes whatever it is sent and asks nobody who they are, so it listens at a socket in a folder
    that only this user enters; TMPDIR makes Dagster put the sockets of its own in there too.
    """
    with private_folder() as (private, kept):
        services = _describe(module, folder, private, (lock, kept))
        try:
            services.code.start()
            yield services
        finally:
            with _undisturbed():
                services.stop()


def _describe(module: str, folder: Path, private: Path, held: Sequence[int]) -> Services:
    at = private / "code.sock"
    workspace = private / "workspace.yaml"
    location = {
        "location_name": module,
        "socket": str(at),
        "host": "localhost",
        "additional_metadata": {"module_name": module, "working_directory": str(folder)},
    }
    workspace.write_text(json.dumps({"load_from": [{"grpc_server": location}]}), encoding="utf-8")  # JSON is YAML.
    environment = {**os.environ, "TMPDIR": str(private), "DAGSTER_DISABLE_TELEMETRY": "1"}
    serve = [sys.executable, "-m", "dagster", "code-server", "start", "--socket", str(at)]
    serve += ["--module-name", module, "--working-directory", str(folder), "--location-name", module]
    schedule = [_find_daemon(), "run", "--workspace", str(workspace)]
    return Services(
        workspace,
        Service("code location", [*serve, "--log-level", "warning"], environment, folder, held, at),
        Service("daemon, which has the schedule,", schedule, environment, folder, held),
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not leave half of them behind: the guards end them within seconds anyhow."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _find_daemon() -> str:
    """The command of Dagster's daemon that belongs to this Python."""
    found = shutil.which("dagster-daemon", path=sysconfig.get_path("scripts")) or shutil.which("dagster-daemon")
    if found is None:
        raise ParcoursError("`dagster-daemon`, a command of Dagster, is not there. Install Parcours again.")
    return found
