"""How a figure moved: the change with its sign, and whether that is for the better."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from pipelines.texts.texts import Kind, Texts

Better = Literal["higher", "lower", "neither"]
"""Which way is good. ``neither`` where more is not by itself better, as with the customers on record."""

Meaning = Literal["better", "worse", "neutral", "unclear"]
"""``unclear``: the change is smaller than what identity error, or too few answers, can make."""

Number: TypeAlias = float | Decimal

POINTS: dict[Kind, int] = {
    "share": 100, "fine_share": 100, "percent": 100, "probability": 100, "signed_share": 100, "score": 1,
}  # fmt: skip
"""Kinds whose change is told in points, with the points that one is; that of all others is told in percent."""


@dataclass(frozen=True)
class Delta:
    """One change as written: ``text`` with its sign, ``since`` when, and ``said``, what that means in a word.

    ``moved`` is the change as a share of the value before, or in points of it: what changes are compared by.
    """

    text: str
    since: str
    meaning: Meaning
    said: str
    moved: float
    is_points: bool


def compare(
    now: Number | None,
    before: Number | None,
    kind: Kind,
    better: Better,
    since: str,
    texts: Texts,
    *,
    span: Sequence[Number] = (),
    is_few: bool = False,
) -> Delta | None:
    """The change from ``before`` to ``now``; None where either is missing or there is nothing to be a share of.

    ``span`` holds the values of now under other identity thresholds: a value before that lies within it may differ by
    identity error alone. ``is_few`` says that either rests on too few answers to tell.
    """
    if now is None or before is None:
        return None
    is_points = kind in POINTS
    if is_points:
        moved = round(POINTS[kind] * (float(now) - float(before)), 1)
        text = texts.say("delta.points", points=texts.write("score", moved))
    elif before > 0:
        moved = round(float(now) / float(before) - 1, 3)
        text = texts.write("signed_share", moved)
    else:
        return None
    meaning, said = _judge(moved, float(before), better, [float(value) for value in span], is_few)
    return Delta(text, since, meaning, texts.name("delta", said), moved, is_points)


def _judge(moved: float, before: float, better: Better, span: Sequence[float], is_few: bool) -> tuple[Meaning, str]:
    if not moved:
        return "neutral", "same"
    if is_few:
        return "unclear", "few"
    if span and min(span) < max(span) and min(span) <= before <= max(span):
        return "unclear", "identity"
    if better == "neither":
        return "neutral", "up" if moved > 0 else "down"
    return ("better", "better") if (moved > 0) == (better == "higher") else ("worse", "worse")
