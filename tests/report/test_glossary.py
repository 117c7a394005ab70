"""Terms marked where they stand."""

from collections.abc import Sequence

import pytest

from pipelines.report.glossary import Marker, Term, explain
from pipelines.texts.texts import open_texts

NPS = Term("nps", "NPS", ["net promoter score", "NPS"], "…")
RATE = Term("rate", "Rate", ["retention rate", "rate"], "…")


def button(name: str, text: str) -> str:
    return f'<button type="button" class="term" popovertarget="term-{name}">{text}</button>'


def held(before: str, name: str, text: str, after: str) -> str:
    return f'<span class="held">{before}{button(name, text)}{after}</span>'


@pytest.mark.parametrize(
    ("text", "terms", "marked"),
    [
        ("The NPS, and the NPS again", [NPS], f"The {held('', 'nps', 'NPS', ',')} and the NPS again"),
        ("Net promoter score", [NPS], held("", "nps", "Net promoter score", "")),
        ("l’NPS\u202f; <b>", [NPS], held("l’", "nps", "NPS", "\u202f;") + " &lt;b&gt;"),
        ("separate, rates, a rate", [RATE], f"separate, rates, a {held('', 'rate', 'rate', '')}"),
        ("The retention rate", [RATE], f"The {held('', 'rate', 'retention rate', '')}"),
        ("(NPS/rate)", [NPS, RATE], held("(", "nps", "NPS", "/") + held("", "rate", "rate", ")")),
        ("Nothing", [NPS], "Nothing"),
    ],
)
def test_the_first_mention_of_a_term_is_marked_in_its_longest_form(
    text: str, terms: Sequence[Term], marked: str
) -> None:
    marker = Marker(terms)
    assert str(marker.mark(text)) == marked
    assert (not marker.left) == ("held" in marked)


def test_a_term_is_marked_once_over_all_texts_of_a_section() -> None:
    marker = Marker([NPS])
    assert "button" in marker.mark("NPS")
    assert "button" not in marker.mark("NPS")


def test_the_glossary_is_in_the_order_of_the_alphabet_whatever_the_accents() -> None:
    french = open_texts("fr", "report")
    words = [term.word for term in explain(["stage", "rfm", "cohort", "markov", "nps", "rfm"], french)]
    assert words == sorted(words, key=lambda word: word.replace("É", "E").lower())
    with pytest.raises(KeyError):
        explain(["nothing of that name"], french)
