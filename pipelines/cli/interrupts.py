"""The signals by which people and machines stop a command, and what it says then. Imports next to nothing."""

import os
import signal
from types import FrameType
from typing import NoReturn

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAMES = {signal.SIGINT: "Ctrl-C (SIGINT)", signal.SIGHUP: "SIGHUP, the end of its terminal"}
AS_IT_WAS = "The published warehouse is as it was."


def take_interrupts() -> list[signal.Signals]:
    """Has them end this process at once. Returns those that do: what the starter ignores, as nohup does, stays ignored.

    For the first instants of a command, in which nothing is begun.
    """
    taken = [number for number in INTERRUPTS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, _leave)
    return taken


def name(number: int) -> str:
    """What people call the signal."""
    return NAMES.get(signal.Signals(number), signal.Signals(number).name)


def compose(stopped_by: str, left: str) -> str:
    """What is said to whoever stops a command, with what it leaves."""
    return f"parcours: Stopped by {stopped_by}. {left}\n"


def _leave(number: int, _: FrameType | None) -> NoReturn:
    try:
        os.write(2, compose(name(number), AS_IT_WAS).encode())
    finally:
        os._exit(128 + number)
