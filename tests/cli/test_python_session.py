"""A session of Python that somebody asked for ends when it is told to, whatever it is at."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

SESSION = "import sys; from pipelines.cli.python_session import converse; sys.exit(converse({}, 'Hello'))"

# What the C library waits for in spite of signals, Python does not hear of one until it is over.
DEAF = b"import ctypes; print('begun', flush=True); ctypes.CDLL(None).system(b'sleep 600')"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_session_in_which_python_does_not_hear_it(number: signal.Signals) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert session.stdin is not None
    assert session.stdout is not None
    try:
        with session.stdin as typed, session.stdout as shown:
            typed.write(DEAF)
            typed.close()
            assert shown.readline() == b"begun\n"
            session.send_signal(number)
            assert session.wait(60) == 128 + number
    finally:
        with contextlib.suppress(ProcessLookupError):  # What it had started may have ended with it.
            os.killpg(session.pid, signal.SIGKILL)
