"""Whether somebody stopped the command: Ctrl-C, or SIGTERM, by which services and containers are stopped.

Dagster and dbt replace each other's signal handlers while a run works, and report what an interrupt broke rather than
the interrupt. Python notes each signal on a file descriptor whichever handler there is; it is read afterwards.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def raise_on_sigterm() -> None:
    """Lets SIGTERM end the command as Ctrl-C does, so that what it began is put in order."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextmanager
def noting_interrupts() -> Iterator[Callable[[], signal.Signals | None]]:
    """Gives a function that says which interrupt, if any, has arrived since the block began."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None  # Signals go to the main thread.
        return
    noted, written = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    seen: list[signal.Signals] = []

    def first() -> signal.Signals | None:
        with suppress(BlockingIOError):  # There is none.
            seen.extend(signal.Signals(number) for number in os.read(noted, 4096))
        return next((each for each in seen if each in INTERRUPTS), None)

    try:
        yield first
    finally:
        signal.set_wakeup_fd(before)
        os.close(noted)
        os.close(written)
