"""How well match probabilities are calibrated: generated retailers, of more and less noise, and the public sets.

    python -m benchmarks calibration

The expected calibration error (ECE) is the mean distance between what pairs are called and the share of them that are
matches, over ten classes of probability, weighted by their pairs (Naeini and others 2015). It is never 0, however good
the probabilities are, since chance decides how many of a few pairs are matches; so what chance alone makes of it stands
beside it. All pairs between the same two people are one draw there.

Retailers of these seeds, and of this noise, served in no decision about the method.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks import people
from benchmarks.own_process import run_in_own_process
from benchmarks.people import Retailer
from pipelines.identity.model.calibration import Calibration
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import standardise
from pipelines.identity.training.train import SEED, learn

Floats = npt.NDArray[np.float64]


RETAILERS = (
    Retailer(2_000, 71), Retailer(3_000, 72, 0.25, 0.04), Retailer(4_000, 73, 0.1, 0.0), Retailer(5_000, 74, 0.0, 0.08),
    Retailer(6_000, 75, 0.35, 0.06), Retailer(8_000, 76), Retailer(10_000, 77, 0.2, 0.02),
    Retailer(12_000, 78, 0.4, 0.0), Retailer(16_000, 79, 0.05, 0.01), Retailer(20_000, 80),
)  # fmt: skip
CLASSES = 10
UNSURE = (0.05, 0.95)
MOST_ECE, MOST_ECE_OF_ALL = 0.05, 0.01
DRAWS = 200


@dataclass(frozen=True)
class Scored:
    """The pairs of a set: what is claimed and calibrated, whether they match, and between which two people they are."""

    name: str
    profiles: int
    is_shipped: bool
    claimed: Floats
    calibrated: Floats
    is_match: Floats
    people: npt.NDArray[np.int64]


def score(folder: Path, as_of: date | None, name: str) -> Scored:
    """The pairs of the people in ``folder`` under a model learned from their records."""
    truth = pl.read_parquet(folder / "truth.parquet")
    records = standardise(pl.read_parquet(folder / "gathered.parquet"), "FR", as_of)
    profiles, _ = build_profiles(records)
    model = learn(profiles, SEED, as_of)
    pairs = score_pairs(records, model)
    for end in ENDS:
        whose = truth.select(pl.col("record_id").alias(end), pl.col("person_id").alias(f"person{end[-2:]}"))
        pairs = pairs.join(whose, on=end, how="left", maintain_order="left")
    two = pl.concat_str(
        pl.min_horizontal("person_l", "person_r"), pl.lit("|"), pl.max_horizontal("person_l", "person_r")
    )
    return Scored(
        name,
        profiles.height,
        model.is_default,
        Calibration().probability(pairs["match_weight"].to_numpy()),
        pairs["match_probability"].to_numpy(),
        pairs.select(pl.col("person_l") == pl.col("person_r")).to_series().fill_null(False).cast(pl.Float64).to_numpy(),
        pairs.select(two.rank("dense")).to_series().fill_null(0).cast(pl.Int64).to_numpy(),
    )


def reliability(probability: Floats, is_match: Floats) -> list[tuple[int, float, float]]:
    """For each class of probability its pairs, their mean probability, and the share of them that are matches."""
    classes = np.minimum((probability * CLASSES).astype(np.int64), CLASSES - 1)
    pairs, called, matches = (
        np.bincount(classes, weights, CLASSES) for weights in (np.ones(len(classes)), probability, is_match)
    )
    counted = np.maximum(pairs, 1.0)
    return list(zip(pairs.astype(int).tolist(), (called / counted).tolist(), (matches / counted).tolist(), strict=True))


def expected_calibration_error(probability: Floats, is_match: Floats) -> float:
    """The mean distance between probability and share of matches over the classes, weighted by their pairs."""
    rows = reliability(probability, is_match)
    return sum(pairs * abs(called - matches) for pairs, called, matches in rows) / max(1, len(probability))


def select_unsure(probability: Floats) -> npt.NDArray[np.bool_]:
    return (probability >= UNSURE[0]) & (probability <= UNSURE[1])


def error_by_chance(probability: Floats, two_people: npt.NDArray[np.int64]) -> float:
    """The mean error of these probabilities if they were right, where all pairs of two people match or none."""
    generator = np.random.default_rng(SEED)
    _, places = np.unique(two_people, return_inverse=True)
    errors = []
    for _ in range(DRAWS):
        drawn = generator.random(len(two_people))[places]
        errors.append(expected_calibration_error(probability, (drawn < probability).astype(np.float64)))
    return float(np.mean(errors))


def score_retailer(retailer: Retailer) -> Scored:
    with TemporaryDirectory() as folder:
        as_of = people.save_retailer(retailer.customers, retailer.seed, Path(folder))
        gathered = pl.read_parquet(Path(folder) / "gathered.parquet")
        people.worsen(gathered, retailer.lost, retailer.mistyped, retailer.seed).write_parquet(
            Path(folder) / "gathered.parquet"
        )
        return score(Path(folder), as_of, retailer.name)


def score_public(name: str) -> Scored:
    with TemporaryDirectory() as folder:
        people.save(*people.PUBLIC_SETS[name](Path(folder) / "lake"), Path(folder))
        return score(Path(folder), None, name)


def score_all() -> Iterator[Scored]:
    """All sets, each in a process of its own."""
    for retailer in RETAILERS:
        yield run_in_own_process(score_retailer, retailer)[0]
    if not people.PUBLIC_DATA.exists():
        print("public sets: skipped, the reference data are not beside the project")
        return
    for name in people.PUBLIC_SETS:
        yield run_in_own_process(score_public, name)[0]


def render(sets: Sequence[Scored]) -> str:
    """A row per set, and reliability tables: of the retailers together, and of each public set."""
    lines = [
        f"Between {UNSURE[0]} and {UNSURE[1]}:",
        "",
        "| set | profiles | pairs | ECE claimed | **calibrated** | by chance | ECE of all pairs, claimed "
        "| **calibrated** | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
        *(_row(scored) for scored in sets),
    ]
    retailers = [scored for scored in sets if scored.name not in people.PUBLIC_SETS]
    groups = {f"The {len(retailers)} retailers together": retailers} if retailers else {}
    groups |= {scored.name: [scored] for scored in sets if scored.name in people.PUBLIC_SETS}
    for name, together in groups.items():
        lines += ["", f"### {name}", "", *_reliability_table(together)]
    return "\n".join(lines)


def _row(scored: Scored) -> str:
    errors, chance, unsure = [], 0.0, 0
    for probability in (scored.claimed, scored.calibrated):
        chosen = select_unsure(probability)
        errors.append(expected_calibration_error(probability[chosen], scored.is_match[chosen]))
        chance, unsure = error_by_chance(probability[chosen], scored.people[chosen]), int(chosen.sum())
    of_all = [expected_calibration_error(each, scored.is_match) for each in (scored.claimed, scored.calibrated)]
    name = f"{scored.name} (shipped model)" if scored.is_shipped else scored.name
    return (
        f"| {name} | {scored.profiles:,} | {unsure:,} of {len(scored.is_match):,} | {errors[0]:.3f} | {errors[1]:.3f} "
        f"| {chance:.3f} | {of_all[0]:.4f} | {of_all[1]:.4f} | {_judge(errors[1], chance, of_all[1])} |"
    )


def _judge(error: float, chance: float, of_all: float) -> str:
    missed = [f"over {MOST_ECE_OF_ALL} of all"] if of_all > MOST_ECE_OF_ALL else []
    if error > MOST_ECE and error > chance:
        missed.append(f"over {MOST_ECE}")
    if missed:
        return "**missed**: " + ", ".join(missed)
    return "met" if error <= MOST_ECE else "within chance"


def _reliability_table(together: Sequence[Scored]) -> Iterator[str]:
    is_match = np.concatenate([scored.is_match for scored in together])
    yield "| class | pairs claimed | mean | matches | pairs calibrated | mean | matches |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    sides = [
        reliability(np.concatenate([getattr(scored, side) for scored in together]), is_match)
        for side in ("claimed", "calibrated")
    ]
    for number, rows in enumerate(zip(*sides, strict=True)):
        cells = [f"{pairs:,} | {called:.3f} | {matches:.3f}" if pairs else "0 | | " for pairs, called, matches in rows]
        yield f"| .{number} to {'1' if number == CLASSES - 1 else f'.{number + 1}'} | {cells[0]} | {cells[1]} |"


def measure() -> str:
    """The section of this page."""
    return render(list(score_all()))
