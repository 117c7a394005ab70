"""Headers as words that can be compared: no capitals, accents, plurals or empty words, synonyms as one."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# `LastName` and `dateNaissance` are two words, `DDN` and `CODE` are one.
_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Za-z])(?=[0-9]+$)")
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_NUMBER_SIGN = re.compile(r"\bn\s*[°º]|#", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Folded:
    """A header or a phrase. ``words``: what it says, in its order; ``glued``: its letters and digits in one."""

    words: tuple[str, ...]
    glued: str


class Folding:
    """How headers are folded: ``synonyms`` maps words to the one they stand for, ``silent`` ones are left out."""

    def __init__(self, synonyms: Mapping[str, str], silent: Collection[str]) -> None:
        self._synonyms = {meaning: meaning for meaning in synonyms.values()} | dict(synonyms)
        self._silent = frozenset(silent)

    def fold(self, text: str) -> Folded:
        text = _INITIALS.sub(lambda found: found[0].replace(".", ""), text)
        plain = strip_accents(_NUMBER_SIGN.sub(" no ", _CAMEL.sub(" ", text.strip())))
        written = _WORD.findall(plain)
        telling = [word for word in written if word not in self._silent] or written
        words = dict.fromkeys(map(self._stand_for, telling))
        if words.keys() & {"taxed", "untaxed"}:
            words.pop("tax", None)  # `inc VAT` is one word in French, `TTC`.
        return Folded(tuple(words), "".join(telling))

    def _stand_for(self, word: str) -> str:
        singular = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        return self._synonyms.get(word) or self._synonyms.get(singular) or singular


def split_words(text: str) -> list[str]:
    """The words and numbers of a header, in small letters without accents, each as it is written."""
    return _WORD.findall(strip_accents(_CAMEL.sub(" ", text.strip())))


def strip_accents(text: str) -> str:
    """The text in small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe"))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def fold_value(value: str) -> str:
    """A value of a list of allowed ones, as it is compared: `Payée ` and `PAYEE` are one."""
    return " ".join(_WORD.findall(strip_accents(value.replace("&", " and ").replace("+", " "))))
