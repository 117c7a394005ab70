"""How an expected error of a plain function becomes the failure of a Dagster step: the message, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.errors import ParcoursError


@contextmanager
def as_step_failure() -> Iterator[None]:
    """Turns a ParcoursError into a failed step that carries its message and the exit code of the command."""
    try:
        yield
    except ParcoursError as error:
        raise dg.Failure(description=str(error), metadata={"exit_code": error.exit_code}, allow_retries=False) from None
