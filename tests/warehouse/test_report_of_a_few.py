"""A report about eight customers: every group of them is a few, so hardly anything may be on it."""

import html
import re
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.report.page import Origin, draw_page
from pipelines.report.small_groups import is_few
from pipelines.texts.catalogue import read_catalogue

KEYS = {"channel_count", "months_since", "rfm_recency", "rfm_frequency", "tenth", "tenth_by_revenue", "stockouts"}
"""Columns of whole numbers that count nobody: they tell rows apart, or count products."""

Cell = tuple[str, str, str]


@pytest.fixture(scope="module", params=["en", "fr"])
def page(request: pytest.FixtureRequest, built_world: Home) -> str:
    return draw_page(built_world.build_database, request.param, Origin()).html


def read_cells(page: str) -> Iterator[Cell]:
    """The cells of all tables: table, column, raw value."""
    for table, content in re.findall(r'data-table="(\w+)"(.*?)</table>', page, re.DOTALL):
        columns = re.findall(r'data-column="(\w+)"', content)
        for row in re.findall(r"<tr>(.*?)</tr>", content.partition("<tbody>")[2], re.DOTALL):
            for column, raw in zip(columns, re.findall(r'<data value="([^"]*)"', row), strict=True):
                yield table, column, raw


def read_texts(page: str) -> list[str]:
    without_style = re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)
    told = re.findall(r'(?:title|aria-label)="([^"]*)"', without_style)
    return [
        html.unescape(" ".join(text.split())) for text in [*told, *re.split(r"<[^>]*>", without_style)] if text.strip()
    ]


def test_no_table_counts_a_few(page: str) -> None:
    cells = list(read_cells(page))
    assert cells, "some of it is about all of them"
    counts = [cell for cell in cells if cell[1] not in KEYS and "share" not in cell[1] and "rate" not in cell[1]]
    assert not [cell for cell in counts if re.fullmatch(r"[1-4](\.0+)?", cell[2])]


def test_no_sentence_or_chart_counts_a_few(page: str) -> None:
    """Of all that stands on the page, no number from 1 to 4 counts anything; grades, ages and axes are no counts."""
    counted = (
        r"customers?|clients?|orders?|commandes?|answers?|réponses?|visits?|visites?|incidents?|times|fois|cards?|cartes?"
        r"|known|connus|anonymous|anonymes|pickups?|retraits|returns?|retours|of|sur"
    )
    found = [
        text for text in read_texts(page) if re.search(rf"(?<![\d.,\u202f\u00a0\u2013-])[1-4] ({counted})\b", text)
    ]
    assert not found


def sum_groups(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, float]]:
    """What groups of customers came to, by everything that groups them: how many they are, and the amount."""
    groups = (
        "channel_profile",
        "rfm_segment",
        "lifecycle_segment",
        "journey_stage",
        "persona",
        "favourite_store_id",
        "customer_id",
    )
    for group in groups:
        for amount in ("revenue", "revenue_12m", "points_balance", "clv_12m"):
            query = f"select count(*), sum({amount}) from marts.customer_360 where {group} is not null group by {group}"
            yield from connection.execute(query).fetchall()
    for group in ("channel", "store_id", "fulfilment", "coalesce(customer_id, order_id)"):
        for amount in ("revenue_amount", "net_amount"):
            query = (
                f"select count(distinct coalesce(customer_id, order_id)), sum({amount}) "
                f"from marts.orders where is_revenue and {group} is not null group by {group}"
            )
            yield from connection.execute(query).fetchall()


def test_no_amount_of_a_few_is_on_it(page: str, built_world: Home) -> None:
    with duckdb.connect(built_world.build_database, read_only=True) as connection:
        groups = [(people, round(float(amount), 2)) for people, amount in sum_groups(connection) if amount]
    of_few = {amount for people, amount in groups if is_few(people)} - {a for people, a in groups if not is_few(people)}
    assert len(of_few) > 20
    told = {round(float(raw), 2) for _, _, raw in read_cells(page) if re.fullmatch(r"-?\d+\.\d+", raw)}
    told -= {float(count) for count in range(1000)}  # Customers are counted too.
    assert not told & of_few


def test_it_says_that_it_hides_and_why(page: str) -> None:
    texts = read_texts(page)
    language = "fr" if 'lang="fr"' in page else "en"
    for key in ("page.privacy", "page.too_few"):
        assert " ".join(read_catalogue(language)[f"report.{key}"].split()) in texts
