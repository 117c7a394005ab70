"""Measurements: README.md says what of."""

import pipelines  # noqa: F401  Before polars, to which it says how long to keep memory.
