"""What libraries print while a command looks at exports: it may hold values, and is for nobody."""

import contextlib
import os
import sys
from collections.abc import Iterator

from pipelines import unexpected


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drops what libraries print meanwhile, also from other threads and compiled code; to be seen with `--debug`."""
    if unexpected.are_kept():
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    target = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(target, 1)
        os.dup2(target, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, original in enumerate(kept, start=1):
            os.dup2(original, descriptor)
            os.close(original)
        os.close(target)
