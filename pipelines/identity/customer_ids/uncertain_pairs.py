"""The questions worth a person's answer: who is perhaps one customer and kept apart, and who perhaps two kept together.

How uncertain a question is, is the entropy of its answer in bits, H(p) = -p log2 p - (1 - p) log2(1 - p): 1 where yes
and no are equally likely, 0 where one is certain (Shannon 1948). ``p`` is the probability that the two records are one
person's, from their match weight. Where what was done with them goes against it, because other records spoke the other
way, evidence stands against evidence and the question counts as open: p = 0.5, 1 bit.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.bottleneck import NOT_CONNECTED, find_bottleneck_strength
from pipelines.identity.clustering.connected_components import find_connected_components
from pipelines.identity.customer_ids.customer_numbers import CustomerNumbers
from pipelines.identity.customer_ids.customers import POOLED_EVIDENCE_CONFIDENCE
from pipelines.identity.scoring.predict import ENDS, Numbers, ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords

QUESTION_SCHEMA: dict[str, pl.DataType] = {
    "record_id_l": pl.String(), "record_id_r": pl.String(), "customer_id_l": pl.String(), "customer_id_r": pl.String(),
    "is_together": pl.Boolean(), "match_weight": pl.Float64(), "match_probability": pl.Float64(),
    "uncertainty_bits": pl.Float64(),
}  # fmt: skip
"""One row per question: are these two records one person's? ``is_together``: they are one customer now. Weight and
probability are null where the two were never compared, and only the records between them hold them together."""

SURE = 0.99
"""Beyond, or below one minus it, a person would have to answer a hundred questions to change one answer."""


def find_uncertain_pairs(
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    owned: CustomerNumbers,
    customers: pl.DataFrame,
    decisions: pl.DataFrame,
) -> pl.DataFrame:
    """``identity/uncertain_pairs``: QUESTION_SCHEMA, sorted by both records.

    One row per two customers whose strongest pair of records is uncertain, and one per customer whose weakest link that
    holds it together is. Receipts, which no weight but their e-mail places, are in none, and neither is what people
    have decided.

    ``pairs`` has at least both ENDS, match_weight and match_probability; ``customers`` and ``decisions`` are the tables
    of ``identity/``.
    """
    # Few pairs are asked about, and numbers tell which: only of these are the texts looked at.
    owners, customer, owner = owned.customer_map, owned.of_records, owned.of_profiles
    is_together = owner[pairs.left] == owner[pairs.right]
    apart = pairs.pairs.filter(pl.Series(~is_together), pl.col("match_probability") >= 1 - SURE)
    unsure = customers.filter(pl.col("identity_confidence") <= SURE)["customer_id"]
    theirs = owners["customer_id"].is_in(unsure.implode())
    is_theirs = np.isin(owner, customer[theirs.to_numpy()])
    between_them = pairs.pairs.filter(pl.Series(is_together & is_theirs[pairs.left]))
    their_profiles = profiled.profiles["record_id"].filter(pl.Series(is_theirs))
    members = owners.filter(theirs).filter(pl.col("record_id").is_in(their_profiles.implode()))
    asked = pl.concat(
        [
            _ask_of_those_apart(apart, owners, decisions),
            _ask_of_those_together(between_them, members.sort("customer_id", "record_id"), decisions),
        ]
    )
    return (
        asked.with_columns(_entropy(pl.col("doubt")).alias("uncertainty_bits"))
        .select(list(QUESTION_SCHEMA))
        .sort("record_id_l", "record_id_r")
    )


def _ask_of_those_apart(pairs: pl.DataFrame, owners: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The strongest of ``pairs``, those between customers, for each two of them, where nobody decided on the two."""
    two_customers = (
        pl.min_horizontal("customer_id_l", "customer_id_r").alias("one"),
        pl.max_horizontal("customer_id_l", "customer_id_r").alias("other"),
    )
    decided = _with_owners(decisions, owners).filter(pl.col("verdict") == "cannot_link").select(two_customers)
    return (
        _with_owners(pairs, owners)
        .with_columns(two_customers)
        .join(decided, on=["one", "other"], how="anti")
        .sort(["match_weight", "record_id_l", "record_id_r"], descending=[True, False, False])
        .unique(["one", "other"], keep="first", maintain_order=True)
        .with_columns(
            pl.lit(False).alias("is_together"),
            pl.min_horizontal("match_probability", POOLED_EVIDENCE_CONFIDENCE).alias("doubt"),
        )
        .select(*_asked_columns(), "doubt")
    )


def _ask_of_those_together(pairs: pl.DataFrame, members: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The weakest link that each customer cannot do without, where it is uncertain.

    ``members`` are the profiles of those that are not sure (record_id, customer_id), sorted by customer and record;
    ``pairs`` are those between them.
    """
    linked = decisions.filter(pl.col("verdict") == "must_link").select("record_id_l", "record_id_r")
    links = pl.concat(
        [
            linked.with_columns(pl.lit(True).alias("is_decided"), *_nothing("match_weight", "match_probability")),
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
    strength = np.arange(len(left), 0, -1, dtype=np.float64)  # No two links are equal: each tells which it is.
    customers = members["customer_id"].rle_id().cast(pl.Int32).to_numpy()
    weakest = find_bottleneck_strength(customers, left, right, strength)
    firsts = np.flatnonzero(np.diff(customers, prepend=-1))
    needed = weakest[firsts][np.isfinite(weakest[firsts]) & (weakest[firsts] != NOT_CONNECTED)]
    doubt = pl.max_horizontal(
        "match_probability", pl.lit(POOLED_EVIDENCE_CONFIDENCE)
    )  # Null, never compared, is no maximum.
    columns = [name for name in _asked_columns() if name != "is_together"]
    asked: pl.DataFrame = pl.concat(
        [
            strongest_first[(len(left) - needed).astype(np.int64)].select(columns),
            _name_parts(
                members,
                firsts[weakest[firsts] == NOT_CONNECTED],
                find_connected_components(len(customers), left, right),
                columns,
            ),
        ]
    )
    return (
        asked.with_columns(pl.lit(True).alias("is_together"), doubt.alias("doubt"))
        .filter(pl.col("doubt") <= SURE)
        .select(*_asked_columns(), "doubt")
    )


def _name_parts(
    members: pl.DataFrame, firsts: npt.NDArray[np.int64], parts: Numbers, columns: list[str]
) -> pl.DataFrame:
    """The smallest records of the first two parts of customers that links leave apart, as a pair never compared.

    ``firsts`` are the places of the customers' first records, ``parts`` the place of the first record of each's part.
    """
    roots = np.flatnonzero(parts == np.arange(len(parts)))
    ends = firsts, roots[np.searchsorted(roots, firsts) + 1]
    sides = [
        members[place].select(pl.all().name.suffix(suffix)) for place, suffix in zip(ends, ("_l", "_r"), strict=True)
    ]
    return (
        pl.concat(sides, how="horizontal").with_columns(_nothing("match_weight", "match_probability")).select(columns)
    )


def _with_owners(rows: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (record_id_l, record_id_r) whose records both have a customer, with customer_id_l and customer_id_r."""
    named = pl.concat([rows[end].rename("record_id") for end in ENDS])
    owners = owners.filter(pl.col("record_id").is_in(named.implode()))
    return rows.join(
        owners.rename({"record_id": "record_id_l", "customer_id": "customer_id_l"}), on="record_id_l"
    ).join(owners.rename({"record_id": "record_id_r", "customer_id": "customer_id_r"}), on="record_id_r")


def _asked_columns() -> list[str]:
    return [name for name in QUESTION_SCHEMA if name != "uncertainty_bits"]


def _nothing(*names: str) -> list[pl.Expr]:
    return [pl.lit(None, dtype=pl.Float64).alias(name) for name in names]


def _entropy(probability: pl.Expr) -> pl.Expr:
    """Bits; 0 at 0 and 1."""
    return -sum(
        (pl.when(share > 0).then(share * share.log(2)).otherwise(0.0) for share in (probability, 1 - probability)),
        start=pl.lit(0.0),
    )
