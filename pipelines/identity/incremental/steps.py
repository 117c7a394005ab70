"""The steps of a night's recognition, each of which goes on from what the night before left where it may be believed.

What is kept, and when it may be believed, is in ``state``; what a change of records or pairs comes to, in ``records``
and ``pairs`` beside.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.frames.background import in_background
from pipelines.identity.clustering.assign_uncompared import place_records
from pipelines.identity.clustering.cluster import keep_links, label_profiles
from pipelines.identity.clustering.clusters import Clustered
from pipelines.identity.clustering.link_constraints import list_concerned
from pipelines.identity.customer_ids.ledger import assign_ids, current_map
from pipelines.identity.incremental.block_keys import BlockKeys
from pipelines.identity.incremental.pairs import Scored, rescore, score_all
from pipelines.identity.incremental.records import clean_all, clean_changed
from pipelines.identity.incremental.state import StepState, conditions_of, digest
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import ENDS, Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import Profiled
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.standardise import gather_records
from pipelines.lake.tables import Lake


def update_records(
    lake: Lake,
    country: str,
    as_of: date,
    attributes: Mapping[str, Attribute],
    decisions: pl.DataFrame,
    full: bool = False,
) -> tuple[pl.DataFrame, int]:
    """Writes ``identity/records`` of what the extracts hold, or amends it, where it was made of what they held before.

    Returns it, at least its COMPARED_COLUMNS, and how many rows were cleaned anew. ``full`` cleans them all.
    """
    state = StepState(lake, "records")
    kinds = {name: asdict(attribute) for name, attribute in attributes.items()}
    conditions = conditions_of(country=country, attributes=digest(json.dumps(kinds, sort_keys=True, default=str)))
    noted = None if full or not lake.is_amendable("identity", "records") else state.note(conditions)
    gathered = gather_records(lake, as_of)
    if noted is None:
        cleaned = clean_all(gathered, country, as_of, attributes, decisions)
        everyone, withheld, anew = cleaned.records, cleaned.withheld, gathered.height
        state.begin()
        lake.write_amendable("identity", "records", everyone)
    else:
        before, cleaned_on = lake.scan("identity", "records", in_order=False), date.fromisoformat(noted["as_of"])
        changes = clean_changed(
            gathered, country, as_of, attributes, decisions, before, state.read("withheld"), cleaned_on
        )
        everyone, withheld, anew = changes.everyone, changes.withheld, changes.anew
        state.begin()
        lake.amend("identity", "records", changes.rows, changes.gone)
    state.write("withheld", withheld)
    state.end(conditions, as_of=as_of.isoformat())
    return everyone, anew


def update_pairs(
    lake: Lake, people: Profiled, model: ModelVersion, full: bool = False
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Writes ``identity/pairs``; returns it, and what was done: changed_profiles, compared_pairs where not all were.

    ``full`` scores every candidate.
    """
    state = StepState(lake, "pairs")
    conditions = conditions_of(model=model.version)
    noted = None if full else state.note(conditions)
    if noted is not None and noted["made_of"] == people.digest:
        return lake.read("identity", "pairs"), {"changed_profiles": 0, "compared_pairs": 0}
    again = None
    if noted is not None:
        before = _read_scored(lake, state)
        again = rescore(people, model, before)
    scored = score_all(people, model) if again is None else again.now
    state.begin()
    with in_background(lake.write, "identity", "pairs", scored.pairs):
        state.write("ends", pl.DataFrame({"left": scored.left, "right": scored.right}))
        if again is None or scored.keys.base is not before.keys.base:
            state.write("keys", scored.keys.base)
        state.write("added_keys", scored.keys.added)
        state.write("slots", pl.DataFrame({"slot": scored.keys.slot, "kept": scored.keys.kept}))
    if noted is None or again is None:
        state.end(conditions, made_of=people.digest, since=None)
        return scored.pairs, {"changed_profiles": people.profiles.height}
    state.write("number_now", pl.DataFrame({"number": again.number_now}))
    state.write("touched", pl.DataFrame({"number": again.touched}))
    state.end(conditions, made_of=people.digest, since=noted["made_of"])
    return scored.pairs, {"changed_profiles": again.changed, "compared_pairs": again.looked_at}


def _read_scored(lake: Lake, state: StepState) -> Scored:
    ends, slots = state.read("ends"), state.read("slots")
    keys = BlockKeys(state.read("keys"), state.read("added_keys"), slots["slot"].to_numpy(), slots["kept"].to_numpy())
    return Scored(lake.read("identity", "pairs"), ends["left"].to_numpy(), ends["right"].to_numpy(), keys)


def find_scoring_version(lake: Lake) -> str | None:
    """The model version that weighed ``identity/pairs``; None where a run was cut short, or there was none yet."""
    scored_by: str | None = StepState(lake, "pairs").read_conditions().get("model")
    return scored_by


def read_pairs(lake: Lake, people: Profiled, columns: list[str]) -> ScoredPairs:
    """The ``columns`` of ``identity/pairs``, with the profile numbers of their ends."""
    state = StepState(lake, "pairs")
    if state.read_made_of() != people.digest:
        needed = list(dict.fromkeys((*ENDS, *columns)))
        numbered = number_pairs(people.profiles, lake.scan("identity", "pairs").select(needed).collect())
        return replace(numbered, pairs=numbered.pairs.select(columns))
    ends = state.read("ends")
    pairs = lake.scan("identity", "pairs").select(columns).collect()
    return ScoredPairs(pairs, ends["left"].to_numpy(), ends["right"].to_numpy())


def update_clusters(
    lake: Lake,
    people: Profiled,
    pairs: ScoredPairs,
    model: ModelVersion,
    decisions: pl.DataFrame,
    full: bool = False,
    name: str = "clusters",
    demand: float = 0.0,
) -> tuple[Clustered, bool]:
    """``cluster_records`` of ``identity/pairs``, and whether earlier clusters of the ``name`` could be built upon.

    ``pairs`` are those of :func:`read_pairs`, with at least match_weight; ``demand`` is the evidence in bits that it
    takes beyond the usual, LOOSEST at least.
    """
    state = StepState(lake, name)
    conditions = conditions_of(model=model.version, demand=str(demand))
    scored = StepState(lake, "pairs")
    pairs_noted = scored.note(conditions_of(model=model.version))
    if pairs_noted is not None and pairs_noted["made_of"] != people.digest:
        pairs_noted = None  # Records were written anew, and their pairs not yet.
    noted = None if full else state.note(conditions)
    settled = None
    if noted is not None and pairs_noted is not None:
        settled = _read_settled(state, scored, noted["pairs"], pairs_noted, people.profiles.height)
    if settled is not None:
        concerned = list_concerned(state.read("decisions"), decisions)
        is_concerned = pl.col("record_id").is_in(concerned.implode())
        settled[people.members.filter(is_concerned)["profile_no"].to_numpy()] = -1
    labels = label_profiles(people, keep_links(pairs, demand), model, decisions, demand, settled)
    state.begin()
    state.write("decisions", decisions)
    state.write("labels", pl.DataFrame({"label": labels}))
    if pairs_noted is not None:
        state.end(conditions, pairs=pairs_noted["made_of"])
    return place_records(people.records, people.members, labels, decisions), settled is not None


def _read_settled(
    state: StepState, scored: StepState, made_of: str, pairs_noted: Mapping[str, Any], profiles: int
) -> Numbers | None:
    """For each of today's profiles the label of its earlier cluster, -1 where it is touched.

    ``made_of`` is the digest of the pairs that the clusters were made of; None where these are neither today's pairs
    nor what today's were made from.
    """
    if made_of not in (pairs_noted["made_of"], pairs_noted["since"]):
        return None
    labels = state.read("labels")["label"].to_numpy()
    if made_of == pairs_noted["made_of"]:
        return labels.copy()
    number_now = scored.read("number_now")["number"].to_numpy()
    settled = np.full(profiles, -1, dtype=np.int32)
    settled[number_now[number_now >= 0]] = labels[number_now >= 0]
    settled[scored.read("touched")["number"].to_numpy()] = -1
    return settled


def update_ledger(
    lake: Lake, clusters: Clustered, committed: pl.DataFrame, as_of: date, full: bool = False
) -> pl.DataFrame:
    """Writes ``identity/ledger``: ``committed``, and what makes ``clusters`` today's map; returns it.

    ``full`` replays all of ``committed`` and looks at every cluster.
    """
    state = StepState(lake, "ledger")
    conditions = conditions_of()
    noted = None if full else state.note(conditions)
    hashes = _hash_entries(committed)
    is_known = noted is not None and noted["ledger"] == digest(hashes)
    known = state.read("map") if is_known else None
    entries = assign_ids(clusters.table, committed, as_of, known)
    state.begin()
    with in_background(lake.write, "identity", "ledger", entries):
        news = entries.tail(entries.height - committed.height)
        today = current_map(entries) if known is None else current_map(news, known)
        is_whole = today["record_id"].equals(clusters.table["record_id"])
        if is_whole:
            state.write("map", today.with_columns(pl.Series("first", clusters.first)))
    if is_whole:
        state.end(conditions, ledger=digest(hashes + _hash_entries(news)), stamp=_stamp_of_ledger(lake))
    return entries


def read_map(lake: Lake, full: bool = False) -> pl.DataFrame:
    """Today's map as ``identity/ledger`` gives it: record_id, customer_id, sorted. ``full`` replays all of it."""
    state = StepState(lake, "ledger")
    noted = None if full else state.note(conditions_of())
    if noted is None or noted["stamp"] != _stamp_of_ledger(lake):
        ledger = lake.read("identity", "ledger")
        if noted is None or noted["ledger"] != digest(_hash_entries(ledger)):
            return current_map(ledger)
    return state.read("map").select("record_id", "customer_id")


def _stamp_of_ledger(lake: Lake) -> list[list[int]]:
    """As JSON gives it back."""
    return [list(file) for file in lake.stamp("identity", "ledger")]


def _hash_entries(ledger: pl.DataFrame) -> bytes:
    """64 bits an entry, of all that the map depends on."""
    return ledger.select("change", "customer_id", "record_id").hash_rows().to_numpy().tobytes()
