"""A process that tries inputs one after the other: what ends it, or keeps it busy, ends no more than it.

Reads a line of JSON for each (kind, content in base64), writes one with what was found.
"""

import base64
import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import check

LONGEST_SECONDS = 20  # Of processor time, whatever else the machine does; an input takes a tenth of one.
MOST_MEMORY = 6 << 30  # Bytes of address space; threads reserve some hundred megabytes each.


def serve() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with tempfile.TemporaryDirectory(prefix="parcours-fuzz-") as scratch:
        folder = Path(scratch) / "input"
        folder.mkdir()
        tempfile.tempdir = scratch
        for line in sys.stdin:
            kind, content = json.loads(line)
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(used.ru_utime + used.ru_stime) + LONGEST_SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
            found = check(kind, base64.b64decode(content), folder)
            replies.write(json.dumps(found) + "\n")
            replies.flush()


if __name__ == "__main__":
    serve()
