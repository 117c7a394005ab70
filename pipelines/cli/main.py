"""The ``parcours`` command: parses the arguments, runs one of ``pipelines.cli.commands``, turns errors into messages.

Exit codes: 0 done, 1 a check failed and nothing was published, 2 wrong usage or configuration,
3 published, but without a new report, 130 or 143 interrupted.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from pipelines.cli.closed_files import explain_closed
from pipelines.cli.commands import (
    check,
    docs,
    doctor,
    evaluate,
    export,
    how,
    id,
    init,
    model,
    report,
    review,
    rollback,
    run,
    sample,
    train,
    ui,
    why,
)
from pipelines.cli.interrupts import raise_on_sigterm
from pipelines.cli.parser import Parser
from pipelines.errors import ParcoursError
from pipelines.lake.owner_only import close_to_others
from pipelines.visible_text import visible_output

# How SQLite and DuckDB report a full disk.
DISK_FULL_WORDS = ("disk I/O error", "database or disk is full", "No space left on device", "File too large")

_NAME_ANOTHER = "Name another folder, or put what it holds elsewhere."
REFUSALS = {
    errno.EACCES: "Grant this user the right to read and write there, or name another folder.",
    errno.EPERM: "Grant this user the right to read and write there, or name another folder.",
    errno.EROFS: "It can only be read: name another folder.",
    errno.ENAMETOOLONG: _NAME_ANOTHER,
    errno.ELOOP: "A link leads back to itself: correct it.",
    errno.ENOTDIR: _NAME_ANOTHER,
    errno.EISDIR: _NAME_ANOTHER,
    errno.ENODEV: _NAME_ANOTHER,
    errno.EINVAL: _NAME_ANOTHER,
    errno.ENXIO: _NAME_ANOTHER,
    errno.EMFILE: "Raise the number of files that this user may open (`ulimit -n`).",
}
"""Of what the system may refuse a command, the way out: no fault of the program."""

COMMANDS = (
    init,
    check,
    run,
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
    export,
    docs,
    ui,
    doctor,
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
        "3 published, but without a new report, 130 or 143 interrupted",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(command=None, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for subparser in commands.choices.values():
        subparser.add_argument("--debug", action="store_true", help="show the traceback of an error")
        subparser.set_defaults(parser=subparser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    close_to_others()
    with visible_output():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    options, unknown = build_parser().parse_known_args(arguments)
    if unknown:
        options.parser.refuse(unknown)
    if options.command is None:
        options.parser.print_help()
        return 0
    raise_on_sigterm()
    try:
        exit_code: int = options.command(options)
    except ParcoursError as error:
        return _fail(str(error), error.exit_code, options.debug)
    except KeyboardInterrupt:
        return _fail("Interrupted. The published warehouse is as it was.", 130, options.debug)
    except BrokenPipeError:  # The reader of our output, such as `head`, has closed it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        refused = _find_refusal(error)
        if refused is not None:
            return _fail(refused, 1, options.debug)
        full = _find_full_disk(error)
        if full is not None:
            return _fail(
                f"{full}. Free some space, then run again; it continues from a consistent state.", 1, options.debug
            )
        closed = explain_closed(error)
        if closed is not None:
            return _fail(closed, 2, options.debug)
        return _fail(
            f"unexpected {type(error).__name__}: {error}\nThis is a bug in Parcours; --debug shows where.",
            1,
            options.debug,
        )
    return exit_code


def _fail(message: str, exit_code: int, debug: bool) -> int:
    if debug:
        raise  # noqa: PLE0704  # called only while an exception is being handled
    sys.stderr.write(f"parcours: {message}\n")
    return exit_code


def _find_refusal(error: BaseException | None) -> str | None:
    """What the system refused, if ``error`` or one of its causes is a refusal, and what to do."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in REFUSALS:
            of = f" ({error.filename})" if error.filename else ""
            return f"the system refuses: {error.strerror}{of}. {REFUSALS[error.errno]}"
        if isinstance(error, UnicodeEncodeError) and error.encoding == "utf-8":
            return "a path or an argument is not UTF-8, which DuckDB and Dagster need. Rename the folder or the file."
        error = error.__cause__ or error.__context__
    return None


def _find_full_disk(error: BaseException | None) -> str | None:
    """The disk's message, if ``error`` or one of its causes comes from a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        if any(words in str(error) for words in DISK_FULL_WORDS):
            return "The disk of the home folder is full"
        error = error.__cause__ or error.__context__
    return None
