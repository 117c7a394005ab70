"""Arguments parsed by argparse, which tells what was probably meant where something is not known."""

import argparse
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_CHOICE = re.compile(r"invalid choice: '(?P<given>[^']*)' \(choose from (?P<known>.*)\)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """Also makes the parsers of its commands, and theirs."""

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        """Unlike argparse, which passes over it where that cannot be written."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        chosen = _CHOICE.search(message)
        if chosen:
            message += _suggest(chosen["given"], re.findall(r"[\w-]+", chosen["known"]))
        super().error(message)

    def refuse(self, unknown: list[str]) -> NoReturn:
        """Ends with an error for arguments that the parser does not know."""
        options = [option for action in self._actions for option in action.option_strings]
        hints = (_suggest(argument.partition("=")[0], options) for argument in unknown if argument.startswith("-"))
        super().error(f"unrecognized arguments: {' '.join(unknown)}{next(filter(None, hints), '')}")


def _suggest(given: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # Loaded where somebody mistyped only.

    close = get_close_matches(given, list(known), n=1, cutoff=0.5)
    return f". Did you mean '{close[0]}'?" if close else ""
