"""How a figure moved: its sign, its unit, and whether that is for the better."""

from typing import Any

import pytest

from pipelines.report.deltas import Better, Meaning, compare
from pipelines.texts.texts import Kind, open_texts

MEANINGS: list[tuple[float, float, Kind, Better, dict[str, Any], str, Meaning, str]] = [
    (110, 100, "count", "higher", {}, "+10.0%", "better", "better"),
    (90, 100, "money", "higher", {}, "−10.0%", "worse", "worse"),
    (0.25, 0.2, "share", "higher", {}, "+5.0 pts", "better", "better"),
    (0.25, 0.2, "share", "lower", {}, "+5.0 pts", "worse", "worse"),
    (0.15, 0.2, "share", "lower", {}, "−5.0 pts", "better", "better"),
    (-14.0, 40.0, "score", "higher", {}, "−54.0 pts", "worse", "worse"),
    (110, 100, "count", "neither", {}, "+10.0%", "neutral", "up"),
    (90, 100, "count", "neither", {}, "−10.0%", "neutral", "down"),
    (100.01, 100, "money", "higher", {}, "0.0%", "neutral", "unchanged"),
    # The value before lies between what the thresholds make of now, at its edges too.
    (110, 100, "count", "higher", {"span": [95, 110, 115]}, "+10.0%", "unclear", "within the identity range"),
    (110, 100, "count", "higher", {"span": [100, 110, 115]}, "+10.0%", "unclear", "within the identity range"),
    (110, 100, "count", "higher", {"span": [101, 110, 115]}, "+10.0%", "better", "better"),
    (110, 100, "count", "higher", {"span": [110, 110, 110]}, "+10.0%", "better", "better"),
    (-14.0, 40.0, "score", "higher", {"is_few": True}, "−54.0 pts", "unclear", "too few answers to tell"),
]


@pytest.mark.parametrize(("now", "before", "kind", "better", "more", "text", "meaning", "said"), MEANINGS)
def test_a_change_has_a_sign_a_unit_and_a_meaning(
    now: float, before: float, kind: Kind, better: Better, more: Any, text: str, meaning: Meaning, said: str
) -> None:
    delta = compare(now, before, kind, better, "vs Jan 2026", open_texts("en", "report", "EUR"), **more)
    assert delta is not None
    assert (delta.text, delta.meaning, delta.said, delta.since) == (text, meaning, said, "vs Jan 2026")


@pytest.mark.parametrize(("now", "before", "kind"), [(1, None, "count"), (None, 1, "share"), (5, 0, "money")])
def test_there_is_no_change_where_there_is_nothing_to_compare_with(now: Any, before: Any, kind: Kind) -> None:
    assert compare(now, before, kind, "higher", "", open_texts("en", "report")) is None
