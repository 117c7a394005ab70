"""Pages that a library draws with scripts of its own, sealed: they run these scripts only, and load and send nothing.

Splink's charts are such pages: Vega, which draws them, comes along in the page. A Content-Security-Policy names each
script by its digest, so nothing that a value or a name says is ever run.
"""

import base64
import hashlib
import re

from pipelines.charts.page import TEMPLATES, open_templates

_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_FROM_ELSEWHERE = re.compile(r"<link\b[^>]*>|<title>.*?</title>", re.DOTALL | re.IGNORECASE)
"""In the head: fonts of others and what goes with them, and a title that says nothing."""


def seal_page(page: str, title: str, explanation: str) -> str:
    """A library's complete ``page``, sealed, with a title and an explanation.

    Its scripts stand in the page itself. Raises ValueError where it has no head or body, or a script that is elsewhere.
    """
    start, opened, rest = page.partition("<head>")
    head, entered, body = rest.partition("<body>")
    if not opened or not entered or re.search(r"<script\b[^>]*\bsrc\b", page):
        raise ValueError("a page that cannot be sealed: it has no head or no body, or its scripts are elsewhere")
    interpreted = f"<script>{TEMPLATES.joinpath('interpreted_vega.js').read_text(encoding='utf-8')}</script>"
    head = interpreted + _FROM_ELSEWHERE.sub("", head)
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _SCRIPT.findall(head + body)
    ]
    templates = open_templates()
    sealed = templates.get_template("sealed_head.html").render(title=title, digests=digests)
    said = templates.get_template("sealed_body.html").render(title=title, explanation=explanation)
    return start + opened + sealed + head + entered + said + body
