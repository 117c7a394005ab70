"""A real shop's lines, mapped by a sources.yml alone, from the file to the published marts."""

import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.config.home import Home, find_home

ROOT = Path(__file__).parents[2]
REFERENCE_DATA = ROOT.parent / "shared" / "data"
TURNOVER = Decimal("9747747.93")  # sum(Quantity * UnitPrice) over all lines of the file

pytestmark = pytest.mark.skipif(
    not (REFERENCE_DATA / "retail" / "online_retail.parquet").exists(),
    reason="the Online Retail data set does not lie beside the project (../shared/data/retail)",
)


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory, parcours: Callable[..., subprocess.CompletedProcess[str]]
) -> Home:
    home = find_home(tmp_path_factory.mktemp("online-retail") / "home")
    night = parcours(
        "run",
        "--home",
        home.root,
        "--sources",
        ROOT / "benchmarks" / "mappings" / "online_retail.yml",
        PARCOURS_REFERENCE_DATA=str(REFERENCE_DATA),
    )
    assert night.returncode == 0, night.stderr
    return home


def ask(home: Home, query: str) -> tuple[object, ...]:
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()[0]


def test_orders_less_returns_are_the_turnover_to_the_cent(published: Home) -> None:
    of_orders = "(select sum(total_amount) from marts.orders) - (select sum(refund_amount) from marts.returns)"
    of_lines = "(select sum(line_amount) from marts.order_lines) - (select sum(refund_amount) from marts.returns)"
    assert ask(published, f"select {of_orders}, {of_lines}") == (TURNOVER, TURNOVER)


def test_orders_without_a_customer_are_kept_as_anonymous(published: Home) -> None:
    anonymous, known = ask(
        published,
        "select count(*) filter (customer_id is null), count(*) filter (customer_id is not null) from marts.orders",
    )
    assert anonymous > 0
    assert known > 0
    # Every line of the file stands in one of the two marts, with a customer or without.
    lines = "(select count(*) from marts.order_lines) + (select count(*) from marts.returns)"
    assert ask(published, f"select {lines}") == (541_909,)


def test_every_account_of_a_shop_without_names_is_a_customer(published: Home) -> None:
    assert ask(published, "select count(*) from marts.customer_360") == (4372,)


def test_the_report_of_a_shop_with_nothing_but_orders_says_what_is_missing(published: Home) -> None:
    page = published.report.read_text(encoding="utf-8")
    for sentence in (
        "No visits are recorded.",
        "There is no loyalty programme in the data",
        "No survey was answered in the period.",
    ):
        assert sentence in page
    assert "<svg" in page, "what the orders tell is drawn"
    assert "amounts in GBP" in page
