"""Pages that `parcours ui` has open."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.config.repository import BUNDLED_SAMPLE
from tests.dagster_page import Open, Page, free_port, read_address


@pytest.fixture(scope="session")
def open_page(start_parcours: Callable[..., subprocess.Popen[str]]) -> Iterator[Open]:
    """Opens the page of a home, for the bundled sample; what is open at the end is closed."""
    opened: list[subprocess.Popen[str]] = []

    def start(home: Path, *options: object, **environment: str) -> Page:
        port = free_port()
        process = start_parcours(
            "ui", "--home", home, "--sources", BUNDLED_SAMPLE, "--port", port, *options, **environment
        )
        opened.append(process)
        token = read_address(process)
        return Page(process, port, token or environment.get("PARCOURS_UI_PASSWORD", ""), home)

    yield start
    for process in opened:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in opened:
        process.communicate(timeout=300)


@pytest.fixture(scope="session")
def page(open_page: Open, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of an empty home, with a token."""
    return open_page(tmp_path_factory.mktemp("page") / "home")
