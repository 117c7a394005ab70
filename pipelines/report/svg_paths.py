"""SVG paths for what HTML cannot draw: lines, stacked areas, and ribbons between two columns of nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

FLOW_HEIGHT = 460.0  # Pixels that all flows together are tall.
LABEL_HEIGHT = 40.0  # A node's label takes two or three lines, however little flows through the node.
GAP = 12.0

Flows: TypeAlias = Mapping[tuple[str, str], int]


def draw_line(values: Sequence[float | None], low: float | None = None, high: float | None = None) -> str:
    """A line over a room of 100 by 100, from ``low`` to ``high``, else from the lowest value to the highest.

    There are gaps where there is no value, and no line of fewer than two.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known) if low is None else low, max(known) if high is None else high
    steps: list[str] = []
    is_down = False
    for position, value in enumerate(values):
        if value is not None:
            x = 100 * position / (len(values) - 1)
            y = 50.0 if high == low else 100 - 100 * (value - low) / (high - low)
            steps.append(f"{'L' if is_down else 'M'}{x:.2f} {y:.2f}")
        is_down = value is not None
    return " ".join(steps)


def stack_areas(layers: Sequence[Sequence[float]], top: float) -> list[str]:
    """One closed path per layer, the first at the bottom, over a room of 100 by 100 that is ``top`` tall."""
    count = len(layers[0]) if layers else 0
    below = [0.0] * count
    paths = []
    for layer in layers:
        above = [base + value for base, value in zip(below, layer, strict=True)]
        upper = [f"{_across(place, count)} {_up(value, top)}" for place, value in enumerate(above)]
        lower = [f"{_across(place, count)} {_up(value, top)}" for place, value in enumerate(below)]
        paths.append(f"M{' L'.join([*upper, *reversed(lower)])} Z")
        below = above
    return paths


def _across(place: int, count: int) -> str:
    return f"{100 * place / max(1, count - 1):.2f}"


def _up(value: float, top: float) -> str:
    return f"{100 - 100 * value / top:.2f}" if top else "100.00"


@dataclass(frozen=True)
class Placed:
    """Where a node lies: ``top`` and ``height`` in pixels."""

    top: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Nodes by name on either side, and a path per flow over a room 100 wide and ``height`` pixels tall."""

    height: float
    left: dict[str, Placed]
    right: dict[str, Placed]
    ribbons: dict[tuple[str, str], str]


def lay_out_flows(flows: Flows, left: Sequence[str], right: Sequence[str]) -> Layout:
    """Two columns of nodes in the given order, as tall as what flows through them, and the ribbons between.

    Ribbons leave and arrive in the order of the nodes at their other end, so that they cross as little as they can.
    """
    whole = sum(flows.values())
    scale = FLOW_HEIGHT / whole if whole else 0.0
    leaving = _place(left, {name: sum(flows.get((name, end), 0) for end in right) for name in left}, scale)
    arriving = _place(right, {name: sum(flows.get((start, name), 0) for start in left) for name in right}, scale)
    left_edge = {name: placed.top for name, placed in leaving.items()}
    right_edge = {name: placed.top for name, placed in arriving.items()}
    ribbons = {}
    for start in left:
        for end in right:
            size = flows.get((start, end), 0) * scale
            if not size:
                continue
            ribbons[(start, end)] = _ribbon(left_edge[start], right_edge[end], size)
            left_edge[start] += size
            right_edge[end] += size
    height = max((place.top + max(place.height, LABEL_HEIGHT) for place in _all(leaving, arriving)), default=0.0)
    return Layout(round(height, 1), leaving, arriving, ribbons)


def _all(*columns: Mapping[str, Placed]) -> list[Placed]:
    return [placed for column in columns for placed in column.values()]


def _place(names: Sequence[str], sizes: Mapping[str, int], scale: float) -> dict[str, Placed]:
    placed: dict[str, Placed] = {}
    top = 0.0
    for name in names:
        height = sizes[name] * scale
        placed[name] = Placed(round(top, 1), round(height, 1))
        top += max(height, LABEL_HEIGHT) + GAP
    return placed


def _ribbon(left: float, right: float, size: float) -> str:
    """A band from x 0 to x 100, bent half way."""
    return (
        f"M0 {left:.1f} C50 {left:.1f} 50 {right:.1f} 100 {right:.1f} "
        f"L100 {right + size:.1f} C50 {right + size:.1f} 50 {left + size:.1f} 0 {left + size:.1f} Z"
    )
