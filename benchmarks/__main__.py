"""`make bench`: runs the benchmarks and writes each one's table into its section of benchmarks/README.md.

    python -m benchmarks                 all of them
    python -m benchmarks whole           those named

A benchmark is a module of this folder with ``measure() -> str``, which returns Markdown for its section.
"""

import argparse
import importlib

from benchmarks.page import list_sections, write_section


def main() -> None:
    known = list_sections()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, and write benchmarks/README.md."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(known)} (default: all)")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(known)}")
    for name in names or known:
        print(f"== {name}", flush=True)
        text = importlib.import_module(f"benchmarks.{name}").measure()
        print(text, flush=True)
        write_section(name, text)


if __name__ == "__main__":
    main()
