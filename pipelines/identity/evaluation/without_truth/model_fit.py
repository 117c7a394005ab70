"""Whether the model describes these records: how its sure matches agree, beside how it says that matches do."""

import numpy as np

from pipelines.identity.evaluation.without_truth.file_of_customers import CustomerFile
from pipelines.identity.evaluation.without_truth.groups import weigh_profiles
from pipelines.identity.evaluation.without_truth.joins import select_within
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.match_weights import household_correction, prior_weight
from pipelines.identity.scoring.predict import ScoredPairs

SURE_BITS = 6.0
"""The weight from which a pair of one customer is a match whatever the field in question says."""

LEAST_PAIRS = 100
"""Sure pairs that both have a field, below which chance would decide."""


PAIRS = 5_000
"""Scored pairs within customers of which the fit is told."""


def measure_misfits(customers: CustomerFile, pairs: ScoredPairs, model: ModelVersion, seed: int) -> dict[str, float]:
    """By field, the share of matches (0 to 1) that show another level than the model expects.

    It is the total variation distance between the levels of pairs within customers that are sure without the field, and
    the model's probabilities of these levels among matches. A field that too few sure pairs have is left out.
    """
    left, right, _ = select_within(customers, pairs)
    taken = np.sort(np.random.default_rng(seed).permutation(len(left))[:PAIRS])
    weighed = weigh_profiles(customers.profiled, left[taken], right[taken], model)
    misfits = {}
    for position, compared in enumerate(model.fields):
        level = weighed.levels[:, position]
        others = np.arange(len(model.fields)) != position
        households = weighed.household_fields[:, others].sum(axis=1)
        without = weighed.fields[:, others].sum(axis=1) + household_correction(households, model.parameters)
        sure = (level >= 0) & (prior_weight(model.parameters) + without >= SURE_BITS)
        if sure.sum() < LEAST_PAIRS:
            continue
        counted = np.bincount(level[sure], minlength=len(compared.levels)).astype(np.float64)
        expected = np.array([model.parameters.levels[compared.name][each.name]["match"] for each in compared.levels])
        is_told = np.array([not each.is_neutral for each in compared.levels])
        shares, expected = counted * is_told, expected * is_told
        if shares.sum() > 0 and expected.sum() > 0:
            misfits[compared.name] = float(np.abs(shares / shares.sum() - expected / expected.sum()).sum() / 2.0)
    return misfits
