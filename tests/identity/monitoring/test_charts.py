import base64
import re
import xml.etree.ElementTree as ElementTree

import polars as pl
import pytest

from pipelines.charts.svg import Bar, draw_bars
from pipelines.identity.monitoring.charts import (
    Chart,
    as_markdown,
    chart_cluster_sizes,
    chart_household_weights,
    write_chart,
)
from pipelines.identity.scoring.level_weights import list_weights

SVG = "{http://www.w3.org/2000/svg}"


def read_bars(svg):
    """The drawn rectangles as (what they say, left edge, width, height), in order."""
    rectangles = [
        rect for rect in ElementTree.fromstring(svg).iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None
    ]
    return [
        (rect.find(f"{SVG}title").text, *(float(rect.get(name)) for name in ("x", "width", "height")))
        for rect in rectangles
    ]


@pytest.fixture(scope="module")
def every_chart(retailer):
    sizes = retailer.truth.group_by("person_id").len()["len"]
    return chart_household_weights(retailer.model), chart_cluster_sizes(sizes)


def test_a_bar_is_as_long_as_its_value_and_points_the_way_of_its_sign():
    (said, start, width, _), (_, left, negative, _) = read_bars(draw_bars([Bar("for", 8.0), Bar("against", -4.0)], "t"))
    assert said == "for: +8.00"
    assert width == pytest.approx(2 * negative, abs=0.2)
    assert left + negative == pytest.approx(start, abs=0.2), "both touch zero"


def test_a_bar_of_a_waterfall_begins_where_the_one_before_ended():
    (_, first, width, _), (said, second, _, _) = read_bars(draw_bars([Bar("a", 3.0), Bar("b", 5.0, start=3.0)], "t"))
    assert said == "b: +2.00"
    assert second == pytest.approx(first + width, abs=0.2)


def test_what_a_label_says_is_never_taken_for_markup():
    bars = [Bar("<b>&", 1.0, note='"</svg>', group="<i>")]
    root = ElementTree.fromstring(draw_bars(bars, "<t>", "<x>"))
    assert root.find(f"{SVG}title").text == "<t>"


def test_what_a_chart_is_called_and_explained_by_is_never_taken_for_markup(tmp_path):
    chart = Chart("c", "<t>", "<b>&", draw_bars([Bar("b", 1.0)], "<t>"))
    page = write_chart(chart, tmp_path).read_text(encoding="utf-8")
    assert "<title>&lt;t&gt;</title>" in page
    assert "<p>&lt;b&gt;&amp;</p>" in page
    assert page.count("<svg") == 1


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 1e-12], [-1e9, 1e9], [3.3333333]])
def test_any_values_make_a_chart(values):
    svg = draw_bars([Bar(str(value), value) for value in values], "t")
    assert len(read_bars(svg)) == len(values)


def test_every_chart_is_a_page_that_needs_nothing_from_outside(every_chart, tmp_path):
    for chart in every_chart:
        page = write_chart(chart, tmp_path / "charts").read_text(encoding="utf-8")
        assert "<script" not in page
        assert set(re.findall(r"https?://[^\"' ]*", page)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"\b(src|href|url)\b *[=(]", page)
        ElementTree.fromstring(chart.svg)
    assert not list((tmp_path / "charts").glob("*.tmp-*"))
    assert len(list((tmp_path / "charts").glob("*.html"))) == len(every_chart)


def test_metadata_carry_the_picture_along(every_chart):
    for chart in every_chart:
        image, _, explanation = as_markdown(chart).partition("\n\n")
        [(title, picture)] = re.findall(r"^!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)$", image)
        assert base64.b64decode(picture).decode() == chart.svg
        assert (title, explanation) == (chart.title, chart.explanation)


def test_no_chart_shows_a_value_of_a_record(every_chart, retailer, tmp_path):
    values = {value for field in ("first_name", "last_name", "email", "phone", "record_id")
              for value in retailer.records[field].drop_nulls().unique() if len(value) > 3}  # fmt: skip
    for chart in every_chart:
        page = write_chart(chart, tmp_path).read_text(encoding="utf-8")
        words = set(re.findall(r"[\w@.:+-]+", page.split("</style>")[-1]))
        assert not words & values


def test_every_level_of_the_model_has_a_bar_with_its_household_weight_and_that_of_one_person(retailer, every_chart):
    drawn = [said for said, *_ in read_bars(every_chart[0].svg)][1:]
    for weight, said in zip(list_weights(retailer.model), drawn, strict=True):
        assert said.startswith(f"{weight.level}: {weight.household:+.2f}")
        assert said.endswith(f"(one person {round(weight.match, 1) + 0.0:+.1f})")


def test_every_customer_is_in_one_bar_of_the_cluster_sizes():
    chart = chart_cluster_sizes(pl.Series([1, 1, 2, 5, 6, 10, 11, 120]))
    drawn = [said.split(" (")[0] for said, *_ in read_bars(chart.svg)]
    assert drawn == [
        "1 record: 2", "2 records: 1", "5 records: 1", "6 to 10 records: 2", "11 to 20 records: 1",
        "more than 100 records: 1",
    ]  # fmt: skip
    assert "8 customers in 156 records; the largest has 120" in chart.explanation


def test_a_home_without_anybody_still_has_its_chart_of_customers():
    ElementTree.fromstring(chart_cluster_sizes(pl.Series(dtype=pl.UInt32)).svg)
