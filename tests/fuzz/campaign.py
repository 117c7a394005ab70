"""Many mutated inputs, each tried in a worker; of what is found, the smallest input that shows it still."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz import mutators, seeds

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300  # For an input that waits for something, which takes no processor time.
MOST_TRIES = 60  # To make a failing input smaller.
PATHS = {"home": "home", "root": "exports", "file": "stores.csv", "pattern": "*.csv"}


@dataclass(frozen=True)
class Finding:
    """An input and what is wrong with how it is taken. ``seed`` and ``number`` make the input again."""

    kind: str
    seed: int
    number: int
    content: bytes
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.seed}-{self.number}.{self.kind}"


def make_input(kind: str, seed: int, number: int) -> bytes:
    """The input of a ``number`` of a campaign, always the same."""
    random = Random(f"{seed} {kind} {number}")
    match kind:
        case "sources.yml":
            return mutators.mutate_yaml(random, seeds.SOURCES.encode())
        case "segments.yml":
            return mutators.mutate_yaml(random, seeds.SEGMENTS.encode())
        case "decisions.csv":
            return mutators.mutate_bytes(random, seeds.DECISIONS.encode())
        case "paths":
            return mutators.mutate_paths(random, json.dumps(PATHS).encode())
        case _:
            exports = seeds.EXPORTS[kind]()
            chosen = random.choice(exports)
            if kind == "csv.gz":
                return mutators.mutate_gzip(random, chosen)
            if kind in ("zip", "xlsx"):
                return mutators.mutate_zip(random, chosen)
            return mutators.mutate_bytes(random, chosen, exports)


class Worker:
    """A process that tries inputs, started again where one ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def check(self, kind: str, content: bytes) -> tuple[str, ...]:
        """What is wrong with how ``content`` is taken."""
        process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        timer = _Timer(process)
        try:
            process.stdin.write(json.dumps([kind, base64.b64encode(content).decode()]) + "\n")
            process.stdin.flush()
            reply = process.stdout.readline()
        except BrokenPipeError:
            reply = ""
        finally:
            timer.cancel()
        if reply:
            return tuple(json.loads(reply))
        code = process.wait()
        self._close_pipes()
        if timer.has_ended or code == -signal.SIGXCPU:
            return ("stall: took longer than it may",)
        return (f"crash: the process ended with {code}",)

    def _start(self) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self._process

    def close(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()
            self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process = None


class _Timer:
    """Ends a process that has not answered in time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        from threading import Timer

        self.has_ended = False
        self._process = process
        self._timer = Timer(PATIENCE_SECONDS, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.has_ended = True
        self._process.kill()

    def cancel(self) -> None:
        self._timer.cancel()


def try_inputs(
    inputs: Iterator[tuple[str, int, int]], told: Callable[[Finding], None] = lambda _: None
) -> list[Finding]:
    """Tries the inputs, each of a kind, seed and number, and tells each finding at once."""
    worker, found = Worker(), []
    try:
        for kind, seed, number in inputs:
            content = make_input(kind, seed, number)
            if problems := worker.check(kind, content):
                found.append(Finding(kind, seed, number, content, problems))
                told(found[-1])
    finally:
        worker.close()
    return found


def list_inputs(kinds: Sequence[tuple[str, int]], seed: int) -> Iterator[tuple[str, int, int]]:
    """So many inputs of each kind."""
    return ((kind, seed, number) for kind, count in kinds for number in range(count))


def list_for(seconds: float, kinds: Sequence[str], seed: int) -> Iterator[tuple[str, int, int]]:
    """Inputs of every kind in turn, until the time is over."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for kind in kinds:
            yield kind, seed, number
        number += 1


def make_smaller(finding: Finding) -> Finding:
    """The same problem, by as few bytes as a handful of tries find."""
    if finding.kind == "paths":  # Names in a document: what is cut away is the document.
        return finding
    worker, content, tries = Worker(), finding.content, 0
    sort = _sort_of(finding.problems[0])
    try:
        size = len(content) // 2
        while size and tries < MOST_TRIES:
            at, has_shrunk = 0, False
            while at < len(content) and tries < MOST_TRIES:
                shorter = content[:at] + content[at + size :]
                tries += 1
                if any(problem.startswith(sort) for problem in worker.check(finding.kind, shorter)):
                    content, has_shrunk = shorter, True
                else:
                    at += size
            size = size if has_shrunk and size > 1 else size // 2
        return Finding(finding.kind, finding.seed, finding.number, content, finding.problems)
    finally:
        worker.close()


def _sort_of(problem: str) -> str:
    """What tells a problem from others: of a traceback, the class and the place in the code."""
    return problem.split(": ")[0] if ".py:" not in problem else problem[: problem.index(".py:") + len(".py:999")]
