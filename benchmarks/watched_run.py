"""`parcours` in a process of its own, watched while it works: what each stage takes of time, memory and disk.

Linux only: it reads `/proc`. Processor time and bytes are of the process and all that it has waited for, memory is what
it holds at that moment. A stage has what was taken while one of its steps ran; the log of the run says when that was.
"""

import os
import re
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from pipelines.cli.progress import STAGES

STAGE_NAMES = ("starting up", "extracts", "identity", "warehouse", "publication", "report")
ROOT = Path(__file__).parents[1]
INTERVAL = 0.05  # Seconds between two looks.
REPORT = "published__report"
_STEP = re.compile(r"(?m)^(\S+ \S+),(\d{3}) .* - (\w+) - STEP_(START|SUCCESS|FAILURE) - ")
_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Taken:
    """What was taken: seconds by the clock and of all processors, the most memory in GiB, gigabytes written."""

    wall: float = 0.0
    processor: float = 0.0
    peak: float = 0.0
    written: float = 0.0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.wall + other.wall,
            self.processor + other.processor,
            max(self.peak, other.peak),
            self.written + other.written,
        )


@dataclass
class Watched:
    """One run: what it printed, and what it took by stage; ``whole`` is all of it."""

    printed: str
    whole: Taken
    stages: dict[str, Taken] = field(default_factory=dict)


@dataclass(frozen=True)
class _Look:
    at: float
    processor: float
    memory: float
    written: float


def run_parcours(arguments: list[object]) -> str:
    """What `parcours` printed. Ends the process where it failed."""
    done = subprocess.run(list(map(str, command_of(*arguments))), capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"parcours {arguments[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def watch(command: list[object], home: Path | None = None) -> Watched:
    """Runs ``command`` and looks at it all the time; by stage where it is a run of ``home``.

    Ends the process where it failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    logs = set(home.glob("logs/*.log")) if home else set()
    began = time.time()
    looks: list[_Look] = []
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )

    def look() -> None:
        while process.poll() is None:
            found = _look(process.pid)
            if found is not None:
                looks.append(found)
            time.sleep(INTERVAL)

    # Whoever waits for the process also takes away what could be read of it: the looks end with its last line.
    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    printed, errors = process.communicate()
    ended = time.time()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:4]))} ended with {process.returncode}:\n{errors}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    whole = Taken(ended - began, processor, max(each.memory for each in looks), looks[-1].written)
    watched = Watched(printed, whole)
    if home is not None:
        [log] = set(home.glob("logs/*.log")) - logs
        watched.stages = _divide(looks, _read_steps(log), whole)
    return watched


def command_of(*arguments: object) -> list[object]:
    """The command line that runs `parcours` of this copy of the code."""
    return [sys.executable, "-m", "pipelines", *arguments]


def _look(process: int) -> _Look | None:
    """What the process has taken so far; None where it is gone."""
    folder = Path("/proc") / str(process)
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        memory = re.search(r"VmRSS:\s+(\d+)", (folder / "status").read_text())
        written = re.search(r"(?m)^write_bytes: (\d+)", (folder / "io").read_text())
    except OSError:
        return None
    if memory is None or written is None:
        return None
    ticks = sum(map(int, fields[11:15]))
    return _Look(time.time(), ticks / _CLOCK, int(memory[1]) / 2**20, int(written[1]) / 1e9)


def _read_steps(log: Path) -> list[tuple[str, float, float]]:
    """The steps of a run with their stage, begin and end, by the clock."""
    begun: dict[str, float] = {}
    steps = []
    for day, thousandths, step, what in _STEP.findall(log.read_text(encoding="utf-8")):
        at = datetime.strptime(day, "%Y-%m-%d %H:%M:%S").astimezone().timestamp() + int(thousandths) / 1000
        if what == "START":
            begun[step] = at
        else:
            stage = "report" if step == REPORT else STAGES.get(step.partition("__")[0], "warehouse")
            steps.append((stage, begun[step], at))
    return steps


def _divide(looks: list[_Look], steps: list[tuple[str, float, float]], whole: Taken) -> dict[str, Taken]:
    """What was taken between two looks is that of the stage at work then; with none at work it is starting up."""
    stages = dict.fromkeys(STAGE_NAMES, Taken())
    for earlier, later in pairwise(looks):
        middle = (earlier.at + later.at) / 2
        stage = next((name for name, begin, end in steps if begin <= middle < end), "starting up")
        stages[stage] += Taken(
            later.at - earlier.at,
            later.processor - earlier.processor,
            max(earlier.memory, later.memory),
            later.written - earlier.written,
        )
    others = [taken for name, taken in stages.items() if name != "starting up"]
    seen = stages["starting up"]
    stages["starting up"] = Taken(  # With what came before the first look and after the last.
        whole.wall - sum(taken.wall for taken in others),
        whole.processor - sum(taken.processor for taken in others),
        seen.peak,
        whole.written - sum(taken.written for taken in others),
    )
    return stages
