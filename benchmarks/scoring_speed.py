"""The same pairs of the same records scored and clustered by Parcours and by bare Splink, in turn: seconds and memory.

    python -m benchmarks scoring_speed
    python -m benchmarks.scoring_speed --customers 400000 --rounds 3
    python -m benchmarks.scoring_speed --gathered gathered.parquet --as-of 2026-02-28

Both get one trained model: the same comparisons, m, u and term frequencies. Parcours does what a full night does
(``score_pairs``, then ``cluster_records``); bare Splink does ``predict`` with term-frequency adjustments, then its own
connected components. Each blocks by itself, on the same keys, which finds the same pairs; making profiles and hashing
their keys counts for Parcours only. Each turn runs in a process of its own, the first of a round by turns.
"""

import argparse
import statistics
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
from splink import DuckDBAPI, Linker

from benchmarks import people
from benchmarks.bare_splink import hush
from benchmarks.own_process import run_in_own_process
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.model.registry import load_version
from pipelines.identity.scoring.blocking import find_candidate_pairs, hash_keys, keep_small_blocks
from pipelines.identity.scoring.predict import STORE_THRESHOLD_BITS, score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import standardise
from pipelines.identity.training.train import SEED as TRAINING_SEED
from pipelines.identity.training.train import train, trained_splink_settings
from pipelines.lake.tables import Lake

CUSTOMERS, SEED, ROUNDS = 400_000, 11, 3
CLUSTERED_AT = 0.95  # The match probability that Splink's own examples cluster at; the time hardly depends on it.
MOST_TIMES = 1.3
MOST_GIB = 6.0

Figures = dict[str, Any]


def prepare(folder: Path, as_of: date | None) -> Figures:
    """From ``gathered.parquet`` of ``folder``: the records, the model, and the profiles with their blocking keys."""
    lake = Lake(folder)
    records = standardise(pl.read_parquet(folder / "gathered.parquet"), "FR", as_of)
    records.write_parquet(folder / "records.parquet")
    model = train(records, lake, TRAINING_SEED, as_of)
    profiles, _ = build_profiles(records)
    keys = keep_small_blocks(hash_keys(profiles), model.parameters.largest_blocks)
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        people.key_profiles(connection, profiles, keys)
        connection.execute(f"copy keyed to '{folder / 'keyed.parquet'}' (format parquet)")
    return {
        "records": records.height,
        "profiles": profiles.height,
        "pairs": len(find_candidate_pairs(keys)),
        "version": model.version,
    }


def run_parcours(folder: Path, version: str) -> Figures:
    """Scores and clusters the records of ``folder``: seconds of each, and how many clusters came out."""
    records, model = pl.read_parquet(folder / "records.parquet"), load_version(version, Lake(folder))
    busy, started = time.process_time(), time.perf_counter()
    pairs = score_pairs(records, model)
    scored = time.perf_counter()
    clusters = cluster_records(records, pairs, model)
    done, busy = time.perf_counter(), time.process_time() - busy
    return {
        "score": scored - started,
        "cluster": done - scored,
        "busy": busy,
        "clusters": clusters["cluster_id"].n_unique(),
    }


def run_bare_splink(folder: Path, version: str) -> Figures:
    """Scores and clusters the profiles of ``folder`` as Splink alone does."""
    hush()
    model = load_version(version, Lake(folder))
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"create table keyed as select * from '{folder / 'keyed.parquet'}'")
        database = DuckDBAPI(connection)
        linker = Linker(database.register("keyed"), trained_splink_settings(model), log_level=None)
        for compared in model.fields:
            if compared.name in model.term_frequencies:
                frequencies = model.term_frequencies[compared.name].rename(
                    {"value": compared.column, "frequency": f"tf_{compared.column}"}
                )
                linker.table_management.register_term_frequency_lookup(
                    database.register(frequencies.to_arrow()), compared.column
                )
        busy, started = time.process_time(), time.perf_counter()
        predicted = linker.inference.predict(threshold_match_weight=STORE_THRESHOLD_BITS)
        scored = time.perf_counter()
        clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=CLUSTERED_AT
        )
        done, busy = time.perf_counter(), time.process_time() - busy
        [(clusters,)] = connection.execute(
            f"select count(distinct cluster_id) from {clustered.physical_name}"
        ).fetchall()
    return {"score": scored - started, "cluster": done - scored, "busy": busy, "clusters": clusters}


SYSTEMS = {"Parcours": run_parcours, "bare Splink": run_bare_splink}


def compare(folder: Path, as_of: date | None, rounds: int) -> str:
    """The Markdown table of ``rounds`` turns on ``gathered.parquet`` of ``folder``."""
    prepared, _ = run_in_own_process(prepare, folder, as_of)
    turns: dict[str, list[Figures]] = {name: [] for name in SYSTEMS}
    for turn in range(rounds):
        for name in list(SYSTEMS)[:: -1 if turn % 2 else 1]:
            figures, peak = run_in_own_process(SYSTEMS[name], folder, prepared["version"])
            turns[name].append({**figures, "peak": peak, "whole": figures["score"] + figures["cluster"]})
            print(f"round {turn + 1}, {name}: {turns[name][-1]}", flush=True)
    lines = [
        f"{prepared['records']:,} records, {prepared['profiles']:,} profiles, {prepared['pairs']:,} blocked pairs; "
        f"medians of {rounds} turns each.",
        "",
        "| system | score, s | cluster, s | both, s (least to greatest) | processor, s | peak GiB | clusters |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, found in turns.items():
        score, cluster, whole, busy = (
            statistics.median(one[stage] for one in found) for stage in ("score", "cluster", "whole", "busy")
        )
        least, greatest = min(one["whole"] for one in found), max(one["whole"] for one in found)
        lines.append(
            f"| {name} | {score:.1f} | {cluster:.1f} | {whole:.1f} ({least:.1f} to {greatest:.1f}) | {busy:.1f} "
            f"| {max(one['peak'] for one in found):.1f} | {found[0]['clusters']:,} |"
        )
    return "\n".join([*lines, "", judge(turns["Parcours"], turns["bare Splink"])])


def judge(ours: list[Figures], bare: list[Figures]) -> str:
    """How many times bare Splink's time ours is, and whether that and the memory are within their limits."""
    times = statistics.median(one["whole"] for one in ours) / statistics.median(one["whole"] for one in bare)
    peak = max(one["peak"] for one in ours)
    by_round = ", ".join(f"{one['whole'] / other['whole']:.2f}" for one, other in zip(ours, bare, strict=True))
    verdict = "met" if times <= MOST_TIMES and peak <= MOST_GIB else "**missed**"
    return (
        f"Parcours takes {times:.2f} times bare Splink's time (by round: {by_round}) and {peak:.1f} GiB; "
        f"the limits are {MOST_TIMES:g} times and {MOST_GIB:g} GiB: {verdict}."
    )


def measure(
    customers: int = CUSTOMERS, rounds: int = ROUNDS, gathered: Path | None = None, as_of: date | None = None
) -> str:
    """The section of this page, on generated records or on those of the Parquet file ``gathered``."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if gathered is None:
            as_of, _ = run_in_own_process(people.save_retailer, customers, SEED, folder)
        else:
            (folder / "gathered.parquet").symlink_to(gathered.resolve())
        return compare(folder, as_of, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m benchmarks.scoring_speed",
    )
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="people to generate (seed 11)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--gathered", type=Path, metavar="FILE", help="gathered records instead, as Parquet")
    parser.add_argument("--as-of", type=date.fromisoformat, metavar="DAY", help="the last day of those records")
    options = parser.parse_args()
    print(measure(options.customers, options.rounds, options.gathered, options.as_of))


if __name__ == "__main__":
    main()
