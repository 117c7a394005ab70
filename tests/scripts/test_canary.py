"""The canary says which versions are newer than the lock's, and fails where one of its trials does."""

import subprocess
from pathlib import Path

import pytest

from scripts import canary


def test_versions_that_differ_from_the_lock_are_named() -> None:
    locked = canary.read_versions("one==1.0 \\\n    --hash=sha256:x\nTwo.Words[a]==2 ; x\nsix==6\nsix==6.1 ; y\n")
    installed = canary.read_versions("one==1.1\ntwo_words==2\nthree==3\nsix==6.1\n-e git+file:parcours\n")
    assert canary.compare(locked, installed) == ["one 1.1 (lock: 1.0)", "three 3 (lock: not in the lock)"]


@pytest.mark.parametrize(
    ("failing", "exit_code", "told"),
    [
        (None, 0, "all passed"),
        ("install", 1, "cannot be installed together"),
        ("pytest", 1, "failed: the quick tests."),
        ("pipelines", 1, "failed: the bundled sample."),
    ],
)
def test_whatever_fails_is_told_by_the_exit_code(
    failing: str | None,
    exit_code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(command: list[str | Path], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, int(failing in command), "duckdb==99.0\n", "")

    monkeypatch.setattr(canary.venv, "create", lambda *_, **__: None)
    monkeypatch.setattr(canary.subprocess, "run", run)
    assert canary.try_newest(tmp_path, 1) == exit_code
    assert told in capsys.readouterr().out
