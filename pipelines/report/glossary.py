"""Terms explained where they stand: each is marked the first time a section says it, and listed at the page's end.

A term is an entry of ``report.term`` in the catalogue: its ``word``, the ``forms`` in which texts say it (plurals, long
names; parted by bars), and what is ``said`` of it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.texts.texts import Texts


@dataclass(frozen=True)
class Term:
    name: str
    word: str
    forms: Sequence[str]
    said: str


def explain(names: Iterable[str], texts: Texts) -> list[Term]:
    """The terms of these names, each once, in the order of the alphabet. Raises KeyError where one has no text."""
    terms = [
        Term(
            name,
            texts.say(f"term.{name}.word"),
            [form.strip() for form in texts.say(f"term.{name}.forms").split("|")],
            texts.say(f"term.{name}.said"),
        )
        for name in dict.fromkeys(names)
    ]
    return sorted(terms, key=lambda term: (_fold(term.word), term.name))


class Marker:
    """Marks the terms of one section; ``left`` are those that its texts did not say so far."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.left = {term.name: term for term in terms}

    def mark(self, text: str) -> Markup:
        """``text`` with the first mention of each term left as a button that shows what is said of it."""
        found: list[tuple[int, int, Term]] = []
        for term in list(self.left.values()):
            match = _find(term, text)
            if match and all(match.end() <= start or match.start() >= end for start, end, _ in found):
                found.append((match.start(), match.end(), term))
                del self.left[term.name]
        pieces: list[Markup] = []
        place = 0
        for start, end, term in sorted(found, key=lambda one: one[0]):
            # A browser breaks a line beside any button: what stands right before and after it is kept with it.
            before = max(place, text.rfind(" ", place, start) + 1)
            after = min([end + len(text[end:].partition(" ")[0]), *(one for one, *_ in found if one >= end)])
            held = Markup('<span class="held">{}{}{}</span>')
            pieces += [
                Markup.escape(text[place:before]),
                held.format(text[before:start], as_button(term.name, text[start:end]), text[end:after]),
            ]
            place = after
        return Markup().join([*pieces, Markup.escape(text[place:])])


def as_button(name: str, text: str) -> Markup:
    """``text`` as a button that shows what is said of the term, on a touch screen too and without a script."""
    button = Markup('<button type="button" class="term" popovertarget="term-{}">{}</button>')
    return button.format(name, text)


def _find(term: Term, text: str) -> re.Match[str] | None:
    forms = sorted(term.forms, key=lambda form: (-len(form), form))
    return re.search(rf"(?<!\w)(?:{'|'.join(re.escape(form) for form in forms)})(?!\w)", text, re.IGNORECASE)


def _fold(word: str) -> str:
    """Without accents and capitals, which the order of a dictionary does not heed."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter)).lower()
