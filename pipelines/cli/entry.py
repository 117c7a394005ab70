"""Where the ``parcours`` command begins: its signals and streams are in order before anything heavy is imported."""

import os
import sys
from collections.abc import Sequence

from pipelines.cli import interrupts


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command with ``arguments``, else those of the process, and returns its exit code."""
    taken = interrupts.take_interrupts()
    open_standard_streams()
    from pipelines.cli import stopping

    stopping.take_over(taken)
    from pipelines.cli.main import main as run_command

    return run_command(arguments)


def open_standard_streams() -> None:
    """Opens to nowhere the standard streams that the process was started without.

    The next file opened, a database for one, would take the place of standard output, and what is printed go into it.
    """
    for descriptor, (stream, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # The lowest number that is free: this one.
            assert opened == descriptor
            os.set_inheritable(descriptor, True)
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
