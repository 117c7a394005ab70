"""``parcours pull``: some days of the sources that are pulled, anew."""

import argparse
import sys

from pipelines.cli.arguments import Subcommands, add_home, add_language_of_sources, add_sources, at_least_one, day
from pipelines.errors import ConfigurationError


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "pull",
        help="pull some days of a source anew",
        description="Pulls the rows of some days anew, of every table whose pull declares a `day`, and puts them in "
        "the place of those that were landed of these days; all other rows stay. Both sides are compared day by day. "
        "For what was mended at the source and left no stamp; `parcours run` then publishes it. Exits 0 where every "
        "table was taken, 1 where not.",
    )
    add_home(parser)
    add_sources(parser)
    parser.add_argument("--from", dest="first", type=day, required=True, metavar="DATE", help="the first day")
    parser.add_argument("--to", dest="last", type=day, required=True, metavar="DATE", help="the last day, included")
    parser.add_argument(
        "--source",
        action="append",
        metavar="NAME",
        help="of this source alone (else of all that can be asked for days); may be repeated",
    )
    parser.add_argument(
        "--wait",
        type=at_least_one,
        default=0,
        metavar="MINUTES",
        help="how long to wait while a run is at work on the home (default: not at all)",
    )
    add_language_of_sources(parser, "what it says")
    parser.set_defaults(command=pull)


def pull(options: argparse.Namespace) -> int:
    from pipelines.cli.silence import silence
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.lake import run_lock
    from pipelines.lake.tables import Lake
    from pipelines.nights.pulled import tell_pulls
    from pipelines.pulls.account import account_for, sort_accounts
    from pipelines.pulls.days import choose_sources, pull_days
    from pipelines.pulls.pull import Settings

    if options.last < options.first:
        raise ConfigurationError(f"--to {options.last} is before --from {options.first}: no day is left.")
    home = find_home(options.home)
    sources = load_sources(find_sources(options.sources, home))
    chosen = choose_sources(sources, options.source, lambda words: sys.stderr.write(f"parcours: {words}\n"))
    lake, said, outcomes = Lake(home.lake), list[str](), []
    settings = Settings(sources.base, say=said.append)
    with run_lock.hold(
        home.root,
        "pull",
        when_alone=lake.sweep,
        patience=options.wait * 60,
        say=lambda words: sys.stderr.write(f"parcours: {words}\n"),
    ):
        for source in chosen:
            with silence():
                outcomes += pull_days(source, lake, options.first, options.last, settings)
            sys.stderr.writelines(f"parcours: {words}\n" for words in said)
            said.clear()
    accounts = sort_accounts(map(account_for, outcomes))
    sys.stdout.writelines(f"{line}\n" for line in tell_pulls(accounts, options.lang or sources.language))
    return 1 if any(each.state == "not taken" for each in outcomes) else 0
