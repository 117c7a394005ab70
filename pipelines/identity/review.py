"""The questions worth a person's answer: who is perhaps one customer and kept apart, and who perhaps two kept together.

How uncertain a question is, is the entropy of its answer in bits, H(p) = -p log2 p - (1 - p) log2(1 - p): 1 where yes
and no are equally likely, 0 where one is certain (Shannon 1948). ``p`` is the probability that the two records are one
person's, from their match weight. Where what was done with them goes against it, because other records spoke the other
way, evidence stands against evidence and the question counts as open: p = 0.5, 1 bit.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipelines.identity.customers import BY_EVIDENCE_OF_ALL
from pipelines.identity.link import ENDS, Weighed
from pipelines.identity.owners import Owners
from pipelines.identity.profiles import Profiled

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
    people: Profiled, pairs: Weighed, owned: Owners, customers: pl.DataFrame, decisions: pl.DataFrame
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
    their_profiles = people.profiles["record_id"].filter(pl.Series(is_theirs))
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
            pl.min_horizontal("match_probability", BY_EVIDENCE_OF_ALL).alias("doubt"),
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
    strongest_first = (
        _with_owners(links, members)
        .filter(pl.col("customer_id_l") == pl.col("customer_id_r"))
        .sort(
            ["customer_id_l", "is_decided", "match_weight", "record_id_l", "record_id_r"],
            descending=[False, True, True, False, False],
        )
    )
    # Most are of two records, which their strongest link holds together, where they have one.
    several = members.filter(pl.len().over("customer_id") > 2)
    of_two = members.join(several, on="customer_id", how="anti")
    strongest_of_two = (
        of_two.group_by("customer_id", maintain_order=True)
        .agg(pl.col("record_id").first().alias("one"), pl.col("record_id").last().alias("other"))
        .filter(pl.col("one") < pl.col("other"))
        .join(
            strongest_first.unique("customer_id_l", keep="first"),
            left_on="customer_id",
            right_on="customer_id_l",
            how="left",
        )
        .select(
            pl.coalesce("record_id_l", "one").alias("record_id_l"),
            pl.coalesce("record_id_r", "other").alias("record_id_r"),
            pl.col("customer_id").alias("customer_id_l"),
            pl.col("customer_id").alias("customer_id_r"),
            "match_weight",
            "match_probability",
        )
    )
    strongest_first = strongest_first.join(several, left_on="customer_id_l", right_on="customer_id", how="semi")
    records_of = dict(several.group_by("customer_id", maintain_order=True).agg("record_id").iter_rows())
    links_of = strongest_first.group_by("customer_id_l", maintain_order=True).agg(
        pl.struct("record_id_l", "record_id_r", "match_weight", "match_probability").alias("links")
    )
    by_customer = dict(links_of.iter_rows())
    weakest = [
        {"customer_id_l": customer, "customer_id_r": customer, **link}
        for customer, its_records in records_of.items()
        if (link := _find_weakest_needed_link(its_records, by_customer.get(customer, []))) is not None
    ]
    schema = {name: QUESTION_SCHEMA[name] for name in _asked_columns() if name != "is_together"}
    doubt = pl.max_horizontal("match_probability", pl.lit(BY_EVIDENCE_OF_ALL))  # Null, never compared, is no maximum.
    return (
        pl.concat([strongest_of_two, pl.DataFrame(weakest, schema=schema, orient="row")])
        .with_columns(pl.lit(True).alias("is_together"), doubt.alias("doubt"))
        .filter(pl.col("doubt") <= SURE)
        .select(*_asked_columns(), "doubt")
    )


def _find_weakest_needed_link(records: list[str], links: Iterable[dict[str, object]]) -> dict[str, object] | None:
    """The link that joins the last two parts of a customer when its links, strongest first, put it together.

    That is the weakest link of its maximum spanning tree (Kruskal). Where links leave parts, the smallest records of
    the first two of them, not linked; None where there is nothing to hold together.
    """
    part = {record: record for record in records}

    def root(record: str) -> str:
        while part[record] != record:
            part[record] = part[part[record]]
            record = part[record]
        return record

    last: dict[str, object] | None = None
    for link in links:
        one, other = root(str(link["record_id_l"])), root(str(link["record_id_r"]))
        if one != other:
            part[max(one, other)] = min(one, other)
            last = link
    parts = sorted({root(record) for record in records})
    if len(parts) > 1:
        return {"record_id_l": parts[0], "record_id_r": parts[1], "match_weight": None, "match_probability": None}
    return last


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
