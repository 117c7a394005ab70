"""The exposures name the marts that somebody reads: those of the SQL, no more and no fewer."""

import json
import re
from pathlib import Path

import pytest

from pipelines.warehouse import dbt_project

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads(dbt_project.prepare().read_text())
MARTS = {node["name"] for node in MANIFEST["nodes"].values() if node["fqn"][1:2] == ["marts"]}
EXPOSURES = {exposure["name"]: exposure for exposure in MANIFEST["exposures"].values()}


def read_marts(place: Path) -> set[str]:
    """The marts that the SQL of a page, of a module or of the modules of a folder names."""
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    if place.suffix == ".md":
        text = "\n".join(re.findall(r"```sql\n(.*?)```", text, re.DOTALL))
    return MARTS.intersection(re.findall(r"\bmarts\.(\w+)", text))


@pytest.mark.parametrize("name", sorted(EXPOSURES))
def test_an_exposure_depends_on_exactly_the_marts_that_are_read(name: str) -> None:
    exposure = EXPOSURES[name]
    place = ROOT / exposure["config"]["meta"]["reads"]
    assert {node.split(".")[2] for node in exposure["depends_on"]["nodes"]} == read_marts(place) != set()


def test_the_page_of_questions_the_report_and_the_review_are_exposed() -> None:
    assert {"documented_questions", "report", "review"} <= set(EXPOSURES)
