"""Runs a function in a process of its own, to measure its memory and to report its death."""

import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_in_own_process(function: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """What ``function`` returns, and the largest resident set of its process in GiB.

    The system counts a new process from what its parent holds, so a caller that measures memory holds no data itself.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_with_peak, function, arguments).result()
        except BrokenProcessPool:
            raise SystemExit(f"{function.__name__} was killed: there was probably too little memory for it.") from None


def _with_peak(function: Callable[..., Result], arguments: tuple[Any, ...]) -> tuple[Result, float]:
    result = function(*arguments)
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
