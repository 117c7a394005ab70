"""The README shows queries and what they print on the bundled sample: it is true, or this is red."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Home, find_home

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"```sql\n(.*?)```\n+```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory, parcours: Callable[..., subprocess.CompletedProcess[str]]
) -> Home:
    """What `make run` builds, in a home of the test's own."""
    home = find_home(tmp_path_factory.mktemp("bundled") / "home")
    night = parcours("run", "--home", home.root, cwd=ROOT)
    assert night.returncode == 0, night.stderr
    return home


def test_the_readme_shows_three_queries() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("query", "shown"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_a_query_of_the_readme_prints_what_stands_below_it(published: Home, query: str, shown: str) -> None:
    with duckdb.connect(published.warehouse, read_only=True) as connection:
        printed = str(connection.sql(query))
    assert printed.strip() == shown.strip()
