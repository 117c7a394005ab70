"""Scored pairs of profiles, and the numbers of their ends."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import ENDS, open_linker
from pipelines.identity.scoring.profiles import build_profiles

Numbers = npt.NDArray[np.int32]

PREFILTER_RATIO = 4  # With so many times more profiles than pairs, it is quicker to filter them first.


@dataclass(frozen=True)
class ScoredPairs:
    """``identity/pairs``, or some of its columns, and the profile numbers of their ends, row by row."""

    pairs: pl.DataFrame
    left: Numbers
    right: Numbers


def score_pairs(records: pl.DataFrame, model: ModelVersion) -> pl.DataFrame:
    """``identity/pairs`` of ``records`` (``identity/records``), as :meth:`~.linker.ProfileLinker.score_all` gives them.

    A profile of identical records goes by their smallest record_id.
    """
    with open_linker(build_profiles(records)[0], model) as linker:
        return linker.score_all()


def number_pairs(profiles: pl.DataFrame, pairs: pl.DataFrame) -> ScoredPairs:
    """``pairs`` between ``profiles`` (``number_profiles``), others dropped, with the profile numbers of their ends."""
    numbered = profiles.select("record_id", "profile_no")
    if pairs.height < profiles.height / PREFILTER_RATIO:
        numbered = numbered.filter(pl.col("record_id").is_in(pl.concat([pairs[end] for end in ENDS]).implode()))
    ends = [
        pairs.select(pl.col(end).alias("record_id"))
        .join(numbered, on="record_id", how="left", maintain_order="left")["profile_no"]
        .fill_null(-1)
        .to_numpy()
        for end in ENDS
    ]
    is_known = (ends[0] >= 0) & (ends[1] >= 0)
    return ScoredPairs(pairs.filter(pl.Series(is_known)), ends[0][is_known], ends[1][is_known])
