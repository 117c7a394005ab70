"""Splink's charts of records, drawn for who asks for them, and as a browser shows them."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.identity.monitoring import record_charts
from pipelines.identity.monitoring.record_charts import draw_records
from pipelines.identity.monitoring.splink_charts import SplinkPage, draw_model, draw_pair_weights, write_page
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords, profile_records
from tests.browser import CHROMIUM, Browser

RUN = "</script><img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
"""What a source may call a record: a page that ran it would have another title."""


def customers_of(records: pl.DataFrame) -> pl.DataFrame:
    """One customer for each whole name."""
    name = pl.concat_str("first_key", "last_key", ignore_nulls=True)
    return records.select("record_id", customer_id=pl.lit("cus_") + name.rank("dense").cast(pl.String))


@pytest.fixture(scope="module")
def people(retailer) -> ProfiledRecords:
    return profile_records(retailer.records.gather_every(8))


@pytest.fixture(scope="module")
def pages(people, retailer) -> dict[str, SplinkPage]:
    return {page.name: page for page in draw_records(people, retailer.model, customers_of(people.records))}


def read_global(page: SplinkPage, name: str) -> Any:
    """What the page's script calls ``name``."""
    said = re.search(rf"^ *{name} = (.*);$", page.html, re.MULTILINE)
    assert said is not None
    return json.loads(said.group(1))


def test_every_chart_of_splink_that_shows_records_is_drawn(pages, retailer):
    adjusted = {f"term_frequencies_{name}" for name in retailer.model.term_frequencies}
    assert set(pages) == {"waterfall", "comparison_viewer", "cluster_studio", *adjusted}


def test_the_cluster_studio_shows_the_customers_with_most_records_and_all_their_records(pages, people):
    sizes = (
        people.profiles.join(customers_of(people.records), on="record_id").group_by("customer_id").len()
        .filter(pl.col("len").is_between(2, 50)).sort(["len", "customer_id"], descending=[True, False])
    )  # fmt: skip
    shown = sizes.head(record_charts.CUSTOMERS)
    nodes = read_global(pages["cluster_studio"], "raw_nodes_data")
    assert len(nodes) == shown["len"].sum()
    assert {node["cluster_id"] for node in nodes} == set(shown["customer_id"])


def test_of_many_pairs_the_viewer_takes_those_within_a_part_of_the_records(people, retailer, monkeypatch):
    monkeypatch.setattr(record_charts, "MOST_PAIRS", 100)
    drawn = {page.name: page for page in draw_records(people, retailer.model, customers_of(people.records))}
    rows = read_global(drawn["comparison_viewer"], "comparison_vector_data")
    assert 0 < len(rows) <= 400
    assert "They are those within one of" in drawn["comparison_viewer"].html


def test_what_there_is_nothing_of_is_left_out(retailer, row, standardised):
    alone = standardised(row("1", first_name="Apolline", last_name="Quemeneur", email="a.q@free.fr"))
    drawn = draw_records(profile_records(alone), retailer.model, customers_of(alone))
    names = ("email", "first_name", "last_name")
    assert sorted(page.name for page in drawn) == [f"term_frequencies_{name}" for name in names]
    assert list(draw_records(profile_records(alone.head(0)), retailer.model, customers_of(alone.head(0)))) == []


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (apt: chromium)")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def look(browser: Browser, page: SplinkPage, folder: Path) -> None:
    """Opens the page and waits until it has drawn itself, without a fault and without asking for anything."""
    browser.open(write_page(page, folder), 1280, "light")
    wait(browser, "[...document.querySelectorAll('canvas, svg')].some(one => one.clientWidth > 200)")
    # Warnings are Vega's, of no consequence; inline handlers of Splink's page are what ours does not let run.
    known = ('"type": "warning"', "Executing inline event handler violates")
    faults = [said for said in browser.complaints if not any(words in said for words in known)]
    assert faults == [], page.name


def click(browser: Browser, place: str) -> None:
    """Clicks into the middle of what is at the ``place``, a little below its upper edge, as a mouse does."""
    x, y = browser.ask(
        f"(() => {{ const place = document.querySelector({json.dumps(place)}); place.scrollIntoView();"
        " const box = place.getBoundingClientRect(); return [box.x + box.width / 2, box.y + 150] })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    for part in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=part, x=x, y=y, button="left", clickCount=1)


def wait(browser: Browser, until: str) -> None:
    patience = time.monotonic() + 30
    while not browser.ask(until):
        assert time.monotonic() < patience, until


def test_every_page_draws_itself_in_a_browser_and_asks_for_nothing(browser, pages, people, retailer, tmp_path):
    pairs = score_pairs(people.records, retailer.model)
    for page in (*draw_model(people, retailer.model), draw_pair_weights(pairs, retailer.model), *pages.values()):
        look(browser, page, tmp_path)


def test_nothing_that_a_record_says_is_run_by_its_page(browser, retailer, row, standardised, tmp_path):
    same = {"first_name": "Apolline", "last_name": "Quemeneur", "birth_date": "1980-02-03"}
    odd = standardised(row(RUN, email="a.q@free.fr", **same), row("' or 1=1 --", phone="06 12 34 56 78", **same))
    drawn = {page.name: page for page in draw_records(profile_records(odd), retailer.model, customers_of(odd))}
    look(browser, drawn["cluster_studio"], tmp_path)
    browser.ask("document.querySelectorAll('input[type=checkbox]').forEach(one => one.checked || one.click())")
    wait(browser, f"document.body.innerText.includes({json.dumps(RUN)})")
    assert browser.ask("document.title") == "Cluster studio"
    assert browser.ask("document.querySelectorAll('img[onerror]').length") == 0
    look(browser, drawn["comparison_viewer"], tmp_path)
    click(browser, "#observablehq-comparison_vector_distribution_chart canvas")  # The one bar there is.
    wait(browser, "document.body.innerText.includes('quemeneur')")
    wait(browser, "document.querySelector('#observablehq-waterfall_chart canvas') !== null")
    assert browser.ask("document.title") == "Comparison viewer"
    look(browser, drawn["waterfall"], tmp_path)
    assert browser.ask("document.title") == "How the weight of a pair comes about"
