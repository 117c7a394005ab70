"""The strongest way from one record to another over what ties records together."""

from collections import deque
from collections.abc import Iterable
from math import inf

from pipelines.identity.explain.record_ties import Tie


def find_strongest_path(ties: Iterable[Tie], one: str, other: str) -> list[Tie] | None:
    """The ties of the path whose weakest one is strongest, in order from ``one`` to ``other``; of these a shortest.

    A tie by rule or decision is stronger than any weight, and pooled evidence weaker. None where no path leads there.
    """
    reached: list[Tie] = []
    group = {one: {one}, other: {other}}
    for tie in sorted(ties, key=lambda tie: (-_strength(tie), tie.record_id_l, tie.record_id_r)):
        if group[one] is group[other]:
            break
        reached.append(tie)
        merged = group.setdefault(tie.record_id_l, {tie.record_id_l}) | group.setdefault(
            tie.record_id_r, {tie.record_id_r}
        )
        group |= dict.fromkeys(merged, merged)
    if group[one] is not group[other]:
        return None
    return _shortest(reached, one, other)


def _strength(tie: Tie) -> float:
    if tie.rule == "pooled_evidence":
        return -inf
    return inf if tie.weight is None else tie.weight


def _shortest(ties: list[Tie], one: str, other: str) -> list[Tie]:
    """The fewest ties that lead from one record to the other; strongest first where several do."""
    leads: dict[str, list[tuple[str, Tie]]] = {}
    for tie in ties:
        leads.setdefault(tie.record_id_l, []).append((tie.record_id_r, tie))
        leads.setdefault(tie.record_id_r, []).append((tie.record_id_l, tie))
    came_by: dict[str, tuple[str, Tie]] = {}
    waiting = deque([one])
    while other not in came_by:
        here = waiting.popleft()
        for there, tie in leads[here]:
            if there != one and there not in came_by:
                came_by[there] = (here, tie)
                waiting.append(there)
    path: list[Tie] = []
    while other != one:
        other, tie = came_by[other]
        path.append(tie)
    return path[::-1]
