"""The examples of sources.yml in the docs are ones that Parcours accepts, and every connector is in the docs."""

import re
from pathlib import Path

import pytest

from pipelines.config.repository import REPOSITORY
from pipelines.config.source_models import SOURCE_MODELS
from pipelines.config.sources import load_sources

DOCS = REPOSITORY / "docs"
PAGES = ("connectors.md", "sources.md")
SHOP = """  - name: shop
    kind: ecommerce
    connector: {type: files, root: exports}
    tables: {orders: {from: a.csv}}
"""  # What sources of visits in the examples belong to.


def list_examples() -> list[tuple[str, str]]:
    """Whole files and lists of sources, each with the page and the line that it is on; parts of a source are none."""
    texts = {page: (DOCS / page).read_text(encoding="utf-8") for page in PAGES}
    return [
        (f"{page}:{text.count(chr(10), 0, match.start()) + 2}", match[1])
        for page, text in texts.items()
        for match in re.finditer(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if match[1].startswith("  - name:") or "\nsources:" in match[1]
    ]


EXAMPLES = list_examples()


def test_most_connectors_have_an_example() -> None:
    shown = {name for _, text in EXAMPLES for name in re.findall(r"type: (\w+)", text)}
    assert {"prestashop", "square", "klaviyo", "matomo", "google_ads", "postgresql", "sftp"} <= shown


@pytest.mark.parametrize("text", [text for _, text in EXAMPLES], ids=[place for place, _ in EXAMPLES])
def test_an_example_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, "needle")
    whole = text if "\nsources:" in text else f"sources:\n{text}"
    if "belongs_to: shop" in text and "name: shop\n" not in text:
        whole += SHOP
    path = tmp_path / "sources.yml"
    path.write_text(whole, encoding="utf-8")
    load_sources(path)


def test_every_connector_is_in_the_list_of_systems() -> None:
    text = (DOCS / "connectors.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"`(\w+)`", " ".join(row.split("|")[2] for row in re.findall(r"^\| .*\|$", text.split("\n## ")[0], re.M))
    )
    assert sorted(name for name in listed if name != "type") == sorted(SOURCE_MODELS)
