"""How well people are recognised: generated worlds, FEBRL3 and historical_50k, beside bare Splink in the same run.

    python -m benchmarks identity
    python -m benchmarks.identity --customers 100000 --seeds 1 --sets world --no-bare

Bare Splink is given the same standardised records, comparisons, term frequencies and blocking, trained by its own
expectation-maximisation, clustered by connected components at the threshold that the truth likes best.
"""

import argparse
import logging
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import polars as pl
from splink import DuckDBAPI, Linker, block_on

from pipelines.identity.cluster import cluster_records, connect
from pipelines.identity.evaluate import Scores, evaluate
from pipelines.identity.link import key_profiles, limit_blocks, score_pairs
from pipelines.identity.model import declare_fields, splink_settings
from pipelines.identity.profiles import build_profiles, with_name_parts
from pipelines.identity.standardise import MATCH_COLUMNS, gather_records, standardise
from pipelines.identity.train import SEED, learn
from pipelines.lake import Lake
from pipelines.sample.world import generate

PUBLIC_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "er"
SOURCES = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999)


@dataclass(frozen=True)
class Case:
    """One set to recognise people in. ``as_of`` is None where the set has no today."""

    name: str
    gathered: pl.DataFrame
    truth: pl.DataFrame
    as_of: date | None


def read_world(customers: int, seed: int, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, date]:
    """Gathered records, truth and as_of of a generated world."""
    world = generate(customers, 365, seed)
    lake = Lake(folder)
    for path, frame in world.tables.items():
        kind, name = path.split("/")
        lake.write(kind, name, frame.select(pl.lit(SOURCES[kind]).alias("source"), pl.all()))
    return gather_records(lake, world.as_of), world.truth, world.as_of


def read_contacts(frame: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Gathered records of one crm/contacts table; columns it lacks are null."""
    lake = Lake(folder)
    lake.write("crm", "contacts", frame.with_columns(pl.lit("er").alias("source")))
    return gather_records(lake)


def febrl3(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FEBRL data set 3 as contacts, and its truth."""
    raw = pl.read_csv(PUBLIC_DATA / "febrl3.csv", infer_schema_length=0)
    raw = raw.select(pl.col(name).str.strip_chars().replace("", None).alias(name.strip()) for name in raw.columns)
    contacts = raw.select(
        pl.col("rec_id").alias("contact_id"),
        pl.col("given_name").alias("first_name"),
        pl.col("surname").alias("last_name"),
        pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True).alias("address"),
        pl.col("suburb").alias("city"),
        "postcode",
        pl.col("soc_sec_id").alias("loyalty_card_id"),
        pl.col("date_of_birth").str.to_date("%Y%m%d", strict=False).alias("birth_date"),
    )
    truth = raw.select(
        (pl.lit("er:contacts:") + pl.col("rec_id")).alias("record_id"),
        pl.col("rec_id").str.extract(r"rec-(\d+)-").alias("person_id"),
    )
    return read_contacts(contacts, folder), truth


def historical(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The development half of historical_50k as contacts, and its truth."""
    raw = pl.read_parquet(PUBLIC_DATA / "historical_50k_dev.parquet")
    contacts = raw.select(
        pl.col("record_no").cast(pl.String).alias("contact_id"),
        "first_name",
        pl.col("surname").alias("last_name"),
        pl.col("dob").str.to_date("%Y-%m-%d", strict=False).alias("birth_date"),
        pl.col("birth_place").alias("city"),
        pl.col("postcode_fake").alias("postcode"),
        pl.col("gender").alias("civility"),
    )
    truth = raw.select(
        (pl.lit("er:contacts:") + pl.col("record_no").cast(pl.String)).alias("record_id"),
        pl.col("entity").cast(pl.String).alias("person_id"),
    )
    return read_contacts(contacts, folder), truth


def recognise(gathered: pl.DataFrame, as_of: date | None) -> tuple[pl.DataFrame, dict[str, float], pl.DataFrame]:
    """Records, seconds per stage and clusters, with parameters learned from the records themselves."""
    seconds = {}
    started = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal started
        seconds[stage] = round(time.perf_counter() - started, 1)
        started = time.perf_counter()

    records = standardise(gathered, "FR", as_of)
    lap("standardise")
    model, _ = learn(build_profiles(records)[0], SEED, as_of)
    lap("train")
    pairs = score_pairs(records, model)
    lap("score")
    clusters = cluster_records(records, pairs, model).rename({"cluster_id": "customer_id"})
    lap("cluster")
    return records, seconds, clusters


def bare_splink(records: pl.DataFrame, truth: pl.DataFrame) -> tuple[Scores, float, dict[str, float]]:
    """The best scores that Splink alone reaches at any threshold, that threshold, and seconds per stage."""
    numbered = (
        records.select("record_id", *MATCH_COLUMNS)
        .sort("record_id")
        .with_row_index("profile_no")
        .with_columns(pl.col("profile_no").cast(pl.Int32))
    )
    profiles = with_name_parts(numbered)
    fields = tuple(compared for compared in declare_fields() if profiles[compared.column].count() > 1)
    seconds = {}
    with duckdb.connect(":memory:") as connection:
        started = time.perf_counter()
        key_profiles(connection, profiles, limit_blocks(profiles))
        linker = Linker(DuckDBAPI(connection).register("keyed"), splink_settings(fields), log_level=None)
        linker.training.estimate_probability_two_random_records_match(
            [block_on("email_key"), block_on("first_key", "last_key", "birth_key")], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=500_000, seed=1, min_count_per_level=None)
        for columns in (("email_key",), ("first_key", "last_key"), ("birth_key",), ("last_key", "postcode_key")):
            if all(profiles[column].count() > 1 for column in columns):
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns), record_sample_proportion=1.0
                )
        seconds["train"] = round(time.perf_counter() - started, 1)
        started = time.perf_counter()
        predicted = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
        seconds["score"] = round(time.perf_counter() - started, 1)
        edges = connection.execute(
            f"select profile_no_l, profile_no_r, match_probability from {predicted.physical_name}"
        ).fetchnumpy()
    best, chosen = None, 0.0
    for threshold in THRESHOLDS:
        strong = edges["match_probability"] >= threshold
        labels = connect(
            profiles.height,
            np.asarray(edges["profile_no_l"][strong], dtype=np.int32),
            np.asarray(edges["profile_no_r"][strong], dtype=np.int32),
        )
        clusters = profiles.select("record_id", pl.Series("customer_id", labels))
        scores = evaluate(clusters, truth)
        if best is None or scores.bcubed_f1 + scores.pairwise_f1 > best.bcubed_f1 + best.pairwise_f1:
            best, chosen = scores, threshold
    assert best is not None
    return best, chosen, seconds


def cases(sets: Sequence[str], customers: Sequence[int], seeds: Sequence[int]) -> Iterator[Case]:
    """Every set asked for; sets that are absent say so."""
    for size in customers if "world" in sets else ():
        for seed in seeds:
            with TemporaryDirectory() as folder:
                gathered, truth, as_of = read_world(size, seed, Path(folder))
            yield Case(f"retailer of {size:,} people, seed {seed}", gathered, truth, as_of)
    for name, read in (("FEBRL3", febrl3), ("historical_50k, half", historical)):
        if name.split("_")[0].lower().rstrip(",") not in sets:
            continue
        if not PUBLIC_DATA.exists():
            print(f"{name}: skipped, the reference data are not beside the project")
            continue
        with TemporaryDirectory() as folder:
            gathered, truth = read(Path(folder))
        yield Case(name, gathered, truth, None)


def table(sets: Sequence[str], customers: Sequence[int], seeds: Sequence[int], bare: bool) -> Iterator[str]:
    """The lines of the results' Markdown table, each as soon as it is measured."""
    yield "| data | records | B-cubed F1 | pairwise F1 | precision | recall | seconds | peak GB |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in cases(sets, customers, seeds):
        records, seconds, clusters = recognise(case.gathered, case.as_of)
        yield row(case.name, evaluate(clusters, case.truth), seconds)
        if bare:
            best, threshold, spent = bare_splink(records, case.truth)
            yield row(f"the same, bare Splink at its best ({threshold})", best, spent)


def row(name: str, scores: Scores, seconds: dict[str, float]) -> str:
    """One line of the table. The peak is of the whole process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    stages = ", ".join(f"{stage} {value}" for stage, value in seconds.items())
    return (
        f"| {name} | {scores.records:,} | {scores.bcubed_f1:.4f} | {scores.pairwise_f1:.4f} "
        f"| {scores.pairwise_precision:.4f} | {scores.pairwise_recall:.4f} | {stages} | {peak:.1f} |"
    )


def measure() -> str:
    """The table of this page: retailers of 20,000 and 50,000 people, three seeds each, and the public sets."""
    hush()
    return "\n".join(table(("world", "febrl3", "historical"), (20_000, 50_000), (1, 2, 3), bare=True))


def hush() -> None:
    """Bare Splink warns of levels that its training never saw; that is its result here, not news."""
    logging.getLogger("splink").setLevel(logging.ERROR)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description="Measure recognition.")
    parser.add_argument("--customers", type=int, nargs="+", default=[20_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sets", nargs="+", default=["world", "febrl3", "historical"])
    parser.add_argument("--no-bare", action="store_true", help="leave bare Splink out")
    arguments = parser.parse_args()
    hush()
    for line in table(arguments.sets, arguments.customers, arguments.seeds, not arguments.no_bare):
        print(line, flush=True)


if __name__ == "__main__":
    main()
