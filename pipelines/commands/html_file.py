"""The ``--html FILE`` of commands that explain: a page with charts, written where the person asking wants it."""

import argparse
import sys
from pathlib import Path

from pipelines.errors import ConfigurationError


def add_html(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with waterfall charts instead; it holds personal data"
    )


def write_page(file: Path, page: str) -> None:
    """Writes an HTML page and says where. Raises ConfigurationError where the file cannot be written."""
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html names {file}, which cannot be written: {error.strerror}.") from error
    sys.stderr.write(f"Written: {file}\n")
