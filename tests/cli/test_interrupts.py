"""Ctrl-C and SIGTERM are told apart from failures, whichever library has the signal's handler."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pipelines.cli.interrupts import noting_interrupts
from pipelines.config.home import Home


def test_an_interrupt_is_noted_although_a_library_has_taken_the_handler() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with noting_interrupts() as interrupted_by:
            assert interrupted_by() is None
            os.kill(os.getpid(), signal.SIGTERM)
            assert interrupted_by() == signal.SIGTERM
            assert interrupted_by() == signal.SIGTERM, "also when asked again"
        with noting_interrupts() as interrupted_by:
            assert interrupted_by() is None
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_says_so(
    number: signal.Signals,
    exports: Path,
    tmp_path: Path,
    start_parcours: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start_parcours("run", "--home", tmp_path, "--sources", exports / "sources.yml")
    assert run.stderr is not None
    for line in run.stderr:
        if "extracts: done" in line:
            run.send_signal(number)
            break
    _, told = run.communicate(timeout=120)
    assert run.returncode == 128 + number
    assert f"Interrupted by {number.name}. Nothing was published." in told
    assert "Traceback" not in told
    monkeypatch.setenv("DAGSTER_HOME", str(Home(tmp_path).dagster))
    with dg.DagsterInstance.get() as instance:
        [recorded] = instance.get_runs()
        assert recorded.is_finished
        messages = [entry.message for entry in instance.all_logs(recorded.run_id)]
    assert any("interrupted" in message and number.name in message for message in messages)
