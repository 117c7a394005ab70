"""``parcours run``: everything, from the exports to the published warehouse, through the Dagster assets."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from pipelines.cli.arguments import (
    Subcommands,
    add_home,
    add_language_of_sources,
    add_sources,
    at_least_one,
    day_of_run,
    resolve_day,
)

if TYPE_CHECKING:
    from pipelines.cli.told_night import ToldNight
    from pipelines.config.home import Home

PUBLISHED_UNFINISHED = 3
"""Exit code of a run that published and then failed: analysts have new data, but somebody has to look."""


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "run",
        help="read the exports, recognise the customers, build and publish the warehouse",
        description="Reads the exports, recognises the customers, builds the marts, publishes the warehouse and draws "
        "its report. Exits 0 only if both were done, 3 if only the warehouse was published; otherwise the "
        "published warehouse is unchanged.",
    )
    add_home(parser)
    add_sources(parser)
    day = parser.add_mutually_exclusive_group()
    day.add_argument(
        "--as-of",
        type=day_of_run,
        metavar="DATE",
        help="the day to compute everything as of, YYYY-MM-DD: its end (else as_of of sources.yml, else today)",
    )
    day.add_argument(
        "--yesterday",
        action="store_true",
        help="in place of today, the day that has ended where the retailer is: for a night that begins after midnight",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="recompute everything, reusing nothing from the last run such as the scores of unchanged pairs",
    )
    parser.add_argument(
        "--accept-drift",
        action="store_true",
        help="publish although this night exceeds the blocking drift limits, because you have checked that it is right",
    )
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="run although a file that cannot be made anew is lost or is another one, as the refused run said; a lost "
        "ledger gives every customer a new id",
    )
    parser.add_argument(
        "--wait",
        type=at_least_one,
        default=0,
        metavar="MINUTES",
        help="how long to wait while another run is at work on the home (default: not at all)",
    )
    parser.add_argument(
        "--attended",
        action="store_true",
        help="somebody is watching: wait for no source that is late, send no alert and no heartbeat (docs/nights.md)",
    )
    add_language_of_sources(parser, "the report and the summary")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from pipelines.cli import run_job
    from pipelines.cli.told_night import told_night
    from pipelines.config.home import ATTENDED, find_home

    if options.attended:
        os.environ[ATTENDED] = "1"
    home, run_id = find_home(options.home), run_job.new_run_id()
    with told_night(home, options.sources, run_id) as night:
        return _run(options, home, night)


def _run(options: argparse.Namespace, home: "Home", night: "ToldNight") -> int:
    from pipelines.cli import run_job, run_summary, standing, stopping
    from pipelines.cli.progress import Progress
    from pipelines.config.home import find_sources
    from pipelines.config.sources import load_sources
    from pipelines.frames.memory_limit import memory_limit
    from pipelines.lake import run_lock
    from pipelines.lake.tables import Lake
    from pipelines.nights.settings import refuse_unknown_sources
    from pipelines.segments.definitions import find_segments, load_segments
    from pipelines.texts.texts import open_texts
    from pipelines.warehouse import kept_state, publish

    file = find_sources(options.sources, home)
    sources = load_sources(file)
    segments = find_segments(home, sources)
    load_segments(segments)  # Reports mistakes now, not after everything is built.
    refuse_unknown_sources(night.teller.nights, sources)
    as_of = resolve_day(options.as_of, sources, before=int(options.yesterday))
    night.as_of = as_of.isoformat()
    memory_limit()
    run_id = night.run_id
    settings = {"home": str(home.root), "sources": str(file), "as_of": as_of.isoformat(), "full": options.full}
    if options.lang:
        settings["language"] = options.lang
    stopping.say_when_stopped(lambda: "This run had not begun.")
    with (
        run_lock.hold(
            home.root,
            run_id,
            when_alone=Lake(home.lake).sweep,
            patience=options.wait * 60,
            say=lambda words: sys.stderr.write(f"parcours: {words}\n"),
        ) as former,
        Progress() as progress,
        night.limited(),
    ):
        stopping.say_when_stopped(standing.note_standing(home).tell_after_run)
        publish.finish_interrupted(home)
        if options.accept_loss:
            kept_state.accept_losses(home, sources, file, segments)
        kept_state.check(home, sources, file, segments)
        ops = {"identity__drift": {"config": {"accept": options.accept_drift}}}
        outcome = run_job.launch("nightly", home, run_id, settings, progress, ops, former, night.tell_killed)
    night.end(outcome, options.lang or sources.language)
    if not outcome.published:
        sys.stderr.write(run_summary.render_failure(outcome, home))
        return max((failure.exit_code for failure in outcome.failures), default=1)
    texts = open_texts(options.lang or sources.language, "run")
    sys.stdout.write(run_summary.render(outcome, home, sources, as_of, progress, texts))
    if not outcome.succeeded:
        sys.stderr.write(run_summary.render_unfinished(outcome))
        return PUBLISHED_UNFINISHED
    return 0
