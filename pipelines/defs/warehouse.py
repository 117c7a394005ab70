"""The warehouse: every dbt model an asset, every dbt test a check, and the publication of the finished build."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, build_dbt_asset_specs

from pipelines import contracts
from pipelines.config.home import Home
from pipelines.defs import dbt_events, drift, segments, value
from pipelines.defs.asset import asset_of
from pipelines.defs.dbt_tests import describe_test
from pipelines.defs.expected_errors import fail_as_step
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.defs.sqlite_pool import pooled_sqlite
from pipelines.doctor.exposed_files import find_exposed
from pipelines.lake.tables import Lake
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.value.customer_values import FittedValues, fit_customer_values
from pipelines.warehouse import dbt_project, publish
from pipelines.warehouse.newest_orders import find_newest_orders

TWO_FILES_OF_ONE_ASSET = DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
"""``identity/records`` and its amendments are two sources to dbt, and one asset."""


def warehouse_assets(freshness_policy: dg.FreshnessPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The models of the dbt project, what is fitted between them, and ``published/warehouse`` behind all marts.

    One step makes the models and the fits: a build begins, and is sealed, once. ``freshness_policy`` is that of the
    published warehouse.
    """
    models, tests = _describe_dbt_project()

    @dg.multi_asset(
        name="warehouse__build",
        specs=[*models, *segments.SPECS, *value.SPECS],
        check_specs=tests,
        can_subset=True,
    )
    @fail_as_step
    def build(context: dg.AssetExecutionContext, night: Night) -> Iterator[Result | dg.AssetCheckResult]:
        with pooled_sqlite(Path(context.instance.root_directory)):  # The commands do so for the whole run.
            yield from _build(context, night)

    marts = sorted(spec.key.to_user_string() for spec in models if spec.key.path[0] == "marts")
    return [build, _published_warehouse(marts, freshness_policy)]


def _describe_dbt_project() -> tuple[Sequence[dg.AssetSpec], list[dg.AssetCheckSpec]]:
    """An asset for each model and seed of dbt's manifest, and a check for each test of their data."""
    manifest = json.loads(dbt_project.prepare().read_text())
    translator = AfterDrift(TWO_FILES_OF_ONE_ASSET)
    specs = build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=translator)
    checks: dict[dg.AssetCheckKey, dg.AssetCheckSpec] = {}  # A test of several models is the check of one of them.
    for spec in specs:
        for node in manifest["child_map"][spec.metadata[dbt_events.DBT_ID]]:
            if node.startswith("test."):
                check = translator.get_asset_check_spec(spec, manifest, node, None)
                if check is not None:
                    described = describe_test(manifest["nodes"][node], manifest)
                    checks[check.key] = check._replace(description=described)
    return specs, list(checks.values())


class AfterDrift(DagsterDbtTranslator):
    """What reads the identity tables waits for the drift checks, which read the same and hold up no table of theirs."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        reads_identity = any(dep.asset_key.path[0] == "identity" for dep in spec.deps)
        drift_key = dg.AssetKey.from_user_string(drift.KEY)
        return spec.replace_attributes(deps=[*spec.deps, drift_key]) if reads_identity else spec


def _build(context: dg.AssetExecutionContext, night: Night) -> Iterator[Result | dg.AssetCheckResult]:
    listener = dbt_events.Listener(
        context.log.info, len(context.selected_asset_keys) + len(context.selected_asset_check_keys)
    )
    fitted: list[tuple[int, FittedValues]] = []

    def fit(lake: Lake) -> None:
        fitted.append((len(listener.finished), fit_customer_values(lake)))

    for table in contracts.TABLES:  # dbt reads whatever files of it there are.
        night.lake.require_whole(table.kind, table.name)
    can_be_published = publish.begin(night.folder, afresh=not context.is_subset)
    write_dbt_inputs(night.lake, night.segments, night.day)
    try:
        _run_dbt(context, night, listener, fit)
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        listener.forget_errors()
        raise
    finally:
        rows, done = _count_built_rows(night.folder), 0
        yield from segments.input_results(context, night)
        for finished_before, values in fitted:  # In the order of the graph.
            yield from dbt_events.node_results(context, listener.finished[:finished_before], rows)
            yield from value.fit_results(context, values)
            done = finished_before
        yield from dbt_events.node_results(context, listener.finished[done:], rows)
    if not can_be_published:
        context.log.warning("not to be published: the other marts failed, or have other ids. Materialise all marts")
        return
    publish.seal(
        night.folder,
        as_of=night.day.isoformat(),
        run_id=night.run_id,
        marts=[spec.key.path[-1] for spec in context.assets_def.specs if spec.key.path[0] == "marts"],
        checks_passed=listener.count("pass"),
        checks_warned=listener.count("warn"),
    )


def _run_dbt(
    context: dg.AssetExecutionContext, night: Night, listener: dbt_events.Listener, fit: Callable[[Lake], None]
) -> None:
    """Builds all models, or those that were selected in Dagster, with the fit in its place."""

    def build(*names: str) -> None:
        dbt_project.build(
            *(night.folder, night.retailer, night.day),
            segments=night.segments,
            select=names,
            listeners=[listener.listen],
            passed=listener.note_passed,
            fit=fit,
        )

    if not context.is_subset:
        build()
        return
    names = dbt_events.selected_names(context)
    if names and not night.folder.workshop.exists():
        names = dbt_project.add_inputs(names)  # They are not kept once they have been published.
    is_fitted = any(spec.key in context.selected_asset_keys for spec in value.SPECS)
    before, after = dbt_project.split_at_fit(names) if is_fitted else (names, [])
    if before:
        build(*before)
    if is_fitted:
        fit(night.lake)
    if after:
        build(*after)


def _count_built_rows(home: Home) -> dict[str, int]:
    """Rows of what dbt has built so far: the marts, and beside them what is not published.

    Other views than those of the staged extracts are reckoned anew to be counted, so they are not.
    """
    return publish.count_rows(home.build_database) | publish.count_rows(home.workshop, views_of="staging")


def _published_warehouse(marts: Sequence[str], freshness_policy: dg.FreshnessPolicy | None) -> dg.AssetsDefinition:
    @asset_of(
        "publication",
        "published/warehouse",
        after=marts,
        kinds=["duckdb"],
        description="The DuckDB file that analysts read, `warehouse.duckdb`: audited, then put in place by one rename. "
        "The one before is kept for `parcours rollback`.",
        freshness_policy=freshness_policy,
    )
    def published_warehouse(night: Night) -> Result:
        published = publish.publish(night.folder, night.retailer.readers)
        return Result(
            metadata={
                "file": dg.MetadataValue.path(published.warehouse),
                "as_of": published.as_of,
                "size_bytes": published.size_bytes,
                "open_to_other_users": len(find_exposed(night.folder)),
                "rows_by_mart": dg.MetadataValue.json(published.marts),
                "newest_orders": dg.MetadataValue.json(
                    {source: day.isoformat() for source, day in find_newest_orders(published.warehouse).items()}
                ),
                "checks_passed": published.checks_passed,
                "checks_warned": published.checks_warned,
            }
        )

    return published_warehouse
