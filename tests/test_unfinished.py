"""What is temporary goes with a process that ends, at whatever instant that comes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines import unfinished


def test_a_folder_that_was_about_to_be_made_when_the_process_ends_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "_temporary", set())
    noting, removed = unfinished.temporary, threading.Event()

    @contextmanager
    def note_and_end(path: Path) -> Iterator[Path]:
        with noting(path):
            unfinished.remove_temporary()
            removed.set()
            yield path

    monkeypatch.setattr(unfinished, "temporary", note_and_end)

    def work() -> None:
        with unfinished.temporary_folder("work-", tmp_path):
            pass  # Never reached: else the folder would be removed again, too late where the process has ended.

    made: list[Path] = []
    monkeypatch.setattr(Path, "mkdir", lambda self, **_: made.append(self))
    at_work = threading.Thread(target=work, daemon=True)
    at_work.start()
    assert removed.wait(10)
    at_work.join(0.5)
    assert at_work.is_alive()
    assert made == []
