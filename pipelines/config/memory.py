"""How much memory DuckDB may take before it spills to disk."""

import os
import re

from pipelines.errors import ConfigurationError

VARIABLE = "PARCOURS_MEMORY_LIMIT"
DEFAULT = "60%"
"""Of the memory of the machine or of its container, whichever is less; the rest is Python's, which holds the records
that are compared, and the system's."""


def memory_limit() -> str:
    """The limit as DuckDB understands it, such as `4GB` or `60%`: ``PARCOURS_MEMORY_LIMIT``, else :data:`DEFAULT`.

    Raises ConfigurationError where it is neither a size nor a share.
    """
    written = os.environ.get(VARIABLE, "").strip() or DEFAULT
    size = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(?:[KMGT]i?B|%)", written, re.IGNORECASE)
    share_is_possible = not written.endswith("%") or (size is not None and float(size[1]) <= 100)
    if size is None or float(size[1]) == 0 or not share_is_possible:
        raise ConfigurationError(f"{VARIABLE} is '{written}': write a size such as 4GB, or a share such as 60%.")
    return written
