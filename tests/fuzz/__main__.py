"""`make fuzz`: mutated inputs of every kind for as long as asked for, until none is left or one fails.

Prints the seed of each failure, and keeps its smallest input in a folder outside of the repository.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.campaign import Finding, list_for, make_smaller, try_inputs
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long (600)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="which inputs; that of a failure makes it again"
    )
    parser.add_argument("--kind", choices=list(TARGETS), action="append", help="of this kind only; may be repeated")
    parser.add_argument("--number", type=int, help="only this input of the seed")
    parser.add_argument(
        "--keep", type=Path, help="the folder for inputs that fail (a new one under the temporary folder)"
    )
    asked = parser.parse_args()
    kinds = asked.kind or list(TARGETS)
    keep = asked.keep or Path(tempfile.mkdtemp(prefix="parcours-fuzz-failures-"))
    keep.mkdir(parents=True, exist_ok=True)
    tried = 0

    def count():  # type: ignore[no-untyped-def]
        nonlocal tried
        one = ((kind, asked.seed, asked.number) for kind in kinds)
        for each in one if asked.number is not None else list_for(asked.seconds, kinds, asked.seed):
            tried += 1
            yield each

    def tell(finding: Finding) -> None:
        smallest = make_smaller(finding)
        (keep / finding.name).write_bytes(smallest.content)
        _say(f"--kind {finding.kind} --seed {finding.seed} --number {finding.number}: {'; '.join(finding.problems)}")
        _say(f"  {len(finding.content):,} bytes, {len(smallest.content):,} of them do: {keep / finding.name}")

    _say(f"Seed {asked.seed}")
    found = try_inputs(count(), tell)
    _say(f"{tried:,} inputs, {len(found):,} failures")
    return 1 if found else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
