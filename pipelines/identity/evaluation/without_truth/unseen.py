"""Matches that agree in too little to be found, by capture and recapture: a value on which a match agrees captures it.

How many are captured by none is told by how many are captured once and twice, as for animals seen once and twice in a
wood: at least f1^2 / 2 f2 (Chao, "Estimating the population size for capture-recapture data with unequal
catchability", Biometrics 43, 1987). It holds for matches of unequal quality, which captures by chance would not. The
same inequality one step up tells those captured once, of which some are missed as well, from those captured twice and
three times: f1 is at least 2 f2^2 / 3 f3.
"""

from pipelines.identity.scoring.match_weights import Floats


def count_unseen(agreements: Floats) -> float:
    """The expected matches beyond the known ones, given these by the number of values they agree in (0, 1, ...)."""
    none, once, twice, thrice = (float(known) for known in agreements[:4])
    if not twice:
        return 0.0
    captured_once = max(once, 2.0 * twice**2 / (3.0 * thrice)) if thrice else once
    never_captured = captured_once**2 / (2.0 * twice)
    return max(0.0, captured_once + never_captured - once - none)
