"""One name, one number: docs/measures.md against the texts, the marts and the page."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.config.home import Home
from pipelines.report.page import Origin, draw_page
from pipelines.texts.catalogue import read_catalogue

ROOT = Path(__file__).parents[2]
MARTS = ROOT / "dbt_project" / "models" / "marts"


@dataclass(frozen=True)
class Measure:
    name: str
    french: str
    base: str
    labels: tuple[str, ...]
    marts: tuple[str, ...]


def read_measures() -> list[Measure]:
    lines = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [
        Measure(name, french, base, tuple(re.findall(r"`(.+?)`", labels)), tuple(re.findall(r"`(.+?)`", marts)))
        for name, french, base, labels, marts in rows[1:]
    ]


MEASURES = read_measures()


def list_columns() -> dict[str, dict[str, Any]]:
    """The columns of every mart, as described."""
    models = [
        model for file in MARTS.rglob("*.yml") for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    ]
    return {model["name"]: {column["name"]: column for column in model["columns"]} for model in models}


def test_every_measure_is_declared_once_with_its_base() -> None:
    assert len(MEASURES) > 25
    for names in ([measure.name for measure in MEASURES], [measure.french for measure in MEASURES]):
        assert len(names) == len({name.casefold() for name in names})
    for column in ("labels", "marts"):
        told = [entry for measure in MEASURES for entry in getattr(measure, column)]
        repeated = {entry for entry in told if told.count(entry) > 1}
        assert repeated <= {"customer_360.channel_profile", "channel_value.channel_profile"}, repeated
    assert all(len(measure.base.split()) >= 3 for measure in MEASURES)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_is_called_by_its_name_wherever_it_stands(measure: Measure) -> None:
    for language, name in (("en", measure.name), ("fr", measure.french)):
        texts = read_catalogue(language)
        for label in measure.labels:
            text = texts[f"report.{label}"].replace("\N{NO-BREAK SPACE}", " ")
            assert text.casefold().startswith(name.casefold()), (language, label)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_is_in_the_marts_where_it_is_said_to_be(measure: Measure) -> None:
    columns = list_columns()
    [values] = [
        test["accepted_values"]["arguments"]["values"]
        for test in columns["kpis"]["headline"]["data_tests"]
        if "accepted_values" in test
    ]
    for place in measure.marts:
        mart, _, column = place.replace(":", ".").partition(".")
        assert column in (values if place.startswith("kpis:") else columns[mart]), place


NAMES_OF_ROWS = {
    "channels", "day", "jour", "lignes", "mesure", "rows", "source", "table", "étape",
}  # fmt: skip
"""What columns of several tables are called that measure nothing: what a row is of, or how many rows there are."""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_headline_is_declared_and_no_two_columns_share_a_name(language: str) -> None:
    texts = {key.removeprefix("report."): text for key, text in read_catalogue(language).items()}
    declared = {label: measure.name for measure in MEASURES for label in measure.labels}
    assert {label for label in texts if label.startswith("headline.")} <= set(declared)
    named = defaultdict(set)
    for label, text in texts.items():
        if label.startswith(("headline.", "column.")):
            named[text.casefold()].add(declared.get(label, label))
    shared = {text: names for text, names in named.items() if len(names) > 1 and text not in NAMES_OF_ROWS}
    assert not shared


@pytest.fixture(scope="module")
def connection(first_night: tuple[Home, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        yield connection


HEADLINE = (
    "select sum(numerator), sum(denominator) from marts.kpis where identity_threshold = 'default' and headline = '{}'"
)
SAME = {
    "visit conversion online": (
        HEADLINE.format("conversion_online"),
        "select sum(visitor_orders), sum(visits) from marts.channel_performance "
        "where channel <> 'store' and visits is not null",
    ),
    "visit conversion in stores": (
        HEADLINE.format("conversion_store"),
        "select sum(visitor_orders), sum(visits) from marts.channel_performance "
        "where channel = 'store' and visits is not null",
    ),
    "what stores take and convert": (
        "select sum(revenue), sum(orders), sum(refund_amount), sum(visitor_orders), sum(visits) "
        "from marts.channel_performance where channel = 'store'",
        "select sum(revenue), sum(orders), sum(refund_amount), sum(visitor_orders), sum(visits) "
        "from marts.store_performance",
    ),
    "average basket": (
        HEADLINE.format("average_basket"),
        "select sum(ordered_amount), sum(orders) from marts.channel_performance",
    ),
    "NPS": (
        HEADLINE.format("nps"),
        "select sum(promoters) - sum(detractors), sum(nps_answers) from marts.satisfaction",
    ),
    "visits": (
        "select sum(visits) from marts.channel_performance where channel in ('web', 'app')",
        "select sum(sessions) from marts.traffic_source_performance",
    ),
    "omnichannel customers": (
        "select channel_profile, count(*) from marts.customer_360 group by channel_profile",
        "select channel_profile, customers from marts.channel_value",
    ),
    "revenue and orders, all time, by profile": (
        "select channel_profile, sum(revenue), sum(order_count) from marts.customer_360 group by channel_profile",
        "select channel_profile, revenue, orders from marts.channel_value",
    ),
    "revenue and orders, all time, of buyers": (
        "select sum(revenue), sum(order_count) from marts.customer_360 where order_count > 0",
        "select sum(revenue), sum(orders) from marts.channel_overlap where scope = 'bought'",
    ),
    "revenue of everybody": (
        "select sum(revenue) from marts.channel_performance",
        "select (select sum(revenue_amount) from marts.orders where is_revenue) "
        "- (select sum(refund_amount) from marts.returns where is_revenue)",
    ),
    "attributed revenue": (
        "select sum(revenue_linear) from marts.traffic_source_performance",
        "select sum(net_amount) from marts.orders where is_revenue",
    ),
    "cohort retention": (
        "select cohort_month, sum(customers) from marts.retention_cohorts where months_since = 0 group by cohort_month",
        "select date_trunc('month', first_ordered_on)::date, count(*) from (select customer_id, min(ordered_on) "
        "as first_ordered_on from marts.orders where is_revenue and customer_id is not null group by customer_id) "
        "group by date_trunc('month', first_ordered_on)",
    ),
}


@pytest.mark.parametrize("measure", SAME)
def test_the_same_measure_is_the_same_number_in_every_mart(measure: str, connection: duckdb.DuckDBPyConnection) -> None:
    one, other = (sorted(connection.execute(query).fetchall()) for query in SAME[measure])
    assert one == other
    assert one[0][-1]


GENERIC = {"customers", "share", "year_before", "month_before", "change", "points", "orders"}
"""Columns that say what they are of by their table alone."""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_same_measure_of_the_same_row_is_the_same_number_in_every_table(
    language: str, first_night: tuple[Home, str], read_report: Any
) -> None:
    report = read_report(draw_page(first_night[0].warehouse, language, Origin()).html)
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for table, rows in report.tables.items():
        for row in rows:
            (key, (_, named)), *measures = row.items()
            for column, (raw, _) in measures:
                if column not in GENERIC and raw:
                    found[(key, named, column)][table] = raw
    told_twice = {place: tables for place, tables in found.items() if len(tables) > 1}
    for place, tables in told_twice.items():
        assert len({round(float(raw), 6) if re.fullmatch(r"-?[\d.]+", raw) else raw for raw in tables.values()}) == 1, (
            place,
            tables,
        )
