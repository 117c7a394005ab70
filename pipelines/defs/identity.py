"""Identity assets: which records are the same person, and the id each person keeps.

How people are recognised lies in ``pipelines.identity``; here is what runs after what, and what must hold of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, count_breaches, describe_table
from pipelines.errors import ParcoursError
from pipelines.frames.background import in_background
from pipelines.identity.customer_ids.customer_numbers import number_customers
from pipelines.identity.customer_ids.customers import describe_customers
from pipelines.identity.customer_ids.ledger import current_map, empty_ledger
from pipelines.identity.customer_ids.uncertain_pairs import find_uncertain_pairs
from pipelines.identity.decisions.merges import decide_by_systems, find_merged_records
from pipelines.identity.decisions.read import (
    VERDICTS,
    count_waiting,
    decisions_in_force,
    read_decisions,
    read_decisions_in_force,
)
from pipelines.identity.incremental.steps import read_map, update_clusters, update_ledger, update_pairs, update_records
from pipelines.identity.model.registry import ModelVersion, is_as_named, list_versions
from pipelines.identity.monitoring import invariants
from pipelines.identity.monitoring.charts import (
    Chart,
    as_markdown,
    chart_cluster_sizes,
    chart_household_weights,
    write_chart,
)
from pipelines.identity.monitoring.shared_value_surge import (
    describe_surges,
    find_surges,
    list_surging_records,
    list_withdrawn_values,
)
from pipelines.identity.monitoring.splink_charts import (
    SplinkPage,
    draw_model,
    draw_pair_weights,
    find_drawn,
    write_page,
)
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.identity.standardisation.attributes import Attribute, load_attributes
from pipelines.identity.standardisation.placeholders import with_own_values
from pipelines.identity.standardisation.places import count_unread_countries
from pipelines.identity.standardisation.spellings import read_cards, read_mailboxes
from pipelines.identity.standardisation.standardise import scan_records
from pipelines.identity.standardisation.whole_names import count_unsplit
from pipelines.identity.training.retrain import MAX_SHARE_MOVED, has_to_learn, retrain
from pipelines.lake.tables import Lake

IDENTITY_BEARING = (
    "crm/contacts",
    "crm/contact_points",
    "ecommerce/customers",
    "ecommerce/orders",
    "pos/members",
    "pos/tickets",
)


FAULT_OF_THE_PROGRAM = (
    "Where it fails, nothing is published, and no export is to blame: keep the home folder and report it. The "
    "published ids are safe."
)


TRAINING = {
    name: dg.Field(bool, is_required=False, default_value=False, description=description)
    for name, description in {
        "retrain": "A model is learned although there is one in force: the training job says so, the nightly run does "
        "not.",
        "compare_only": "It is learned, saved and compared; the model in force stays.",
        "with_decisions": "What people decided of pairs of records is held fast while it is learned.",
    }.items()
}


def identity_assets() -> list[dg.AssetsDefinition]:
    """From the extracts to customer ids, in order."""
    return [
        *(merged_records, decisions, records, loyalty_cards, mailboxes, model, pairs, clusters, ledger),
        *(customer_ids, customers, uncertain_pairs),
    ]


def _drawn(night: Night, chart: Chart) -> dict[str, dg.MarkdownMetadataValue]:
    """A chart of ours, written into the home folder, as metadata that the interface shows."""
    write_chart(chart, night.folder.charts)
    return {chart.name: dg.MetadataValue.md(as_markdown(chart))}


def _drawn_by_splink(night: Night, *pages: SplinkPage) -> dict[str, dg.PathMetadataValue]:
    """Charts of Splink, which draw themselves in a browser: written into the home folder, and where they lie."""
    return _placed({page.name: write_page(page, night.folder.charts) for page in pages})


def _placed(pages: Mapping[str, Path]) -> dict[str, dg.PathMetadataValue]:
    return {name: dg.MetadataValue.path(page) for name, page in pages.items()}


def _draw_model_once(night: Night, people: ProfiledRecords, shown: ModelVersion) -> dict[str, dg.PathMetadataValue]:
    """Drawn in the first night of a version, which does not change: it takes seconds."""
    drawn = None if night.full else find_drawn(shown, night.folder.charts)
    return _placed(drawn) if drawn else _drawn_by_splink(night, *draw_model(people, shown))


def _committed_ledger(lake: Lake) -> pl.DataFrame:
    return pl.read_parquet(lake.committed_ledger, glob=False) if lake.committed_ledger.exists() else empty_ledger()


@asset_of("identity", "identity/merged_records", after=["crm/merges", "crm/contacts", "ecommerce/customers"])
def merged_records(night: Night) -> Result:
    """One row per record id that its system merged away, with the one that is left of it."""
    merged = find_merged_records(night.lake)
    night.lake.write("identity", "merged_records", merged)
    return describe_table(merged, {})


@asset_of("identity", "identity/decisions", after=[*IDENTITY_BEARING, "identity/merged_records"])
def decisions(night: Night) -> Result:
    """One row per decision that holds on the day: two records are one person's, or are not.

    Those of people are read from the retailer's own file; a file that is faulty, or contradicts itself, stops the run.
    Records that their own system merged are one person's too, and so are a row and its further mailboxes and numbers,
    unless people decided otherwise.
    """
    file = night.retailer.decisions_of(night.folder)
    written = read_decisions(file, must_exist=night.retailer.decisions is not None)
    holding = decisions_in_force(written, night.day)
    present = scan_records(night.lake, night.day)
    merged = decide_by_systems(night.lake.read("identity", "merged_records"), present, holding, night.day)
    night.lake.write("identity", "decisions", pl.concat([holding, merged]).sort("record_id_l", "record_id_r"))
    return describe_table(
        holding,
        {
            **{verdict: int((holding["verdict"] == verdict).sum()) for verdict in VERDICTS},
            "expired": int((written["expires_on"] < night.day).sum()),
            "not_yet_in_force": int((written["decided_on"] > night.day).sum()),
            "decided_by_their_system": merged.height,
            "about_absent_records": count_waiting(holding, present),
        },
    )


@asset_of(
    "identity",
    "identity/records",
    after=[*IDENTITY_BEARING, "identity/decisions"],
    checks={
        "each_record_stands_once": f"No record_id is repeated. {FAULT_OF_THE_PROGRAM}",
        "no_value_is_newly_shared_by_a_crowd": "No value that identified people when last published is now shared by "
        "more names than surge_limit. Where one is, nothing is published: list it under `placeholders` of sources.yml "
        "if a till or form fills it in by itself, else mend the export. The first run only warns.",
    },
)
def records(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per record that says who somebody is: CRM contacts, shop accounts, guest orders, members, receipts.

    Contact fields are cleaned here and nowhere else. Rows that name nobody, since a person was erased or gave no name,
    are left out: what they bought is anonymous.
    """
    attributes = _attributes(night)
    everyone, cleaned_anew, rows = update_records(
        night.lake,
        night.retailer.country,
        night.day,
        attributes,
        read_decisions_in_force(night.lake),
        night.full,
        context.log.info,
    )
    by_table = everyone.group_by("kind", "table_name").len().sort("kind", "table_name")
    return describe_table(
        everyone,
        {
            "rows_by_table": dg.MetadataValue.json({f"{kind}/{name}": n for kind, name, n in by_table.iter_rows()}),
            "records_cleaned_anew": cleaned_anew,
            "records_with_a_shared_value": everyone["shared_values"].count(),
            "records_of_a_crowd": int(everyone["shared_values"].str.contains(r"\bname\b").sum()),
            "rows_of_nobody": rows - everyone.height,
            "records_of_an_undivided_name": count_unsplit(everyone),
            "records_of_an_unread_country": count_unread_countries(_read_countries(night.lake)),
        },
        count_breaches("each_record_stands_once", invariants.count_repeated_records(everyone)),
        _no_new_crowd(night.lake, everyone, attributes),
    )


@asset_of("identity", "identity/loyalty_cards", after=[*IDENTITY_BEARING, "crm/loyalty_movements", "identity/records"])
def loyalty_cards(night: Night) -> Result:
    """One row per loyalty card as any extract writes it, with the card that records are compared on.

    Tickets and movements of points are joined on it.
    """
    cards = read_cards(night.lake, _attributes(night))
    night.lake.write("identity", "loyalty_cards", cards)
    return describe_table(cards, _count_spellings(cards, "loyalty_card_id"))


@asset_of("identity", "identity/mailboxes", after=[*IDENTITY_BEARING, "identity/records"])
def mailboxes(night: Night) -> Result:
    """One row per e-mail address as orders and tickets write it, with the mailbox that records are compared on."""
    written = read_mailboxes(night.lake, _attributes(night))
    night.lake.write("identity", "mailboxes", written)
    return describe_table(written, _count_spellings(written, "mailbox"))


def _attributes(night: Night) -> dict[str, Attribute]:
    return with_own_values(load_attributes(), night.retailer.placeholders, night.retailer.country)


def _count_spellings(spellings: pl.DataFrame, name: str) -> dict[str, int]:
    return {
        "distinct": spellings[name].n_unique() - int(spellings[name].null_count() > 0),
        "placeholders": spellings[name].null_count(),
        "shared": int(spellings["is_shared"].sum()),
    }


def _read_countries(lake: Lake) -> pl.Series:
    return lake.scan("identity", "records", in_order=False).select("country").collect().to_series()


def _no_new_crowd(lake: Lake, rows: pl.DataFrame, attributes: Mapping[str, Attribute]) -> dg.AssetCheckResult:
    """Fails where a crowd took a value from people who are published; before any publication, it only warns."""
    withdrawn_before = lake.published_path("withdrawn_values")
    is_first = not withdrawn_before.exists()
    if is_first:
        crowds = find_surges(rows, attributes)
    else:
        known = pl.read_parquet(withdrawn_before, glob=False)
        crowds = find_surges(rows, attributes, known)
        if crowds:  # On most nights there is none, and no need to know who is published.
            crowds = find_surges(rows, attributes, known, current_map(_committed_ledger(lake))["record_id"])
    lake.write("identity", "value_surges", list_surging_records(crowds))
    if is_first or not crowds:  # What a run that stopped withdrew must never pass for known.
        lake.write("identity", "withdrawn_values", list_withdrawn_values(rows))
    return dg.AssetCheckResult(
        check_name="no_value_is_newly_shared_by_a_crowd",
        passed=not crowds,
        severity=dg.AssetCheckSeverity.WARN if is_first else dg.AssetCheckSeverity.ERROR,
        description=describe_surges(crowds),
        metadata={
            "crowds": dg.MetadataValue.json(
                [{"attribute": each.attribute, "names": each.names, "records": each.records} for each in crowds]
            )
        },
    )


@asset_of(
    "identity",
    "identity/model",
    after=["identity/records"],
    kinds=["json"],
    checks={
        "a_new_model_moves_few_records": "A newly learned model comes in force unasked only where at most "
        f"{MAX_SHARE_MOVED:.0%} of the records move. Where more do, the model before stays in force: look at the "
        "comparison in the metadata, then put the new one in force with `parcours model use`, or leave it."
    },
    config_schema=TRAINING,
)
def model(context: dg.AssetExecutionContext, night: Night) -> Result:
    """The model in force: how much each agreement and disagreement says about two records being one person.

    Learned by the training job, and by the first run that has records enough; until then the shipped one applies. A
    nightly run keeps what was learned, so that ids do not move because the model did.
    """
    asked = context.op_execution_context.op_config
    in_force = None if asked["retrain"] else night.find_model()
    if not asked["retrain"]:
        _require_model(night.lake, in_force)
    people = (
        None if asked["retrain"] else night.read_people()
    )  # Before the first run there are none, which training tells.
    if in_force is not None and people is not None and not has_to_learn(in_force, people.profiles.height):
        shown, too_many = in_force, 0
        found: dict[str, Any] = {"version": in_force.version, "trained": False}
    else:
        context.log.info("training the identity model")
        retrained = retrain(
            night.lake, night.day, context.log.info, asked["compare_only"], asked["retrain"] and asked["with_decisions"]
        )
        shown, too_many = retrained.running, 0 if asked["compare_only"] else retrained.records_too_many
        found = {
            "version": retrained.in_force or "none",
            "trained": retrained.is_put_in_force and not retrained.learned.is_default,
            "training": dg.MetadataValue.json(retrained.as_dict()),
        }
    people = people or night.read_people()
    charts = _draw_model_once(night, people, shown) | _drawn(night, chart_household_weights(shown))
    found |= {"is_default": shown.is_default, "profiles": people.profiles.height}
    return Result(
        metadata={**found, "about": dg.MetadataValue.json(shown.metadata), **charts},
        check_results=[count_breaches("a_new_model_moves_few_records", too_many)],
    )


def _require_model(lake: Lake, in_force: ModelVersion | None) -> None:
    """Raises ParcoursError where a model that published ids rest on is gone or another: a new one would move them."""
    if in_force is None and lake.committed_ledger.exists():
        known = ", ".join(list_versions(lake)) or "none"
        raise ParcoursError(
            f"{lake.models / 'in_force'} is missing, although customer ids have been published: a model learned anew "
            "would move records between them. Restore lake/models from a backup, put a version in force with "
            f"`parcours model use VERSION` (there are: {known}), or learn a new one with `parcours train`."
        )
    if in_force is not None and not is_as_named(in_force):
        raise ParcoursError(
            f"The identity model in {lake.models / in_force.version} is not the one that its name stands for: one of "
            "its files is damaged or another version's. Restore the folder from a backup, or put another version in "
            "force with `parcours model use VERSION`, or learn a new one with `parcours train`."
        )


@asset_of(
    "identity",
    "identity/pairs",
    after=["identity/records", "identity/model"],
    checks={
        "candidate_pairs_do_not_explode": f"There are at most {invariants.MAX_PAIRS_PER_RECORD} candidate pairs per "
        "record. Where there are more, nothing is published: a value that many records share, such as a till's own "
        "number, is missing under `placeholders` of sources.yml; the field report says which column it is in."
    },
)
def pairs(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per pair of records that could be one person, with its match weight and probability.

    Only what changed since the last run is compared; the result is that of comparing everything.
    """
    people, in_force = night.read_people(), night.load_model()
    scored, changed = update_pairs(night.lake, people, in_force, night.full, context.log.info)
    return describe_table(
        scored,
        {
            "model_version": in_force.version,
            "changed_profiles": changed,
            **_drawn_by_splink(night, draw_pair_weights(scored, in_force)),
        },
        count_breaches("candidate_pairs_do_not_explode", invariants.count_excess_pairs(scored, people.records)),
    )


@asset_of(
    "identity",
    "identity/clusters",
    after=["identity/decisions", "identity/records", "identity/model", "identity/pairs"],
    checks={"each_record_is_in_one_cluster": f"No record is missing, repeated or invented. {FAULT_OF_THE_PROGRAM}"},
)
def clusters(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per record, with the person it was recognised as in this run; the name of a cluster does not last."""
    people = night.read_people()
    grouped, is_built_upon = update_clusters(
        night.lake,
        people,
        night.read_pairs(people),
        night.load_model(),
        read_decisions_in_force(night.lake),
        night.full,
        say=context.log.info,
    )
    with in_background(night.lake.write, "identity", "clusters", grouped.table):
        misplaced = invariants.count_misplaced_records(grouped.table, people.records)
        return describe_table(
            grouped.table,
            {
                "clusters": len(grouped.sizes),
                "largest_cluster": int(grouped.sizes.max(initial=0)),
                "built_upon_earlier": is_built_upon,
                **_drawn(night, chart_cluster_sizes(pl.Series(grouped.sizes))),
            },
            count_breaches("each_record_is_in_one_cluster", misplaced),
        )


@asset_of(
    "identity",
    "identity/ledger",
    after=["identity/clusters"],
    checks={
        "no_id_is_issued_twice": f"Every customer id was created once. {FAULT_OF_THE_PROGRAM}",
        "the_past_is_not_rewritten": "The ledger as last published is its beginning, unchanged. "
        f"{FAULT_OF_THE_PROGRAM}",
    },
)
def ledger(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per change of a customer id: created, absorbed, split, retired, restored, and which record went where.

    Goes on from the ledger as last published; publication makes it the next one's beginning.
    """
    committed = _committed_ledger(night.lake)
    entries = update_ledger(night.lake, night.read_clusters(), committed, night.day, night.full, context.log.info)
    new = entries.tail(entries.height - committed.height)
    return describe_table(
        entries,
        {
            "new_entries": new.height,
            "changes": dg.MetadataValue.json(dict(new.group_by("change").len().sort("change").iter_rows())),
        },
        count_breaches("no_id_is_issued_twice", invariants.count_reissued_ids(entries)),
        count_breaches("the_past_is_not_rewritten", invariants.count_rewritten_entries(entries, committed)),
    )


@asset_of(
    "identity",
    "identity/customer_ids",
    after=["identity/records", "identity/clusters", "identity/ledger"],
    checks={
        "each_record_has_one_customer": f"No record is missing, repeated or invented. {FAULT_OF_THE_PROGRAM}",
        "the_ledger_replays_to_the_map": "Replayed from empty, the ledger gives each cluster one id, and each id one "
        f"cluster. {FAULT_OF_THE_PROGRAM}",
    },
)
def customer_ids(night: Night) -> Result:
    """One row per record: the customer it belongs to today."""
    people, clusters = night.read_people(), night.read_clusters()
    everyone = people.records.select("record_id", "source", "table_name")
    placed = read_map(night.lake, night.full)
    if placed["record_id"].equals(everyone["record_id"]):  # As it always is, where nothing is amiss.
        today = everyone.with_columns(placed["customer_id"])
    else:
        today = everyone.join(placed, on="record_id", maintain_order="left")
    with in_background(night.lake.write, "identity", "customer_ids", today):
        numbers = clusters.number_customers(today)
        owners = number_customers(people, today, numbers)
        unreplayed = 0 if numbers is not None else invariants.count_unreplayed_records(today, clusters.table)
        return describe_table(
            today,
            {"customers": owners.count},
            count_breaches("each_record_has_one_customer", invariants.count_misplaced_records(today, everyone)),
            count_breaches("the_ledger_replays_to_the_map", unreplayed),
        )


@asset_of(
    "identity",
    "identity/customers",
    after=["identity/decisions", "identity/records", "identity/pairs", "identity/customer_ids"],
)
def customers(night: Night) -> Result:
    """One row per customer: how many records it has and how sure it is that they are one person's."""
    people = night.read_people()
    described = describe_customers(
        people, night.read_pairs(people), night.read_owners(people), read_decisions_in_force(night.lake)
    )
    night.lake.write("identity", "customers", described)
    return describe_table(
        described,
        {
            "records": int(described["record_count"].sum()),
            "mean_confidence": float(described["identity_confidence"].mean() or 1.0),  # type: ignore[arg-type]
        },
    )


@asset_of(
    "identity",
    "identity/uncertain_pairs",
    after=[
        "identity/decisions",
        "identity/records",
        "identity/pairs",
        "identity/customer_ids",
        "identity/customers",
    ],
)
def uncertain_pairs(night: Night) -> Result:
    """One row per question worth a person's answer: who is perhaps one customer kept apart, who perhaps two together.

    What people have decided is left out. The mart identity_review_queue ranks them by what they are worth.
    """
    people = night.read_people()
    asked = find_uncertain_pairs(
        people,
        night.read_pairs(people),
        night.read_owners(people),
        night.lake.read("identity", "customers"),
        read_decisions_in_force(night.lake),
    )
    night.lake.write("identity", "uncertain_pairs", asked)
    return describe_table(asked, {"about_one_customer": int(asked["is_together"].sum())})
