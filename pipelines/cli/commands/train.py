"""``parcours train``: a new version of the identity model, compared with the one in force, then put in force."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import Subcommands, add_home, add_sources, resolve_day

if TYPE_CHECKING:
    from pipelines.config.home import Home

MOST_MOVES = 8
_WORDS = {
    "records_moved": "{records_moved:,} of {records:,} records ({share_moved:.2%}) would change customer",
    "customers": "{customers_before:,} customers would be {customers_after:,}: {merges:,} merge into another, "
    "{splits:,} parts split off",
    "pairs": "{pairs_changed:,} of {pairs:,} pairs ({share_of_pairs_changed:.2%}) would be linked or unlinked",
}


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "train",
        help="train a new version of the identity model and put it in force",
        description="Trains the identity model on the records of the last run, reports what it would change, and puts "
        "it in force if it moves few records; otherwise the one in force stays and the exit code is 1. The next run "
        "uses it; the ledger carries the customer ids over.",
    )
    add_home(parser)
    add_sources(parser)
    parser.add_argument(
        "--compare-only",
        action="store_true",
        help="train, save and compare; the model in force stays, whatever the result",
    )
    parser.add_argument(
        "--with-decisions",
        action="store_true",
        help="train on human decisions too: the class of decided pairs is known, not estimated",
    )
    parser.set_defaults(command=train)


def train(options: argparse.Namespace) -> int:
    from pipelines.cli import run_job, run_summary, stopping
    from pipelines.cli.progress import Progress
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.frames.memory_limit import memory_limit
    from pipelines.lake import run_lock
    from pipelines.lake.tables import Lake
    from pipelines.segments.definitions import find_segments
    from pipelines.warehouse import kept_state, publish

    home = find_home(options.home)
    file = find_sources(options.sources, home)
    sources = load_sources(file)
    as_of = resolve_day(None, sources)
    memory_limit()
    run_id = run_job.new_run_id()
    settings = {"home": str(home.root), "sources": str(file), "as_of": as_of.isoformat()}
    training = {
        "retrain": True,
        "compare_only": options.compare_only,
        "with_decisions": options.with_decisions,
    }
    with run_lock.hold(home.root, run_id, when_alone=Lake(home.lake).sweep) as former, Progress() as progress:
        stopping.say_when_stopped(_note_in_force(home))
        publish.finish_interrupted(home)
        kept_state.check(home, sources, file, find_segments(home, sources))
        ops = {"identity__model": {"config": training}}
        outcome = run_job.launch("training", home, run_id, settings, progress, ops, former)
    learned = outcome.assets.get("identity/model", {}).get("training")
    if learned is None:
        sys.stderr.write(run_summary.render_failure(outcome, home))
        return max((failure.exit_code for failure in outcome.failures), default=1)
    stream = sys.stdout if outcome.succeeded else sys.stderr
    stream.write(render(learned, options.compare_only))
    return 0 if outcome.succeeded else 1


def _note_in_force(home: "Home") -> Callable[[], str]:
    """What to say when the training is stopped: which model is in force then."""
    from pipelines.cli.standing import as_it_was
    from pipelines.identity.model.registry import name_in_force
    from pipelines.lake.tables import Lake

    lake = Lake(home.lake)
    before = name_in_force(lake)

    def tell() -> str:
        now = name_in_force(lake)
        if now != before:
            return f"The new identity model {now} is in force already. {as_it_was(home)}"
        stays = f"The identity model {now} stays in force" if now else "No identity model is in force yet"
        return f"{stays}. {as_it_was(home)}"

    return tell


def render(learned: dict[str, Any], compare_only: bool) -> str:
    """The result of a training; ``learned`` is ``Retrained.as_dict``."""
    lines = [] if learned["comparison"] is None else [*render_comparison(learned["comparison"]), ""]
    return "\n".join([*lines, *_render_outcome(learned, compare_only)]) + "\n"


def _render_outcome(learned: dict[str, Any], compare_only: bool) -> list[str]:
    version, before = learned["learned"], learned["before"]
    few = _say_too_few(learned) if learned.get("is_default") else ""
    if version == before:
        found = f"{few}: the shipped model" if few else "The same records gave the same model:"
        return [f"{found} {version} stays in force, nothing changes."]
    choose = f"  parcours model use {version}"
    stays = f"{before} stays in force" if before else "no model is in force yet"
    if compare_only:
        return [f"{version} is saved and {stays}. To put it in force:", choose]
    if learned["records_too_many"]:
        return [
            f"{version} would move more records than a new model may without your consent; it is saved, and {stays}.",
            "If the records have changed so much that this is right, put it in force:",
            choose,
        ]
    if few and learned["in_force"] != version:
        return [f"{few}: {before} stays in force."]
    in_force = f"{few}: the shipped model" if few else "Identity model"
    return [f"{in_force} {version} is in force. `parcours run` recognises people by it."]


def _say_too_few(learned: dict[str, Any]) -> str:
    records, pairs = learned["profiles"], learned["blocked_pairs"]
    return f"{records:,} distinct records, {pairs:,} pairs of them, are too few to learn from"


def render_comparison(comparison: dict[str, Any]) -> list[str]:
    """The figures of ``Comparison.as_dict`` as lines: customers, pairs, and the weights that move most."""
    before = comparison["before"]
    lines = [f"{comparison['after']} beside {before or 'the customers published'}"]
    figures = ["records_moved", "customers"] + ["pairs"] * (comparison["pairs"] is not None)
    lines += [f"  {_WORDS[name].format_map(comparison)}" for name in figures]
    if before is None:
        return [*lines, "  the previous model can no longer run: there are no weights to compare"]
    moves = [move for move in comparison["weights"] if move["bits"] != 0.0]
    if moves:
        lines += ["", f"Weights that move most, in bits ({len(moves):,} of {len(comparison['weights']):,} move)"]
        names = [f"{move['field']}: {move['level']}" for move in moves[:MOST_MOVES]]
        width = max(len(name) for name in names)
        lines += [
            f"  {name:<{width}}  {_bits(move['before'])} → {_bits(move['after'])}"
            for name, move in zip(names, moves, strict=False)
        ]
    return lines


def _bits(weight: float | None) -> str:
    return "    none" if weight is None else f"{weight:+8.2f}"
