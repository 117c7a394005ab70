import json
from dataclasses import replace

import polars as pl
import pytest

from pipelines.identity.model import registry as registry_module
from pipelines.identity.model.registry import list_versions, load_version, model_in_force
from pipelines.identity.model.specification import declare_fields
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS, standardise
from pipelines.identity.training import train as train_module
from pipelines.identity.training.train import TrainingError, learn, train
from pipelines.lake.tables import Lake


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def test_the_same_records_and_seed_give_the_same_version(retailer):
    shuffled = retailer.records.sample(fraction=1.0, shuffle=True, seed=1)
    again = learn(build_profiles(shuffled)[0], seed=1)
    assert again.version == retailer.model.version
    assert again.parameters == retailer.model.parameters


def test_a_saved_version_scores_as_the_one_in_memory(retailer, lake):
    trained = train(retailer.records, lake, seed=1)
    assert model_in_force(lake) is None, "learned is not in force"
    loaded = load_version(trained.version, lake)
    assert (loaded.version, loaded.parameters) == (trained.version, trained.parameters)
    few = retailer.records.head(2_000)
    assert score_pairs(few, loaded).equals(score_pairs(few, trained))
    assert list_versions(lake) == [trained.version]
    assert not list(lake.models.glob("*.tmp-*"))


def test_households_are_told_from_matches_by_first_name_and_birth_date(retailer):
    levels = retailer.model.parameters.levels
    assert levels["last_name"]["same"]["household"] > 0.5
    assert levels["street"]["same"]["household"] > 0.5
    assert levels["first_name"]["same"]["household"] < 0.1 < levels["first_name"]["same"]["match"]
    assert levels["birth_date"]["same"]["household"] < 0.1 < levels["birth_date"]["same"]["match"]


def test_the_probabilities_of_every_field_and_class_sum_to_one(retailer):
    for levels in retailer.model.parameters.levels.values():
        for pair_class in ("match", "household", "stranger"):
            assert sum(level[pair_class] for level in levels.values()) == pytest.approx(1, abs=1e-6)


def test_too_few_records_borrow_the_default_parameters_and_say_so(lake, row, standardised):
    model = train(standardised(row("1", first_name="Jean", last_name="Petit", email="jean.petit@free.fr")), lake)
    assert "default_model.json" in model.metadata["learned_from"]
    assert set(model.metadata["fields_from_default_model"]) == {declared.name for declared in declare_fields()}
    assert model.is_default


def test_too_few_records_leave_no_trace_in_the_model(lake, row, standardised):
    """A trial's five surnames would else pass for the most frequent of the country."""
    one, other = (
        train(standardised(*(row(str(n), last_name=name, email=f"{name}@free.fr") for n in range(2))), lake)
        for name in ("Quentric", "Ollivaud")
    )
    assert one.version == other.version
    assert one.parameters == load_version(one.version, lake).parameters
    assert one.term_frequencies["last_name"].filter(pl.col("value") == "martin")["frequency"].item() > 0.001
    assert not one.term_frequencies["email"].height


def test_a_few_people_with_many_pairs_are_too_few_all_the_same(retailer, monkeypatch):
    profiles, _ = build_profiles(retailer.records.head(400))
    monkeypatch.setattr(train_module, "MIN_PAIRS", 1)
    assert learn(profiles, seed=1).is_default
    monkeypatch.setattr(train_module, "MIN_PROFILES", 1)
    assert not learn(profiles, seed=1).is_default


def test_no_records_at_all_still_give_a_model(lake):
    model = train(standardise(pl.DataFrame(schema=RECORD_COLUMNS), "FR"), lake)
    assert load_version(model.version, lake).parameters == model.parameters


def test_a_level_without_a_declared_probability_fails_the_training_by_name(retailer, monkeypatch):
    fields = declare_fields()
    broken = fields[0].levels[0].__class__("odd", "first_key_l > first_key_r", match=0.0, household=0.1)
    spoilt = replace(fields[0], levels=(broken, *fields[0].levels))
    monkeypatch.setattr(train_module, "declare_fields", declaring(spoilt))
    with pytest.raises(TrainingError, match="first_name declares no match probability for odd"):
        learn(build_profiles(retailer.records)[0], seed=1)


def declaring(*fields):
    """The declared fields with some replaced, by name, or added."""
    by_name = {declared.name: declared for declared in (*declare_fields(), *fields)}
    return lambda: tuple(by_name.values())


def test_a_level_that_neither_few_records_nor_the_default_model_know_fails_the_training_by_name(
    row, standardised, monkeypatch
):
    odd = replace(declare_fields()[0].levels[1], name="odd")
    spoilt = replace(declare_fields()[0], levels=(odd, *declare_fields()[0].levels))
    monkeypatch.setattr(train_module, "declare_fields", declaring(spoilt))
    profiles, _ = build_profiles(standardised(row("1", first_name="Jean", last_name="Petit", email="jean.p@free.fr")))
    with pytest.raises(TrainingError, match="it lacks the level first_name: odd"):
        learn(profiles, seed=1)


def test_a_field_that_no_record_has_and_the_default_model_does_not_know_fails_the_training_by_name(
    retailer, monkeypatch
):
    never = replace(declare_fields()[-1], name="shoe_size", is_missing="true")
    monkeypatch.setattr(train_module, "declare_fields", declaring(never))
    monkeypatch.setattr(registry_module, "declare_fields", declaring(never))
    with pytest.raises(TrainingError, match="it lacks the field shoe_size"):
        learn(build_profiles(retailer.records)[0], seed=1)


def test_the_version_holds_no_value_of_a_record_outside_its_frequencies(retailer, lake):
    trained = train(retailer.records, lake, seed=1)
    for name in ("model.json", "splink.json"):
        text = (lake.models / trained.version / name).read_text(encoding="utf-8")
        json.loads(text)
        assert not any(email in text for email in retailer.records["email"].drop_nulls().head(200))
