"""A thousand mutated inputs, always the same: none ends in a traceback, a row without account, a stall or a crash.

`make fuzz` tries others, for as long as it is given.
"""

import pytest

from tests.fuzz.campaign import Worker, list_inputs, make_input, try_inputs
from tests.fuzz.targets import TARGETS

SEED = 16
EXPORTS = (("csv", 110), ("csv.gz", 40), ("jsonl", 50), ("json", 50), ("parquet", 50), ("xlsx", 50), ("zip", 40))
DOCUMENTS = (("sources.yml", 220), ("segments.yml", 220), ("decisions.csv", 120), ("paths", 60))


def test_the_corpus_has_a_thousand_inputs_of_every_kind() -> None:
    assert {kind for kind, _ in (*EXPORTS, *DOCUMENTS)} == TARGETS.keys()
    assert sum(count for _, count in (*EXPORTS, *DOCUMENTS)) >= 1_000
    assert make_input("csv", SEED, 3) == make_input("csv", SEED, 3)


@pytest.mark.long
@pytest.mark.parametrize("kinds", [EXPORTS, DOCUMENTS], ids=["exports", "documents"])
def test_mutated_inputs_are_taken_or_refused(kinds: tuple[tuple[str, int], ...]) -> None:
    found = [
        f"make fuzz ARGS='--kind {each.kind} --seed {each.seed} --number {each.number}': {each.problems}"
        for each in try_inputs(list_inputs(kinds, SEED))
    ]
    assert not found, "\n".join(found)


def test_what_ends_the_process_or_keeps_it_busy_is_a_finding() -> None:
    """The harness itself: a worker that dies is told of, and another takes its place."""
    worker = Worker()
    try:
        assert worker.check("decisions.csv", b"no header\n") == ()
        assert worker._process is not None
        worker._process.kill()
        assert worker.check("decisions.csv", b"no header\n")[0].startswith("crash")
        assert worker.check("decisions.csv", b"no header\n") == ()
    finally:
        worker.close()
