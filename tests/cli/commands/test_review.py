"""`parcours review`: from a question to a decision, to the next night's customers, and back again."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from io import FileIO
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import polars as pl
import pytest

from pipelines.cli.commands.review import Desk
from pipelines.cli.review_screen import Question
from pipelines.config.home import Home, find_home
from pipelines.lake.tables import Lake
from pipelines.texts.texts import open_texts

Command = Callable[..., subprocess.CompletedProcess[str]]
Marts = dict[str, list[tuple[object, ...]]]

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
HEADER = "verdict,record_a,record_b,author,reason,decided_on,expires_on"
TOLD_FOR_EVER = {"customer_id_history"}
"""What a decision and its undoing leave behind: the ledger tells both."""


@pytest.fixture(scope="module")
def questions(first_night: tuple[Home, str], exports: Path, parcours: Command) -> list[dict[str, Any]]:
    """The questions of the first night, as the command lists them."""
    listed = parcours(
        *("review", "--list", "--json", "--limit", 1000),
        *("--home", first_night[0].root, "--sources", exports / "sources.yml"),
    )
    assert listed.returncode == 0, listed.stderr
    told = json.loads(listed.stdout)
    jsonschema.validate(told, json.loads((SCHEMAS / "review.schema.json").read_text()))
    assert told["as_of"] == "2026-02-28"
    found: list[dict[str, Any]] = told["questions"]
    return found


@pytest.fixture
def review(home: Home, exports: Path, parcours: Command) -> Command:
    """``parcours review`` on a home of the test's own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        where = ("--home", home.root, "--sources", exports / "sources.yml")
        return parcours("review", *arguments, *where, **{"PARCOURS_AUTHOR": "Ada", **environment})

    return run


def pair(question: dict[str, Any]) -> tuple[str, str]:
    return question["record_id_l"], question["record_id_r"]


def first(questions: Sequence[dict[str, Any]], together: bool) -> dict[str, Any]:
    return next(question for question in questions if question["is_together"] is together)


def read_marts(home: Home) -> Marts:
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        return {name: connection.execute(f'select * from marts."{name}" order by all').fetchall() for (name,) in names}


def read_map(home: Home) -> dict[str, str]:
    return dict(Lake(home.lake).read("identity", "customer_ids").select("record_id", "customer_id").iter_rows())


def test_questions_come_by_what_they_are_worth_and_only_where_in_doubt(questions: list[dict[str, Any]]) -> None:
    priorities = [question["priority"] for question in questions]
    assert len(questions) >= 5
    assert priorities == sorted(priorities, reverse=True)
    assert [question["review_rank"] for question in questions] == list(range(1, len(questions) + 1))
    for question in questions:
        assert question["priority"] == pytest.approx(question["uncertainty_bits"] * question["value_at_stake"])
        assert (question["customer_id_l"] == question["customer_id_r"]) == question["is_together"]


def test_a_decision_holds_from_the_next_run_on_and_its_undoing_restores_ids_and_marts(
    first_night: tuple[Home, str],
    questions: list[dict[str, Any]],
    home: Home,
    review: Command,
    parcours: Command,
    exports: Path,
) -> None:
    before_map, before_marts = read_map(home), read_marts(home)
    apart, together = pair(first(questions, together=False)), pair(first(questions, together=True))
    assert review("--same", *apart, "--reason", "met her in the store").returncode == 0
    assert review("--different", *together, "--reason", "father and son").returncode == 0
    absent = f"must_link,crm:contacts:gone,{apart[0]},Bob,he will be back,2026-02-01,"
    with home.decisions.open("a") as file:
        file.write(absent + "\n")

    night = parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
    assert night.returncode == 0, night.stderr
    assert "decided by people: 2 pairs together, 1 apart; 1 waits for a record that is not there" in night.stdout
    decided = read_map(home)
    assert decided[apart[0]] == decided[apart[1]]
    assert decided[together[0]] != decided[together[1]]
    queue = {row[1:3] for row in read_marts(home)["identity_review_queue"]}
    assert queue & {apart, together} == set()
    scored = parcours("evaluate", "--decisions", "--home", home.root, "--json")
    labels = json.loads(scored.stdout)
    jsonschema.validate(labels, json.loads((SCHEMAS / "evaluate_decisions.schema.json").read_text()))
    assert (labels["same_person"], labels["different_people"], labels["not_weighed"]) == (1, 1, 1)

    assert review("--undo", *apart[::-1]).returncode == 0
    assert review("--undo", *together).returncode == 0
    home.decisions.write_text(home.decisions.read_text().replace(absent, ""))
    night = parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
    assert night.returncode == 0, night.stderr
    assert "decided by people" not in night.stdout
    assert read_map(home) == before_map
    after = read_marts(home)
    assert {name for name in before_marts if before_marts[name] != after[name]} == TOLD_FOR_EVER


def test_an_answered_question_is_not_listed_again(questions: list[dict[str, Any]], home: Home, review: Command) -> None:
    asked, spared = questions[0], questions[1]
    said = review("--different", *pair(asked), "--reason", "two people", "--expires", "2030-12-31", "--author", "Bob")
    assert said.returncode == 0, said.stderr
    assert "decided by Bob on 2026-02-28. It holds from the next `parcours run` on" in said.stdout
    record = f"cannot_link,{asked['record_id_l']},{asked['record_id_r']},Bob,two people,2026-02-28,2030-12-31"
    assert home.decisions.read_text().splitlines() == [HEADER, record]
    listed = review("--list")
    assert asked["record_id_r"] not in listed.stdout
    assert f"{spared['record_id_l']}  " in listed.stdout
    later = json.loads(review("--list", "--json", "--as-of", "2031-01-01").stdout)
    assert later["questions"][0] == asked, "what has ended is open again"


def test_a_contradiction_is_refused_before_it_is_written(
    questions: list[dict[str, Any]], home: Home, review: Command
) -> None:
    one, other = pair(questions[0])
    third = next(record for record in pair(questions[1]) if record not in (one, other))
    assert review("--same", one, third, "--reason", "same card").returncode == 0
    assert review("--same", third, other, "--reason", "same phone").returncode == 0
    before = home.decisions.read_bytes()
    refused = review("--different", one, other, "--reason", "two people")
    assert refused.returncode == 2
    for words in (
        "Not recorded",
        "decisions.csv:2 says",
        "decisions.csv:3 says",
        "decisions.csv:4 keeps two records apart",
    ):
        assert words in refused.stderr
    assert home.decisions.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--same", "crm:contacts:nobody", "{known}", "--reason", "x"],
            ["Not among the records", "crm:contacts:nobody"],
        ),
        (["--same", "{known}", "{known}", "--reason", "x"], ["the same record"]),
        (["--same", "{known}", "{other}"], ["--reason"]),
        (["--same", "{known}", "{other}", "--reason", "x", "--expires", "2026-02-27"], ["is before decided_on"]),
        (["--undo", "{known}", "{other}"], ["There is no decision"]),
        (["--list", "--expires", "2030-01-01"], ["--expires goes with"]),
        (["--json"], ["--json goes with --list"]),
        (["--list", "--same", "{known}", "{other}"], ["not allowed with"]),
        ([], ["--list", "terminal"]),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    questions: list[dict[str, Any]], home: Home, review: Command, arguments: list[str], words: list[str]
) -> None:
    known, other = pair(questions[0])
    refused = review(*(argument.format(known=known, other=other) for argument in arguments))
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    for word in words:
        assert word in refused.stderr
    assert not home.decisions.exists()


def test_nothing_published_yet_says_what_to_do_first(tmp_path: Path, exports: Path, parcours: Command) -> None:
    where = ("--home", tmp_path / "new", "--sources", exports / "sources.yml")
    for arguments in (["--list"], ["--same", "a:b:1", "a:b:2", "--reason", "x", "--author", "Ada"]):
        told = parcours("review", *arguments, *where)
        assert (told.returncode, "parcours run" in told.stderr) == (1, True)


# ---- In another language ----


def ask_in_french(folder: Path, answers: list[str]) -> tuple[bool, list[str]]:
    """Whether one question was answered in French, and the prompts that were shown."""
    prompts: list[str] = []

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return answers.pop(0)

    day, texts = date(2026, 2, 28), open_texts("fr", "review", "EUR")
    desk = Desk(Home(folder), folder / "decisions.csv", texts, day, is_clock=False, author="Ada")
    question = Question(1, "a:b:1", "a:b:2", "c", "d", False, 1.0, 0.5, 1.0, Decimal(1), Decimal(1), Decimal(1), 1.0)
    return desk._ask(question, answer), prompts


def test_questions_are_answered_by_the_letters_of_the_language(tmp_path: Path) -> None:
    assert ask_in_french(tmp_path, ["n", "s"])[0] is False, "s is the next one (suivante), n is nothing"
    assert not (tmp_path / "decisions.csv").exists()
    answered, prompts = ask_in_french(tmp_path, ["m", "même écriture"])
    assert answered
    assert [prompt.strip() for prompt in prompts] == [
        "[m]ême personne, [d]eux personnes, [s]uivante, [q]uitter\u00a0:", "Pourquoi\u202f?"
    ]  # fmt: skip
    [_, recorded] = (tmp_path / "decisions.csv").read_text(encoding="utf-8").splitlines()
    assert recorded == "must_link,a:b:1,a:b:2,Ada,même écriture,2026-02-28,"
    with pytest.raises(EOFError):
        ask_in_french(tmp_path, ["q"])


def test_the_questions_are_listed_in_the_language_asked_for(questions: list[dict[str, Any]], review: Command) -> None:
    listed = review("--list", "--limit", 1, "--lang", "fr").stdout.splitlines()
    assert listed[0].split() == ["rang", "état", "fiches", "probabilité", "incertitude", "en", "jeu", "(EUR)"]
    assert listed[1].split()[1] in ("réunies", "séparées")


# ---- On a terminal ----


def converse(arguments: Sequence[object], answers: Sequence[str]) -> str:
    """What a terminal shows while ``answers`` are typed, each at its prompt."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "review", *map(str, arguments)],
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        env=os.environ | {"COLUMNS": "140", "TERM": "xterm", "PARCOURS_AUTHOR": "Ada"},
    )
    os.close(its_end)
    shown, waiting = "", list(answers)
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        while read := _read(screen):
            shown += read
            if waiting and shown.rstrip().endswith(("[q]uit:", "Why?")):
                screen.write(f"{waiting.pop(0)}\n".encode())
                shown += "\n"
    assert process.wait(60) == 0, shown
    assert not waiting, shown
    return shown


def _read(screen: FileIO) -> str:
    """What appears next; nothing once the command has ended."""
    try:
        return screen.read(65536).decode()
    except OSError:
        return ""


def test_on_a_terminal_both_records_are_shown_and_each_answer_is_written_at_once(
    questions: list[dict[str, Any]], first_night: tuple[Home, str], exports: Path, tmp_path: Path
) -> None:
    home = find_home(tmp_path / "home")
    shutil.copytree(first_night[0].root, home.root)
    where = ["--home", home.root, "--sources", exports / "sources.yml"]
    shown = converse(where, ["?", "n", "s", "", "s", "same handwriting", "q"])
    assert home.decisions.read_text().splitlines() == [
        HEADER,
        f"must_link,{','.join(pair(questions[1]))},Ada,same handwriting,2026-02-28,",
    ]
    records = Lake(home.lake).read("identity", "records")
    for record_id in pair(questions[0]):
        [record] = records.filter(pl.col("record_id") == record_id).to_dicts()
        assert record_id in shown
        for field in ("last_name", "email", "city"):
            assert record[field] is None or record[field] in shown
    assert f"{questions[0]['revenue_l']:,.2f} EUR" in shown
    assert "bits" in shown
    assert questions[2]["record_id_l"] in shown, "the question after the one answered"
    assert "Recorded: 1. They hold" in shown
