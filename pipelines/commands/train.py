"""``parcours train``: a new version of the identity model, put in force."""

import argparse
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.commands.arguments import add_home, add_sources
from pipelines.commands.subcommands import Subcommands


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "train",
        help="learn a new version of the identity model and put it in force",
        description="Learns the identity model from the records of the last run and puts the new version in force. The "
        "next run recognises people by it; customer ids survive, as far as people do.",
    )
    add_home(parser)
    add_sources(parser)
    parser.set_defaults(command=train)


def train(options: argparse.Namespace) -> int:
    from pipelines import lock
    from pipelines.commands import launch, summary
    from pipelines.commands.progress import Progress
    from pipelines.config import find_home, find_sources, load_sources
    from pipelines.identity.train import model_in_force
    from pipelines.lake import Lake

    home = find_home(options.home)
    file = find_sources(options.sources, home)
    sources = load_sources(file)
    as_of = sources.as_of or datetime.now(ZoneInfo(sources.timezone)).date()
    run_id = launch.new_run_id()
    settings = {"home": str(home.root), "sources": str(file), "as_of": as_of.isoformat()}
    with lock.hold(home.root, run_id, when_alone=Lake(home.lake).sweep), Progress() as progress:
        before = model_in_force(Lake(home.lake))
        outcome = launch.launch("training", home, run_id, settings, progress)
    if not outcome.succeeded:
        sys.stderr.write(summary.render_failure(outcome, home))
        return max((failure.exit_code for failure in outcome.failures), default=1)
    version = outcome.assets["identity/model"]["version"]
    if before is not None and before.version == version:
        sys.stdout.write(f"The same records gave the same model: {version} stays in force.\n")
    else:
        sys.stdout.write(f"Identity model {version} is in force. `parcours run` recognises people by it.\n")
    return 0
