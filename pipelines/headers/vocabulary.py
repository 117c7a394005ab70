"""The words of exports, read from `vocabulary.yml`, and how well a header says each canonical column."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts import Table
from pipelines.headers.folding import Folded, Folding, fold_value, split_words

SURE = 0.9  # The header says the column's name, in whatever words, and nothing else.
LIKELY = 0.6  # It says it and more; whoever reads the file should look twice.


@dataclass(frozen=True)
class TableWords:
    """How a canonical table is known.

    ``files`` are words of its files' names, ``needs`` groups of columns of each of which one must be there, ``tells``
    words of which one must be told, if there are any.
    """

    files: frozenset[str]
    tells: frozenset[str]
    needs: tuple[tuple[str, ...], ...]


class Vocabulary:
    """What exports call things."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        synonyms = {word: meaning for meaning, words in written["words"].items() for word in map(str, words)}
        self.folding = Folding(synonyms, written["silent"])
        self._turning = frozenset(self.folding.fold(word).words[0] for word in written["turning"])
        self._general = self._fold_phrases(written["columns"])
        self._special = {path: self._fold_phrases(said.get("columns", {})) for path, said in written["tables"].items()}
        self.tables = {
            path: TableWords(
                self._fold_words(said["files"]),
                self._fold_words(said.get("tells", ())),
                tuple(tuple(group) for group in said["needs"]),
            )
            for path, said in written["tables"].items()
        }
        self._values = {
            place: {fold_value(str(word)): value for value, words in said.items() for word in (value, *words)}
            for place, said in written["values"].items()
        }
        self.never = frozenset(self.folding.fold(word).words[0] for word in written["never"])
        self.reversals = self._fold_words(written["reversals"])
        self.assumed: Mapping[str, str] = written["assumed"]
        self.kinds = {kind: self._fold_words(words) for kind, words in written["kinds"].items()}

    def _fold_words(self, phrases: Iterable[str]) -> frozenset[str]:
        return frozenset(word for phrase in phrases for word in self.folding.fold(phrase).words)

    def _fold_phrases(self, columns: Mapping[str, list[str]]) -> dict[str, tuple[Folded, ...]]:
        return {
            column: tuple(self.folding.fold(str(phrase)) for phrase in (column.replace("_", " "), *phrases))
            for column, phrases in columns.items()
        }

    def phrases(self, table: Table, column: str) -> tuple[Folded, ...]:
        """What ``column`` of ``table`` is called, the likeliest first."""
        special = self._special.get(table.path, {})
        return special.get(column) or self._general.get(column) or (self.folding.fold(column.replace("_", " ")),)

    def columns_of(self, table: Table) -> Iterator[str]:
        """The canonical columns of ``table``, and what is only a part of one: a time of day, a discount."""
        names = {column.name for column in table.columns}
        yield from (column.name for column in table.columns)
        if "last_name" in names:
            yield "full_name"
        if "address" in names:
            yield "address_2"
        if "phone" in names and "mobile" not in names:
            yield "mobile"
        if names & {"sold_at", "ordered_at"}:
            yield "time_of_day"
        if "product_id" in names and "quantity" in names:
            yield "product_name"
        if "line_amount" in names and "discount_amount" not in names:
            yield "discount_amount"

    def match(self, header: Folded, table: Table, column: str) -> float:
        """How well ``header`` says ``column``: 1 for its name, 0 for nothing of the kind.

        Later phrases of a list are worth a little less, so that of two headers the likelier wins.
        """
        best = 0.0
        for rank, phrase in enumerate(self.phrases(table, column)):
            said = set(phrase.words)
            if set(header.words) == said:
                score = 1.0
            elif header.glued == phrase.glued or header.glued == "".join(phrase.words):
                score = 0.97
            elif said <= set(header.words):
                extra = set(header.words) - said
                start = 0.72 if len(said) == 1 else 0.85
                score = start - 0.1 * len(extra) - (0.4 if extra & self._turning else 0)
            else:
                continue
            best = max(best, score - 0.005 * min(rank, 15))
        return best

    def value_of(self, table: Table, column: str, value: str) -> str | None:
        """The allowed value that ``value`` of an export means, None where nobody knows."""
        return self._values.get(f"{table.path}.{column}", {}).get(fold_value(value))


@cache
def read_vocabulary() -> Vocabulary:
    return Vocabulary(_read_file())


def _read_file() -> dict[str, Any]:
    with (Path(__file__).parent / "vocabulary.yml").open(encoding="utf-8") as file:
        # Of the base, for which `no` is a word, and `1` too; it makes nothing but texts, lists and mappings.
        read: dict[str, Any] = yaml.load(file, yaml.BaseLoader)  # noqa: S506
        return read


@cache
def known_words() -> frozenset[str]:
    """Every word that exports are known to use in headers, as :func:`split_words` gives them."""
    written = _read_file()
    phrases = [*written["words"], *(word for words in written["words"].values() for word in words)]
    phrases += [*written["silent"], *written["turning"]]
    for columns in (written["columns"], *(said.get("columns", {}) for said in written["tables"].values())):
        phrases += [*columns, *(phrase for listed in columns.values() for phrase in listed)]
    return frozenset(word for phrase in phrases for word in split_words(str(phrase)))
