"""From what is asked to its explanation: the one way from a lake to an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import ParcoursError
from pipelines.identity.explain.evidence import Evidence
from pipelines.identity.explain.how import Decisive, Join, find_decisive, order_joins
from pipelines.identity.explain.neighbourhood import Neighbourhood, read_neighbourhood
from pipelines.identity.explain.resolve_ids import Side, find_customer, find_sides
from pipelines.identity.explain.why import Answer, answer_why
from pipelines.identity.incremental.steps import find_scoring_version
from pipelines.identity.model.registry import load_version, model_in_force
from pipelines.lake.tables import Lake

SAME_WEIGHT = 1e-9  # Bits: what the order of a sum may change.


@dataclass(frozen=True)
class Story:
    """How a customer came together. ``asked`` is the id asked about, with today's customer and all of its records."""

    asked: Side
    joins: tuple[Join, ...]
    decisive: Decisive | None
    model_version: str

    def is_told_before(self, join: Join) -> bool:
        """Whether the comparison of ``join`` is that of an earlier one: of one more record of identical content."""
        alike = [each for each in self.joins if each.tie.rule == "identical_content"]
        return join in alike and any(
            each.number < join.number and each.tie.record_id_l == join.tie.record_id_l for each in alike
        )


@dataclass(frozen=True)
class Explained:
    """The answer to ``why``, with the version of the model that weighed it."""

    answer: Answer
    model_version: str


def explain_why(lake: Lake, one: str, other: str) -> Explained:
    """Why two records or customers are one person, or are not.

    Raises ConfigurationError where an id stands for nothing, ParcoursError where the lake cannot answer.
    """
    sides = find_sides(lake, one, other)
    evidence = _gather(
        lake, [side.customer_id for side in sides], [record for side in sides for record in side.records]
    )
    return Explained(answer_why(evidence, sides), evidence.model.version)


def explain_how(lake: Lake, asked: str) -> Story:
    """How the customer behind an id came together. Raises as :func:`explain_why` does."""
    side = find_customer(lake, asked)
    return tell_story(_gather(lake, [side.customer_id], side.records), side)


def tell_story(evidence: Evidence, side: Side) -> Story:
    """The story of the customer ``side``, all of whose records are in the neighbourhood of ``evidence``."""
    joins = order_joins(evidence, side.customer_id)
    return Story(side, tuple(joins), find_decisive(evidence.around, joins), evidence.model.version)


def _gather(lake: Lake, customers: Sequence[str], records: Sequence[str]) -> Evidence:
    around = read_neighbourhood(lake, customers)
    unknown = sorted(set(records) - around.rows.keys())
    if unknown:
        raise ParcoursError(
            f"{unknown[0]} is in the map of customers but not in the records: a run has stopped between the two. "
            "Run `parcours run` again."
        )
    return weigh_as_stored(lake, around)


def weigh_as_stored(lake: Lake, around: Neighbourhood) -> Evidence:
    """Evidence under the version that weighed the stored pairs, also where another was put in force since.

    Raises ParcoursError where it does not give the weights that are stored: the program has changed since.
    """
    scored_by = find_scoring_version(lake)
    model = model_in_force(lake) if scored_by is None else load_version(scored_by, lake)
    if model is None:
        raise ParcoursError(f"No identity model is in force in {lake.models}: run `parcours run` first.")
    evidence = Evidence(around, model)
    if not _gives_stored_weights(evidence):
        raise ParcoursError(
            f"The model {model.version} no longer gives the weights of the last run: it, or the program, has changed "
            "since. Run `parcours run` again, then ask."
        )
    return evidence


def _gives_stored_weights(evidence: Evidence, pairs: int = 20) -> bool:
    """Whether the first stored pairs of the neighbourhood, as many as ``pairs``, are weighed as they are stored."""
    around = evidence.around
    some = [around.stored[ids] for ids in sorted(around.stored)[:pairs]]
    evidence.weigh((around.subject_of[pair.record_id_l], around.subject_of[pair.record_id_r]) for pair in some)
    return all(
        abs(evidence.weight_between(pair.record_id_l, pair.record_id_r) - pair.match_weight) <= SAME_WEIGHT
        for pair in some
    )
