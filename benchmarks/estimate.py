"""How wrong, without truth: the estimate and its interval beside the truth, on generated retailers and public sets.

    python -m benchmarks estimate

Retailers of these seeds served in no decision about the method; noise of these kinds and the public sets did. An
interval is to contain the truth in nine of ten sets.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchmarks import people
from benchmarks.own_process import run_in_own_process
from benchmarks.people import Retailer
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.evaluation.metrics import Scores, evaluate
from pipelines.identity.evaluation.without_truth.estimate import COVERAGE, Estimate, Figure, estimate_accuracy
from pipelines.identity.evaluation.without_truth.evidence import gather_evidence
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import build_profiles, profile_records
from pipelines.identity.standardisation.standardise import standardise
from pipelines.identity.training.train import SEED, learn

RETAILERS = (
    Retailer(2_000, 601), Retailer(3_000, 602, 0.25, 0.04), Retailer(4_000, 603, 0.1, 0.0),
    Retailer(5_000, 604, 0.0, 0.08), Retailer(6_000, 605, 0.35, 0.06), Retailer(8_000, 606),
    Retailer(10_000, 607, 0.2, 0.02), Retailer(12_000, 608, 0.4, 0.0), Retailer(16_000, 609, 0.05, 0.01),
    Retailer(20_000, 610),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One set: its name, how many records, the estimate, the truth, and the processor time of the estimate."""

    name: str
    records: int
    estimate: Estimate
    scores: Scores
    seconds: float

    @property
    def is_covered(self) -> tuple[bool, bool]:
        """Whether the intervals of precision and of recall contain the truth."""
        found, real = self.estimate, self.scores
        return (
            found.precision.low <= real.pairwise_precision <= found.precision.high,
            found.recall.low <= real.pairwise_recall <= found.recall.high,
        )


def estimate_set(name: str, gathered: pl.DataFrame, truth: pl.DataFrame, as_of: date | None) -> Measured:
    """Recognises people with parameters learned from their own records, and estimates how well."""
    records = standardise(gathered, "FR", as_of)
    model = learn(build_profiles(records)[0], SEED, as_of)
    pairs = score_pairs(records, model)
    clusters = cluster_records(records, pairs, model)
    profiled = profile_records(records)
    started = time.process_time()
    evidence = gather_evidence(profiled, number_pairs(profiled.profiles, pairs), clusters["cluster_id"], model)
    estimate = estimate_accuracy(evidence)
    seconds = time.process_time() - started
    scores = evaluate(clusters.rename({"cluster_id": "customer_id"}), truth)
    return Measured(name, records.height, estimate, scores, seconds)


def measure_retailer(retailer: Retailer) -> Measured:
    with TemporaryDirectory() as folder:
        as_of = people.save_retailer(retailer.customers, retailer.seed, Path(folder))
        gathered, truth = (pl.read_parquet(Path(folder) / f"{name}.parquet") for name in ("gathered", "truth"))
    gathered = people.worsen(gathered, retailer.lost, retailer.mistyped, retailer.seed)
    # A ticket without a mailbox is no record.
    gathered = gathered.filter((pl.col("table_name") != "tickets") | pl.col("email").is_not_null())
    return estimate_set(retailer.name, gathered, truth, as_of)


def measure_public_set(name: str) -> Measured:
    with TemporaryDirectory() as folder:
        gathered, truth = people.PUBLIC_SETS[name](Path(folder))
    return estimate_set(name, gathered, truth, None)


def measure_all() -> Iterator[Measured]:
    for retailer in RETAILERS:
        yield run_in_own_process(measure_retailer, retailer)[0]
    for name in people.PUBLIC_SETS if people.PUBLIC_DATA.exists() else ():
        yield run_in_own_process(measure_public_set, name)[0]


def render(measured: Sequence[Measured]) -> str:
    """The table of the page, and how many intervals contain the truth."""
    lines = [
        "| set | records | precision: estimate | real | recall: estimate | real | CPU s |",
        "|---|---:|---|---:|---|---:|---:|",
    ]
    for each in measured:
        is_precise, is_complete = each.is_covered
        name = each.name if each.estimate.is_reliable else f"{each.name} (called a guess)"
        lines.append(
            f"| {name} | {each.records:,} | {_tell(each.estimate.precision)}"
            f" | {_mark(each.scores.pairwise_precision, is_precise)} | {_tell(each.estimate.recall)}"
            f" | {_mark(each.scores.pairwise_recall, is_complete)} | {each.seconds:.1f} |"
        )
    for title, some in (
        ("Retailers", [each for each in measured if each.name not in people.PUBLIC_SETS]),
        ("Public sets", [each for each in measured if each.name in people.PUBLIC_SETS]),
    ):
        if some:
            covered = [sum(each.is_covered[side] for each in some) for side in (0, 1)]
            verdict = "met" if min(covered) >= COVERAGE * len(some) else "**missed**"
            widths = [
                sum(figure.high - figure.low for figure in figures) / len(some)
                for figures in (
                    [each.estimate.precision for each in some],
                    [each.estimate.recall for each in some],
                )
            ]
            lines += [
                "",
                f"{title}: the interval contains the precision in {covered[0]} of {len(some)} and the recall in "
                f"{covered[1]}; at least nine of ten: {verdict}. It is {widths[0]:.4f} wide for precision and "
                f"{widths[1]:.4f} for recall, on average.",
            ]
    return "\n".join(lines)


def _tell(figure: Figure) -> str:
    return f"{figure.estimate:.4f} ({figure.low:.4f} to {figure.high:.4f})"


def _mark(real: float, is_covered: bool) -> str:
    return f"{real:.4f}" if is_covered else f"**{real:.4f}**"


def measure() -> str:
    """The section of this page."""
    return render([_report(each) for each in measure_all()])


def _report(measured: Measured) -> Measured:
    print(f"{measured.name}: {measured.is_covered}", flush=True)
    return measured
