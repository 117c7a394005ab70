"""A Python session of the person who asks for it: at a prompt, or as a script on standard input.

It is theirs: what they run may fail as Python does, with a traceback, and shows whatever they ask for.
"""

import code
import os
import signal
import sys
import termios
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import Any, NoReturn

SCRIPT = "<stdin>"

UNHEARD_SECONDS = 2.0
"""After which a signal that should have ended the session has not been heard."""


def converse(names: dict[str, Any], greeting: str) -> int:
    """Runs what is typed, or piped in, with ``names`` at hand; returns the exit code. In the main thread.

    A script ends at its first error with exit code 1, as Python's own would.
    """
    within = {"__name__": "__main__", "__doc__": None} | names
    with _ended_by_signals():
        try:
            if sys.stdin.isatty():
                _prompt(within, greeting)
                return 0
            return _run(sys.stdin.read(), within)
        except SystemExit as ended:  # `exit()`, or a signal.
            if isinstance(ended.code, int | None):
                return ended.code or 0
            sys.stderr.write(f"{ended.code}\n")
            return 1


def _prompt(within: dict[str, Any], greeting: str) -> None:
    try:
        import readline
        import rlcompleter
    except ImportError:  # Not every Python has it; one can type without.
        pass
    else:
        readline.set_completer(rlcompleter.Completer(within).complete)
        readline.parse_and_bind("tab: complete")
    code.interact(greeting, local=within, exitmsg="")


def _run(script: str, within: dict[str, Any]) -> int:
    try:
        exec(compile(script, SCRIPT, "exec"), within)  # noqa: S102  # what this is for
    except Exception as error:
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != SCRIPT:
            frames = frames.tb_next
        sys.stderr.writelines(traceback.format_exception(error.with_traceback(frames)))
        return 1
    return 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Has SIGTERM and SIGHUP end the session, whatever it is at; Ctrl-C interrupts what it is at, as in any Python."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    attributes = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    reached, told = os.pipe()
    os.set_blocking(told, False)
    Thread(target=_end_if_unheard, args=(reached, attributes), daemon=True).start()
    wanted = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {number: signal.getsignal(number) for number in wanted}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    try:
        for number in heeded:
            signal.signal(number, wanted[number])
        woken = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        yield
    finally:
        signal.set_wakeup_fd(woken)
        os.close(told)
        for number in heeded:
            signal.signal(number, before[number])


def _end_if_unheard(reached: int, attributes: list[Any] | None) -> None:
    """Ends the process where SIGTERM or SIGHUP, written to ``reached`` as it arrives, has not ended it.

    Python hears a signal between two of its own instructions. One that arrives just before the prompt begins to wait
    for a key would be heard at the next key.
    """
    with os.fdopen(reached, "rb", buffering=0) as signals:
        while arrived := signals.read(1):
            if arrived[0] in (signal.SIGTERM, signal.SIGHUP):
                time.sleep(UNHEARD_SECONDS)
                if attributes is not None:
                    termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)
                os._exit(128 + arrived[0])
