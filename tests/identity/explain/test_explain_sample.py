"""Every customer of the bundled sample explained: the parts add up, and what is called decisive is."""

import json
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import jsonschema
import polars as pl
import pytest

from pipelines.config.sources import load_sources
from pipelines.contracts import TABLES
from pipelines.extracts.conform import extract_table
from pipelines.identity.clustering.agglomerate import MERGE_THRESHOLD_BITS
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS, cluster_records
from pipelines.identity.clustering.link_constraints import mark_decided
from pipelines.identity.customer_ids.customer_numbers import number_customers
from pipelines.identity.customer_ids.customers import describe_customers
from pipelines.identity.customer_ids.ledger import assign_ids, current_map, empty_ledger
from pipelines.identity.decisions.read import DECISION_SCHEMA, no_decisions
from pipelines.identity.explain.evidence import Evidence
from pipelines.identity.explain.explanations import Explained, tell_story
from pipelines.identity.explain.neighbourhood import Neighbourhood, StoredPair
from pipelines.identity.explain.render_json import how_as_json, why_as_json
from pipelines.identity.explain.resolve_ids import Side
from pipelines.identity.explain.why import Answer, answer_why
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.identity.training.train import train
from pipelines.lake.tables import Lake
from pipelines.texts.texts import open_texts

pytestmark = pytest.mark.long  # Every customer of the sample.
ROOT = Path(__file__).parents[3]
IDENTITY_BEARING = ("crm/contacts", "ecommerce/customers", "ecommerce/orders", "pos/members", "pos/tickets")
ENGLISH = open_texts("en", "explanations")


class Sample(NamedTuple):
    """The bundled sample as recognised, and its stories told, those of customers of several records."""

    records: pl.DataFrame
    pairs: pl.DataFrame
    evidence: Evidence
    stories: dict


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    sources = load_sources(ROOT / "data" / "sample" / "sources.yml")
    lake = Lake(tmp_path_factory.mktemp("bundled") / "lake")
    for table in TABLES:
        if table.path in IDENTITY_BEARING:
            extract_table(sources, table, lake, sources.as_of)
    records = standardise_records(lake, sources.country, sources.as_of)
    model = train(records, lake, as_of=sources.as_of)
    pairs = score_pairs(records, model)
    clusters = cluster_records(records, pairs, model)
    customers = current_map(assign_ids(clusters, empty_ledger(), sources.as_of))
    around = Neighbourhood(records, pairs, customers, no_decisions())
    evidence = Evidence(around, model)
    everyone = around.records_of.values()
    subjects = [sorted({around.subject_of[record] for record in held}) for held in everyone]
    evidence.weigh((one, other) for group in subjects for one in group for other in group)
    stories = {
        customer_id: tell_story(evidence, Side(customer_id, "customer", customer_id, (customer_id,), held))
        for customer_id, held in around.records_of.items()
        if len(held) > 1
    }
    assert len(stories) > 1_000
    return Sample(records, pairs, evidence, stories)


def validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "schemas" / schema).read_text(encoding="utf-8")))


def why(sample: Sample, one: str, other: str) -> Answer:
    customer_of = sample.evidence.around.customer_of
    sides = tuple(Side(record, "record", customer_of[record], (), (record,)) for record in (one, other))
    return answer_why(sample.evidence, sides)


def test_every_customer_of_several_records_is_told_join_by_join(sample):
    schema = validator("how.schema.json")
    for customer_id, story in sample.stories.items():
        report = json.loads(json.dumps(how_as_json(story, ENGLISH)))
        assert [error.message for error in schema.iter_errors(report)] == [], customer_id
        assert len(story.joins) == len(story.asked.records) - 1
        parts = {(record,) for record in story.asked.records}
        for join in story.joins:
            assert {join.left, join.right} <= parts
            assert join.tie.record_id_l in join.left
            assert join.tie.record_id_r in join.right
            parts = (parts - {join.left, join.right}) | {tuple(sorted(join.left + join.right))}
        assert parts == {story.asked.records}


def test_the_decisive_join_is_the_weakest_one_and_the_customer_is_as_sure_as_that(sample):
    around = sample.evidence.around
    people = profile_records(sample.records)
    confidence = dict(
        describe_customers(
            people, number_pairs(people.profiles, sample.pairs), number_customers(people, around.customers)
        )
        .select("customer_id", "identity_confidence")
        .iter_rows()
    )
    for customer_id, story in sample.stories.items():
        weights = [join.tie.weight for join in story.joins if join.tie.rule == "link"]
        if not weights:
            assert confidence[customer_id] == 1
            continue
        assert story.decisive.tie.weight == min(weights)
        assert story.joins[story.decisive.number - 1].tie == story.decisive.tie
        decisive = story.joins[story.decisive.number - 1].comparison
        assert confidence[customer_id] == pytest.approx(decisive.match_probability, abs=1e-12)


def test_every_weight_told_is_the_sum_of_its_parts_and_the_stored_one(sample):
    comparisons = [join.comparison for story in sample.stories.values() for join in story.joins]
    stored = [comparison for comparison in comparisons if comparison.stored]
    assert len(stored) > 1_000
    for comparison in comparisons:
        parts = comparison.prior + sum(field.weight for field in comparison.fields) + comparison.household_weight
        assert abs(parts - comparison.weight) < 1e-9
    assert max(abs(comparison.weight - comparison.stored.match_weight) for comparison in stored) < 1e-9
    links = [join for story in sample.stories.values() for join in story.joins if join.tie.rule == "link"]
    assert all(join.tie.weight == join.comparison.stored.match_weight for join in links)


def split_without(sample: Sample, dropped: list[tuple[str, str]]) -> dict[str, str]:
    """The cluster of each record where these pairs are not stored."""
    gone = pl.DataFrame(dropped, schema={"record_id_l": pl.String, "record_id_r": pl.String}, orient="row")
    assert gone.join(sample.pairs, on=["record_id_l", "record_id_r"], how="semi").height == gone.n_unique()
    left = sample.pairs.join(gone, on=["record_id_l", "record_id_r"], how="anti")
    return dict(cluster_records(sample.records, left, sample.evidence.model).iter_rows())


def test_without_the_decisive_links_each_customer_falls_in_the_two_that_are_told(sample):
    decisive = [story.decisive for story in sample.stories.values() if story.decisive.links]
    assert len(decisive) > 1_000
    # Components do not see each other, so one customer of each may lose its links in one go.
    rounds: list[dict[str, tuple]] = []
    components = name_components(sample)
    for each in decisive:
        component = components[each.links[0].record_id_l]
        free = next((chosen for chosen in rounds if component not in chosen), None)
        if free is None:
            free = {}
            rounds.append(free)
        free[component] = each
    for chosen in rounds:
        dropped = [(link.record_id_l, link.record_id_r) for each in chosen.values() for link in each.links]
        cluster_of = split_without(sample, dropped)
        for each in chosen.values():
            left, right = ({cluster_of[record] for record in side} for side in (each.left, each.right))
            assert left.isdisjoint(right), each


def name_components(sample: Sample) -> dict[str, str]:
    """For each record with a link, the smallest record of its linked component."""
    tied_to = sample.evidence.around.tied_to
    component: dict[str, str] = {}
    for start in sorted(tied_to):
        waiting = [start]
        while waiting:
            record = waiting.pop()
            if record not in component:
                component[record] = start
                waiting += tied_to[record]
    return component


def test_where_one_link_is_called_the_only_one_the_customer_falls_apart_without_it(sample):
    only = [story for story in sample.stories.values() if story.decisive.is_only_link]
    assert len(only) > 100
    for story in only[::100]:
        [link] = story.decisive.links
        cluster_of = split_without(sample, [(link.record_id_l, link.record_id_r)])
        assert len({cluster_of[record] for record in story.asked.records}) > 1


def test_a_cannot_link_between_the_two_decisive_records_parts_every_customer(sample):
    ties = [story.decisive.tie for story in sample.stories.values()]
    assert {tie.rule for tie in ties} == {"link", "receipt_email", "identical_content"}
    day = sample.records["created_at"].max().date()
    rows = [
        ("cannot_link", *sorted((tie.record_id_l, tie.record_id_r)), "A. Martin", "seen in the store", day, None)
        for tie in ties
    ]
    decisions = pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")
    records, model = mark_decided(sample.records, decisions), sample.evidence.model
    clusters = cluster_records(records, score_pairs(records, model), model, decisions)
    cluster_of = dict(clusters.iter_rows())
    assert [tie for tie in ties if cluster_of[tie.record_id_l] == cluster_of[tie.record_id_r]] == []


def test_why_two_records_of_a_customer_are_together_is_told_for_each_customer(sample):
    schema = validator("why.schema.json")
    reasons = set()
    for story in sample.stories.values():
        for one, other in {*pairwise(story.asked.records), (story.asked.records[-1], story.asked.records[0])}:
            answer = why(sample, one, other)
            reasons.add(answer.reason)
            assert answer.is_together
            assert (answer.comparison.record_id_l, answer.comparison.record_id_r) == (one, other)
            if answer.reason == "link":
                assert answer.comparison.stored.match_weight >= LINK_THRESHOLD_BITS
            if answer.reason == "chain":
                path = [step.comparison for step in answer.path]
                assert (path[0].record_id_l, path[-1].record_id_r) == (one, other)
                assert all(before.record_id_r == after.record_id_l for before, after in pairwise(path))
        report = json.loads(json.dumps(why_as_json(Explained(answer, "m"), ENGLISH)))
        assert [error.message for error in schema.iter_errors(report)] == []
    assert {"link", "chain", "identical_content", "receipt_email"} <= reasons


def test_why_two_records_are_apart_is_told_for_stored_pairs_between_customers(sample):
    schema = validator("why.schema.json")
    around = sample.evidence.around
    apart = [pair for pair in around.stored.values() if not is_of_one_customer(around, pair)]
    assert len(apart) > 100
    reasons = set()
    for pair in apart[::4]:
        answer = why(sample, pair.record_id_l, pair.record_id_r)
        report = json.loads(json.dumps(why_as_json(Explained(answer, "m"), ENGLISH)))
        assert [error.message for error in schema.iter_errors(report)] == []
        reasons.add(answer.reason)
        if answer.reason == "divided_by_pooled_evidence":
            assert answer.pooled.weight <= MERGE_THRESHOLD_BITS
            assert answer.bits_short == pytest.approx(MERGE_THRESHOLD_BITS - answer.pooled.weight)
        else:
            assert answer.bits_short == pytest.approx(-pair.match_weight)
    assert reasons == {"divided_by_pooled_evidence", "too_little_evidence"}


def is_of_one_customer(around: Neighbourhood, pair: StoredPair) -> bool:
    return around.customer_of[pair.record_id_l] == around.customer_of[pair.record_id_r]
