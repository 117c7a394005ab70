"""DuckDB's errors, as they may be shown: a row's values are personal data, and belong in no message."""

import re

import duckdb

from pipelines.extracts import sandbox

# These speak of the SQL or of the disk, never of a row.
_WITHOUT_VALUES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.IOException,
    duckdb.ParserException,
    duckdb.PermissionException,
)


def explain(error: duckdb.Error) -> str:
    """DuckDB's reason in one line, without the values of a row, which are nobody's business in a log."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return sandbox.explain_shortage()
    reason = str(error).split("\n\nLINE ")[0].split("\n\n")[0]
    reason = " ".join(reason.split())
    if isinstance(error, _WITHOUT_VALUES):
        return reason
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason.split("Original Line")[0])[:300]
