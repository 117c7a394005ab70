"""Uncertain pairs, worth a person's decision: two customers that may be one, and one customer that may be two.

The uncertainty of a question is the entropy of its answer in bits, H(p) = -p log2 p - (1 - p) log2(1 - p): 1 where yes
and no are equally likely, 0 where one is certain (Shannon 1948). ``p`` is the match probability of the two records.
Where the clustering went against it, because of other records, there is evidence on both sides and the question counts
as open: p = 0.5, 1 bit.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.bottleneck import NOT_CONNECTED, find_bottleneck_strength
from pipelines.identity.clustering.connected_components import find_connected_components
from pipelines.identity.customer_ids.customer_numbers import CustomerNumbers
from pipelines.identity.customer_ids.customers import POOLED_EVIDENCE_CONFIDENCE
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.predict import Numbers, ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords

QUESTION_SCHEMA: dict[str, pl.DataType] = {
    "record_id_l": pl.String(), "record_id_r": pl.String(), "customer_id_l": pl.String(), "customer_id_r": pl.String(),
    "is_together": pl.Boolean(), "match_weight": pl.Float64(), "match_probability": pl.Float64(),
    "uncertainty_bits": pl.Float64(),
}  # fmt: skip
"""One row per question: are these two records one person? ``is_together``: they are one customer now. Weight and
probability are null where the two were never compared, and only other records join them."""

CERTAIN_PROBABILITY = 0.99
"""Beyond it, or below one minus it, a person would answer a hundred questions for one that changes anything."""


def find_uncertain_pairs(
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    customer_numbers: CustomerNumbers,
    customers: pl.DataFrame,
    decisions: pl.DataFrame,
) -> pl.DataFrame:
    """``identity/uncertain_pairs``: QUESTION_SCHEMA, sorted by both records.

    One row per two customers whose strongest pair of records is uncertain, and one per customer whose weakest necessary
    link is. Receipts, which go by their e-mail and not by weight, are in none, and neither are pairs that people have
    decided on.

    ``pairs`` has at least both ENDS, match_weight and match_probability; ``customers`` and ``decisions`` are the tables
    of ``identity/``.
    """
    # Few pairs are uncertain, and numbers say which: only their record ids are read.
    customer_map, of_profiles = customer_numbers.customer_map, customer_numbers.of_profiles
    is_together = of_profiles[pairs.left] == of_profiles[pairs.right]
    apart = pairs.pairs.filter(pl.Series(~is_together), pl.col("match_probability") >= 1 - CERTAIN_PROBABILITY)
    unsure = customers.filter(pl.col("identity_confidence") <= CERTAIN_PROBABILITY)["customer_id"]
    is_theirs = customer_map["customer_id"].is_in(unsure.implode())
    has_theirs = np.isin(of_profiles, customer_numbers.of_records[is_theirs.to_numpy()])
    between_them = pairs.pairs.filter(pl.Series(is_together & has_theirs[pairs.left]))
    their_profiles = profiled.profiles["record_id"].filter(pl.Series(has_theirs))
    members = customer_map.filter(is_theirs).filter(pl.col("record_id").is_in(their_profiles.implode()))
    questions = pl.concat(
        [
            _list_possible_merges(apart, customer_map, decisions),
            _list_possible_splits(between_them, members.sort("customer_id", "record_id"), decisions),
        ]
    )
    return (
        questions.with_columns(_entropy(pl.col("probability")).alias("uncertainty_bits"))
        .select(list(QUESTION_SCHEMA))
        .sort("record_id_l", "record_id_r")
    )


def _list_possible_merges(pairs: pl.DataFrame, customer_map: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The strongest of ``pairs`` (between customers) for each two customers that no cannot-link separates."""
    two_customers = (
        pl.min_horizontal("customer_id_l", "customer_id_r").alias("one"),
        pl.max_horizontal("customer_id_l", "customer_id_r").alias("other"),
    )
    decided = _join_customers(decisions, customer_map).filter(pl.col("verdict") == "cannot_link").select(two_customers)
    return (
        _join_customers(pairs, customer_map)
        .with_columns(two_customers)
        .join(decided, on=["one", "other"], how="anti")
        .sort(["match_weight", "record_id_l", "record_id_r"], descending=[True, False, False])
        .unique(["one", "other"], keep="first", maintain_order=True)
        .with_columns(
            pl.lit(False).alias("is_together"),
            pl.min_horizontal("match_probability", POOLED_EVIDENCE_CONFIDENCE).alias("probability"),
        )
        .select(*_question_columns(), "probability")
    )


def _list_possible_splits(pairs: pl.DataFrame, members: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The weakest link that each customer cannot do without, where it is uncertain.

    ``members`` are the profiles of uncertain customers (record_id, customer_id), sorted by customer and record;
    ``pairs`` are those between them.
    """
    linked = decisions.filter(pl.col("verdict") == "must_link").select("record_id_l", "record_id_r")
    links = pl.concat(
        [
            linked.with_columns(pl.lit(True).alias("is_decided"), *_null_columns("match_weight", "match_probability")),
            pairs.join(linked, on=ENDS, how="anti").select(
                "record_id_l", "record_id_r", pl.lit(False).alias("is_decided"), "match_weight", "match_probability"
            ),
        ]
    )
    placed = members.with_row_index("place")
    strongest_first = (
        links.join(placed.select(pl.all().name.suffix("_l")), on="record_id_l")
        .join(placed.select(pl.all().name.suffix("_r")), on="record_id_r")
        .filter(pl.col("customer_id_l") == pl.col("customer_id_r"))
        .sort(["is_decided", "match_weight", *ENDS], descending=[True, True, False, False])
    )
    left, right = (strongest_first[place].cast(pl.Int32).to_numpy() for place in ("place_l", "place_r"))
    strength = np.arange(len(left), 0, -1, dtype=np.float64)  # All different, so that a strength identifies its link.
    customers = members["customer_id"].rle_id().cast(pl.Int32).to_numpy()
    bottleneck = find_bottleneck_strength(customers, left, right, strength)
    firsts = np.flatnonzero(np.diff(customers, prepend=-1))
    needed = bottleneck[firsts][np.isfinite(bottleneck[firsts]) & (bottleneck[firsts] != NOT_CONNECTED)]
    probability = pl.max_horizontal(
        "match_probability", pl.lit(POOLED_EVIDENCE_CONFIDENCE)
    )  # Null where never compared, which max_horizontal ignores.
    columns = [name for name in _question_columns() if name != "is_together"]
    questions: pl.DataFrame = pl.concat(
        [
            strongest_first[(len(left) - needed).astype(np.int64)].select(columns),
            _name_parts(
                members,
                firsts[bottleneck[firsts] == NOT_CONNECTED],
                find_connected_components(len(customers), left, right),
                columns,
            ),
        ]
    )
    return (
        questions.with_columns(pl.lit(True).alias("is_together"), probability.alias("probability"))
        .filter(pl.col("probability") <= CERTAIN_PROBABILITY)
        .select(*_question_columns(), "probability")
    )


def _name_parts(
    members: pl.DataFrame, firsts: npt.NDArray[np.int64], parts: Numbers, columns: list[str]
) -> pl.DataFrame:
    """For each customer that links do not connect, the first records of its first two parts, as a pair never compared.

    ``firsts`` are the positions of the customers' first records, ``parts`` that of the first record of each one's part.
    """
    roots = np.flatnonzero(parts == np.arange(len(parts)))
    ends = firsts, roots[np.searchsorted(roots, firsts) + 1]
    sides = [
        members[place].select(pl.all().name.suffix(suffix)) for place, suffix in zip(ends, ("_l", "_r"), strict=True)
    ]
    return (
        pl.concat(sides, how="horizontal")
        .with_columns(_null_columns("match_weight", "match_probability"))
        .select(columns)
    )


def _join_customers(rows: pl.DataFrame, customer_map: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (record_id_l, record_id_r) with customer_id_l and customer_id_r, where both records have a customer."""
    named = pl.concat([rows[end].rename("record_id") for end in ENDS])
    named_only = customer_map.filter(pl.col("record_id").is_in(named.implode()))
    return rows.join(
        named_only.rename({"record_id": "record_id_l", "customer_id": "customer_id_l"}), on="record_id_l"
    ).join(named_only.rename({"record_id": "record_id_r", "customer_id": "customer_id_r"}), on="record_id_r")


def _question_columns() -> list[str]:
    return [name for name in QUESTION_SCHEMA if name != "uncertainty_bits"]


def _null_columns(*names: str) -> list[pl.Expr]:
    return [pl.lit(None, dtype=pl.Float64).alias(name) for name in names]


def _entropy(probability: pl.Expr) -> pl.Expr:
    """In bits; 0 for a probability of 0 or 1."""
    return -sum(
        (pl.when(share > 0).then(share * share.log(2)).otherwise(0.0) for share in (probability, 1 - probability)),
        start=pl.lit(0.0),
    )
