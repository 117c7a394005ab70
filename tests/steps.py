"""How much work something is, in steps that are the same on every machine.

Steps are lines of Python that run, and comparisons of names that are counted; of work in C, which has no steps that can
be counted, the time of the processor, over a range in which the square of the input would show many times over.

Work that would not end is ended, and its test fails.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

MOST_STEPS = 50_000_000  # Several times what any test here counts; ten seconds and more.
MOST_SECONDS = 20.0  # Of the processor; what is in time needs less than one.


def count_steps(run: Callable[[], Any]) -> int:
    """The lines of Python that run, of whatever module."""
    steps = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > MOST_STEPS:
            sys.settrace(None)
            pytest.fail(f"it takes more than {MOST_STEPS:,} steps")
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        run()
    finally:
        sys.settrace(before)
    return steps


def count_seconds(run: Callable[[], Any]) -> float:
    """The least time of the processor of three, so that what else it does counts little."""
    taken = []
    with _ended_after(MOST_SECONDS):
        for _ in range(3):
            begun = time.thread_time()
            run()
            taken.append(time.thread_time() - begun)
    return min(taken)


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Interrupts the block, regular expressions too, after so many seconds of the processor."""
    before = signal.signal(signal.SIGVTALRM, lambda *_: pytest.fail(f"it takes more than {seconds:g} seconds"))
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class CountedName(str):
    """A name that counts how often it, or another, is compared: in a list that is for each name before it."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountedName.comparisons += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def lower(self) -> "CountedName":
        return CountedName(str.lower(self))


def count_comparisons(run: Callable[[], Any]) -> int:
    """How often names are compared while ``run`` does."""
    CountedName.comparisons = 0
    run()
    return CountedName.comparisons
