"""benchmarks/README.md: each benchmark's section, between ``<!-- name -->`` and ``<!-- /name -->``."""

import re
from pathlib import Path

from benchmarks.machine import describe_machine

PAGE = Path(__file__).with_name("README.md")


def list_sections() -> tuple[str, ...]:
    """The benchmarks that the page has a section for, in its order."""
    return tuple(re.findall(r"<!-- (\w+) -->", PAGE.read_text(encoding="utf-8")))


def write_section(name: str, text: str) -> None:
    """Replaces what stands between the markers of ``name``."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(opening)
    _, _, after = rest.partition(closing)
    body = f"{opening}\n\n{text.strip()}\n\nMeasured on {describe_machine()}.\n\n{closing}"
    PAGE.write_text(before + body + after, encoding="utf-8")
