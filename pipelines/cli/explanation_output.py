"""How commands that explain tell it: to a terminal, as ``--json``, or as ``--html FILE``, a page with charts."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.errors import ConfigurationError


def add_html(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with waterfall charts instead; it holds personal data"
    )


def tell(
    options: argparse.Namespace,
    page: Callable[[], str],
    report: Callable[[], dict[str, Any]],
    print_out: Callable[[], None],
) -> None:
    """Tells an explanation in the forms that ``options`` (html, json) ask for; to the terminal where in none."""
    if options.html is not None:
        write_page(options.html, page())
    if options.json:
        sys.stdout.write(json.dumps(report(), indent=2, ensure_ascii=False) + "\n")
    elif options.html is None:
        print_out()


def write_page(file: Path, page: str) -> None:
    """Writes an HTML page and says where. Raises ConfigurationError where the file cannot be written."""
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html names {file}, which cannot be written: {error.strerror}.") from error
    sys.stderr.write(f"Written: {file}\n")
