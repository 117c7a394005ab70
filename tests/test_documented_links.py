"""Links between pages of the docs lead to pages and headings that are there."""

import re
from pathlib import Path

import pytest

from pipelines.config.repository import REPOSITORY

PAGES = (
    *REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "benchmarks" / "README.md",
    REPOSITORY / "data" / "README.md", REPOSITORY / "dbt_project" / "README.md",
)  # fmt: skip
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)


def list_anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page; a second one of a name is `name-1`."""
    seen: dict[str, int] = {}
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
        seen[anchor] = seen.get(anchor, 0) + 1
    return anchors


def test_headings_have_the_anchors_that_github_gives_them() -> None:
    text = "# What is *read*, and what is not\n```\n# no heading\n```\n## `a_b`: [x](y)\n## One\n## One\n"
    assert list_anchors(text) == {"what-is-read-and-what-is-not", "a_b-x", "one", "one-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = page.parent / name if name else page
        if not to.exists() or (
            anchor and to.suffix == ".md" and anchor not in list_anchors(to.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    assert broken == []
