"""What an estimate without truth is made of: joins within customers, customers who may be one, receipts, the model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.evaluation.without_truth.file_of_customers import CustomerFile, count_pairs, read_customers
from pipelines.identity.evaluation.without_truth.joins import Joins, find_joins
from pipelines.identity.evaluation.without_truth.model_fit import measure_misfits
from pipelines.identity.evaluation.without_truth.receipts import ReceiptErrors, estimate_receipt_errors
from pipelines.identity.evaluation.without_truth.separated import Separated, weigh_leads, weigh_sample
from pipelines.identity.evaluation.without_truth.value_sample import read_codes, sample_pairs
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords

SEED = 20260101

Pairs = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Evidence:
    """Everything that an estimate is made of.

    ``together`` are the pairs of records within customers, ``profile_pairs`` all pairs of profiles, whoever's they are.
    ``separated`` are pairs of customers with a scored pair between them, and pairs of customers without.
    ``share_of_matches`` is the model's, of all pairs; ``misfits`` are by field.
    """

    together: int
    profile_pairs: float
    joins: Joins
    separated: tuple[Separated, Separated]
    receipts: ReceiptErrors
    share_of_matches: float
    misfits: dict[str, float]


def gather_evidence(
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    customers: pl.Series,
    model: ModelVersion,
    decisions: pl.DataFrame | None = None,
    seed: int = SEED,
) -> Evidence:
    """``customers`` names the customer of each record of ``profiled``, row by row; ``pairs`` has match_weight."""
    file = read_customers(profiled, customers)
    codes = read_codes(profiled)
    same, apart = _read_decisions(file, no_decisions() if decisions is None else decisions)
    count = len(file.of_profiles)
    return Evidence(
        count_pairs(file.sizes),
        count * (count - 1) / 2.0,
        find_joins(file, pairs, model, codes, same, seed),
        (
            weigh_leads(file, pairs, model, codes, apart, seed),
            weigh_sample(file, pairs, sample_pairs(codes, seed), model, codes, apart),
        ),
        estimate_receipt_errors(file),
        model.parameters.shares["match"],
        measure_misfits(file, pairs, model, seed),
    )


def _read_decisions(file: CustomerFile, decisions: pl.DataFrame) -> tuple[Pairs, Pairs]:
    """The profiles of every must-link, and the customers of every cannot-link, smaller number first."""
    decided = number_pairs(file.profiled.profiles, decisions)
    is_same = (decided.pairs["verdict"] == "must_link").to_numpy()

    def list_pairs(left: Numbers, right: Numbers) -> Iterator[tuple[int, int]]:
        return zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), strict=True)

    same = frozenset(list_pairs(decided.left[is_same], decided.right[is_same]))
    owners = (file.of_profiles[end[~is_same]] for end in (decided.left, decided.right))
    return same, frozenset(list_pairs(*owners))
