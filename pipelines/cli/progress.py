"""The progress of a run: a live table on a terminal, plain lines elsewhere.

Writes to its own copy of the standard error stream, so that other output does not break the table.
"""

import os
import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pipelines.cli import stopping
from pipelines.contracts import KINDS
from pipelines.visible_text import make_one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

# Prefix of a step's name: the stage it belongs to.
STAGES: dict[str, str] = {
    "landed": "extracts",
    **dict.fromkeys(KINDS, "extracts"),
    "sources": "extracts",
    "quarantine": "extracts",
    "identity": "identity",
    "warehouse": "warehouse",
    "published": "publication",
}
ORDER = ("extracts", "identity", "warehouse", "publication")


@dataclass
class Stage:
    """One line of the display."""

    name: str
    steps: int = 0
    done: int = 0
    failed: bool = False
    rows: int = 0
    doing: str = ""
    seconds: float = 0.0
    started: float | None = None

    @property
    def elapsed(self) -> float:
        return self.seconds + (time.monotonic() - self.started if self.started is not None else 0.0)


@dataclass
class Progress(AbstractContextManager["Progress"]):
    """The display of one run. The run may call its methods from several threads."""

    quiet: bool = False
    stages: dict[str, Stage] = field(default_factory=lambda: {name: Stage(name) for name in ORDER})
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    _console: "Console | None" = None
    _live: "Live | None" = None
    _ends: ExitStack = field(default_factory=ExitStack)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> Self:
        if self.quiet:
            return self
        self._ends.enter_context(stopping.on_stop(lambda _: self._close()))
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=os.fdopen(os.dup(2), "w", encoding="utf-8"), highlight=False)
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._render,
                refresh_per_second=4,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        else:
            self._print("starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()
        self._close()
        self.seconds = time.monotonic() - self.began

    def _close(self) -> None:
        """The display stays as it is, and the terminal has its cursor again."""
        if self._live is not None:
            self._live.stop()
        with self._lock:
            if self._console is not None:
                with suppress(OSError):
                    self._console.file.close()
                self._console = None

    def expect(self, assets: Iterable[Any]) -> None:
        """Registers the assets that the run will make; those made by dbt are one step."""
        steps = {"__".join(key.path) if key.path[0] in STAGES else "warehouse__build" for key in assets}
        for step in steps:
            self._stage(step).steps += 1

    def start(self, step: str) -> None:
        with self._lock:
            stage = self._stage(step)
            stage.started, stage.doing = time.monotonic(), _title(step)

    def say(self, step: str, message: str) -> None:
        with self._lock:
            self._stage(step).doing = message
        if self._live is None:
            self._print(f"{self._stage(step).name}: {message}")

    def count(self, step: str, rows: int | None) -> None:
        with self._lock:
            self._stage(step).rows += rows or 0

    def end(self, step: str, succeeded: bool) -> None:
        with self._lock:
            stage = self._stage(step)
            stage.seconds, stage.started = stage.elapsed, None
            stage.done += 1
            stage.failed |= not succeeded
            stage.doing = "" if succeeded else f"{_title(step)} failed"
        if self._live is None and (stage.done == stage.steps or not succeeded):
            how = "done" if succeeded else stage.doing
            self._print(f"{stage.name}: {how}, {stage.rows:,} rows, {stage.elapsed:.1f} s")

    def _stage(self, step: str) -> Stage:
        return self.stages[STAGES.get(step.partition("__")[0], "warehouse")]

    def _print(self, line: str) -> None:
        with self._lock, suppress(OSError):  # A night goes on although nobody reads of its progress any more.
            if self._console is not None:
                self._console.file.write(f"[{time.monotonic() - self.began:6.1f} s] {make_one_line(line)}\n")
                self._console.file.flush()

    def _render(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2), expand=True)
        for width, justify in ((1, "left"), (11, "left"), (7, "right"), (16, "right"), (8, "right")):
            table.add_column(width=width, min_width=width, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        with self._lock:
            for stage in self.stages.values():
                if stage.steps == 0 and self._knows_steps():
                    continue
                mark, style = _mark(stage)
                table.add_row(
                    Text(mark, style=style),
                    stage.name,
                    f"{stage.done}/{stage.steps}" if stage.steps > 1 else "",
                    f"{stage.rows:,} rows" if stage.rows else "",
                    f"{stage.elapsed:.1f} s" if stage.elapsed else "",
                    Text(make_one_line(stage.doing), style="dim"),
                )
            whole = time.monotonic() - self.began
            table.add_row(
                "", "", "", "", f"{whole:.1f} s", "" if self._knows_steps() else Text("starting", style="dim")
            )
        return table

    def _knows_steps(self) -> bool:
        return any(stage.steps for stage in self.stages.values())


def _mark(stage: Stage) -> tuple[str, str]:
    if stage.failed:
        return "✗", "red"
    if stage.steps and stage.done == stage.steps:
        return "✓", "green"
    return ("●", "yellow") if stage.started is not None else ("·", "dim")


def _title(step: str) -> str:
    return step.replace("__", "/")
