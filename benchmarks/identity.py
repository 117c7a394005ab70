"""How well people are recognised: generated retailers and public sets, beside bare Splink in the same run.

    python -m benchmarks identity
    python -m benchmarks.identity --customers 50000 400000 --seeds 11 12 13 --results found.jsonl --write

Bare Splink (``bare_splink``) has its own training, and connected components at the threshold that truth likes best, for
each measure its own. It stands here with the same standardised records and the same blocking, with our comparisons and
with the usual ones, and once all as a newcomer sets it up; the best of these is the bar. Everything is measured in a
process of its own; with ``--results`` each result is kept as a line of JSON as soon as it is there, and a run that was
killed goes on.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks import people
from benchmarks.bare_splink import hush, score_as_a_newcomer, score_standardised, score_thresholds
from benchmarks.own_process import run_in_own_process
from benchmarks.page import write_section
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.evaluation.metrics import evaluate
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import standardise
from pipelines.identity.training.train import SEED, learn
from pipelines.lake.tables import replacing

CUSTOMERS, SEEDS = (50_000, 400_000), (11, 12, 13)
PARCOURS, NEWCOMER = "Parcours", "bare Splink, as a newcomer sets it up"
BARE_WAYS = {"bare Splink, our comparisons": "ours", "bare Splink, usual comparisons": "usual", NEWCOMER: "newcomer"}
NEWCOMER_UP_TO = 100_000
"""People beyond which the newcomer's blocking is left out: with no limit to a block, the e-mail of one store's tablet
gives pairs by the square of its uses."""
MEASURES = ("bcubed_f1", "pairwise_f1")
FLOORS = {  # What every retailer, whatever its size and seed, has to reach, and of bare Splink's errors at most half.
    "bcubed_f1": 0.985, "pairwise_f1": 0.97, "pairwise_precision": 0.98,
}  # fmt: skip
PUBLIC_FLOORS = {"historical_50k, half": {"pairwise_f1": 0.84}}
MOST_OF_BARE = 0.5
LABELS = {"bcubed_f1": "B-cubed F1", "pairwise_f1": "pairwise F1", "pairwise_precision": "precision"}

Found = dict[str, Any]
"""One result: data, customers, seed, system, records, people, the scores, seconds by stage, peak_gib; of bare Splink
the best score and threshold of each measure."""


def recognise(gathered: pl.DataFrame, as_of: date | None, country: str = "FR") -> tuple[pl.DataFrame, dict[str, float]]:
    """Clusters (record_id, customer_id) with parameters learned from the records themselves, and seconds by stage.

    ``country`` is the retailer's (ISO 3166).
    """
    seconds = {}
    started = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal started
        seconds[stage] = round(time.perf_counter() - started, 1)
        started = time.perf_counter()

    records = standardise(gathered, country, as_of)
    lap("standardise")
    model = learn(build_profiles(records)[0], SEED, as_of)
    lap("train")
    pairs = score_pairs(records, model)
    lap("score")
    clusters = cluster_records(records, pairs, model).rename({"cluster_id": "customer_id"})
    lap("cluster")
    return clusters, seconds


def measure_parcours(folder: Path, as_of: date | None) -> Found:
    """Parcours on the people of ``folder``."""
    truth = pl.read_parquet(folder / "truth.parquet")
    clusters, seconds = recognise(pl.read_parquet(folder / "gathered.parquet"), as_of)
    return {**evaluate(clusters, truth).as_dict(), "seconds": seconds}


def measure_bare(folder: Path, as_of: date | None, way: str) -> Found:
    """Bare Splink on the people of ``folder``: the scores at its best threshold, for each measure its own."""
    hush()
    truth = pl.read_parquet(folder / "truth.parquet")
    gathered = pl.read_parquet(folder / "gathered.parquet")
    if way == "newcomer":
        ids, edges = score_as_a_newcomer(gathered)
    else:
        ids, edges = score_standardised(standardise(gathered, "FR", as_of), way)
    swept = score_thresholds(ids, edges, truth)
    best: Found = {"thresholds": {}, "seconds": {stage: round(spent, 1) for stage, spent in edges.seconds.items()}}
    for measure in MEASURES:
        threshold = max(swept, key=lambda threshold: (getattr(swept[threshold], measure), -threshold))
        best[measure] = getattr(swept[threshold], measure)
        best["thresholds"][measure] = threshold
    at_best = swept[best["thresholds"]["pairwise_f1"]]
    return {**at_best.as_dict(), **best}


def measure_set(found: Found, folder: Path, as_of: date | None, systems: Sequence[str]) -> Iterator[Found]:
    """The results of each of ``systems`` on the people of ``folder``; ``found`` names the set."""
    for system in systems:
        if system == PARCOURS:
            result, peak = run_in_own_process(measure_parcours, folder, as_of)
        else:
            result, peak = run_in_own_process(measure_bare, folder, as_of, BARE_WAYS[system])
        yield {**found, "system": system, **result, "peak_gib": round(peak, 2)}


def measure_all(
    customers: Sequence[int], seeds: Sequence[int], public: bool, systems: Sequence[str], done: Sequence[Found]
) -> Iterator[Found]:
    """Every result that is not among those ``done``, each as soon as it is there."""
    known = {_identify(found) for found in done}

    def missing(found: Found) -> list[str]:
        fit = [system for system in systems if system != NEWCOMER or (found["customers"] or 0) <= NEWCOMER_UP_TO]
        return [system for system in fit if _identify({**found, "system": system}) not in known]

    for size in customers:
        for seed in seeds:
            found: Found = {"data": "retailer", "customers": size, "seed": seed}
            if missing(found):
                with TemporaryDirectory() as folder:
                    as_of, _ = run_in_own_process(people.save_retailer, size, seed, Path(folder))
                    yield from measure_set(found, Path(folder), as_of, missing(found))
    for name, read in people.PUBLIC_SETS.items() if public else ():
        found = {"data": name, "customers": None, "seed": None}
        if missing(found) and not people.PUBLIC_DATA.exists():
            print(f"{name}: skipped, the reference data are not beside the project")
        elif missing(found):
            with TemporaryDirectory() as folder:
                people.save(*read(Path(folder) / "lake"), Path(folder))
                yield from measure_set(found, Path(folder), None, missing(found))


def _identify(found: Found) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("data", "customers", "seed", "system"))


def render(results: Sequence[Found]) -> str:
    """The tables of the page: one per size of retailer, the public sets, and the spread over seeds."""
    lines: list[str] = []
    of_retailers = [found for found in results if found["data"] == "retailer"]
    sizes = sorted({found["customers"] for found in of_retailers})
    for size in sizes:
        lines += ["", f"### Retailers of {size:,} people", "", *_head("seed")]
        for seed in sorted({found["seed"] for found in of_retailers if found["customers"] == size}):
            rows = [found for found in of_retailers if (found["customers"], found["seed"]) == (size, seed)]
            lines += _rows(str(seed), rows, FLOORS, MOST_OF_BARE)
    public = [name for name in people.PUBLIC_SETS if any(found["data"] == name for found in results)]
    if public:
        lines += ["", "### Public sets", "", *_head("set")]
        for name in public:
            lines += _rows(name, [found for found in results if found["data"] == name], PUBLIC_FLOORS.get(name, {}))
    for size in sizes:
        lines += _spread(size, [found for found in of_retailers if found["customers"] == size])
    return "\n".join(lines).strip()


def _head(first: str) -> list[str]:
    return [
        f"| {first} | system | records | B-cubed F1 | pairwise F1 | precision | recall | errors of bare's | verdict "
        "| seconds | peak GiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|---|---:|",
    ]


def _rows(name: str, found: Sequence[Found], floors: dict[str, float], most: float | None = None) -> Iterator[str]:
    """Lines of the table: Parcours with its verdict, then bare Splink each way."""
    shares = shares_of_bare(found)
    for one in sorted(found, key=lambda one: one["system"] != PARCOURS):
        is_ours = one["system"] == PARCOURS
        of_bare = "; ".join(f"{LABELS[measure]} {share:.2f}" for measure, share in shares.items()) if is_ours else ""
        verdict = judge(one, shares, floors, most) if is_ours else ""
        system = one["system"]
        if "thresholds" in one:
            system += " (at " + ", ".join(f"{one['thresholds'][measure]:g}" for measure in MEASURES) + " bits)"
        stages = ", ".join(f"{stage} {spent:g}" for stage, spent in one["seconds"].items())
        yield (
            f"| {name} | {system} | {one['records']:,} | {one['bcubed_f1']:.4f} | {one['pairwise_f1']:.4f} "
            f"| {one['pairwise_precision']:.4f} | {one['pairwise_recall']:.4f} | {of_bare} | {verdict} | {stages} "
            f"| {one['peak_gib']:.1f} |"
        )


def shares_of_bare(found: Sequence[Found]) -> dict[str, float]:
    """For each measure, our errors (1 - F1) as a share of those of the best bare Splink; empty without both."""
    ours = next((one for one in found if one["system"] == PARCOURS), None)
    bare = [one for one in found if one["system"] != PARCOURS]
    if ours is None or not bare:
        return {}
    best = {measure: max(one[measure] for one in bare) for measure in MEASURES}
    return {measure: (1 - ours[measure]) / max(1 - best[measure], 1e-12) for measure in MEASURES}


def judge(ours: Found, shares: dict[str, float], floors: dict[str, float], most: float | None) -> str:
    """``met``, or which floors are missed."""
    missed = [f"{LABELS[name]} < {floor:g}" for name, floor in floors.items() if ours[name] < floor]
    if most is not None:
        missed += [f"{LABELS[name]}: over {most:g} of bare's errors" for name, share in shares.items() if share > most]
    if missed:
        return "**missed**: " + ", ".join(missed)
    if most is not None and not shares:
        return "floors met, bare Splink not measured"
    return "met" if floors or most is not None else ""


def _spread(size: int, found: Sequence[Found]) -> Iterator[str]:
    """Least, median and greatest of each measure over the seeds."""
    seeds = sorted({one["seed"] for one in found if one["system"] == PARCOURS})
    if not seeds:
        return
    yield from ("", f"### Spread over the seeds {', '.join(map(str, seeds))}, {size:,} people", "")
    yield from ("| measure | least | median | greatest |", "|---|---:|---:|---:|")
    systems = dict.fromkeys(one["system"] for one in sorted(found, key=lambda one: one["system"] != PARCOURS))
    rows = {
        f"{system}, {LABELS[measure]}": [one[measure] for one in found if one["system"] == system]
        for system in systems
        for measure in LABELS
    }
    by_seed = [shares_of_bare([one for one in found if one["seed"] == seed]) for seed in seeds]
    for measure in MEASURES:
        rows[f"errors as a share of the best bare Splink's, {LABELS[measure]}"] = [
            shares[measure] for shares in by_seed if shares
        ]
    for name, values in rows.items():
        if values:
            yield f"| {name} | {min(values):.4f} | {statistics.median(values):.4f} | {max(values):.4f} |"


def read_results(file: Path | None) -> list[Found]:
    """The results that an earlier run kept."""
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def run(
    customers: Sequence[int],
    seeds: Sequence[int],
    public: bool = True,
    systems: Sequence[str] = (PARCOURS, *BARE_WAYS),
    file: Path | None = None,
) -> list[Found]:
    """All results asked for, read from ``file`` where it has them, and added to it where it has not."""
    kept = read_results(file)
    results = list(kept)
    for found in measure_all(customers, seeds, public, systems, kept):
        print(json.dumps(found), flush=True)
        results.append(found)
        if file is not None:
            with replacing(file) as temporary:
                temporary.write_text("".join(json.dumps(one) + "\n" for one in results), encoding="utf-8")
    return results


def measure() -> str:
    """The section of this page: retailers of 50,000 and 400,000 people, three seeds each, and the public sets."""
    return render(run(CUSTOMERS, SEEDS))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m benchmarks.identity"
    )
    parser.add_argument("--customers", type=int, nargs="+", default=CUSTOMERS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--no-public", action="store_true", help="leave the public sets out")
    parser.add_argument("--no-bare", action="store_true", help="leave bare Splink out")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="keep results here and go on from those it has (of the same code)"
    )
    parser.add_argument("--write", action="store_true", help="write the section of benchmarks/README.md")
    options = parser.parse_args()
    systems = (PARCOURS,) if options.no_bare else (PARCOURS, *BARE_WAYS)
    text = render(run(options.customers, options.seeds, not options.no_public, systems, options.results))
    print(text)
    if options.write:
        write_section("identity", text)


if __name__ == "__main__":
    main()
