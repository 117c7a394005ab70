"""A pull in a process of its own, to its end or killed on the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def pull_in_own_process(script: Path, *arguments: object, kill_after: float | None) -> float:
    """How many seconds the pull of ``script`` took, which prints `begins`, and `taken` where all went well.

    It is killed ``kill_after`` seconds after it began, if any.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(script), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        began = time.monotonic()
        if kill_after is None:
            assert process.stdout.readline() == "taken\n"
        else:
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        return time.monotonic() - began
