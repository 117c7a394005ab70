"""Arguments that several commands share, and their parsing."""

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from pipelines.config.day_of_run import refuse_odd_day
from pipelines.texts.catalogue import list_languages

if TYPE_CHECKING:
    from pipelines.config.sources import Sources

    # What `add` of a command is given; argparse keeps the type private.
    Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Subcommands = object


MOST = 1_000_000_000  # Of whatever an option counts.


def add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home",
        type=path,
        metavar="DIR",
        help="folder of the lake and the warehouse (else $PARCOURS_HOME, else data)",
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sources",
        type=path,
        metavar="FILE",
        help="the sources.yml to read (else $PARCOURS_SOURCES, else <home>/sources.yml, else the bundled sample)",
    )


def add_json(parser: argparse.ArgumentParser, schema: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print JSON, as docs/schemas/{schema} describes it")


def path(text: str) -> Path:
    """A path that was named: an empty one would be the current folder, which nobody means."""
    if not text.strip():
        raise argparse.ArgumentTypeError("names nothing: give a path, or leave the option out")
    return Path(text)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None


def day_of_run(text: str) -> date:
    """A day that a run can be as of."""
    try:
        return refuse_odd_day(day(text))
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def resolve_day(option: date | None, sources: "Sources", *, before: int = 0) -> date:
    """The as-of day: the one asked for, else that of sources.yml, else today in the retailer's time zone.

    ``before``: so many days before today, for a night that begins after midnight.
    """
    today = datetime.now(ZoneInfo(sources.timezone)).date()
    return option or sources.as_of or today - timedelta(days=before)


def at_least_one(text: str) -> int:
    if not text.strip().lstrip("+-").isdecimal() or len(text) > len(str(MOST)) + 2:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number from 1 to {MOST:,}")
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small; at least 1")
    if number > MOST:
        raise argparse.ArgumentTypeError(f"{text} is too large; at most {MOST:,}")
    return number


def add_language(parser: argparse.ArgumentParser) -> None:
    """For commands that read only the lake, and no `sources.yml` that sets a language."""
    parser.add_argument("--lang", choices=list_languages(), default="en", help="language of the output (default: en)")


def add_language_of_sources(parser: argparse.ArgumentParser, what: str) -> None:
    """For output in the language of `sources.yml` unless another is asked for."""
    parser.add_argument(
        "--lang", choices=list_languages(), help=f"the language of {what} (else `language` of sources.yml, else en)"
    )
