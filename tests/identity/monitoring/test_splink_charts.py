"""Splink's charts of the model and of a night: what they say, and that they show nobody."""

import json
import re

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.monitoring import splink_charts
from pipelines.identity.monitoring.splink_charts import (
    SplinkPage,
    draw_model,
    draw_pair_weights,
    find_drawn,
    write_page,
)
from pipelines.identity.scoring.level_weights import list_weights
from pipelines.identity.scoring.match_weights import prior_weight
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import profile_records


def read_values(page: SplinkPage) -> list[dict]:
    """The rows that a chart draws."""
    call = re.search(r"vegaEmbed\(document\.getElementById\('[^']*'\), (\{.*\}), \{\}\)", page.html)
    return json.loads(call.group(1))["data"]["values"]


def say(page: SplinkPage) -> str:
    return re.search(r'<p id="explanation">(.*?)</p>', page.html).group(1)


@pytest.fixture(scope="module")
def pages(retailer):
    records = retailer.records.gather_every(4)
    pairs = score_pairs(records, retailer.model)
    drawn = [*draw_model(profile_records(records), retailer.model), draw_pair_weights(pairs, retailer.model)]
    return {page.name: page for page in drawn}


def test_the_chart_of_match_weights_draws_every_level_of_the_model_at_its_weight(pages, retailer):
    prior, *drawn = read_values(pages["match_weights"])
    assert prior["log2_bayes_factor"] == pytest.approx(prior_weight(retailer.model.parameters))
    expected = [
        (weight.field, weight.level, pytest.approx(weight.match, abs=1e-9)) for weight in list_weights(retailer.model)
    ]
    assert [(row["comparison_name"], row["label_for_charts"], row["log2_bayes_factor"]) for row in drawn] == expected


def test_the_chart_of_m_and_u_draws_what_the_version_has_learned(pages, retailer):
    learned = retailer.model.parameters.levels
    neutral = {("last_name", "swapped with first name")}
    for row in read_values(pages["m_u_parameters"]):
        place = row["comparison_name"], row["label_for_charts"]
        known = learned[place[0]][place[1]]
        assert row["u_probability"] == known["stranger"]
        assert row["m_probability"] == known["stranger" if place in neutral else "match"]


def test_a_record_that_says_little_is_unlinkable_and_what_is_not_compared_is_counted_apart(
    retailer, row, receipt, standardised
):
    records = standardised(
        row("full", first_name="Apolline", last_name="Quemeneur", phone="06 12 34 56 78", email="a.quemeneur@free.fr"),
        row("vague", first_name="Marie"),
        row("blank"),
        receipt("1", "somebody@free.fr"),
    )
    page = draw_model(profile_records(records), retailer.model)[-1]
    [vague] = read_values(page)
    assert vague["match_weight"] < LINK_THRESHOLD_BITS
    assert vague["cum_prop"] == 0.5
    assert say(page).startswith("50.00% of 2 distinct records do not reach the weight of a link, 0 bits")
    assert "Left out are 2 records that are not compared" in say(page)


def test_where_every_record_can_be_linked_the_page_says_so(retailer, row, standardised):
    full = {"first_name": "Apolline", "last_name": "Quemeneur", "phone": "06 12 34 56 78", "email": "a.q@free.fr"}
    page = draw_model(profile_records(standardised(row("1", **full))), retailer.model)[-1]
    assert read_values(page) == []
    assert say(page).startswith("0.00% of 1 distinct records")
    assert "nothing to draw" in say(page)


def test_the_share_of_unlinkables_of_many_records_is_estimated_from_a_sample_that_stays_the_same(retailer, monkeypatch):
    monkeypatch.setattr(splink_charts, "SAMPLED_PROFILES", 500)
    first = draw_model(profile_records(retailer.records), retailer.model)
    shuffled = retailer.records.sample(fraction=1.0, shuffle=True, seed=1)
    assert draw_model(profile_records(shuffled), retailer.model) == first
    assert "of 500 distinct records" in say(first[-1])


def test_the_pages_of_a_version_are_found_where_all_are_there_and_of_that_version(retailer, tmp_path):
    assert find_drawn(retailer.model, tmp_path) is None
    written = {
        page.name: write_page(page, tmp_path) for page in draw_model(profile_records(retailer.records), retailer.model)
    }
    assert find_drawn(retailer.model, tmp_path) == written
    for page in written.values():
        kept = page.read_bytes()
        page.write_bytes(kept.replace(retailer.model.version.encode(), b"m0123456789ab"))
        assert find_drawn(retailer.model, tmp_path) is None
        page.write_bytes(b"\xff")
        assert find_drawn(retailer.model, tmp_path) is None
        page.unlink()
        assert find_drawn(retailer.model, tmp_path) is None
        page.write_bytes(kept)
    assert find_drawn(retailer.model, tmp_path) == written


def test_every_pair_is_in_one_bar_of_the_pair_weights(retailer):
    weights = [-10.0, -9.5, -0.1, 0.0, 0.9, 29.99, 30.0, 55.0]
    page = draw_pair_weights(pl.DataFrame({"match_weight": weights}), retailer.model)
    bars = read_values(page)
    assert sum(bar["count_rows"] for bar in bars) == len(weights)
    for bar in bars:
        within = [weight for weight in weights if bar["splink_score_bin_low"] <= weight < bar["splink_score_bin_high"]]
        assert bar["count_rows"] == len(within)
    assert "5 of 8 pairs" in say(page)


def test_a_home_without_pairs_or_without_anybody_still_has_its_pages(retailer):
    nobody = retailer.records.head(0)
    assert "There are no pairs" in say(draw_pair_weights(score_pairs(nobody, retailer.model), retailer.model))
    assert "of 0 distinct records" in say(draw_model(profile_records(nobody), retailer.model)[-1])


def test_no_page_shows_a_value_of_a_record(pages, retailer):
    fields = ("first_name", "last_name", "email", "phone", "record_id", "email_key", "mobile_key", "birth_key")
    values = {value for field in fields for value in retailer.records[field].drop_nulls().unique() if len(value) > 3}
    for page in pages.values():
        said = json.dumps(read_values(page), ensure_ascii=False) + say(page)
        assert set(re.findall(r"[\w@.:+-]+", said)) & values == set()


def test_a_page_is_its_owners_alone(pages, tmp_path):
    for page in pages.values():
        file = write_page(page, tmp_path / "charts")
        assert file.read_text(encoding="utf-8") == page.html
    assert (tmp_path / "charts").stat().st_mode & 0o777 == 0o700
    assert sorted(file.stem for file in (tmp_path / "charts").iterdir()) == sorted(pages)
