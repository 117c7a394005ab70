"""The drift asset: what this night looks like beside the published ones, before anything is built on it."""

from functools import partial

import dagster as dg
import polars as pl

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.identity.customer_ids.ledger import empty_ledger
from pipelines.identity.incremental.steps import read_map
from pipelines.identity.monitoring import run_metrics
from pipelines.identity.monitoring.churn import count_changed, count_churn, list_contents
from pipelines.identity.monitoring.drift import ACCEPT, compare_run, describe_drift
from pipelines.lake.tables import Lake

KEY = "identity/drift"
CONTENTS = "record_contents"  # What the records say, which publication keeps for the next night.
COMPARED = ("identity/records", "identity/model", "identity/pairs", "identity/ledger", "identity/customers")
WARNING, BLOCKING = "drift_within_warning_limits", "drift_within_blocking_limits"


ACCEPTANCE = {
    "accept": dg.Field(
        bool,
        is_required=False,
        default_value=False,
        description="A drift beyond its blocking limit is as it should be: a person says so, for one run.",
    )
}

_declare = partial(
    asset_of,
    "identity",
    KEY,
    after=COMPARED,
    description="One row per metric of this night: what it is, what it usually is in the published runs, and whether "
    "that passes. Publication keeps the metrics of the night for the ones to come.",
    checks={
        BLOCKING: "No metric is so far from the usual that drift.yml asks for a person. Where one is, nothing is "
        "published: look where the check's result says and mend the export, or, where it is as it should be, run again "
        "with --accept-drift."
    },
    warnings={
        WARNING: "No metric is further from the usual than drift.yml lets pass in silence. Where one is, the night is "
        "published all the same: look where the check's result says."
    },
)


@_declare(config_schema=ACCEPTANCE)
def drift(context: dg.AssetExecutionContext, night: Night) -> Result:
    return _compare(night, accept=context.op_execution_context.op_config["accept"])


@_declare()
def drift_nobody_accepts(night: Night) -> Result:
    """The same asset where a launch may not accept what it finds (``launch_config``)."""
    return _compare(night, accept=False)


def _compare(night: Night, *, accept: bool) -> Result:
    lake = night.lake
    in_force = night.find_model()
    version = in_force.version if in_force else ""
    ledger = lake.read("identity", "ledger")
    today = read_map(lake, night.full)
    published = _published(lake, "ledger", empty_ledger())
    churn = count_churn(ledger, published, today)
    people = night.read_people().records
    contents, contents_before = list_contents(people), lake.published_path(CONTENTS)
    changed = (
        count_changed(
            contents, pl.read_parquet(contents_before, glob=False), ledger.tail(ledger.height - published.height)
        )
        if contents_before.exists()
        else None
    )
    measured = run_metrics.measure_run(
        people, lake.read("identity", "pairs"), lake.read("identity", "customers"), churn, changed
    )
    history = _published(lake, "run_metrics", run_metrics.no_history())
    compared = compare_run(measured, history, as_of=night.day, model_version=version)
    lake.write("identity", "drift", compared)
    lake.write("identity", CONTENTS, contents)
    verdicts = dict(compared["verdict"].value_counts().iter_rows())
    is_blocked = "blocking" in verdicts and not accept
    if not is_blocked:  # What nobody accepts must never become what is usual.
        lake.write(
            "identity",
            "run_metrics",
            run_metrics.add_run(
                history, measured, as_of=night.day, run_id=night.run_id, model_version=version,
                is_accepted="blocking" in verdicts,
            ),
        )  # fmt: skip
    said = describe_drift(compared)
    return describe_table(
        compared,
        {
            "verdicts": dg.MetadataValue.json(dict(sorted(verdicts.items()))),
            "churn": dg.MetadataValue.json(churn.as_dict()),
            "moved_share": churn.moved_share,
        },
        dg.AssetCheckResult(
            check_name=WARNING,
            passed=not verdicts.keys() & {"warning", "blocking"},
            severity=dg.AssetCheckSeverity.WARN,
            description=said,
        ),
        dg.AssetCheckResult(
            check_name=BLOCKING,
            passed=not is_blocked,
            description=f"{said}\n{ACCEPT}" if is_blocked else said,
            metadata={"accepted": accept and "blocking" in verdicts},
        ),
    )


def _published(lake: Lake, name: str, empty: pl.DataFrame) -> pl.DataFrame:
    file = lake.published_path(name)
    return pl.read_parquet(file, glob=False) if file.exists() else empty
