"""How an expected error of a plain function becomes the failure of a Dagster step: the message, without a traceback."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines.errors import ParcoursError
from pipelines.visible_text import make_visible


@contextmanager
def as_step_failure() -> Iterator[None]:
    """Turns a ParcoursError into a failed step that carries its message and the exit code of the command."""
    try:
        yield
    except ParcoursError as error:
        message = make_visible(str(error))
        raise dg.Failure(description=message, metadata={"exit_code": error.exit_code}, allow_retries=False) from None


def fail_as_step(compute: Callable[..., Any]) -> Callable[..., Any]:
    """``compute``, a function or generator of a step, with its expected errors told by :func:`as_step_failure`."""
    if inspect.isgeneratorfunction(compute):

        @functools.wraps(compute)
        def generate(*arguments: Any, **named: Any) -> Iterator[Any]:
            with as_step_failure():
                yield from compute(*arguments, **named)

        return generate

    @functools.wraps(compute)
    def call(*arguments: Any, **named: Any) -> Any:
        with as_step_failure():
            return compute(*arguments, **named)

    return call
