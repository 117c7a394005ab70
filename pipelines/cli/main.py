"""The ``parcours`` command: parses the arguments, runs one of ``pipelines.cli.commands``, turns errors into messages.

Exit codes: 0 done, 1 a check failed and nothing was published, 2 wrong usage or configuration, or the command could not
print, 3 published, but without a new report, 129, 130 or 143 stopped by SIGHUP, Ctrl-C or SIGTERM.
"""

import argparse
import functools
import signal
import sys
from collections.abc import Sequence

from pipelines import unexpected
from pipelines.cli import interrupts, stopping
from pipelines.cli.closed_files import explain_closed
from pipelines.cli.commands import (
    backup,
    check,
    docs,
    doctor,
    evaluate,
    export,
    how,
    id,
    init,
    model,
    pull,
    report,
    restore,
    review,
    rollback,
    run,
    sample,
    train,
    ui,
    watch,
    why,
)
from pipelines.cli.lost_output import lasting_output, tell_loss
from pipelines.cli.parser import Parser
from pipelines.errors import ParcoursError
from pipelines.lake.owner_only import close_to_others
from pipelines.visible_text import visible_output

COMMANDS = (
    init,
    check,
    run,
    pull,
    sample,
    train,
    model,
    evaluate,
    report,
    id,
    why,
    how,
    review,
    rollback,
    backup,
    restore,
    export,
    docs,
    ui,
    doctor,
    watch,
)


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            sys.stdout.write(f"parcours {version('parcours')}\n")
        except PackageNotFoundError:
            sys.stdout.write("parcours, from a folder in which it is not installed\n")
        parser.exit()


def build_parser() -> Parser:
    parser = Parser(
        prog="parcours",
        description="Turns a retailer's exports into one trustworthy profile per customer and the journey they are on.",
        epilog="exit codes: 0 done, 1 a check failed and nothing was published, 2 wrong usage or configuration, "
        "3 published, but without a new report, 129, 130 or 143 stopped",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(command=None, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for subparser in commands.choices.values():
        subparser.add_argument(
            "--debug",
            action="store_true",
            help="show the traceback of an error, with what libraries say of it: it may hold values of the exports",
        )
        subparser.set_defaults(parser=subparser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    close_to_others()
    with lasting_output() as printed, visible_output():
        try:
            exit_code = _run(arguments)
        except SystemExit as ended:  # Of argparse, which has shown its help, or told what is wrong.
            exit_code = int(ended.code or 0)
        return tell_loss(printed, exit_code)


def _run(arguments: Sequence[str] | None) -> int:
    options, unknown = build_parser().parse_known_args(arguments)
    if unknown:
        options.parser.refuse(unknown)
    if options.command is None:
        options.parser.print_help()
        return 0
    if options.debug:
        unexpected.keep_tracebacks()
    work = functools.partial(_carry_out, options)
    if getattr(options, "ends_itself", False):
        stopping.give_back()
        return work()
    return stopping.carry_out(work)


def _carry_out(options: argparse.Namespace) -> int:
    """The command's exit code, with every error told."""
    try:
        exit_code: int = options.command(options)
    except ParcoursError as error:
        return _fail(str(error), error.exit_code, options.debug)
    except KeyboardInterrupt as stopped:
        number = stopped.args[0] if stopped.args else signal.SIGINT
        sys.stderr.write(interrupts.compose(interrupts.name(number), interrupts.AS_IT_WAS))
        return 128 + int(number)
    except Exception as error:
        closed = explain_closed(error)
        if closed is not None:
            return _fail(closed, 2, options.debug)
        return _fail(unexpected.describe(error), 1, options.debug)
    finally:
        sys.stderr.writelines(unexpected.take_tracebacks())
    return exit_code


def _fail(message: str, exit_code: int, debug: bool) -> int:
    if debug:
        raise  # noqa: PLE0704  # called only while an exception is being handled
    sys.stderr.write(f"parcours: {message}\n")
    return exit_code
