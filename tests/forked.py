"""Runs ``parcours`` commands, each in a process forked from this one, which has imported what they need.

Not a test: the fixture ``parcours`` starts it, writes it a command a line, as JSON, and reads two lines of each: the
number of the process, and the exit code it ended with.
"""

import gc
import json
import os
import sys

import dbt.adapters.duckdb
import dbt.cli.main

import pipelines.definitions
from pipelines.cli.entry import main

PRELOADED = (dbt.adapters.duckdb, dbt.cli.main, pipelines.definitions)


def become(arguments: list[str], cwd: str, environment: dict[str, str], out: str, err: str) -> None:
    """Makes this process the command's: nothing of the asker's is left in it."""
    for descriptor, (path, mode) in enumerate(((os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY))):
        opened = os.open(path, mode)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["parcours", *arguments]


def serve() -> None:
    replies = os.dup(1)
    os.dup2(2, 1)
    gc.collect()
    gc.freeze()  # What is imported stays: no process looks through it again, nor copies its pages for that.
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os.close(replies)
            become(**json.loads(line))
            sys.exit(main())
        os.write(replies, f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        os.write(replies, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    serve()
