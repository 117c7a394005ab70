"""What a figure was measured on: it means little without its machine and versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("dagster", "dbt-core", "duckdb", "polars", "splink")


def describe_machine() -> str:
    """One line: cores, memory, processor, Python and the libraries that do the work."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {memory:.0f} GiB, {_processor()}; Python {platform.python_version()}, {libraries}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
