"""Work that goes on in a thread: a table is written while what needs only its rows is computed of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def running_in_background(work: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Does ``work`` in a thread while the block runs, and waits for it. What it raises is raised when the block ends,
    unless the block raises itself."""
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(work, *arguments)
        yield
        done.result()
