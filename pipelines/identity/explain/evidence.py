"""The comparison of two records, field by field, and of two groups of records, as recognition weighs them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.explain.neighbourhood import Neighbourhood, StoredPair
from pipelines.identity.explain.printed_values import shown_value, withdrawn_fields
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import BLOCKING_KEYS, Field
from pipelines.identity.scoring.linker import STORE_THRESHOLD_BITS
from pipelines.identity.scoring.match_weights import Floats, pool_weights, prior_weight
from pipelines.identity.scoring.weighed_pairs import MISSING, Levels, weigh_pairs

Candidacy = Literal["stored", "one_profile", "by_rule", "no_common_key", "common_key_too_wide", "weight_not_kept"]
"""How a pair was looked at. ``stored``: weighed and kept; ``one_profile``: of identical content, nothing to weigh;
``by_rule``: one is a receipt or says nothing, these are not compared; ``no_common_key``: they share no blocking key;
``common_key_too_wide``: those they share are shared by too many; ``weight_not_kept``: below what is stored."""


NOT_COMPARED = ("missing", "in two scripts")
"""In place of a level, where a field of two records cannot be compared."""


@dataclass(frozen=True)
class FieldEvidence:
    """One field of two records. ``value_*`` as printed, ``key_*`` as compared; ``weight`` in bits.

    ``level`` is that of the model, or one of NOT_COMPARED. ``is_counted``: it can be compared and is not counted under
    another field. ``withdrawn_from``: the records whose value does not count because too many names share it.
    """

    field: str
    level: str
    weight: float
    value_l: str | None
    value_r: str | None
    key_l: str | None
    key_r: str | None
    is_counted: bool
    withdrawn_from: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two records compared: ``prior + fields + household_weight = weight``, in bits.

    ``stored`` is the pair of ``identity/pairs`` that holds this weight (of the records that stand for theirs), if any.
    ``common_keys`` are the blocking keys that both share.
    """

    record_id_l: str
    record_id_r: str
    prior: float
    fields: tuple[FieldEvidence, ...]
    household_weight: float
    weight: float
    match_probability: float
    candidacy: Candidacy
    stored: StoredPair | None
    common_keys: tuple[str, ...]

    @property
    def speaking_against(self) -> tuple[str, ...]:
        """The fields that count against one person, strongest first."""
        against = [evidence for evidence in self.fields if evidence.weight < 0]
        return tuple(evidence.field for evidence in sorted(against, key=lambda evidence: evidence.weight))


@dataclass(frozen=True)
class PooledField:
    """A field between two groups: the mean of its weights over the pairs that can be compared on it."""

    field: str
    weight: float
    compared_pairs: int


@dataclass(frozen=True)
class Pooled:
    """The evidence between two groups, over all their pairs of profiles: the parts add up to ``weight``, in bits."""

    profile_pairs: int
    prior: float
    fields: tuple[PooledField, ...]
    household_weight: float
    weight: float


@dataclass(frozen=True)
class _Weighed:
    levels: Levels
    fields: Floats
    household_fields: Floats
    household: float
    total: float
    says: npt.NDArray[np.bool_]


class Evidence:
    """Weighs what it is asked of a neighbourhood, under one model; each pair once."""

    def __init__(self, neighbourhood: Neighbourhood, model: ModelVersion) -> None:
        self.around = neighbourhood
        self.model = model
        self.fields = model.fields
        self._known: dict[tuple[int, int], _Weighed] = {}

    def weigh(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Weighs the pairs of subjects not weighed yet, all in one go."""
        new = sorted(pair for pair in {_ordered(*pair) for pair in pairs} if pair not in self._known)
        if not new:
            return
        left, right = (np.array([pair[side] for pair in new], dtype=np.int32) for side in (0, 1))
        weights = weigh_pairs(self.around.subjects, left, right, self.model)
        for row, pair in enumerate(new):
            self._known[pair] = _Weighed(
                weights.levels[row],
                weights.fields[row],
                weights.household_fields[row],
                float(weights.household[row]),
                float(weights.total[row]),
                weights.is_informative[row],
            )

    def weight_between(self, one: str, other: str) -> float:
        """The weight of two records, in bits."""
        return self._of(self.around.subject_of[one], self.around.subject_of[other]).total

    def compare(self, one: str, other: str) -> Comparison:
        """The two records field by field; ``one`` stands left."""
        subjects = [self.around.subject_of[record] for record in (one, other)]
        weighed = self._of(*subjects)
        names = sorted(self.around.names[subject] for subject in subjects)
        stored = self.around.stored.get((names[0], names[1]))
        shared = tuple(
            key
            for key, left, right in zip(BLOCKING_KEYS, *(self._blocks[subject] for subject in subjects), strict=True)
            if left is not None and left == right
        )
        return Comparison(
            one,
            other,
            prior_weight(self.model.parameters),
            tuple(self._field(position, field, one, other, weighed) for position, field in enumerate(self.fields)),
            weighed.household,
            weighed.total,
            float(self.model.parameters.calibration.probability(np.array([weighed.total]))[0]),
            self._candidacy(one, other, stored, shared, weighed.total),
            stored,
            shared,
        )

    def pool(self, one_side: Sequence[str], other_side: Sequence[str]) -> Pooled | None:
        """The evidence between two groups of records, as the division of components weighs it.

        None where one of them has no record that is compared.
        """
        sides = [self.profiles_of(side) for side in (one_side, other_side)]
        pairs = [(left, right) for left in sides[0] for right in sides[1] if left != right]
        if not pairs:
            return None
        self.weigh(pairs)
        weighed = [self._of(*pair) for pair in pairs]
        says = np.array([each.says for each in weighed]).sum(axis=0)
        fields, correction = pool_weights(
            np.array([each.fields for each in weighed]).sum(axis=0)[:, np.newaxis],
            np.array([each.household_fields for each in weighed]).sum(axis=0)[:, np.newaxis],
            says[:, np.newaxis].astype(np.float64),
            self.model.parameters,
        )
        household = float(correction[0])
        prior = prior_weight(self.model.parameters)
        return Pooled(
            len(pairs),
            prior,
            tuple(
                PooledField(field.name, float(weight), int(count))
                for field, weight, count in zip(self.fields, fields[:, 0], says, strict=True)
                if count
            ),
            household,
            prior + float(fields.sum()) + household,
        )

    def profiles_of(self, records: Iterable[str]) -> list[int]:
        """The profiles among the subjects of ``records``."""
        compared = (record for record in records if self.around.standing[record] == "profile")
        return sorted({self.around.subject_of[record] for record in compared})

    def _of(self, one: int, other: int) -> _Weighed:
        pair = _ordered(one, other)
        self.weigh([pair])
        return self._known[pair]

    def _field(self, position: int, field: Field, one: str, other: str, weighed: _Weighed) -> FieldEvidence:
        left, right = (self.around.rows[record] for record in (one, other))
        level = int(weighed.levels[position])
        return FieldEvidence(
            field.name,
            _why_not_compared(left[field.column], right[field.column])
            if level == MISSING
            else field.levels[level].name,
            float(weighed.fields[position]),
            shown_value(field, left),
            shown_value(field, right),
            left[field.column],
            right[field.column],
            bool(weighed.says[position]),
            tuple(row["record_id"] for row in (left, right) if field.name in withdrawn_fields(row, self.fields)),
        )

    def _candidacy(
        self, one: str, other: str, stored: StoredPair | None, shared: tuple[str, ...], weight: float
    ) -> Candidacy:
        if stored is not None:
            return "stored"
        if self.around.subject_of[one] == self.around.subject_of[other]:
            return "one_profile"
        if {self.around.standing[one], self.around.standing[other]} != {"profile"}:
            return "by_rule"
        if not shared:
            return "no_common_key"
        return "weight_not_kept" if weight < STORE_THRESHOLD_BITS else "common_key_too_wide"

    @cached_property
    def _blocks(self) -> list[tuple[str | None, ...]]:
        """The blocking keys of each subject."""
        with connect_in_memory("The explanation") as connection:
            connection.register("subjects", self.around.subjects.to_arrow())
            return connection.sql(
                f"select {', '.join(BLOCKING_KEYS.values())} from subjects order by profile_no"
            ).fetchall()


def _ordered(one: int, other: int) -> tuple[int, int]:
    """Profiles are numbered by record id, so that this is the order in which pairs are stored."""
    return (one, other) if one <= other else (other, one)


def every_pair(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """All pairs of ``numbers``."""
    return [(one, other) for at, one in enumerate(numbers) for other in numbers[at + 1 :]]


def _why_not_compared(left: str | None, right: str | None) -> str:
    """The name of a level that is none: one of NOT_COMPARED."""
    return "missing" if left is None or right is None else "in two scripts"
