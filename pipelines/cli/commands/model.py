"""``parcours model``: the versions of the identity model, their content, and which one is in force."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import Subcommands, add_home, add_json, add_sources, path, resolve_day
from pipelines.errors import ConfigurationError, ParcoursError

if TYPE_CHECKING:
    from pipelines.identity.model.history import Reason
    from pipelines.lake.tables import Lake

SCHEMA = "model.schema.json"
IN_FORCE = "default: the one in force"


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "model",
        help="list, show, draw, open, choose or revert the versions of the identity model",
        description="Manages the versions of the identity model: which ones exist, what is in them, which one is in "
        "force and why. Each is a Splink model, to be drawn or opened as one. `parcours train` makes new ones.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_action(actions, "list", "all versions, and which one was in force when and why", show_list)
    show = _add_action(
        actions, "show", "what a version was trained on, and the weight of each comparison level", show_version
    )
    show.add_argument("version", metavar="VERSION", nargs="?", help=IN_FORCE)
    charts = _add_action(actions, "charts", "write Splink's charts of a version as pages", draw_version, json=False)
    charts.add_argument("version", metavar="VERSION", nargs="?", help=IN_FORCE)
    charts.add_argument(
        "--with-records",
        action="store_true",
        help="also the waterfall, comparison viewer, cluster studio and term frequencies, which show personal data",
    )
    charts.add_argument(
        "--out", type=path, metavar="DIR", help="the folder to write them to (default: charts/VERSION in the home)"
    )
    opened = _add_action(
        actions,
        "open",
        "a Python prompt, or the script on standard input, with Splink's linker",
        open_version,
        json=False,
    )
    opened.description = (
        "Opens a version as Splink's own linker over the records of the last run: `linker`, and `customers`, Splink's "
        "table of clusters with the customers of the last run. At a terminal, a Python prompt; else Python is read "
        "from standard input. Reads the home and writes nothing to it. Shows personal data."
    )
    opened.add_argument("version", metavar="VERSION", nargs="?", help=IN_FORCE)
    opened.set_defaults(ends_itself=True)
    use = _add_action(actions, "use", "put a version in force; the next run recognises people by it", use_version)
    use.add_argument("version", metavar="VERSION", help="one that `parcours model list` shows")
    revert = _add_action(
        actions, "revert", "put the previous version in force again; a second revert undoes the first", revert_to
    )
    add_sources(use)
    add_sources(revert)


def _add_action(
    actions: Subcommands,
    name: str,
    summary: str,
    command: Callable[[argparse.Namespace], int],
    *,
    json: bool = True,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    add_home(parser)
    if json:
        add_json(parser, SCHEMA)
    # Without a default, so that it does not override a --debug given before the action.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )
    parser.set_defaults(command=command)
    return parser


def show_list(options: argparse.Namespace) -> int:
    from pipelines.identity.training.describe_versions import describe_versions

    found = describe_versions(_find_lake(options))
    _print(options, found, _render_list(found))
    return 0


def show_version(options: argparse.Namespace) -> int:
    from pipelines.identity.model.registry import find_version, read_version
    from pipelines.identity.training.describe_versions import describe_version

    lake = _find_lake(options)
    described = describe_version(read_version(find_version(options.version, lake), lake), lake)
    _print(options, described, _render_version(described))
    return 0


def draw_version(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.identity.model.registry import find_version, load_version
    from pipelines.identity.monitoring.charts import chart_household_weights, write_chart
    from pipelines.identity.monitoring.record_charts import draw_records
    from pipelines.identity.monitoring.splink_charts import draw_model, write_page
    from pipelines.identity.scoring.profiles import profile_records

    lake = _find_lake(options)
    model = load_version(find_version(options.version, lake), lake)
    folder = options.out or find_home(options.home).charts / model.version
    people = profile_records(lake.read("identity", "records"))
    customers = lake.read("identity", "customer_ids") if options.with_records else None
    try:
        for page in draw_model(people, model):
            _tell_written(write_page(page, folder))
        _tell_written(write_chart(chart_household_weights(model), folder))
        if customers is not None:
            for page in draw_records(people, model, customers):
                _tell_written(write_page(page, folder))
    except OSError as error:
        if options.out is None:
            raise
        raise ConfigurationError(f"--out names {folder}, which cannot be written: {error.strerror}.") from error
    if options.with_records:
        sys.stderr.write("These pages show records: delete them when they have been looked at.\n")
    return 0


def _tell_written(file: Path) -> None:
    sys.stdout.write(f"{file}\n")


def open_version(options: argparse.Namespace) -> int:
    from importlib.metadata import version as find_release

    from pipelines.cli.python_session import converse
    from pipelines.notebook import open_model

    opened = open_model(options.home, options.version)
    greeting = (
        f"Splink {find_release('splink')} with the identity model {opened.version}, over {opened.profiles:,} distinct "
        "records:\n  linker     Splink's Linker\n  customers  the customers of the last run, as Splink's table of "
        "clusters\nThe home is not written to. Ctrl-D ends it."
    )
    return converse({"linker": opened.linker, "customers": opened.customers}, greeting)


def use_version(options: argparse.Namespace) -> int:
    from pipelines.identity.model.registry import find_version

    return _change(options, "chosen", lambda lake: find_version(options.version, lake))


def revert_to(options: argparse.Namespace) -> int:
    from pipelines.identity.model.history import find_previous, read_history
    from pipelines.identity.model.registry import name_in_force

    def before(lake: "Lake") -> str:
        previous = find_previous(read_history(lake), name_in_force(lake))
        if previous is None:
            raise ParcoursError("No model was in force before this one. `parcours model list` shows all versions.")
        return previous

    return _change(options, "reverted", before)


def _change(options: argparse.Namespace, reason: "Reason", choose: "Callable[[Lake], str]") -> int:
    """Puts the version that ``choose`` returns in force, unless it already is, and reports it."""
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.identity.model.registry import load_version, name_in_force, put_in_force
    from pipelines.lake import run_lock

    lake, home = _find_lake(options), find_home(options.home)
    as_of = resolve_day(None, load_sources(find_sources(options.sources, home)))
    with run_lock.hold(home.root, f"model-{reason}"):
        chosen = load_version(choose(lake), lake).version
        if chosen == name_in_force(lake):
            _print(options, {"in_force": chosen, "changed": None}, f"{chosen} is already in force; nothing changes.\n")
            return 0
        entry = put_in_force(chosen, lake, reason, as_of)
    instead = f", {entry.replaced} no longer" if entry.replaced else ""
    said = f"{chosen} is in force{instead}. The next `parcours run` recognises people by it; ids are kept.\n"
    if entry.replaced:
        said += "`parcours model revert` undoes this.\n"
    _print(options, {"in_force": chosen, "changed": asdict(entry)}, said)
    return 0


def _find_lake(options: argparse.Namespace) -> "Lake":
    from pipelines.config.home import find_home
    from pipelines.identity.model.registry import list_versions
    from pipelines.lake.tables import Lake

    home = find_home(options.home)
    lake = Lake(home.lake)
    if not list_versions(lake):
        raise ParcoursError(f"There is no identity model in {home.root} yet: `parcours run` trains the first.")
    return lake


def _print(options: argparse.Namespace, content: dict[str, Any], text: str) -> None:
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n" if options.json else text)


def _render_list(found: dict[str, Any]) -> str:
    lines = [f"  {'Version':<14} {'Learned':<10} {'Profiles':>11} {'Pairs':>13}  Last put in force"]
    for version in found["versions"]:
        latest = version["put_in_force"]
        lines.append(
            f"{'*' if version['is_in_force'] else ' '} {version['version']:<14} {version['as_of'] or '-':<10} "
            f"{_number(version['profiles']):>11} {_number(version['blocked_pairs']):>13}  "
            + ("-" if latest is None else f"{latest['as_of'] or '-'}, {latest['reason']}")
        )
        if version["problem"]:
            lines.append(f"    cannot run: {version['problem']}")
    lines += ["", f"* in force{'' if found['in_force'] else ': none'}"]
    return "\n".join(lines) + "\n"


def _render_version(described: dict[str, Any]) -> str:
    learned = described["learned"]
    lines = [f"{described['version']}, {'in force' if described['is_in_force'] else 'not in force'}"]
    if described["problem"]:
        lines.append(f"It cannot run: {described['problem']}")
    lines += [
        f"Learned as of {learned.get('as_of') or 'an unknown day'} from {_number(learned.get('profiles'))} profiles "
        f"and {_number(learned.get('blocked_pairs'))} pairs (seed {learned.get('seed')}); parameters from "
        f"{learned.get('learned_from', 'an unknown place')}",
        *(
            f"Put in force {entry['as_of'] or '-'}: {entry['reason']}"
            + (f", in place of {entry['replaced']}" if entry["replaced"] else "")
            for entry in described["put_in_force"]
        ),
        "Of all pairs, "
        + " and ".join(
            f"1 in {1 / described['shares'][name]:,.0f} is one {word}"
            for name, word in (("match", "person"), ("household", "household"))
            if described["shares"].get(name)
        ),
        "",
        "Weight of each comparison level, in bits: for one person and for one household, against strangers",
        f"  {'':<44} {'person':>8} {'household':>10}  {'pairs seen':>11}",
    ]
    field = None
    for level in described["weights"]:
        if level["field"] != field:
            field = level["field"]
            lines.append(f"  {field}")
        seen = (level["seen"] or {}).get("match")
        origin = "" if level["from"] == "records" else f"  {level['from']}"
        lines.append(
            f"    {level['level']:<42} {_bits(level['match_bits']):>8} {_bits(level['household_bits']):>10}  "
            f"{'-' if seen is None else f'{seen:,.0f}':>11}{origin}"
        )
    lines += [
        "",
        "Where values agree, the weight is for one of average frequency: a rarer one weighs more, a commoner one less.",
    ]
    return "\n".join(lines) + "\n"


def _bits(weight: float | None) -> str:
    return "-" if weight is None else f"{weight:+.2f}"


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"
