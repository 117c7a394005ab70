"""The words of a language: sentences, fields, levels, numbers. What has none of its own is told in the model's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from pipelines.identity.explain import english, french

Language = Literal["en", "fr"]
LANGUAGES: tuple[str, ...] = get_args(Language)


@dataclass(frozen=True)
class Words:
    """How one language says things."""

    language: Language
    texts: dict[str, str]
    fields: dict[str, str]
    levels: dict[str, str]
    keys: dict[str, str]
    decimal: str

    def say(self, text: str, **parts: object) -> str:
        """The sentence named ``text`` with its parts filled in; dates and numbers as the language writes them."""
        return self.texts[text].format(**{name: self._write(part) for name, part in parts.items()})

    def field(self, name: str) -> str:
        return self.fields.get(name, name.replace("_", " "))

    def level(self, name: str) -> str:
        return self.levels.get(name, name)

    def key(self, name: str) -> str:
        return self.keys.get(name, name)

    def bits(self, weight: float) -> str:
        """A weight with its sign, to a hundredth."""
        return f"{weight:+.2f}".replace("-", "−").replace(".", self.decimal)

    def number(self, value: float) -> str:
        return f"{value:.2f}".replace("-", "−").replace(".", self.decimal)

    def probability(self, value: float) -> str:
        """A probability as a percentage; never a hundred where it is less."""
        shown = f"{min(value, 0.9999) * 100:.2f}".replace(".", self.decimal)
        return f"{'> ' if value > 0.9999 else ''}{shown} %"

    def sides(self, records: Sequence[str], most: int = 3) -> str:
        """Some record ids, shortened where there are many."""
        if len(records) <= most:
            return ", ".join(records)
        return self.say("and_more", first=", ".join(records[:most]), count=len(records) - most)

    def _write(self, part: object) -> str:
        if isinstance(part, float):
            return self.number(part)
        if isinstance(part, date):
            return f"{part:%d/%m/%Y}" if self.language == "fr" else f"{part:%d %B %Y}"
        return str(part)


_WORDS = {
    "en": Words("en", english.TEXTS, english.FIELDS, english.LEVELS, english.KEYS, "."),
    "fr": Words("fr", french.TEXTS, french.FIELDS, french.LEVELS, french.KEYS, ","),
}


def words_of(language: str) -> Words:
    """The words of a language of :data:`LANGUAGES`."""
    return _WORDS[language]
