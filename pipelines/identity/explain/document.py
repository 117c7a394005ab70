"""An explanation as a document: what is told, once and in one language, whatever it is then rendered for.

``compose`` makes it, ``render_terminal`` and ``render_html`` show it. It holds what records say: personal data.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One part of a match weight: a bar of a waterfall chart, a row of a table.

    ``weight`` is in bits, ``bits`` the same as written. ``values`` are those of the two records, empty where the part
    is no field of two records; ``note``: how they compare. A part that is not counted says nothing: it cannot be
    compared, or is counted under another field.
    """

    label: str
    weight: float
    bits: str
    note: str = ""
    values: tuple[str, ...] = ()
    is_counted: bool = True


@dataclass(frozen=True)
class Waterfall:
    """A match weight and the parts that add up to it, under the headings of a table: field, records, level, bits."""

    title: str
    headings: tuple[str, ...]
    parts: tuple[Part, ...]
    total: Part

    @property
    def is_of_records(self) -> bool:
        """Whether the values of two records stand beside their weights."""
        return any(part.values for part in self.parts)


@dataclass(frozen=True)
class Step:
    """A numbered step: of a chain between two records, or a join of a customer.

    ``sides`` are the records that it brings together, ``sides_in_short`` the first few of them where there are many.
    """

    title: str
    sides: str = ""
    sides_in_short: str = ""
    waterfall: Waterfall | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    heading: str = ""
    text: str = ""
    waterfall: Waterfall | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Document:
    """An answer: its verdict in a sentence, what else there is to know, and the evidence in sections.

    ``title`` says what was asked; ``scale`` explains what a bit is; ``decimal_mark`` is that of the language.
    """

    language: str
    decimal_mark: str
    title: str
    verdict: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    model: str
    scale: str
    decisive: str = ""
