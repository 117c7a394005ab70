"""Ctrl-C, SIGTERM and SIGHUP end a command at once and in order, in whatever it is at work.

The command works in a thread of its own, while the main thread waits for signals, which are blocked in all threads. So
a signal is answered at once, also while compiled code is at work. And it breaks nothing: no library sees it, so none
can report as failed what was only stopped, or take the interrupt for its own. What is on disk survives a kill at any
instant, so the process then simply ends (docs/adr/0017).
"""

import os
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from pipelines import unfinished
from pipelines.cli.interrupts import AS_IT_WAS, compose, name
from pipelines.visible_text import make_one_line

PATIENCE_SECONDS = 5.0
"""How long what is begun may take to be put in order; it takes milliseconds."""

MOMENT_SECONDS = 0.5
"""How long who will not wait has to wait for what is true to be found out and said; it takes microseconds."""

AWAKE_SECONDS = 0.2
"""How long the main thread waits at a time. `multiprocessing` unblocks signals in a thread in which it starts a process
of its own: one that arrives there is noted, and found when the main thread awakes."""

STACK_BYTES = 16 * 2**20
"""Of the command's thread: more than the main thread's usual 8 MB, for SQL and templates that nest."""

ENDED = signal.SIGURG
"""How the command's thread wakes the main thread: a signal that nobody else takes, and that does nothing by itself."""

HALF_PUBLISHED = (
    "A warehouse was being published at this moment: the published one is that of before or the new one, and whole. "
    "Run again when you like."
)


class _Stop:
    """What this process knows of being stopped. There is one main thread, so there is one."""

    def __init__(self) -> None:
        self.signals: Sequence[signal.Signals] | None = None
        self.tell: Callable[[], str] = lambda: AS_IT_WAS
        self.message: str | None = None
        self.is_composed = threading.Event()
        self.leaving = threading.Lock()
        self.steps: list[Callable[[str], object]] = []
        self.errors = 2
        self.terminal: list[Any] | None = None
        self.reason: str | None = None


_stop = _Stop()


def take_over(signals: Sequence[signal.Signals]) -> None:
    """Has the command that is carried out later stopped by ``signals``."""
    _stop.signals = signals
    _stop.errors = os.dup(2)  # Standard error goes elsewhere while libraries are at work.
    with suppress(termios.error, OSError):
        if os.isatty(0):
            _stop.terminal = termios.tcgetattr(0)


def give_back() -> None:
    """Lets signals raise KeyboardInterrupt, for a command that works in the main thread and has its own way to end."""
    for number in _stop.signals or ():
        signal.signal(number, _raise)


def carry_out(command: Callable[[], int]) -> int:
    """What ``command`` returns or raises, unless a signal ends this process before.

    Where nothing has been taken over, it is only called.
    """
    if _stop.signals is None:
        return command()
    ended: list[int | BaseException] = []

    def work() -> None:
        try:
            ended.append(command())
        except BaseException as error:  # Also SystemExit: all of it is the main thread's to tell.
            ended.append(error)
        finally:
            signal.pthread_kill(main, ENDED)

    main, awaited = threading.get_ident(), {*_stop.signals, ENDED}
    elsewhere: list[int] = []
    for number in _stop.signals:
        signal.signal(number, lambda number, _: elsewhere.append(number))
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)  # The threads of the command inherit it.
    thread = _start(work)
    while not ended:
        arrived = signal.sigtimedwait(awaited, AWAKE_SECONDS)
        if arrived is not None and arrived.si_signo != ENDED:
            elsewhere.append(arrived.si_signo)
        if elsewhere:
            _end(signal.Signals(elsewhere[0]), awaited)
    thread.join()  # Signals stay blocked: all is done and told, what is left is the interpreter's own tidying.
    [outcome] = ended
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def end_for(reason: str) -> bool:
    """Ends the process as SIGTERM does, and says ``reason`` of it. False where signals are not ours to answer."""
    if _stop.signals is None or signal.SIGTERM not in _stop.signals:
        return False
    _stop.reason = reason
    os.kill(os.getpid(), signal.SIGTERM)
    return True


@contextmanager
def on_stop(step: Callable[[str], object]) -> Iterator[None]:
    """Has ``step`` called if a signal ends the process during the block, with what stopped it; the last begun first.

    In another thread, while the block goes on: it must not wait for the block. Its own faults are nobody's.
    """
    _stop.steps.append(step)
    try:
        yield
    finally:
        _stop.steps.remove(step)


def say_when_stopped(tell: Callable[[], str]) -> None:
    """From now on, what is said to whoever stops the command: what it leaves. Asked at the instant of the stop.

    It must be quick, import nothing, and look at the disk rather than at the command's thread.
    """
    _stop.tell = tell


def _raise(number: int, _: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _start(work: Callable[[], None]) -> threading.Thread:
    before = threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=work, name="command", daemon=True)
    thread.start()
    threading.stack_size(before)
    return thread


def _end(number: signal.Signals, awaited: set[signal.Signals]) -> NoReturn:
    """Puts in order what is begun, but not for long, nor against a second signal, and ends the process."""
    threading.Thread(target=_put_in_order, args=(number,), daemon=True).start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        arrived = signal.sigtimedwait(awaited, left)
        if arrived is not None and arrived.si_signo != ENDED:
            break
    _stop.is_composed.wait(MOMENT_SECONDS)
    _leave(number)


def _put_in_order(number: signal.Signals) -> NoReturn:
    with unfinished.PUBLISHING:  # From here on, nothing is published.
        stopped_by = _stop.reason or name(number)
        _stop.message = compose(stopped_by, make_one_line(_ask()))
        _stop.is_composed.set()
        for step in reversed(_stop.steps):
            with suppress(Exception):
                step(stopped_by)
        unfinished.remove_temporary()
        _leave(number)


def _ask() -> str:
    try:
        return _stop.tell()
    except Exception:  # Whatever it is, the process ends.
        return AS_IT_WAS


def _leave(number: signal.Signals) -> NoReturn:
    """Says so, once, and ends the process as a kill would, but for the exit code."""
    if _stop.leaving.acquire(timeout=MOMENT_SECONDS):  # Else the other thread is about to say it.
        message = _stop.message or compose(name(number), HALF_PUBLISHED)
        _restore_terminal()
        with suppress(OSError):  # Nobody reads it any more.
            os.write(_stop.errors, message.encode())
    os._exit(128 + number)


def _restore_terminal() -> None:
    """A question that waits for its answer has changed how the terminal reads. Only in the foreground is it ours."""
    with suppress(termios.error, OSError):
        if _stop.terminal is not None and os.tcgetpgrp(0) == os.getpgrp():
            termios.tcsetattr(0, termios.TCSANOW, _stop.terminal)
