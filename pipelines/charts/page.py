"""A page of HTML that is one file: no script, no network, no fonts; it reads on a light and on a dark screen."""

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; } svg { max-width: 100%; height: auto; display: block; margin: 1.5rem 0; }
table { border-collapse: collapse; } td, th { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; }
"""


def make_page(title: str, blocks: Sequence[str], language: str = "en", *, style: str = STYLE, head: str = "") -> str:
    """A page of ``blocks`` (HTML or SVG, already escaped) under a heading; ``head`` is HTML for its head."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{head}<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(blocks)
        + "\n</body>\n</html>\n"
    )
