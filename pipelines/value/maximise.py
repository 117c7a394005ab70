"""The maximum of a smooth function of a few parameters, from its value and gradient.

SciPy is not among the locked dependencies, and four parameters do not justify adding it. Newton's method needs a dozen
steps where a quasi-Newton method needs a hundred passes over a million customers, and it ends with proof of a maximum:
zero gradient and negative curvature in every direction.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]

MOST_STEPS = 100
GAIN = 1e-10  # Of the function's size: what the next step could still add, in likelihood far below one customer's.
LONGEST_STEP = 1.0  # In logarithms: no parameter moves by more than a factor of e at once.
EDGE = 12.0  # In logarithms. A parameter beyond e^12 means that the data do not determine it.
PULL = 3.0  # In logarithms: one standard deviation of the prior is a factor of twenty.
DIFFERENCE = 1e-5  # The cube root of the machine's precision: where a central difference is most exact.


@dataclass(frozen=True)
class Maximum:
    """Where the search ended; ``failure`` says why this is not a maximum, None if it is one.

    ``is_anchored``: the function alone has no maximum, so a weak pull towards the start was added to it.
    """

    at: Vector
    value: float
    steps: int
    failure: str | None
    is_anchored: bool = False


def maximise_anchored(objective: Objective, start: Vector) -> Maximum:
    """The maximum of the function itself; if it has none, that of the function with a weak pull towards the start.

    With few or very similar customers a parameter can diverge while the predictions hardly change. The pull is a
    normal prior: it fixes such a parameter and moves a well-determined one by a thousandth.
    """
    found = maximise(objective, start)
    if found.failure is None:
        return found

    def pulled(at: Vector) -> tuple[float, Vector]:
        value, gradient = objective(at)
        away = (at - start) / PULL
        return value - float(away @ away) / 2, gradient - away / PULL

    return replace(maximise(pulled, start), is_anchored=True)


def maximise(objective: Objective, start: Vector) -> Maximum:
    """Newton's method with steps that always climb.

    ``objective`` returns the value and the gradient at a point; the parameters are logarithms, so any number is valid.
    """
    at = start
    value, gradient = objective(at)
    for step in range(MOST_STEPS):
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return Maximum(at, value, step, "the likelihood is not a number")
        curvature, directions = np.linalg.eigh(_hessian(objective, at))
        slopes = directions.T @ gradient
        # Where the curvature is positive, the direction is kept and the slope decides its sign.
        bends = np.maximum(np.abs(curvature), 1e-9 * max(1.0, float(np.abs(curvature).max())))
        move = directions @ (slopes / bends)
        gain = float(slopes @ (slopes / bends)) / 2
        if gain <= GAIN * max(1.0, abs(value)):
            return Maximum(at, value, step, _doubt(at, curvature))
        climbed = _climb(objective, at, value, move * min(1.0, LONGEST_STEP / float(np.abs(move).max())), gradient)
        if climbed is None:
            return Maximum(at, value, step, "no step raises the likelihood")
        at, value, gradient = climbed
        if np.abs(at).max() > EDGE:
            return Maximum(at, value, step, "a parameter runs off without bound")
    return Maximum(at, value, MOST_STEPS, f"no maximum within {MOST_STEPS} steps")


def _doubt(at: Vector, curvature: Vector) -> str | None:
    if np.abs(at).max() > EDGE:
        return "a parameter runs off without bound"
    return None if (curvature < 0).all() else "the likelihood is flat: the data does not determine every parameter"


def _climb(
    objective: Objective, at: Vector, value: float, move: Vector, gradient: Vector
) -> tuple[Vector, float, Vector] | None:
    """The first of ever shorter steps that gains at least 1e-4 of what the slope promises (Armijo's rule)."""
    for halvings in range(40):
        reached = at + move / 2**halvings
        new_value, new_gradient = objective(reached)
        if np.isfinite(new_value) and new_value >= value + 1e-4 / 2**halvings * float(gradient @ move):
            return reached, new_value, new_gradient
    return None


def _hessian(objective: Objective, at: Vector) -> Vector:
    """Second derivatives, by central differences of the gradient."""
    columns = []
    for nudge in np.eye(at.size) * DIFFERENCE:
        _, above = objective(at + nudge)
        _, below = objective(at - nudge)
        columns.append((above - below) / (2 * DIFFERENCE))
    matrix = np.array(columns)
    return np.asarray((matrix + matrix.T) / 2)
