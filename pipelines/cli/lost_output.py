"""What a command prints and nobody takes: the disk is full, or the reader, such as `head`, has gone.

The command goes on to its end, since what it does is worth more than what it prints, and says so there. Where a reader
has gone it says nothing: who asks for the first line wants no more.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

CANNOT_PRINT = 2
"""The exit code of a command that has done its work, but for that: where its output goes is for its user to say."""


class LastingStream:
    """A stream of text that is written to whatever becomes of what is beneath; ``fault`` is what became of it first."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        try:
            self.stream.write(text)
        except OSError as fault:
            self._lose(fault)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as fault:
            self._lose(fault)

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)

    def _lose(self, fault: OSError) -> None:
        """Lets what is still in the buffer, and all that follows, go nowhere."""
        self.fault = self.fault or fault
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


@contextmanager
def lasting_output() -> Iterator[LastingStream]:
    """Lets no fault of standard output or standard error end what writes to them meanwhile. Gives the former."""
    before = sys.stdout, sys.stderr
    printed, told = map(LastingStream, before)
    sys.stdout, sys.stderr = cast(TextIO, printed), cast(TextIO, told)
    try:
        yield printed
    finally:
        printed.flush()
        told.flush()
        sys.stdout, sys.stderr = before


def tell_loss(printed: LastingStream, exit_code: int) -> int:
    """Says that not all was printed, where that is a fault; the exit code is then no longer that of success."""
    printed.flush()
    if printed.fault is None or isinstance(printed.fault, BrokenPipeError):
        return exit_code
    done = " It has done its work all the same: let it print elsewhere if you call it again." * (exit_code == 0)
    why = printed.fault.strerror or "it is closed"
    sys.stderr.write(f"parcours: what the command prints cannot be written to standard output: {why}.{done}\n")
    return exit_code or CANNOT_PRINT
