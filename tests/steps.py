"""How much work something is, in steps that are the same on every machine.

Steps are lines of Python that run, and comparisons of names that are counted; of work in C, which has no steps that can
be counted, the time of the processor, over a range in which the square of the input would show many times over.
"""

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_steps(run: Callable[[], Any]) -> int:
    """The lines of Python that run, of whatever module."""
    steps = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        steps += 1
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
    for _ in range(3):
        begun = time.thread_time()
        run()
        taken.append(time.thread_time() - begun)
    return min(taken)


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
