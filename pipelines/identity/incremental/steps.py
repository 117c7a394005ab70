"""The steps of a night's recognition; each reuses what the last night left, where that is still valid.

``full`` reuses nothing; ``say`` is told, in one line, why a step that might have reused something does not. What is
kept, and when it is valid, is in ``state``; what a change of records or pairs leads to, in ``records`` and ``pairs``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date

import polars as pl

from pipelines.frames.background import in_background
from pipelines.identity.clustering.assign_uncompared import assign_uncompared
from pipelines.identity.clustering.cluster import Links, cluster_profiled_records, select_links
from pipelines.identity.clustering.clusters import Clusters
from pipelines.identity.clustering.link_constraints import list_affected_records
from pipelines.identity.customer_ids.ledger import assign_ids, current_map
from pipelines.identity.incremental.pairs import score_profiles
from pipelines.identity.incremental.records import clean_all, clean_changed
from pipelines.identity.incremental.state import Say, StepState, digest, list_conditions, say_nothing
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.predict import Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.standardise import gather_records
from pipelines.lake.tables import Lake

SCORING_STATE = ("digests",)
CLUSTERING_STATE = ("decisions", "labels", "links")
"""What is kept of the pairs, and of the clusters."""


def update_records(
    lake: Lake,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    decisions: pl.DataFrame,
    full: bool = False,
    say: Say = say_nothing,
) -> tuple[pl.DataFrame, int, int]:
    """Writes ``identity/records`` from the extracts, or amends it where the last night's is still valid.

    Returns at least its COMPARED_COLUMNS, how many rows were cleaned, and how many there were, with those of nobody.
    ``full`` cleans them all.
    """
    state = StepState(lake, "records", say)
    kinds = {name: asdict(attribute) for name, attribute in attributes.items()}
    conditions = list_conditions(country=country, attributes=digest(json.dumps(kinds, sort_keys=True, default=str)))
    noted = None if full else state.read_valid_note(conditions, ["records"], ["before_withdrawal"])
    gathered = gather_records(lake, as_of)
    if noted is None:
        cleaned = clean_all(gathered, country, as_of, attributes, decisions)
        records, before_withdrawal, cleaned_count = cleaned.records, cleaned.before_withdrawal, gathered.height
        state.invalidate()
        lake.write_amendable("identity", "records", records)
    else:
        before, cleaned_on = lake.scan("identity", "records", in_order=False), date.fromisoformat(noted["as_of"])
        changes = clean_changed(
            gathered, country, as_of, attributes, decisions, before, state.read("before_withdrawal"), cleaned_on
        )
        records, before_withdrawal, cleaned_count = changes.records, changes.before_withdrawal, changes.cleaned_count
        state.invalidate()
        lake.amend("identity", "records", changes.rows, changes.removed_ids)
    state.write("before_withdrawal", before_withdrawal)
    state.commit(conditions, ["records"], ["before_withdrawal"], as_of=as_of.isoformat())
    return records, cleaned_count, gathered.height


def update_pairs(
    lake: Lake, profiled: ProfiledRecords, model: ModelVersion, full: bool = False, say: Say = say_nothing
) -> tuple[pl.DataFrame, int]:
    """Writes ``identity/pairs``; returns it, and the number of profiles that are new or changed.

    ``full`` scores every pair.
    """
    state = StepState(lake, "pairs", say)
    conditions = list_conditions(model=model.version)
    noted = None if full else state.read_valid_note(conditions, ["pairs"], SCORING_STATE)
    if noted is not None and noted["input_digest"] == profiled.digest:
        return lake.read("identity", "pairs"), 0
    before = None if noted is None else (lake.read("identity", "pairs"), state.read("digests"))
    scored = score_profiles(profiled.take_all(), model, before)
    state.invalidate()
    with in_background(lake.write, "identity", "pairs", scored.pairs):
        state.write("digests", scored.digests)
    state.commit(conditions, ["pairs"], SCORING_STATE, input_digest=profiled.digest)
    return scored.pairs, scored.changed


def find_scoring_version(lake: Lake) -> str | None:
    """The model version that scored ``identity/pairs``; None where a run was cut short, or before the first one."""
    scored_by: str | None = StepState(lake, "pairs").read_note().get("conditions", {}).get("model")
    return scored_by


def read_pairs(lake: Lake, profiled: ProfiledRecords, columns: list[str]) -> ScoredPairs:
    """The ``columns`` of ``identity/pairs``, with the profile numbers of their ends."""
    needed = list(dict.fromkeys((*ENDS, *columns)))
    numbered = number_pairs(profiled.profiles, lake.scan("identity", "pairs").select(needed).collect())
    return replace(numbered, pairs=numbered.pairs.select(columns))


def update_clusters(
    lake: Lake,
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    model: ModelVersion,
    decisions: pl.DataFrame,
    full: bool = False,
    name: str = "clusters",
    threshold_offset_bits: float = 0.0,
    say: Say = say_nothing,
) -> tuple[Clusters, bool]:
    """``cluster_records`` of ``identity/pairs``, and whether the last night's clusters could be reused.

    ``pairs`` are those of :func:`read_pairs`, with at least match_weight. Clusters at another threshold are kept under
    a ``name`` of their own.
    """
    state = StepState(lake, name, say)
    conditions = list_conditions(model=model.version, threshold_offset_bits=str(threshold_offset_bits))
    links = select_links(pairs, threshold_offset_bits)
    noted = None if full else state.read_valid_note(conditions, kept=CLUSTERING_STATE)
    earlier_labels = None if noted is None else _read_earlier_labels(state, profiled, links, decisions)
    labels = cluster_profiled_records(profiled, links, model, decisions, threshold_offset_bits, earlier_labels)
    state.invalidate()
    state.write("decisions", decisions)
    state.write("labels", profiled.profiles.select("record_id", "content_hash", pl.Series("label", labels)))
    state.write("links", _name_links(profiled, links))
    state.commit(conditions, kept=CLUSTERING_STATE)
    return assign_uncompared(profiled.records, profiled.members, labels, decisions), earlier_labels is not None


def _read_earlier_labels(state: StepState, profiled: ProfiledRecords, links: Links, decisions: pl.DataFrame) -> Numbers:
    """The earlier cluster label of each of today's profiles, -1 where a change touched it.

    Touched are profiles that are new or have other content, the ends of links that came, went or weigh otherwise, and
    those that a change of decisions concerns.
    """
    profiles = profiled.profiles.select("record_id", "content_hash")
    known = profiles.join(state.read("labels"), on=["record_id", "content_hash"], how="left", maintain_order="left")
    before, now = state.read("links"), _name_links(profiled, links)
    moved = [one.join(other, on=now.columns, how="anti") for one, other in ((before, now), (now, before))]
    touched = pl.concat([rows[end].rename("record_id") for rows in moved for end in ENDS])
    affected = list_affected_records(state.read("decisions"), decisions)
    decided = profiled.members.filter(pl.col("record_id").is_in(affected.implode()))["profile_no"]
    labels = known["label"].fill_null(-1).to_numpy().copy()
    labels[profiles["record_id"].is_in(touched.implode()).arg_true().to_numpy()] = -1
    labels[decided.to_numpy()] = -1
    return labels


def _name_links(profiled: ProfiledRecords, links: Links) -> pl.DataFrame:
    """The links by the record_ids of their ends."""
    ids = profiled.profiles["record_id"]
    ends = {"record_id_l": ids.gather(links.left), "record_id_r": ids.gather(links.right)}
    return pl.DataFrame({**ends, "weight": links.weight})


def update_ledger(
    lake: Lake, clusters: Clusters, committed: pl.DataFrame, as_of: date, full: bool = False, say: Say = say_nothing
) -> pl.DataFrame:
    """Writes ``identity/ledger``: ``committed``, and the entries that make ``clusters`` today's map; returns it.

    ``full`` replays all of ``committed`` and compares every cluster.
    """
    state = StepState(lake, "ledger", say)
    conditions = list_conditions()
    noted = None if full else state.read_valid_note(conditions, kept=["map"])
    hashes = _hash_entries(committed)
    is_map_valid = noted is not None and noted["ledger"] == digest(hashes)
    if noted is not None and not is_map_valid:
        say("ledger: replayed, because the map of the last run is not that of the ledger as last published")
    earlier_map = state.read("map") if is_map_valid else None
    ledger = assign_ids(clusters.table, committed, as_of, earlier_map)
    state.invalidate()
    with in_background(lake.write, "identity", "ledger", ledger):
        added = ledger.tail(ledger.height - committed.height)
        today = current_map(ledger) if earlier_map is None else current_map(added, earlier_map)
        is_complete = today["record_id"].equals(clusters.table["record_id"])
        if is_complete:
            state.write("map", today.with_columns(pl.Series("first", clusters.first)))
    if is_complete:
        state.commit(conditions, ["ledger"], ["map"], ledger=digest(hashes + _hash_entries(added)))
    return ledger


def read_map(lake: Lake, full: bool = False) -> pl.DataFrame:
    """Today's map according to ``identity/ledger``: record_id, customer_id, sorted. ``full`` replays all of it."""
    state = StepState(lake, "ledger")
    noted = None if full else state.read_valid_note(list_conditions(), kept=["map"])
    if noted is None or state.find_fault(noted, ["ledger"]):
        ledger = lake.read("identity", "ledger")
        if noted is None or noted["ledger"] != digest(_hash_entries(ledger)):
            return current_map(ledger)
    return state.read("map").select("record_id", "customer_id")


def _hash_entries(ledger: pl.DataFrame) -> bytes:
    """64 bits per entry, of everything that the map depends on."""
    return ledger.select("change", "customer_id", "record_id").hash_rows().to_numpy().tobytes()
