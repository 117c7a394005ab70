"""Variables of the environment for what takes its settings in no other way, as dbt and Dagster's resources do."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def set_environment(variables: Mapping[str, str], without: str | None = None) -> Iterator[None]:
    """Sets ``variables`` while the block runs; all others that begin with ``without`` are unset meanwhile."""
    unset = {name for name in os.environ if without is not None and name.startswith(without)}
    before = {name: os.environ.get(name) for name in unset.union(variables)}
    for name in unset:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
