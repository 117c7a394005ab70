"""What is done beside a block is done when the block ends, and tells what went wrong."""

from threading import Event

import pytest

from pipelines.frames.background import in_background


def test_the_block_runs_while_the_work_does_and_ends_after_it() -> None:
    begun, allowed, done = Event(), Event(), []

    def work(what: str) -> None:
        begun.set()
        assert allowed.wait(timeout=30)
        done.append(what)

    with in_background(work, "written"):
        assert begun.wait(timeout=30), "it waits for the block"
        assert not done
        allowed.set()
    assert done == ["written"]


def test_what_the_work_raises_is_raised_at_the_end_of_the_block() -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    reached = False
    with pytest.raises(OSError, match="the disk is full"), in_background(fail):
        reached = True
    assert reached


def test_the_block_is_heard_first() -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    with pytest.raises(ValueError, match="a check"), in_background(fail):
        raise ValueError("a check")
