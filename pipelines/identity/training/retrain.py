"""Trains a new model version, compares it with the one in force, and puts it in force if it moves few records."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines.errors import ParcoursError
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.model.history import Reason
from pipelines.identity.model.registry import ModelVersion, load_version, name_in_force, put_in_force
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS
from pipelines.identity.training.compare_models import Comparison, compare_models
from pipelines.identity.training.train import MIN_PROFILES, train
from pipelines.lake.tables import Lake

NEEDED_COLUMNS = ("record_id", "content_hash", "is_decided", *MATCH_COLUMNS)

MAX_SHARE_MOVED = 0.02
"""Share of records that a new model may move to another customer without a person's consent: every figure by customer
moves with them. Ten times what retraining moves on a generated retailer of 3,000 people: none with another seed, .2%
where the earlier model was trained on half of the records, .1% where it had none of the tills'. More means that the
records did not only grow."""


@dataclass(frozen=True)
class Retrained:
    """The outcome of a training: ``learned`` is the new version, ``in_force`` the name of the one that runs now.

    ``predecessor`` is the version in force before, where it can still run, ``before`` its name in any case (None: this
    is the first training). ``comparison`` is None where there was nothing to compare with, or nothing new.
    """

    learned: ModelVersion
    before: str | None
    predecessor: ModelVersion | None
    in_force: str | None
    comparison: Comparison | None

    @property
    def running(self) -> ModelVersion:
        """The version that runs now; the new one where none can run."""
        kept = self.predecessor
        return kept if kept is not None and kept.version == self.in_force else self.learned

    @property
    def is_new_version(self) -> bool:
        return self.learned.version != self.before

    @property
    def is_put_in_force(self) -> bool:
        """Whether it runs now and did not before."""
        return self.is_new_version and self.in_force == self.learned.version

    @property
    def records_too_many(self) -> int:
        """The records that it would move, where these are more than MAX_SHARE_MOVED; else 0.

        In place of a version that can no longer run, or that was shipped, it may move any number: nothing that was
        learned from these records is lost.
        """
        before = self.predecessor
        if self.comparison is None or before is None or (before.is_default and not self.learned.is_default):
            return 0
        if self.comparison.share_moved <= MAX_SHARE_MOVED:
            return 0
        return self.comparison.records_moved

    @property
    def is_too_little(self) -> bool:
        """Whether the records were too few to learn from, and a version that was learned stays for it."""
        return self.learned.is_default and self.predecessor is not None and not self.predecessor.is_default

    def as_dict(self) -> dict[str, Any]:
        return {
            "learned": self.learned.version,
            "is_default": self.learned.is_default,
            **{name: self.learned.metadata[name] for name in ("profiles", "blocked_pairs")},
            "before": self.before,
            "in_force": self.in_force,
            "records_too_many": self.records_too_many,
            "comparison": None if self.comparison is None else self.comparison.as_dict(),
        }


def retrain(
    lake: Lake,
    as_of: date,
    report: Callable[[str], None],
    compare_only: bool = False,
    with_decisions: bool = False,
) -> Retrained:
    """Trains a version on the records of the last run, compares it, and puts it in force.

    ``with_decisions``: the classes of pairs that people decided, as of that run, are fixed while the rest is estimated.

    It is put in force at once where no other can run, or only the shipped one, and otherwise where it moves at most
    MAX_SHARE_MOVED of the records. Records too few to learn from give the shipped version, which replaces none that was
    learned. Raises ParcoursError where there are no records, or no decisions, to learn from, TrainingError where no
    model can be trained on them.
    """
    if not lake.path("identity", "records").exists():
        raise ParcoursError(f"There are no records to learn from in {lake.root}: run `parcours run` first.")
    records = lake.read("identity", "records")
    if not set(NEEDED_COLUMNS) <= set(records.columns):
        raise ParcoursError(
            f"The records in {lake.root} were made by another release of Parcours. Run `parcours run` again: "
            "where it stops at the model, it has made them, and `parcours train` goes on from there."
        )
    before = name_in_force(lake)
    usable = _load_usable(lake, before)
    decisions = read_decisions_in_force(lake)
    if with_decisions and decisions.is_empty():
        raise ParcoursError(
            "No human decision was in force in the last run: there is none to learn from. Decide with `parcours "
            "review`, then `parcours run`, or train without --with-decisions."
        )
    learned = train(records, lake, as_of=as_of, report=report, decisions=decisions if with_decisions else None)
    comparison = None
    if learned.version != before:
        report("comparison with the model in force")
        ledger = pl.read_parquet(lake.committed_ledger, glob=False) if lake.committed_ledger.exists() else None
        comparison = compare_models(records, usable, learned, as_of, ledger, decisions)
    retrained = Retrained(learned, before, usable, before, comparison)
    if compare_only or not retrained.is_new_version or retrained.records_too_many or retrained.is_too_little:
        return retrained
    reason = _name_reason(learned, usable, before)
    put_in_force(learned.version, lake, reason, as_of, None if comparison is None else comparison.figures())
    return Retrained(learned, before, usable, learned.version, comparison)


def has_to_learn(in_force: ModelVersion, profiles: int) -> bool:
    """Whether a run that finds ``in_force`` learns unasked: nothing was learned yet, and records may be enough."""
    return in_force.is_default and profiles >= MIN_PROFILES


def _name_reason(learned: ModelVersion, usable: ModelVersion | None, before: str | None) -> Reason:
    if learned.is_default:
        return "shipped"
    is_first = before is None or (usable is not None and usable.is_default)
    return "first training" if is_first else "trained"


def _load_usable(lake: Lake, version: str | None) -> ModelVersion | None:
    """The version, if it can still run; a damaged one, or one of another release, is what training replaces."""
    try:
        return None if version is None else load_version(version, lake)
    except ParcoursError:
        return None
