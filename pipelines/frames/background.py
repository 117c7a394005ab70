"""Work in a background thread: a table is written to disk while what depends only on its rows is computed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_background(work: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Calls ``work(*arguments)`` in a thread while the block runs, and waits for it at the end of the block.

    Re-raises there what ``work`` raised, unless the block itself raises.
    """
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(work, *arguments)
        yield
        done.result()
