"""``parcours review``: asks the questions worth a person's time, and keeps the answers as decisions in a file."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli import interrupts, stopping
from pipelines.cli.arguments import (
    Subcommands,
    add_home,
    add_json,
    add_language_of_sources,
    add_sources,
    at_least_one,
    day,
    day_of_run,
    resolve_day,
)
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.name_lists import list_names

if TYPE_CHECKING:
    import polars as pl

    from pipelines.cli.review_screen import Question
    from pipelines.config.home import Home
    from pipelines.texts.texts import Texts

LISTED = 20


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "review",
        help="decide whether two records belong to one person, the most valuable questions first",
        description="On a terminal, asks the questions of the published review queue one by one: uncertain pairs "
        "of records of valuable customers. An answer is a decision: it is written to the decisions file "
        "(<home>/decisions.csv, or `decisions` of sources.yml), overrides every rule, and applies from the next "
        "run on.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print the questions without asking them")
    what.add_argument("--same", nargs=2, metavar=("A", "B"), help="decide that two records belong to one person")
    what.add_argument("--different", nargs=2, metavar=("A", "B"), help="decide that two records belong to two people")
    what.add_argument("--undo", nargs=2, metavar=("A", "B"), help="undo what was decided about two records")
    parser.add_argument(
        "--author", metavar="NAME", help="who decides (else $PARCOURS_AUTHOR, $GIT_AUTHOR_NAME, the login name)"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; --same and --different need it")
    parser.add_argument("--expires", type=day, metavar="DATE", help="last day on which the decision applies")
    parser.add_argument(
        "--as-of",
        type=day_of_run,
        metavar="DATE",
        help="the day of the decision (else as_of of sources.yml, else today)",
    )
    parser.add_argument(
        "--limit",
        type=at_least_one,
        default=LISTED,
        metavar="N",
        help=f"how many questions to list at most (default: {LISTED})",
    )
    add_language_of_sources(parser, "the questions")
    add_home(parser)
    add_sources(parser)
    add_json(parser, "review.schema.json")
    parser.set_defaults(command=review)


def review(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_author, find_home, find_sources
    from pipelines.config.sources import load_sources
    from pipelines.texts.texts import open_texts

    answers = bool(options.undo or options.same or options.different)
    _refuse_idle_options(options)
    if not (answers or options.list or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise ConfigurationError(
            "Questions can only be asked on a terminal. Without one, `parcours review --list` prints them, and --same, "
            "--different and --undo answer them."
        )
    home = find_home(options.home)
    sources = load_sources(find_sources(options.sources, home))
    desk = Desk(
        home=home,
        file=sources.decisions_of(home),
        texts=open_texts(options.lang or sources.language, "review", sources.currency),
        as_of=resolve_day(options.as_of, sources),
        is_clock=not (options.as_of or sources.as_of),
        author="" if options.list else find_author(options.author),
    )
    reason = (options.reason or "").strip()
    if options.list:
        desk.list_questions(options.limit, options.json)
    elif options.undo:
        desk.take_back(tuple(options.undo), reason)
    elif answers:
        desk.decide(bool(options.same), tuple(options.same or options.different), reason, options.expires)
    else:
        stopping.say_when_stopped(desk.tell_kept)
        desk.ask_one_by_one(input)
    return 0


def _refuse_idle_options(options: argparse.Namespace) -> None:
    """Refuses options that have no effect together with the others."""
    decides = bool(options.same or options.different)
    if options.json and not options.list:
        raise ConfigurationError("--json goes with --list.")
    if options.expires and not decides:
        raise ConfigurationError("--expires goes with --same or --different.")
    if decides and not (options.reason and options.reason.strip()):
        raise ConfigurationError(
            "Why? Give the --reason of the decision: whoever reads it next year will want to know."
        )


@dataclass(frozen=True)
class Desk:
    """One reviewer at work: who decides, for which home, into which file, on which day (given, or today by the clock).

    ``texts``: the section ``review`` in the reviewer's language.
    """

    home: "Home"
    file: Path
    texts: "Texts"
    as_of: date
    is_clock: bool
    author: str

    def list_questions(self, limit: int, as_json: bool) -> None:
        from pipelines.cli.review_screen import render_list

        questions = list(islice(self._open_questions(), limit))
        if as_json:
            content = {
                "as_of": self.as_of.isoformat(),
                "decisions_file": str(self.file),
                "questions": [question.as_dict() for question in questions],
            }
            sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(render_list(questions, self.texts))

    def decide(self, same: bool, records: tuple[str, str], reason: str, expires: date | None) -> None:
        known = set(self._records()["record_id"])
        unknown = [record for record in records if record not in known]
        if unknown:
            raise ConfigurationError(
                f"Not among the records of the last run: {list_names(unknown, mark=' and ')}. A record id looks like "
                "crm:contacts:17; the mart customer_id_map lists those of every customer."
            )
        place = self._record(same, records, reason, expires)
        self._say(
            "decided_same" if same else "decided_different",
            place=place,
            folder=str(self.file.parent),
            left=records[0],
            right=records[1],
            author=self.author,
            day=self._tell_day(),
        )

    def take_back(self, records: tuple[str, str], reason: str) -> None:
        from pipelines.identity.decisions.write import take_back

        places = take_back(self.file, records, self.author, reason, self.as_of)
        self._say(
            "taken_back",
            places=", ".join(places),
            folder=str(self.file.parent),
            author=self.author,
            day=self._tell_day(),
        )

    def ask_one_by_one(self, ask: Callable[[str], str]) -> None:
        """Asks until no question is left or the reviewer quits; each answer is written at once."""
        from rich.console import Console

        from pipelines.cli.review_screen import show
        from pipelines.visible_text import plain_stream

        self._say("deciding", author=self.author, day=self._tell_day(), file=str(self.file))
        screen, records, recorded = Console(file=plain_stream(sys.stdout)), self._records(), 0
        try:
            for question in self._open_questions():
                show(screen, question, records, self.texts)
                recorded += self._ask(question, ask)
            self._say("none_left")
        except EOFError:
            sys.stdout.write("\n")
        hold = f" {self.texts.say('hold')}" if recorded else ""
        sys.stdout.write(f"{self.texts.say('recorded', count=self.texts.write('count', recorded))}{hold}\n")

    def tell_kept(self) -> str:
        """What a stop leaves: each answer was written when it was given."""
        return f"The answers given are in {self.file}. {interrupts.AS_IT_WAS}"

    def _ask(self, question: "Question", ask: Callable[[str], str]) -> bool:
        """Whether an answer was given and written. Raises EOFError to end the review."""
        meanings = {self.texts.say(f"answer_{meaning}"): meaning for meaning in ("same", "different", "next", "quit")}
        while True:
            answer = meanings.get(ask(self.texts.say("prompt")).strip().lower()[:1])
            if answer == "quit":
                raise EOFError
            if answer == "next":
                return False
            reason = ask(self.texts.say("why")).strip() if answer else ""
            if not reason:
                continue
            try:
                self._record(answer == "same", (question.record_id_l, question.record_id_r), reason)
            except ConfigurationError as refused:
                sys.stdout.write(f"{refused}\n")
                continue
            return True

    def _record(self, same: bool, records: tuple[str, str], reason: str, expires: date | None = None) -> str:
        from pipelines.identity.decisions.write import record_verdict

        verdict = "must_link" if same else "cannot_link"
        return record_verdict(self.file, verdict, records, self.author, reason, self.as_of, expires)

    def _open_questions(self) -> "Iterator[Question]":
        """The published questions by priority, without those that decisions have answered since."""
        from pipelines.cli.review_screen import read_questions
        from pipelines.identity.decisions.read import Answers, decisions_in_force, read_decisions

        answers, read_at = None, -1
        for question in read_questions(self.home):
            written_at = self.file.stat().st_mtime_ns if self.file.exists() else 0
            if answers is None or written_at != read_at:  # Changed by an answer given here, or by somebody else.
                answers, read_at = Answers(decisions_in_force(read_decisions(self.file), self.as_of)), written_at
            if answers.find(question.record_id_l, question.record_id_r) is None:
                yield question

    def _records(self) -> "pl.DataFrame":
        from pipelines.lake.tables import Lake

        lake = Lake(self.home.lake)
        if not lake.path("identity", "records").exists():
            raise ParcoursError(f"There are no records in {self.home.root} to decide on yet: run `parcours run` first.")
        return lake.read("identity", "records")

    def _say(self, key: str, **parts: str) -> None:
        sys.stdout.write(self.texts.say(key, **parts) + "\n")

    def _tell_day(self) -> str:
        """The day as written in the decisions file."""
        day = self.as_of.isoformat()
        return self.texts.say("day_of_clock", day=day) if self.is_clock else day
