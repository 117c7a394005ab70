"""``parcours check``: what a run would say of `sources.yml` and the first rows of the exports, in seconds."""

import argparse
import json
import sys

from pipelines.cli.arguments import (
    Subcommands,
    add_home,
    add_json,
    add_language_of_sources,
    add_sources,
    at_least_one,
    day_of_run,
    resolve_day,
)

ROWS = 1_000


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "check",
        help="check sources.yml against the first rows of the exports, without a run",
        description="Reads the first rows of every table as a run would, and tells all that is wrong at once, with its "
        "line in sources.yml and in the file; then what became of the values of each column, which columns nothing "
        "reads and which canonical tables nothing fills. Writes nothing. Exit code 0: a run would accept these rows; "
        "1: it would stop; 2: sources.yml is to be corrected.",
    )
    add_sources(parser)
    add_home(parser)
    parser.add_argument(
        "--as-of",
        type=day_of_run,
        metavar="DATE",
        help="the day to judge dates by (else as_of of sources.yml, else today)",
    )
    parser.add_argument(
        "--rows",
        type=at_least_one,
        default=ROWS,
        metavar="N",
        help=f"rows of each table to read, spread over its files (default: {ROWS})",
    )
    parser.add_argument(
        "--values",
        action="store_true",
        help="name columns that no list of Parcours has, and records by their ids: a file without a header has a "
        "customer in its first line, and an id may be somebody's mailbox",
    )
    add_language_of_sources(parser, "the output")
    add_json(parser, "check.schema.json")
    parser.set_defaults(command=check)


def check(options: argparse.Namespace) -> int:
    from pipelines.cli import check_output
    from pipelines.cli.silence import silence
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.texts.texts import open_texts
    from pipelines.trial.document import write_document
    from pipelines.trial.trial import try_sources

    sources = load_sources(find_sources(options.sources, find_home(options.home)))
    as_of = resolve_day(options.as_of, sources)
    with silence():
        trial = try_sources(sources, as_of, options.rows)
    if options.json:
        document = write_document(trial, sources, as_of, options.rows, with_values=options.values)
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        texts = open_texts(options.lang or sources.language, "check")
        sys.stdout.write(check_output.render(trial, sources, as_of, options.rows, texts, with_values=options.values))
    return trial.exit_code
