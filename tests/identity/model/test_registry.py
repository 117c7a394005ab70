import dataclasses
import json
import shutil
from datetime import date

import pytest

from pipelines.errors import ParcoursError
from pipelines.identity.model.history import Entry, find_previous, read_history
from pipelines.identity.model.registry import (
    list_versions,
    load_version,
    model_in_force,
    name_in_force,
    name_version,
    put_in_force,
    read_version,
    save_version,
)
from pipelines.identity.training.describe_versions import describe_version, describe_versions
from pipelines.identity.training.train import train
from pipelines.lake.tables import Lake


@pytest.fixture(scope="module")
def records(row, standardised):
    """Too few to learn from: the version borrows the default parameters, which is soon done."""
    return standardised(row("1", first_name="Jean", last_name="Petit", email="jean.petit@free.fr"))


@pytest.fixture(scope="module")
def trained(records, tmp_path_factory):
    """A lake with one version in force. Read only: copy its files to change them."""
    lake = Lake(tmp_path_factory.mktemp("trained"))
    model = train(records, lake, as_of=date(2026, 2, 28))
    put_in_force(model.version, lake, "first training", date(2026, 2, 28))
    return lake, model


@pytest.fixture
def lake(trained, tmp_path):
    shutil.copytree(trained[0].root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def rewrite(lake, version, change):
    """Edits the saved parameters of a version, as another release of the code would have written them."""
    file = lake.models / version / "model.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    change(saved["parameters"])
    file.write_text(json.dumps(saved), encoding="utf-8")


def another(model, lake):
    """A second version, its shares doubled."""
    shares = {name: 2 * share for name, share in model.parameters.shares.items()}
    parameters = dataclasses.replace(model.parameters, shares=shares)
    name = name_version(parameters, model.term_frequencies)
    save_version(dataclasses.replace(model, version=name, parameters=parameters), lake, {})
    return name


def test_a_version_that_is_not_there_is_refused_with_those_that_are(trained, lake):
    with pytest.raises(ParcoursError, match=trained[1].version):
        put_in_force("m0", lake)
    assert name_in_force(lake) == trained[1].version


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda saved: saved["levels"].pop("email"), "it lacks the field email"),
        (lambda saved: saved["levels"]["first_name"].pop("initial"), "it lacks the level first_name: initial"),
        (lambda saved: saved["largest_blocks"].pop("e-mail user"), "it lacks the blocking key 'e-mail user'"),
        (lambda saved: saved["rarest"].pop("street"), "it lacks the term frequencies of street"),
        (lambda saved: saved["shares"].pop("household"), "it lacks the share of pairs that are a household"),
        (
            lambda saved: saved["levels"]["gender"]["same"].update(match=0.0),
            "it lacks the match probability of gender: same",
        ),
        (lambda saved: saved["levels"].update(eyes={}), "it has the field eyes, which is no longer compared"),
        (
            lambda saved: saved["levels"]["gender"].update(unknown={"match": 1.0}),
            "it has the level gender: unknown, which is no longer a level",
        ),
    ],
)
def test_a_version_of_another_release_is_refused_with_what_it_lacks_and_what_to_do(trained, lake, change, message):
    rewrite(lake, trained[1].version, change)
    with pytest.raises(ParcoursError) as refused:
        model_in_force(lake)
    assert message in str(refused.value)
    assert "parcours train" in str(refused.value)
    assert describe_versions(lake)["versions"][0]["problem"] == message
    assert describe_version(read_version(trained[1].version, lake), lake)["problem"] == message


def test_a_version_that_lacks_much_names_some_and_counts_the_rest(trained, lake):
    rewrite(lake, trained[1].version, lambda saved: saved["levels"].clear())
    with pytest.raises(ParcoursError, match=r"it lacks the field first_name.*and 5 more"):
        model_in_force(lake)


def test_a_damaged_version_says_how_to_mend_it_and_training_does(records, trained, lake):
    version = trained[1].version
    (lake.models / version / "model.json").write_text("{", encoding="utf-8")
    with pytest.raises(ParcoursError, match="parcours train"):
        load_version(version, lake)
    assert describe_versions(lake)["versions"][0]["problem"] == "it cannot be read"
    assert train(records, lake, as_of=date(2026, 2, 28)).version == version
    assert load_version(version, lake).parameters == trained[1].parameters


def test_a_version_whose_content_is_not_what_its_name_says_is_written_again(records, trained, lake):
    version = trained[1].version
    rewrite(lake, version, lambda saved: saved["shares"].update(match=0.5))
    train(records, lake, as_of=date(2026, 2, 28))
    assert load_version(version, lake).parameters == trained[1].parameters


def test_the_history_tells_what_ran_when_and_why_and_is_only_added_to(trained, lake):
    first, second = trained[1].version, another(trained[1], lake)
    before = (lake.models / "history.jsonl").read_bytes()
    put_in_force(second, lake, "trained", date(2026, 3, 1), {"records_moved": 3})
    put_in_force(first, lake, "reverted", date(2026, 3, 2))
    assert read_history(lake) == [
        Entry(first, "2026-02-28", "first training", None),
        Entry(second, "2026-03-01", "trained", first, {"records_moved": 3}),
        Entry(first, "2026-03-02", "reverted", second),
    ]
    assert (lake.models / "history.jsonl").read_bytes().startswith(before)
    listed = describe_versions(lake)
    assert listed["in_force"] == first
    assert {each["version"] for each in listed["versions"]} == {first, second} == set(list_versions(lake))
    assert [each["put_in_force"]["reason"] for each in listed["versions"] if each["is_in_force"]] == ["reverted"]


@pytest.mark.parametrize(
    ("history", "in_force", "previous"),
    [
        ([], "a", None),
        ([("a", None)], "a", None),
        ([("a", None), ("b", "a")], "b", "a"),
        ([("a", None), ("b", "a"), ("a", "b")], "a", "b"),
        ([("a", None), ("b", "a"), ("c", "b")], "c", "b"),
        ([("b", "a")], "b", "a"),  # Its first versions ran before there was a history.
        ([("a", None)], "b", "a"),  # A kill came between the version and its note.
    ],
)
def test_the_version_before_is_the_last_one_that_is_not_in_force(history, in_force, previous):
    entries = [Entry(version, None, "trained", replaced) for version, replaced in history]
    assert find_previous(entries, in_force) == previous


@pytest.mark.parametrize(
    "line", ["{", '{"version": "m0"}', '{"version":"m0","as_of":null,"reason":"x","replaced":null}']
)
def test_a_damaged_history_says_which_line_is_to_be_mended(lake, line):
    with (lake.models / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(line + "\n")
    with pytest.raises(ParcoursError, match=r"history\.jsonl, line 2"):
        read_history(lake)
