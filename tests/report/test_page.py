"""The page: it stands for itself, says the same twice, in either language, whatever the marts hold."""

import csv
import html
import io
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from pipelines.config.home import Home
from pipelines.contracts import TABLES
from pipelines.errors import ParcoursError
from pipelines.report import page as page_module
from pipelines.report import quality
from pipelines.report.page import Origin, draw_page
from pipelines.report.sections import SECTIONS
from pipelines.report.write import write_report
from pipelines.texts.catalogue import list_languages, read_catalogue

Change = Callable[..., Home]

SOURCE = Path(page_module.__file__).parent
LANGUAGES = list_languages()
MARTS = sorted({"kpis"}.union(*(import_module(f"pipelines.report.sections.{name}").MARTS for name in SECTIONS)))
ALIKE = {
    "Awin", "Base", "Bing", "Champions", "Criteo", "Direct", "E-mail", "Facebook", "Friction", "Google",
    "Incidents", "Instagram", "Marketing", "Markov", "Mentions", "NPS", "Newsletter", "Pinterest", "Points",
    "Position", "Questions", "Quintile", "RFM", "ROAS", "SMS", "Satisfaction", "Satisfaction (CSAT)", "Segment",
    "Segments", "Source", "Strict", "Table", "Tickets", "TikTok", "YouTube", "affiliation", "e-mail", "vs {month}",
    "{count} incident", "{count} incidents", "{count} segment", "{count} segments", "{seconds} s", "{source}, {medium}",
}  # fmt: skip
"""What is written alike in both languages."""

LENT = {
    "customer_journey_stages", "customer_segments", "customer_value_back_test", "next_best_product_back_test",
    "segment_sizes", "store_satisfaction", "verbatim_themes",
}  # fmt: skip
"""Marts that only add to what a section shows."""

HOSTILE = "<script>alert(1)</script>&amp;\"'"


def read_labels(language: str) -> dict[str, str]:
    """The report's texts by their place below ``report:``; not what it only looks for, the forms of a term."""
    texts = read_catalogue(language).items()
    labels = {key.removeprefix("report."): text for key, text in texts if key.startswith("report.")}
    return {
        label: text for label, text in labels.items() if not (label.startswith("term.") and label.endswith(".forms"))
    }


def draw(home: Home, language: str = "en") -> str:
    return draw_page(home.warehouse, language, Origin("run-1", "model-1")).html


@pytest.fixture(scope="module")
def pages(first_night: tuple[Home, str]) -> dict[str, str]:
    return {language: draw(first_night[0], language) for language in LANGUAGES}


def test_a_page_needs_nothing_from_outside_and_runs_nothing(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert not re.search(r"https?:|<script|javascript:|\bon[a-z]+=|@import|url\(", page)
        links = set(re.findall(r'\b(?:src|href)="([^"#]*)', page))
        assert {link for link in links if not link.startswith("data:text/csv")} == {"data:,", ""}


def test_the_same_warehouse_gives_the_same_bytes(
    first_night: tuple[Home, str], tmp_path: Path, read_unlinked: Any
) -> None:
    home = first_night[0]
    one, other = (write_report(home, "en", tmp_path / name).file for name in ("one.html", "other.html"))
    assert read_unlinked(one) == read_unlinked(other) == read_unlinked(home.report)


def test_every_chart_says_what_it_is_and_has_its_numbers_beside_it(pages: dict[str, str], read_report: Any) -> None:
    page = pages["en"]
    assert page.count("<figure") == len(re.findall(r'<figure class="[a-z]+" aria-labelledby="([a-z0-9_-]+)"', page))
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert "aria-hidden" in picture or re.search(r'role="img".*<title.*<desc', picture, re.DOTALL)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for names in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(names.split()) <= set(ids)
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        assert section.count("<details>") == ('class="empty"' not in section)
        assert "<code>marts." in section


def test_the_page_says_which_night_it_is_of(pages: dict[str, str]) -> None:
    assert "run run-1 · identity model model-1 · amounts in EUR" in pages["en"]
    assert "exécution run-1" in pages["fr"]


def test_the_published_page_names_the_run_and_the_model_that_made_it(
    first_night: tuple[Home, str], read_unlinked: Any, list_kept: Any
) -> None:
    home = first_night[0]
    [kept] = list_kept(home)
    run = kept.stem.rsplit("-", 1)[1]
    page = kept.read_text(encoding="utf-8")
    assert read_unlinked(kept) == read_unlinked(home.report)
    assert re.search(rf"run {run} · identity model m[0-9a-f]+ ", page)


def visible(page: str, read_report: Any) -> set[str]:
    return set(read_report(page).texts)


def test_no_english_label_is_left_on_a_french_page(pages: dict[str, str], read_report: Any) -> None:
    texts = visible(pages["fr"], read_report)
    english, french = read_labels("en"), read_labels("fr")
    alike = {text for label, text in english.items() if text == french[label]}
    assert alike == ALIKE
    for label, text in english.items():
        if text in alike:
            continue
        assert text not in texts, label
        # What is filled in apart, an English sentence is not found within a French one either.
        for piece in re.split(r"\{[a-z_]+\}", text):
            if len(piece.split()) >= 3:
                assert not [found for found in texts if piece.strip() in found], label


def test_a_french_page_is_told_as_such_and_writes_numbers_its_way(pages: dict[str, str], read_report: Any) -> None:
    assert '<html lang="fr">' in pages["fr"]
    texts = " ".join(visible(pages["fr"], read_report))
    assert re.search(r"\d\u202f\d{3},\d\d\u00a0€", texts)
    assert re.search(r"\d,\d\u202f%", texts)
    assert not re.search(r"\d\.\d|\d%|€\d", texts)


def test_every_label_is_used() -> None:
    """By its whole name, or by its group and, somewhere in quotes or as a name, itself."""
    files = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named_groups = set(re.findall(r'texts\.name\(\s*f?["\']([a-z_.]+)["\']', code))
    sections = re.findall(r'say_empty\(\s*"([a-z_]+)"', code)
    assert set(sections) == {*SECTIONS, *quality.SECTIONS}
    for label in read_labels("en"):
        group, _, name = label.partition(".")
        is_named = group in named_groups or label.rpartition(".")[0] in named_groups
        is_column = group == "column" and re.search(rf"\b{name}\b|\"{name.removeprefix('revenue_')}\"", code)
        is_of_section = group in sections and name in ("nav", "empty")
        is_counted = name.endswith("_one") and f'"{label.removesuffix("_one")}"' in code.replace("'", '"')
        is_graded = label in ("satisfaction.channels", "satisfaction.stages")
        is_said = f'"{label}"' in code.replace("'", '"')
        is_of_page = f'kind ~ ".{name}"' in code
        is_term = group == "term" and f'"{name.partition(".")[0]}"' in code
        is_verdict = group == "delta" and f'"{name}"' in code
        is_of_code = is_column or is_of_section or is_of_page or is_counted or is_graded or is_term or is_verdict
        assert is_named or is_said or is_of_code, label


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_names_canonical_tables_that_would_fill_it(name: str) -> None:
    needs = import_module(f"pipelines.report.sections.{name}").NEEDS
    known = {f"{table.kind}/{table.name}" for table in TABLES}
    assert needs
    for tables in needs:
        assert isinstance(tables, tuple)
        assert set(tables) <= known


def test_every_value_that_a_mart_may_hold_has_a_name_in_both_languages() -> None:
    models = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"
    groups = {
        ("journey/journey_transitions", "from_stage"): "stage",
        ("journey/satisfaction", "stage"): "stage",
        ("journey/channel_performance", "channel"): "channel",
        ("journey/channel_value", "channel_profile"): "profile",
        ("journey/friction_points", "kind"): "friction_kind",
        ("journey/omnichannel_paths", "path"): "path",
        ("commerce/kpis", "headline"): "headline",
    }
    for (model, column), group in groups.items():
        described = yaml.safe_load((models / f"{model}.yml").read_text(encoding="utf-8"))["models"][0]["columns"]
        [tests] = [entry["data_tests"] for entry in described if entry["name"] == column]
        [values] = [test["accepted_values"]["arguments"]["values"] for test in tests if "accepted_values" in test]
        for value in values:
            if (group, value) != ("profile", "prospect"):  # Buys nothing, so it is on no chart.
                assert f"{group}.{value}" in read_labels("fr"), (group, value)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_without_rows_gives_a_sentence_and_leaves_the_rest(
    mart: str, change_marts: Change, read_report: Any, pages: dict[str, str]
) -> None:
    page = draw(change_marts(f"delete from marts.{mart}"))
    report, whole = read_report(page), read_report(pages["en"])
    assert sorted(report.titles) == sorted(whole.titles)
    changed = {name for name in whole.titles if report.titles[name] != whole.titles[name]}
    assert {report.titles[name] for name in changed} <= set(read_labels("en").values())
    # Some lend a section columns and a chart; it stands without them.
    assert bool(changed) == (mart not in LENT)


def test_a_warehouse_without_any_row_is_a_page_of_sentences(change_marts: Change, read_report: Any) -> None:
    home = change_marts(*(f"delete from marts.{mart}" for mart in MARTS))
    for language in LANGUAGES:
        report = read_report(draw(home, language))
        labels = read_labels(language)
        assert report.titles == {name: labels[f"{name}.empty"] for name in report.titles}
        assert (report.figures, report.tables) == ({}, {})


def test_an_online_shop_has_no_points_and_no_stores(change_marts: Change, read_report: Any) -> None:
    home = change_marts(
        "delete from marts.loyalty_ledger",
        "delete from marts.channel_performance where channel = 'store'",
        "delete from marts.channel_value where channel_profile <> 'online_only'",
        "delete from marts.channel_overlap where channels like '%store%'",
        "update marts.kpis set value = null, numerator = null, denominator = null where headline = 'conversion_store'",
        "delete from marts.omnichannel_paths where path like '%store%'",
    )
    titles = read_report(draw(home)).titles
    assert titles["loyalty"] == read_labels("en")["loyalty.empty"]
    assert titles["value"] == read_labels("en")["value.title_plain"]
    assert titles["omnichannel_paths"] == read_labels("en")["omnichannel_paths.title_plain"]


def test_what_no_export_tells_is_no_share_of_zero(change_marts: Change, read_report: Any) -> None:
    """Without visits, nobody knows who looked online first, nor which order a visit led to."""
    never = ("web_to_store", "ship_from_store")
    home = change_marts(
        f"update marts.omnichannel_paths set count = 0, revenue = 0 where path in {never}",
        f"update marts.omnichannel_path_steps set is_followed = false where path in {never}",
        "delete from marts.traffic_source_performance where medium <> 'none'",
        "update marts.traffic_source_performance set sessions = 0, spend = null",
    )
    labels = read_labels("en")
    page = draw(home)
    report = read_report(page)
    assert report.titles["attribution"] == labels["attribution.empty"]
    assert report.titles["omnichannel_paths"] == labels["omnichannel_paths.title_plain"]
    assert {row["path"][1] for row in report.tables["omnichannel_paths"]}.isdisjoint(
        labels[f"path.{name}"] for name in never
    )
    assert page.count(labels["omnichannel_paths.never"]) >= len(never)
    assert all(f">{labels[f'path.{name}']}<" in page for name in never), "they are told of at the end"


def test_stores_of_which_nothing_but_sales_is_known_have_no_board_of_zeros(
    change_marts: Change, read_report: Any
) -> None:
    undone = ("pickups", "web_to_store_orders", "online_returns", "sold_by_store_orders")
    zeros = ", ".join(f"{column} = 0" for column in (*undone, "stockouts"))
    home = change_marts(f"update marts.store_performance set {zeros}, visits = null, visitor_orders = null")
    report = read_report(draw(home))
    assert report.figures["stores"] == 1
    assert {row[column][0] for row in report.tables["stores"] for column in undone} == {"0"}


def test_a_page_on_orders_that_end_long_before_its_day_says_so_first(
    pages: dict[str, str], change_marts: Change
) -> None:
    assert 'class="warning"' not in pages["en"]
    old = "where source = 'till' and ordered_on >= (select max(ordered_on) from marts.orders) - 40"
    page = draw(change_marts(f"delete from marts.orders {old}"))
    [warning] = re.findall(r'<p class="warning">(.*?)</p>', page)
    assert "till after" in warning
    assert "shop after" not in warning


def test_what_the_retailer_named_is_never_taken_for_markup(change_marts: Change, read_report: Any) -> None:
    quoted = HOSTILE.replace("'", "''")
    home = change_marts(
        f"update marts.traffic_source_performance set source = '{quoted}' where medium = 'cpc'",
        f"update marts.verbatim_themes set theme = '{quoted}', theme_fr = '{quoted}'",
        f"update marts.customer_360 set rfm_segment = '{quoted}' where rfm_segment = 'champions'",
        f"update marts.channel_overlap set channels = '{quoted}' where channels = 'store'",
        f"update marts.channel_performance set channel = '{quoted}' where channel = 'store'",
    )
    for language in LANGUAGES:
        page = draw(home, language)
        assert "<script" not in page
        assert any(HOSTILE.replace("_", " ") in text for text in visible(page, read_report))


def test_a_group_of_a_few_customers_is_not_told_nor_given_away_by_the_others(
    change_marts: Change, read_report: Any
) -> None:
    home = change_marts(
        "update marts.channel_value set customers = 4 where channel_profile = 'online_only'",
        "update marts.customer_360 set rfm_segment = 'lost' where rfm_segment is not null",
        "update marts.customer_360 set rfm_segment = 'champions' where customer_id in "
        "(select customer_id from marts.customer_360 where rfm_segment is not null order by revenue_12m desc limit 4)",
        "delete from marts.channel_overlap where scope = 'bought' and customers < 5",
        "insert into marts.channel_overlap by name select * replace ('web | x' as channels, 4 as customers) "
        "from marts.channel_overlap where scope = 'bought' and channels = 'store'",
    )
    report = read_report(draw(home))
    value = report.tables["value"]
    assert {value[-1][name] for name in ("customers", "revenue_all_time", "revenue_per_customer")} == {("", "–")}
    assert sum(row["customers"][0] == "" for row in value) == 2, "the next smallest goes with it"
    assert report.titles["rfm"] == read_labels("en")["page.too_few"], "of two segments, each tells the other"
    assert "4" not in {row["customers"][0] for row in report.tables["overlap"]}


def test_a_page_holds_no_customer(first_night: tuple[Home, str], pages: dict[str, str], read_report: Any) -> None:
    import duckdb

    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        people = connection.execute(
            "select customer_id, email, phone, last_name, address, loyalty_card_id from marts.customer_360"
        ).fetchall()
    values = {value for person in people for value in person if value and len(value) > 3}
    assert len(values) > 300
    said = set(re.findall(r"[\w@.+-]+", " ".join(visible(pages["en"], read_report))))
    assert not values & said


def test_a_warehouse_that_lacks_a_mart_is_told_as_such(change_marts: Change) -> None:
    home = change_marts("drop table marts.friction_points")
    with pytest.raises(ParcoursError, match=r"cannot be drawn from .*friction_points.* run again|parcours run"):
        draw(home)


def test_without_a_warehouse_one_is_told_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ParcoursError, match=r"no published warehouse at .*`parcours run` publishes one"):
        draw(Home(tmp_path))


def test_a_report_that_cannot_be_drawn_leaves_the_one_before(change_marts: Change) -> None:
    home = change_marts("drop table marts.kpis")
    home.report.write_text("yesterday")
    with pytest.raises(ParcoursError):
        write_report(home, "en")
    assert home.report.read_text() == "yesterday"
    assert not list(home.root.glob("*.tmp-*"))


def test_what_the_data_cannot_show_is_told_once_at_the_end_with_the_tables_that_would(
    change_marts: Change, pages: dict[str, str]
) -> None:
    home = change_marts(
        "delete from marts.loyalty_ledger",
        "update marts.kpis set value = null, numerator = null, denominator = null where headline = 'conversion_store'",
    )
    page = draw(home)
    before, _, gaps = page.partition('<div class="part gaps"')
    assert 'id="loyalty"' not in before
    assert "#loyalty" not in before
    assert re.search(r'id="loyalty" data-empty>.*<code>crm/loyalty_movements</code>', gaps, re.DOTALL)
    assert re.search(r"<dt>Visit conversion in stores</dt>.*?<code>pos/footfall</code>", gaps, re.DOTALL)
    assert 'id="loyalty"' in pages["en"].partition('<div class="part gaps"')[0]


def test_every_table_downloads_its_raw_values_as_csv(pages: dict[str, str], read_report: Any) -> None:
    for page in pages.values():
        tables = read_report(page).tables
        links = dict(re.findall(r'<a href="(data:text/csv[^"]*)" download="([a-z0-9_]+)\.csv"', page))
        assert sorted(links.values()) == sorted(tables)
        for link, name in links.items():
            text = unquote(html.unescape(link).removeprefix("data:text/csv;charset=utf-8,"))
            assert text.startswith("\ufeff")
            head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
            assert len(head) == len(tables[name][0])
            assert rows == [[raw for raw, _ in row.values()] for row in tables[name]]


def test_a_name_in_a_csv_file_is_never_a_formula(change_marts: Change) -> None:
    page = draw(change_marts("update marts.channel_performance set channel = '=1+1' where channel = 'store'"))
    [link] = re.findall(r'<a href="(data:text/csv[^"]*)" download="channels\.csv"', page)
    assert "'=1+1" in unquote(html.unescape(link))


def test_a_term_is_explained_where_it_first_stands_and_in_the_glossary(pages: dict[str, str]) -> None:
    for page in pages.values():
        buttons = re.findall(r'<button type="button" class="term" popovertarget="(term-[a-z_]+)">', page)
        explained = re.findall(r'<div popover id="(term-[a-z_]+)"', page)
        assert set(buttons) == set(explained)
        assert len(explained) == len(set(explained)) == len(re.findall(r"<dt>", page.partition('id="glossary"')[2]))
    assert re.search(r'popovertarget="term-cohort"', pages["en"])


def test_only_changes_beyond_chance_are_told_with_what_they_rest_on(change_marts: Change, read_report: Any) -> None:
    usual = (
        "update marts.kpis set value = 0.1, numerator = 100, denominator = 1000 where headline = 'conversion_online'",
        "delete from marts.kpis where headline not in ('conversion_online', 'active_customers')",
        "delete from marts.channel_performance",
        "update marts.kpis set value = 1000, numerator = 1000 where headline = 'active_customers'",
    )
    none = draw(change_marts(*usual))
    assert read_report(none).titles["changes"] == read_labels("en")["changes.title_none"]
    # Ten of a thousand more are within two standard errors, of ten thousand they are not.
    last = "month = (select max(month) from marts.kpis where is_complete)"
    few = draw(change_marts(f"update marts.kpis set value = 0.11 where headline = 'conversion_online' and {last}"))
    assert read_report(few).titles["changes"] == read_labels("en")["changes.title_none"]
    many = draw(change_marts("update marts.kpis set denominator = 10000 where headline = 'conversion_online'"))
    assert read_report(many).titles["changes"] == "2 changes for the better, none for the worse, beyond chance"
    assert "10,000 visits, 10,000 before" in many
