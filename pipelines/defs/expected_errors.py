"""How an error of a plain function becomes the failure of a Dagster step: a message, no traceback and no causes.

Dagster writes down what a step raised, with all that led to it, in its database and in the log. An expected error's
message is our own; of any other only the kind and the place are told, since its text may hold values of an export.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from pipelines import unexpected
from pipelines.errors import ParcoursError
from pipelines.visible_text import make_visible

OF_DAGSTER = (dg.DagsterError, dg.Failure, dg.RetryRequested)
"""What Dagster raises through a step is about the graph, and names no value."""


def fail_as_step(compute: Callable[..., Any]) -> Callable[..., Any]:
    """``compute``, a function or generator of a step, of which every exception is told as :func:`_as_failure` does."""
    # The failure is raised outside of the handler, so that nothing of what was caught hangs on it.
    if inspect.isgeneratorfunction(compute):

        @functools.wraps(compute)
        def generate(*arguments: Any, **named: Any) -> Iterator[Any]:
            try:
                yield from compute(*arguments, **named)
                return
            except OF_DAGSTER:
                raise
            except Exception as error:
                failure = _as_failure(error)
            raise failure

        return generate

    @functools.wraps(compute)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return compute(*arguments, **named)
        except OF_DAGSTER:
            raise
        except Exception as error:
            failure = _as_failure(error)
        raise failure

    return call


def strip_causes(error: Exception) -> ParcoursError:
    """``error`` as one of ours that nothing hangs on: what Dagster writes down of a resource that could not be made."""
    unexpected.note(error)
    if not isinstance(error, ParcoursError):
        return ParcoursError(unexpected.describe(error))
    error.__cause__ = error.__context__ = None
    return error


def _as_failure(error: Exception) -> dg.Failure:
    """A failed step with the message and exit code of the command: a ParcoursError's own, or of what is unexpected."""
    unexpected.note(error)
    is_passing = False
    if isinstance(error, ParcoursError):
        message, exit_code, is_passing = make_visible(str(error)), error.exit_code, error.is_passing
    else:
        message, exit_code = unexpected.describe(error), 1
    return dg.Failure(description=message, metadata={"exit_code": exit_code}, allow_retries=is_passing)
