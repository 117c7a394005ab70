import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pipelines.errors import ParcoursError
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.customer_ids.ledger import assign_ids, empty_ledger
from pipelines.identity.model.history import read_history
from pipelines.identity.model.registry import list_versions, name_in_force, name_version, put_in_force, save_version
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.training import retrain as retrain_module
from pipelines.identity.training import train as train_module
from pipelines.identity.training.retrain import MAX_SHARE_MOVED, has_to_learn, retrain
from pipelines.identity.training.train import train
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)


def silent(stage):
    pass


@pytest.fixture(scope="module", autouse=True)
def few_are_enough():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(train_module, "RANDOM_PROFILES", 300)
        patched.setattr(train_module, "MIN_PAIRS", 100)
        patched.setattr(train_module, "MIN_PROFILES", 100)
        patched.setattr(retrain_module, "MIN_PROFILES", 100)
        yield


@pytest.fixture(scope="module")
def records(retailer):
    """Some two hundred people's, so that training is quick."""
    some = retailer.truth.filter(pl.col("person_id").is_in(retailer.truth["person_id"].unique().sort().head(200)))
    return retailer.records.join(some, on="record_id", how="semi")


@pytest.fixture
def lake(records, tmp_path):
    """Records of a last run and no model yet."""
    lake = Lake(tmp_path / "lake")
    lake.write("identity", "records", records)
    return lake


@pytest.fixture(scope="module")
def learned(records, tmp_path_factory):
    return train(records, Lake(tmp_path_factory.mktemp("learned")), as_of=AS_OF)


@pytest.fixture
def run_with(lake, records, learned):
    """Puts the model that these records teach in force, so many bits taken off every pair, and publishes its people."""

    def run(bits):
        shares = learned.parameters.shares | {"match": learned.parameters.shares["match"] / 2**bits}
        parameters = replace(learned.parameters, shares=shares)
        model = replace(learned, version=name_version(parameters, learned.term_frequencies), parameters=parameters)
        save_version(model, lake, {})
        put_in_force(model.version, lake, "first training", AS_OF)
        clusters = cluster_records(records, score_pairs(records, model), model)
        lake.committed_ledger.parent.mkdir(parents=True)
        assign_ids(clusters, empty_ledger(), AS_OF).write_parquet(lake.committed_ledger)
        return model.version

    return run


def test_the_first_training_puts_its_model_in_force_with_nothing_to_compare(lake):
    first = retrain(lake, AS_OF, silent)
    assert name_in_force(lake) == first.in_force == first.learned.version
    assert first.is_put_in_force
    assert (first.before, first.comparison, first.records_too_many) == (None, None, 0)
    assert [(entry.reason, entry.as_of) for entry in read_history(lake)] == [("first training", "2026-02-28")]


def test_a_model_that_moves_few_records_comes_in_force_with_its_figures(lake, run_with):
    before = run_with(bits=0.01)
    new = retrain(lake, AS_OF, silent)
    assert new.comparison.share_moved <= MAX_SHARE_MOVED
    assert name_in_force(lake) == new.in_force == new.learned.version != before
    entry = read_history(lake)[-1]
    assert (entry.reason, entry.replaced) == ("trained", before)
    assert entry.comparison == json.loads(json.dumps(new.comparison.figures()))


def test_a_model_that_moves_many_records_is_saved_and_the_one_in_force_stays(lake, run_with):
    before = run_with(bits=60)
    new = retrain(lake, AS_OF, silent)
    assert new.comparison.share_moved > MAX_SHARE_MOVED
    assert new.records_too_many == new.comparison.records_moved
    assert name_in_force(lake) == new.in_force == new.running.version == before
    assert new.learned.version in list_versions(lake)
    assert len(read_history(lake)) == 1


def test_a_comparison_alone_changes_nothing_in_force(lake, run_with):
    before = run_with(bits=0.01)
    new = retrain(lake, AS_OF, silent, compare_only=True)
    assert new.comparison is not None
    assert new.is_new_version
    assert not new.is_put_in_force
    assert name_in_force(lake) == before
    assert len(read_history(lake)) == 1


def test_the_same_records_give_the_same_model_and_nothing_changes(lake, run_with):
    before = run_with(bits=0)
    again = retrain(lake, AS_OF, silent)
    assert (again.learned.version, again.is_new_version, again.comparison) == (before, False, None)
    assert len(read_history(lake)) == 1


@pytest.mark.parametrize("damage", ["{", '{"version": "m0", "metadata": {}, "parameters": {}}'])
def test_beside_a_model_that_cannot_run_any_more_the_new_one_comes_in_force_however_many_move(lake, run_with, damage):
    before = run_with(bits=60)
    (lake.models / before / "model.json").write_text(damage, encoding="utf-8")
    new = retrain(lake, AS_OF, silent)
    assert new.comparison.share_moved > MAX_SHARE_MOVED
    assert (new.comparison.before, new.records_too_many) == (None, 0)
    assert name_in_force(lake) == new.learned.version


def test_records_of_another_release_are_refused_in_words(lake, records):
    lake.write("identity", "records", records.drop("is_decided"))
    with pytest.raises(ParcoursError, match=r"another release.*parcours run"):
        retrain(lake, AS_OF, silent)


def test_without_records_there_is_nothing_to_learn_from(tmp_path):
    with pytest.raises(ParcoursError, match="parcours run"):
        retrain(Lake(tmp_path), AS_OF, silent)


def publish(lake, records, model):
    """Publishes the people that ``model`` finds."""
    clusters = cluster_records(records, score_pairs(records, model), model)
    lake.committed_ledger.parent.mkdir(parents=True, exist_ok=True)
    assign_ids(clusters, empty_ledger(), AS_OF).write_parquet(lake.committed_ledger)


def test_after_a_trial_of_a_few_records_the_model_is_that_of_a_home_without_one(lake, records, learned):
    lake.write("identity", "records", records.head(5))
    trial = retrain(lake, AS_OF, silent)
    assert trial.learned.is_default
    assert trial.learned.version == name_in_force(lake)
    assert not has_to_learn(trial.learned, 5), "there is nothing new to learn from"
    publish(lake, records.head(5), trial.learned)
    lake.write("identity", "records", records)
    assert has_to_learn(trial.learned, records.height)
    real = retrain(lake, AS_OF, silent)
    assert name_in_force(lake) == real.learned.version == learned.version
    assert real.comparison.records == 5, "what moved is told"
    assert [entry.reason for entry in read_history(lake)] == ["shipped", "first training"]
    assert not has_to_learn(real.learned, records.height)


def test_the_shipped_model_gives_way_however_many_records_move(lake, records, learned):
    lake.write("identity", "records", records.head(5))
    trial = retrain(lake, AS_OF, silent).learned
    shares = trial.parameters.shares | {"match": trial.parameters.shares["match"] / 2**60}
    parameters = replace(trial.parameters, shares=shares)
    nobody_alike = replace(trial, version=name_version(parameters, trial.term_frequencies), parameters=parameters)
    save_version(nobody_alike, lake, {})
    put_in_force(nobody_alike.version, lake, "shipped", AS_OF)
    publish(lake, records, nobody_alike)
    lake.write("identity", "records", records)
    real = retrain(lake, AS_OF, silent)
    assert real.comparison.share_moved > MAX_SHARE_MOVED
    assert name_in_force(lake) == learned.version


def test_too_few_records_take_no_learned_model_out_of_force(lake, records, run_with):
    before = run_with(bits=0)
    lake.write("identity", "records", records.head(5))
    again = retrain(lake, AS_OF, silent)
    assert again.is_too_little
    assert name_in_force(lake) == again.in_force == again.running.version == before
