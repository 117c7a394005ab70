"""Packages that only some sources need: imported when such a source is looked at, asked for where they are missing."""

from importlib import import_module
from typing import Any

from pipelines.pulls.errors import SourceError


def need(module: str, extra: str) -> Any:
    """The module, which `parcours[<extra>]` brings. Raises SourceError where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise SourceError(
            f"sources of `type: {extra}` need a package that is not installed. In the clone of Parcours: "
            f".venv/bin/pip install -e '.[{extra}]'."
        ) from None
