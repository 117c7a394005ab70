"""Output of the commands that explain: on a terminal, as ``--json``, or as ``--html FILE``, a page with charts."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.identity.explain.document import Document


def add_html(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write a page with waterfall charts instead; it contains personal data",
    )


def tell(options: argparse.Namespace, document: "Document", as_json: Callable[[], dict[str, Any]]) -> None:
    """Writes an explanation in the forms that ``options`` (html, json) ask for; by default to the terminal.

    Raises ConfigurationError if the page cannot be written.
    """
    from pipelines.identity.explain.render_html import render_html
    from pipelines.identity.explain.render_terminal import print_document

    if options.html is not None:
        _write_page(options.html, render_html(document))
    if options.json:
        sys.stdout.write(json.dumps(as_json(), indent=2, ensure_ascii=False) + "\n")
    elif options.html is None:
        print_document(document)


def _write_page(file: Path, page: str) -> None:
    """A new file in the place of one that is there: that one may be open to others, or another user's."""
    from pipelines.lake.tables import replacing

    try:
        file.parent.stat()  # A folder that is not there may be a typing error: none is made.
        if file.exists() and not file.is_file():  # A pipe, or the terminal.
            file.write_text(page, encoding="utf-8")
        else:
            with replacing(file) as temporary:
                temporary.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html names {file}, which cannot be written: {error.strerror}.") from error
    sys.stderr.write(f"Written: {file}\n")
