"""A run's pairs and their weights come out of Splink's linker; ours is the limit of blocks and the household term."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from splink import Linker
from splink.internals.linker_components.inference import LinkerInference

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring import linker as linker_module
from pipelines.identity.scoring.linker import BLOCKED, ENDS, open_linker
from pipelines.identity.scoring.match_weights import copied_share, household_correction
from pipelines.identity.scoring.profiles import build_profiles


@pytest.fixture(scope="module")
def profiles(retailer):
    return build_profiles(retailer.records)[0]


@pytest.fixture(scope="module")
def scored(profiles, retailer):
    with open_linker(profiles, retailer.model) as linker:
        return linker.score_all()


def test_pairs_and_weights_are_those_that_splink_returns(profiles, retailer, monkeypatch):
    returned = []

    def watched(self, *arguments, **options):
        found = predict(self, *arguments, **options)
        returned.append(pl.from_arrow(found.as_duckdbpyrelation().to_arrow_table()))
        return found

    predict = LinkerInference.predict
    monkeypatch.setattr(LinkerInference, "predict", watched)
    with open_linker(profiles, retailer.model) as linker:
        pairs = linker.score_all()
    (by_splink,) = returned
    joined = pairs.join(by_splink, on=ENDS, how="left", suffix="_by_splink")
    assert joined["match_weight_by_splink"].null_count() == 0
    two_classes = joined["match_weight"] - joined["household_weight"]
    assert (two_classes - joined["match_weight_by_splink"]).abs().max() < 1e-9
    assert pairs.height > 1_000
    assert (by_splink["match_weight"] >= linker_module.STORE_THRESHOLD_BITS).all()


def test_a_version_opens_in_splink_and_weighs_the_same(profiles, retailer, scored):
    """The way of a notebook: the settings as saved, the profiles with their keys, nothing of ours besides."""
    with open_linker(profiles, retailer.model) as ours:
        linker = ours.open_splink()
        assert isinstance(linker, Linker)
        predicted = linker.inference.predict(threshold_match_weight=linker_module.STORE_THRESHOLD_BITS)
        found = pl.from_arrow(predicted.as_duckdbpyrelation().to_arrow_table())
    joined = scored.join(found, on=ENDS, how="left", suffix="_by_splink")
    difference = joined["match_weight"] - joined["household_weight"] - joined["match_weight_by_splink"]
    assert difference.abs().max() < 1e-9


def test_pairs_come_once_sorted_and_the_smaller_record_left(scored):
    assert (scored["record_id_l"] < scored["record_id_r"]).all()
    assert scored.equals(scored.sort(ENDS))
    assert not scored.select(ENDS).is_duplicated().any()
    assert (scored["match_weight"] >= linker_module.STORE_THRESHOLD_BITS).all()
    assert scored["match_probability"].is_between(0, 1).all()
    assert scored["found_by"].null_count() == 0


def test_scoring_what_changed_gives_the_pairs_of_scoring_all(profiles, retailer, scored):
    changed = profiles["record_id"].sample(200, seed=1)
    with open_linker(profiles, retailer.model) as linker:
        found = linker.score_changed(changed)
    touched = pl.any_horizontal(pl.col(end).is_in(changed.implode()) for end in ENDS)
    assert found.equals(scored.filter(touched))
    assert 0 < found.height < scored.height


def test_given_pairs_weigh_as_those_that_blocking_found(profiles, retailer, scored):
    some = scored.sample(500, seed=2)
    with open_linker(profiles, retailer.model) as linker:
        weighed = linker.weigh(some["record_id_r"], some["record_id_l"])
    assert weighed["match_weight"].to_list() == some["match_weight"].to_list()
    for name in ("first_name", "birth_date", "email"):
        assert weighed[f"gamma_{name}"].to_list() == some[f"gamma_{name}"].to_list()


def test_a_pair_may_be_given_twice_or_be_of_one_profile(profiles, retailer):
    ids = profiles["record_id"].head(1)
    with open_linker(profiles, retailer.model) as linker:
        weighed = linker.weigh(pl.concat([ids, ids]), pl.concat([ids, ids]))
    assert weighed.height == 2
    assert weighed["match_weight"][0] == weighed["match_weight"][1]


def test_no_pairs_and_no_profiles_are_no_trouble(profiles, retailer):
    nobody = pl.Series([], dtype=pl.String)
    with open_linker(profiles.clear(), retailer.model) as linker:
        assert linker.score_all().is_empty()
        assert linker.digest().is_empty()
    with open_linker(profiles.head(3), retailer.model) as linker:
        assert linker.weigh(nobody, nobody).is_empty()
        assert linker.score_changed(nobody).is_empty()


def test_blocks_of_one_and_those_beyond_the_limit_are_left_out(profiles, retailer):
    limits = {name: 3 + number % 4 for number, name in enumerate(retailer.model.parameters.largest_blocks)}
    few = profiles.head(1_500)
    with open_linker(few, with_limits(retailer.model, limits)) as linker:
        candidates = linker.open_splink().inference.compute_blocked_pairs_for_predict().physical_name
        rows = linker.engine.read(f"select join_key_l, join_key_r, match_key from {candidates}").rows()
        columns = ", ".join(linker_module.BLOCKS)
        keys, everything = (
            linker.engine.read(f"select record_id, {columns} from {table}").rows()
            for table in (BLOCKED, linker_module.KEYED)
        )
    expected = {}
    for position, name in enumerate(linker_module.BLOCKS.values()):
        sizes = Counter(row[position + 1] for row in everything if row[position + 1] is not None)
        kept = {value for value, size in sizes.items() if 2 <= size <= limits[name]}
        assert {row[position + 1] for row in keys} - {None} == kept
        blocks = {}
        for record_id, *values in everything:
            if values[position] in kept:
                blocks.setdefault(values[position], []).append(record_id)
        for members in blocks.values():
            for pair in combinations(sorted(members), 2):
                expected.setdefault(pair, position)
    assert {(left, right): int(key) for left, right, key in rows} == expected
    assert len(rows) == len(expected) > 400


def with_limits(model, limits):
    return replace(model, parameters=replace(model.parameters, largest_blocks=limits))


def test_a_digest_changes_with_the_content_of_a_profile_and_with_a_block_that_goes_beyond_its_limit(retailer):
    limits = dict.fromkeys(retailer.model.parameters.largest_blocks, 3)
    model = with_limits(retailer.model, limits)
    profiles, _ = build_profiles(retailer.records)
    of_one_mailbox = profiles.head(4).with_columns(pl.lit("busy@free.fr").alias("email_key"))
    with open_linker(of_one_mailbox.head(3), model) as linker:
        before = dict(linker.digest().iter_rows())
    with open_linker(of_one_mailbox, model) as linker:
        after = dict(linker.digest().iter_rows())
    assert len(after) == 4
    assert all(before[record] != after[record] for record in before), "three had the mailbox, now four do"
    with open_linker(of_one_mailbox.with_columns(pl.lit("other").alias("content_hash")), model) as linker:
        rewritten = dict(linker.digest().iter_rows())
    assert all(after[record] != rewritten[record] for record in after)


def test_the_household_term_is_that_of_its_formula(profiles, retailer, scored):
    some = scored.sample(300, seed=3)
    model = retailer.model
    with open_linker(profiles, model) as linker:
        weighed = linker.weigh(some["record_id_l"], some["record_id_r"])
    rows = {row["record_id"]: row for row in profiles.iter_rows(named=True)}
    frequencies = {
        name: dict(frame.select("value", "frequency").iter_rows()) for name, frame in model.term_frequencies.items()
    }
    for field in model.fields:
        expected = []
        for record, gamma in zip(some["record_id_l"], weighed[f"gamma_{field.name}"], strict=True):
            position = len(field.levels) - 1 - gamma
            if gamma < 0 or field.levels[position].is_neutral:
                expected.append(0.0)
                continue
            level = field.levels[position]
            known = model.parameters.levels[field.name][level.name]
            if level.is_agreement:
                copied = copied_share(known["household"], known["stranger"])
                frequency = frequencies[field.name].get(rows[record][field.column], model.parameters.rarest[field.name])
                expected.append(np.log2((1 - copied) + copied / frequency))
            else:
                expected.append(np.log2(known["household"] / known["stranger"]))
        assert weighed[f"household_{field.name}"].to_list() == pytest.approx(expected)
    total = weighed.select(pl.sum_horizontal(f"household_{field.name}" for field in model.fields)).to_series()
    assert weighed["household_weight"].to_list() == pytest.approx(
        household_correction(total.to_numpy(), model.parameters).tolist(), abs=1e-9
    )


def test_a_level_that_is_counted_under_another_field_weighs_nothing(retailer):
    settings = make_settings(retailer.model)
    for field, comparison in zip(retailer.model.fields, settings["comparisons"], strict=True):
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level, declared in zip(real, field.levels, strict=True):
            assert (level["m_probability"] == level["u_probability"]) is declared.is_neutral


def test_scoring_leaves_no_table_in_the_shared_database(profiles, retailer):
    with open_linker(profiles.head(50), retailer.model) as linker:
        linker.score_all()
    with connect_in_memory("The test") as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == []
        left = connection.execute("select database_name from duckdb_databases() where not internal").fetchall()
        assert left == [("memory",)]


def test_two_linkers_at_once_do_not_see_each_other(profiles, retailer, scored):
    with open_linker(profiles, retailer.model) as one, open_linker(profiles.head(50), retailer.model) as other:
        few = other.score_all()
        assert one.score_all().equals(scored)
    assert few.height < scored.height
