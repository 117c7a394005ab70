"""How an asset is declared: its group, and with it its owner; what it is made from; its checks; how it fails.

Every asset of Python comes from here, so that none can lack an owner or show a traceback for an expected error; those
of dbt get group and owner from ``dbt_project.yml``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

import dagster as dg

from pipelines.defs.expected_errors import fail_as_step
from pipelines.defs.table_columns import COLUMN_SCHEMA, load_columns

Group = Literal["extracts", "identity", "customer_value", "analyst_segments", "publication"]

OWNERS: dict[Group, str] = {
    "extracts": "team:data-platform",
    "identity": "team:customer-data",
    "customer_value": "team:analytics",
    "analyst_segments": "team:analytics",
    "publication": "team:data-platform",
}
assert OWNERS.keys() == set(get_args(Group))

RETRIES: dict[Group, dg.RetryPolicy] = {
    "extracts": dg.RetryPolicy(max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
}
"""Only what reads from outside is tried again, and only where its error says that it may pass (``is_passing``): half a
minute, one, and two later. All else fails for a reason that is there the next time as well."""

Compute: TypeAlias = Callable[..., Any]


def asset_of(
    group: Group,
    key: str,
    *,
    after: Iterable[str] = (),
    kinds: Iterable[str] = ("parquet",),
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    checks: Mapping[str, str] | None = None,
    warnings: Mapping[str, str] | None = None,
    config_schema: Mapping[str, dg.Field] | None = None,
    freshness_policy: dg.FreshnessPolicy | None = None,
) -> Callable[[Compute], dg.AssetsDefinition]:
    """Makes the decorated function the asset ``key``, written ``<kind>/<table>`` like those it comes ``after``.

    ``checks`` and ``warnings`` map names to what must hold, and the function returns a result for each: a check that
    fails holds up everything behind the asset, a warning nothing. The description is the docstring, unless given. The
    columns are those of table_columns.yml, unless ``metadata`` has others. ``config_schema`` is what a launch may say
    of it, and is of plain types: a parameter ``config`` of Dagster's own would also take the name of an environment
    variable. A ParcoursError that the function raises becomes the failure of its step, or of an extract, where it is
    ``is_passing``, another attempt.
    """

    def declare(compute: Compute) -> dg.AssetsDefinition:
        made: dg.AssetsDefinition = dg.asset(
            key=dg.AssetKey.from_user_string(key),
            deps=[dg.AssetKey.from_user_string(other) for other in after],
            group_name=group,
            owners=[OWNERS[group]],
            kinds=set(kinds),
            description=description,
            metadata={**_columns(key), **(metadata or {})},
            retry_policy=RETRIES.get(group),
            freshness_policy=freshness_policy,
            config_schema=config_schema or {},  # Without any, Dagster takes all and passes over it in silence.
            check_specs=[
                *_check_specs(key, checks or {}, is_blocking=True),
                *_check_specs(key, warnings or {}, is_blocking=False),
            ],
        )(fail_as_step(compute))
        return made

    return declare


def spec_of(
    group: Group, key: str, *, after: Iterable[str] = (), kinds: Iterable[str] = ("parquet",), description: str
) -> dg.AssetSpec:
    """The asset ``key`` as one of several that a step makes together."""
    return dg.AssetSpec(
        key=dg.AssetKey.from_user_string(key),
        deps=[dg.AssetKey.from_user_string(other) for other in after],
        group_name=group,
        owners=[OWNERS[group]],
        kinds=set(kinds),
        description=description,
        metadata=_columns(key),
    )


def _columns(key: str) -> dict[str, Any]:
    return {COLUMN_SCHEMA: load_columns()[key]} if key in load_columns() else {}


def _check_specs(key: str, described: Mapping[str, str], *, is_blocking: bool) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(name, asset=dg.AssetKey.from_user_string(key), blocking=is_blocking, description=description)
        for name, description in described.items()
    ]
