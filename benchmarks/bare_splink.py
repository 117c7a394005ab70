"""Splink alone, with connected components at the threshold that truth likes best: the bar that Parcours has to clear.

    python -m benchmarks.bare_splink --customers 50000 --seed 1     as a newcomer sets it up, at every threshold

Three ways of setting it up:

- ``ours``: our standardised records, our blocking, the comparisons that Parcours declares;
- ``usual``: our standardised records, our blocking, comparisons from Splink's library;
- ``newcomer``: records in small letters without accents, blocking rules that come to mind, the library's comparisons.

Each gets term frequencies, u by sampling and m by expectation-maximisation, as Splink's documentation advises. Nothing
is done about households, and nothing divides what a chain of links has tied together.
"""

import argparse
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.people import key_profiles, save_retailer
from pipelines.identity.clustering.connected_components import find_connected_components
from pipelines.identity.evaluation.metrics import Scores, evaluate
from pipelines.identity.model.specification import BLOCKING_KEYS, blocking_column, declare_fields
from pipelines.identity.model.splink_settings import declare_settings
from pipelines.identity.scoring.profiles import with_compared_columns
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS

THRESHOLDS = tuple(range(-8, 41))  # Match weights, in bits: wide enough that the best is never at an end.
RANDOM_PAIRS = 4e6  # For u; Splink's documentation asks for more than its default of a million.

# What each way trains on: records held to be one person's, then the blocks of expectation-maximisation.
CERTAIN = (("email", "last"), ("phone", "last"), ("first", "last", "birth"))
TRAINING_BLOCKS = (("email",), ("first", "last"), ("birth",), ("last", "postcode"))

Columns = dict[str, str]
"""What the fields first, last, birth, email, phone and postcode are called in a table."""

OUR_COLUMNS: Columns = {name: f"{name}_key" for name in ("first", "last", "birth", "email", "phone", "postcode")}

FLAT_COLUMNS: Columns = {
    "first": "first_name", "last": "last_name", "birth": "birth_date", "email": "email", "phone": "phone",
    "postcode": "postcode",
}  # fmt: skip
FLAT_BLOCKING = (
    ("email",), ("phone",), ("first_name", "last_name", "postcode"), ("last_name", "birth_date"),
    ("first_name", "birth_date", "postcode"), ("substr(first_name, 1, 3)", "substr(last_name, 1, 3)", "postcode"),
)  # fmt: skip


@dataclass(frozen=True)
class Edges:
    """Scored pairs: row numbers and match weight in bits; and the seconds that training and scoring took."""

    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float64]
    seconds: dict[str, float]


def usual_comparisons(columns: Columns) -> list[cl.CustomComparison]:
    """What Splink's library offers for each field that ``columns`` names."""
    made: dict[str, Callable[[str], cl.CustomComparison]] = {
        "first": lambda column: cl.JaroWinklerAtThresholds(column, [0.92, 0.8]),
        "last": lambda column: cl.JaroWinklerAtThresholds(column, [0.92, 0.8]),
        "birth": lambda column: cl.DateOfBirthComparison(column, input_is_string=True),
        "email": lambda column: cl.LevenshteinAtThresholds(column, 1),
        "phone": lambda column: cl.LevenshteinAtThresholds(column, 1),
        "postcode": cl.ExactMatch,
    }
    comparisons = []
    for name, column in columns.items():
        comparison = made[name](column)
        # A birth date weighs by its parts in Splink's comparison, which takes no term frequencies.
        comparisons.append(comparison if name == "birth" else comparison.configure(term_frequency_adjustments=True))
    return comparisons


def usual_settings(columns: Columns, blocking: Sequence[tuple[str, ...]]) -> SettingsCreator:
    """A Splink model of usual comparisons, on rows numbered by ``profile_no``."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="profile_no",
        comparisons=usual_comparisons(columns),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in blocking],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def train_and_score(
    connection: duckdb.DuckDBPyConnection, table: str, settings: SettingsCreator, columns: Columns, seed: int
) -> Edges:
    """Splink's own training and prediction on ``table``."""
    seconds = {}
    started = time.perf_counter()
    connection.execute("set enable_progress_bar = false")
    linker = Linker(DuckDBAPI(connection).register(table), settings, log_level=None)
    known = [[columns[name] for name in rule] for rule in CERTAIN if all(name in columns for name in rule)]
    linker.training.estimate_probability_two_random_records_match([block_on(*rule) for rule in known], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed, min_count_per_level=None)
    for rule in TRAINING_BLOCKS:
        if all(name in columns for name in rule):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*(columns[name] for name in rule)), record_sample_proportion=1.0
            )
    seconds["train"] = time.perf_counter() - started
    started = time.perf_counter()
    predicted = linker.inference.predict(threshold_match_weight=min(THRESHOLDS))
    seconds["score"] = time.perf_counter() - started
    scored = connection.execute(
        f"select profile_no_l, profile_no_r, match_weight from {predicted.physical_name}"
    ).fetchnumpy()
    return Edges(
        np.asarray(scored["profile_no_l"], dtype=np.int32),
        np.asarray(scored["profile_no_r"], dtype=np.int32),
        np.asarray(scored["match_weight"], dtype=np.float64),
        seconds,
    )


def score_standardised(records: pl.DataFrame, way: str, seed: int = 1) -> tuple[pl.Series, Edges]:
    """Splink alone on ``identity/records``, blocked as Parcours blocks; ``way`` is "ours" or "usual".

    Returns the record ids, in the order of the row numbers of the edges.
    """
    numbered = (
        records.select("record_id", *MATCH_COLUMNS)
        .sort("record_id")
        .with_row_index("profile_no")
        .with_columns(pl.col("profile_no").cast(pl.Int32))
    )
    # One phone a record, as most tables have it: a landline of its own would tie couples together all the more.
    profiles = with_compared_columns(numbered).with_columns(
        pl.coalesce("mobile_key", "landline_key").alias("phone_key")
    )
    columns = {name: column for name, column in OUR_COLUMNS.items() if profiles[column].count() > 1}
    if way == "ours":
        settings = declare_settings(tuple(field for field in declare_fields() if profiles[field.column].count() > 1))
    else:
        settings = usual_settings(columns, [(blocking_column(number),) for number in range(len(BLOCKING_KEYS))])
    with duckdb.connect(":memory:") as connection:
        key_profiles(connection, profiles)
        return profiles["record_id"], train_and_score(connection, "keyed", settings, columns, seed)


def score_thresholds(record_ids: pl.Series, edges: Edges, truth: pl.DataFrame) -> dict[int, Scores]:
    """The scores of connected components at every threshold (match weight, in bits)."""
    scores = {}
    for threshold in THRESHOLDS:
        strong = edges.weight >= threshold
        labels = find_connected_components(len(record_ids), edges.left[strong], edges.right[strong])
        clusters = pl.DataFrame({"record_id": record_ids, "customer_id": labels})
        scores[threshold] = evaluate(clusters, truth)
    return scores


def flatten(gathered: pl.DataFrame) -> pl.DataFrame:
    """The gathered records as a newcomer cleans them: small letters, no accents, digits of phones, one phone each."""
    plain = [
        pl.col(name).str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.strip_chars()
        for name in ("first_name", "last_name", "email")
    ]
    digits = pl.coalesce("mobile", "phone").str.replace_all(r"[^0-9]", "").str.replace(r"^33", "0").alias("phone")
    born = pl.col("birth_date").dt.strftime("%Y-%m-%d")
    numbered = gathered.sort("record_id").with_row_index("profile_no").with_columns(pl.col("profile_no").cast(pl.Int32))
    return numbered.select("profile_no", "record_id", *plain, digits, born, "postcode")


def score_as_a_newcomer(gathered: pl.DataFrame, seed: int = 1) -> tuple[pl.Series, Edges]:
    """Splink alone on what :func:`flatten` gives. Returns the record ids, in the order of the edges' row numbers."""
    records = flatten(gathered)
    columns = {name: column for name, column in FLAT_COLUMNS.items() if records[column].count() > 1}
    blocking = [rule for rule in FLAT_BLOCKING if all(name in columns.values() for name in _columns_of(rule))]
    with duckdb.connect(":memory:") as connection:
        connection.register("arrow", records.drop("record_id").to_arrow())
        connection.execute("create table flat as select * from arrow")
        settings = usual_settings(columns, blocking)
        return records["record_id"], train_and_score(connection, "flat", settings, columns, seed)


def _columns_of(rule: tuple[str, ...]) -> Iterator[str]:
    return (expression.removeprefix("substr(").partition(",")[0] for expression in rule)


def hush() -> None:
    """Bare Splink warns of levels that its training never saw; that is its result here, not news."""
    logging.getLogger("splink").setLevel(logging.ERROR)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    hush()
    with TemporaryDirectory() as folder:
        save_retailer(options.customers, options.seed, Path(folder))
        gathered, truth = (pl.read_parquet(Path(folder) / f"{name}.parquet") for name in ("gathered", "truth"))
    print(f"{gathered.height:,} records of {truth['person_id'].n_unique():,} people")
    ids, edges = score_as_a_newcomer(gathered)
    print("weight >=  B-cubed F1  pairwise F1  precision")
    for threshold, scores in score_thresholds(ids, edges, truth).items():
        figures = (scores.bcubed_f1, scores.pairwise_f1, scores.pairwise_precision)
        print(f"{threshold:<9}  {figures[0]:>10.4f}  {figures[1]:>11.4f}  {figures[2]:>9.4f}")
    print(", ".join(f"{stage} {spent:.0f} s" for stage, spent in edges.seconds.items()))


if __name__ == "__main__":
    main()
