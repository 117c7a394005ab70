"""What nobody can see is written out, in messages, in logs and in what a command prints; all letters stay."""

import json
import sys

import pytest

from pipelines.visible_text import make_one_line, make_visible, visible_output

UNSEEN = {
    "\x00": "\\u0000", "\x07": "\\u0007", "\r": "\\u000d", "\x1b": "\\u001b", "\x7f": "\\u007f", "\x85": "\\u0085",
    "\x9b": "\\u009b", "\u00ad": "\\u00ad", "\u061c": "\\u061c", "\u200b": "\\u200b", "\u200f": "\\u200f",
    "\u2028": "\\u2028", "\u202e": "\\u202e", "\u2066": "\\u2066", "\u3164": "\\u3164", "\ufeff": "\\ufeff",
    "\udce9": "\\udce9", "\U000e0041": "\\udb40\\udc41",
}  # fmt: skip


@pytest.mark.parametrize(("letter", "shown"), UNSEEN.items())
def test_what_cannot_be_seen_is_written_out(letter: str, shown: str) -> None:
    assert make_visible(f"a{letter}b") == f"a{shown}b"
    assert make_one_line(f"a{letter}b") == f"a{shown}b"


@pytest.mark.parametrize(
    "text", ["Hélène Œuvre", "12 €", "naïve ☕️ 東京", "19\N{NARROW NO-BREAK SPACE}%", "", "a\\u001b"]
)
def test_every_letter_that_can_be_seen_stays(text: str) -> None:
    assert make_visible(text) == text == make_one_line(text)


def test_lines_of_a_message_stay_and_those_of_a_name_within_it_do_not() -> None:
    assert make_visible("one\n\ttwo") == "one\n\ttwo"
    assert make_one_line("one\n\ttwo") == "one\\u000a\\u0009two"


def test_a_document_of_json_still_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"name": "a\x1b[2J\x7f\u202e\U000e0041", "other": "Zoé"}
    with visible_output():
        sys.stdout.write(json.dumps(said, ensure_ascii=False))
    printed = capsys.readouterr().out
    assert "\x7f" not in printed
    assert json.loads(printed) == said
