"""The steps of a night's recognition; each reuses what the last night left, where that is still valid.

``full`` reuses nothing; ``say`` is told, in one line, why a step that might have reused something does not. What is
kept, and when it is valid, is in ``state``; what a change of records or pairs leads to, in ``records`` and ``pairs``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.frames.background import in_background
from pipelines.identity.clustering.assign_uncompared import assign_uncompared
from pipelines.identity.clustering.cluster import cluster_profiled_records, select_links
from pipelines.identity.clustering.clusters import Clusters
from pipelines.identity.clustering.link_constraints import list_affected_records
from pipelines.identity.customer_ids.ledger import assign_ids, current_map
from pipelines.identity.incremental.block_keys import BlockKeys
from pipelines.identity.incremental.pairs import ScoringState, score_all, score_changes
from pipelines.identity.incremental.records import clean_all, clean_changed
from pipelines.identity.incremental.state import Say, StepState, digest, list_conditions, say_nothing
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import ENDS, Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.standardise import gather_records
from pipelines.lake.tables import Lake

SCORING_STATE = ("ends", "keys", "added_keys", "slots")
SCORING_CHANGES = ("number_now", "touched")
"""What is kept of the pairs: what the next night starts from, and what became of the profiles of the night before."""


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
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Writes ``identity/pairs``; returns it and counts: changed_profiles, and compared_pairs where not all were.

    ``full`` scores every candidate pair.
    """
    state = StepState(lake, "pairs", say)
    conditions = list_conditions(model=model.version)
    noted = None if full else state.read_valid_note(conditions, ["pairs"], SCORING_STATE)
    if noted is not None and noted["input_digest"] == profiled.digest:
        return lake.read("identity", "pairs"), {"changed_profiles": 0, "compared_pairs": 0}
    update = None
    if noted is not None:
        before = _read_scoring_state(lake, state)
        update = score_changes(profiled, model, before)
    scored = score_all(profiled, model) if update is None else update.now
    state.invalidate()
    with in_background(lake.write, "identity", "pairs", scored.pairs):
        state.write("ends", pl.DataFrame({"left": scored.left, "right": scored.right}))
        if update is None or scored.keys.base is not before.keys.base:
            state.write("keys", scored.keys.base)
        state.write("added_keys", scored.keys.added)
        state.write("slots", pl.DataFrame({"slot": scored.keys.slot, "kept": scored.keys.kept}))
    if noted is None or update is None:
        state.commit(conditions, ["pairs"], SCORING_STATE, input_digest=profiled.digest, previous_input_digest=None)
        return scored.pairs, {"changed_profiles": profiled.profiles.height}
    state.write("number_now", pl.DataFrame({"number": update.number_now}))
    state.write("touched", pl.DataFrame({"number": update.touched}))
    state.commit(
        conditions,
        ["pairs"],
        (*SCORING_STATE, *SCORING_CHANGES),
        input_digest=profiled.digest,
        previous_input_digest=noted["input_digest"],
    )
    return scored.pairs, {"changed_profiles": update.changed, "compared_pairs": update.compared_pairs}


def _read_scoring_state(lake: Lake, state: StepState) -> ScoringState:
    ends, slots = state.read("ends"), state.read("slots")
    keys = BlockKeys(state.read("keys"), state.read("added_keys"), slots["slot"].to_numpy(), slots["kept"].to_numpy())
    return ScoringState(lake.read("identity", "pairs"), ends["left"].to_numpy(), ends["right"].to_numpy(), keys)


def find_scoring_version(lake: Lake) -> str | None:
    """The model version that scored ``identity/pairs``; None where a run was cut short, or before the first one."""
    scored_by: str | None = StepState(lake, "pairs").read_note().get("conditions", {}).get("model")
    return scored_by


def read_pairs(lake: Lake, profiled: ProfiledRecords, columns: list[str]) -> ScoredPairs:
    """The ``columns`` of ``identity/pairs``, with the profile numbers of their ends."""
    state = StepState(lake, "pairs")
    noted = state.read_note()
    if noted.get("input_digest") != profiled.digest or state.find_fault(noted, ["pairs"], ["ends"]):
        needed = list(dict.fromkeys((*ENDS, *columns)))
        numbered = number_pairs(profiled.profiles, lake.scan("identity", "pairs").select(needed).collect())
        return replace(numbered, pairs=numbered.pairs.select(columns))
    ends = state.read("ends")
    pairs = lake.scan("identity", "pairs").select(columns).collect()
    return ScoredPairs(pairs, ends["left"].to_numpy(), ends["right"].to_numpy())


CLUSTERING_STATE = ("decisions", "labels")


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
    a ``name`` of their own; ``threshold_offset_bits`` is at least LOWEST_THRESHOLD_OFFSET_BITS.
    """
    state, scoring = StepState(lake, name, say), StepState(lake, "pairs")
    conditions = list_conditions(model=model.version, threshold_offset_bits=str(threshold_offset_bits))
    pairs_noted = scoring.read_valid_note(list_conditions(model=model.version), ["pairs"])
    if pairs_noted is not None and pairs_noted["input_digest"] != profiled.digest:
        pairs_noted = None  # The records were rewritten since the pairs were scored.
    noted = None if full else state.read_valid_note(conditions, kept=CLUSTERING_STATE)
    earlier_labels = None
    if noted is not None and pairs_noted is not None:
        earlier_labels = _read_earlier_labels(state, scoring, noted["pairs"], pairs_noted, profiled.profiles.height)
    if earlier_labels is not None:
        affected = list_affected_records(state.read("decisions"), decisions)
        is_affected = pl.col("record_id").is_in(affected.implode())
        earlier_labels[profiled.members.filter(is_affected)["profile_no"].to_numpy()] = -1
    links = select_links(pairs, threshold_offset_bits)
    labels = cluster_profiled_records(profiled, links, model, decisions, threshold_offset_bits, earlier_labels)
    state.invalidate()
    state.write("decisions", decisions)
    state.write("labels", pl.DataFrame({"label": labels}))
    if pairs_noted is not None:
        state.commit(conditions, kept=CLUSTERING_STATE, pairs=pairs_noted["input_digest"])
    return assign_uncompared(profiled.records, profiled.members, labels, decisions), earlier_labels is not None


def _read_earlier_labels(
    state: StepState, scoring: StepState, clustered_pairs: str, pairs_noted: Mapping[str, Any], profiles: int
) -> Numbers | None:
    """The earlier cluster label of each of today's profiles, -1 where a change touched it.

    ``clustered_pairs`` is the digest of the pairs that the earlier clusters were made of; None is returned where these
    are neither today's pairs nor those that today's were updated from.
    """
    is_of_today = clustered_pairs == pairs_noted["input_digest"]
    if not is_of_today and clustered_pairs != pairs_noted["previous_input_digest"]:
        state.say(f"{state.step}: what it kept is made anew, because it is not of the last run's pairs")
        return None
    labels = state.read("labels")["label"].to_numpy()
    if is_of_today:
        return labels.copy()
    fault = scoring.find_fault(pairs_noted, kept=SCORING_CHANGES)
    if fault:
        state.say(f"{state.step}: what it kept is made anew, because {fault}")
        return None
    number_now = scoring.read("number_now")["number"].to_numpy()
    earlier_labels = np.full(profiles, -1, dtype=np.int32)
    earlier_labels[number_now[number_now >= 0]] = labels[number_now >= 0]
    earlier_labels[scoring.read("touched")["number"].to_numpy()] = -1
    return earlier_labels


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
