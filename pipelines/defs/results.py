"""What an asset returns: a result that tells of its table and its checks, with the same names everywhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
import polars as pl

if TYPE_CHECKING:
    Result: TypeAlias = dg.MaterializeResult[None]
else:  # Dagster reads the annotation as it runs, and knows the bare class only.
    Result = dg.MaterializeResult


def describe_table(table: pl.DataFrame, metadata: Mapping[str, Any], *checks: dg.AssetCheckResult) -> Result:
    """The result of an asset that made ``table``: its row count and ``metadata``. Its columns are declared."""
    return Result(metadata={"dagster/row_count": table.height, **metadata}, check_results=checks)


def count_breaches(name: str, breaches: int) -> dg.AssetCheckResult:
    """The result of the check ``name``, which holds where no row breaches it."""
    return dg.AssetCheckResult(check_name=name, passed=breaches == 0, metadata={"rows_at_fault": breaches})
