"""The README and docs/questions.md show queries and what they print on the sample: it is true, or this is red."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from pipelines.config.home import Home

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/questions.md")
EXAMPLES = {
    page: re.findall(r"```sql\n(.*?)```\n+```\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    for page in PAGES
}


@pytest.fixture(scope="module")
def published(bundled_night: tuple[Home, str]) -> Home:
    """What `make run` builds."""
    return bundled_night[0]


@pytest.mark.parametrize("page", PAGES)
def test_every_query_of_a_page_is_shown_with_its_result(page: str) -> None:
    assert len(EXAMPLES[page]) == (ROOT / page).read_text(encoding="utf-8").count("```sql") >= 3


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        pytest.param(*example, id=f"{page}-{number}")
        for page, shown in EXAMPLES.items()
        for number, example in enumerate(shown)
    ],
)
def test_a_query_prints_what_stands_below_it(published: Home, query: str, shown: str) -> None:
    with duckdb.connect(published.warehouse, read_only=True) as connection:
        printed = str(connection.sql(query))
    assert printed.strip() == shown.strip()


def test_every_query_gives_the_same_in_the_oldest_client(
    published: Home, ask_oldest_client: Callable[[Path, Sequence[str]], list[list[list[str]]]]
) -> None:
    queries = [query for shown in EXAMPLES.values() for query, _ in shown]
    with duckdb.connect(published.warehouse, read_only=True) as connection:
        rows = [[[str(value) for value in row] for row in connection.execute(query).fetchall()] for query in queries]
    for query, told, right in zip(queries, ask_oldest_client(published.warehouse, queries), rows, strict=True):
        assert told == right, query
