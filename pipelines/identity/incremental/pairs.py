"""Scores only the pairs that a change of records may have changed; the result equals that of scoring all of them.

A pair depends on its two profiles, on the model version with its frozen term frequencies and limits, and on one thing
more: a blocking key finds it only while its block is within the key's limit. All of that is in the digests of its
profiles (:meth:`~pipelines.identity.scoring.linker.ProfileLinker.digest`), since a key beyond its limit does not count
as one. So a pair of two profiles whose digests stayed the same stays as it was; Splink scores the others.
"""

from dataclasses import dataclass

import polars as pl

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import ENDS, open_linker


@dataclass(frozen=True)
class ScoredProfiles:
    """``pairs`` is ``identity/pairs``, ``digests`` what it was scored from, ``changed`` how many profiles were new."""

    pairs: pl.DataFrame
    digests: pl.DataFrame
    changed: int


def score_profiles(
    profiles: pl.DataFrame, model: ModelVersion, before: tuple[pl.DataFrame, pl.DataFrame] | None = None
) -> ScoredProfiles:
    """The pairs of ``profiles`` (``build_profiles``).

    ``before`` are the pairs and the digests of another day, by the same model version: of the pairs between profiles
    that have not changed since, nothing is scored again.
    """
    with open_linker(profiles, model) as linker:
        digests = linker.digest()
        if before is None:
            return ScoredProfiles(linker.score_all(), digests, digests.height)
        pairs_before, digests_before = before
        changed = digests.join(digests_before, on=["record_id", "digest"], how="anti")["record_id"]
        unchanged = digests.join(digests_before, on=["record_id", "digest"], how="semi")["record_id"]
        kept = pairs_before
        for end in ENDS:
            kept = kept.join(unchanged.to_frame(end), on=end, how="semi")
        if not len(changed):
            return ScoredProfiles(kept.sort(ENDS), digests, 0)
        return ScoredProfiles(pl.concat([kept, linker.score_changed(changed)]).sort(ENDS), digests, len(changed))
