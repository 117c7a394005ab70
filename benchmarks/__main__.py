"""`make bench`: runs the benchmarks and writes each one's table into its section of benchmarks/README.md.

    python -m benchmarks                 all of them
    python -m benchmarks pipeline        those named

A benchmark is a module of this folder with ``measure() -> str``, which returns a Markdown table. Its section stands
between ``<!-- name -->`` and ``<!-- /name -->``.
"""

import argparse
import importlib
import re
from pathlib import Path

from benchmarks.machine import describe_machine

PAGE = Path(__file__).with_name("README.md")
BENCHMARKS = tuple(re.findall(r"<!-- (\w+) -->", PAGE.read_text(encoding="utf-8")))


def write_section(name: str, text: str) -> None:
    """Replaces what stands between the markers of ``name``."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(opening)
    _, _, after = rest.partition(closing)
    body = f"{opening}\n\n{text.strip()}\n\nMeasured on {describe_machine()}.\n\n{closing}"
    PAGE.write_text(before + body + after, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, and write benchmarks/README.md."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default: all)")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        print(f"== {name}", flush=True)
        text = importlib.import_module(f"benchmarks.{name}").measure()
        print(text, flush=True)
        write_section(name, text)


if __name__ == "__main__":
    main()
