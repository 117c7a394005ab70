"""Receipts, which carry an e-mail only: what goes wrong with them, told by records that are treated as receipts.

A record of which everything but the e-mail is covered up is a receipt whose customer is known. Where no other record
has its e-mail, a receipt would have been left alone; where several customers use it, kept apart from them.
"""

from dataclasses import dataclass

import polars as pl

from pipelines.identity.evaluation.without_truth.file_of_customers import CustomerFile
from pipelines.identity.scoring.profiles import is_compared, is_receipt


@dataclass(frozen=True)
class ReceiptErrors:
    """Expected pairs of records, of which one at least is a receipt.

    ``missed_alone`` are those of receipts whose e-mail no other record has, ``missed_between`` those of receipts whose
    e-mail several customers use; ``wrong`` are those within one customer, or among the receipts of a shared e-mail.
    ``missed_alone`` is the mean of two ways to tell it, which differ by twice ``missed_alone_spread``: by what records
    of a lone mailbox have besides, and by how many records of a customer have a mailbox that its others lack.
    ``missed_variance`` is by chance: a receipt misses few records or many, and all at once.
    """

    missed_alone: float
    missed_alone_spread: float
    missed_between: float
    missed_variance: float
    wrong: float


def estimate_receipt_errors(customers: CustomerFile) -> ReceiptErrors:
    """The errors of all receipts of the file."""
    records = customers.profiled.records.select(
        "email_key",
        pl.Series("customer", customers.of_records),
        pl.Series("size", customers.sizes[customers.of_records]),
        is_receipt().alias("is_receipt"),
        is_compared().alias("is_compared"),
    ).filter(pl.col("email_key").is_not_null())
    uses = (
        records.filter("is_compared")
        .group_by("email_key", "customer")
        .agg(pl.len().alias("records"), pl.col("size").first())
    )
    mailboxes = uses.group_by("email_key").agg(
        pl.len().alias("users"),
        pl.col("records").sum(),
        ((pl.col("records") * pl.col("size")).sum() / pl.col("records").sum()).alias("size_of_user"),
        ((pl.col("records") ** 2).sum() / pl.col("records").sum() ** 2).alias("same_user"),
    )
    mailboxes = mailboxes.sort("email_key")  # In another order, sums would differ in their last digit.
    receipts = (
        records.filter("is_receipt")
        .group_by("email_key")
        .agg(pl.len().alias("receipts"))
        .join(mailboxes, on="email_key", how="left")
        .with_columns(pl.col("users").fill_null(0))
        .sort("email_key")
    )
    covered = mailboxes.filter(pl.col("records") == 1)
    others_of_covered = covered["size_of_user"] - 1.0
    alone = receipts.filter(pl.col("users") == 0)
    lone = float(alone["receipts"].sum())
    shared = receipts.filter(pl.col("users") > 1)
    sole = receipts.filter(pl.col("users") == 1)
    share_of_shared = float((mailboxes["users"] > 1).sum()) / max(1, mailboxes.height)
    # Whose own records lack the e-mail, has another user of it behind it as often as mailboxes have two users.
    strangers = lone * share_of_shared / max(1e-9, 1.0 - share_of_shared)
    placed = sole.select((pl.col("receipts") * (pl.col("size_of_user") - 1.0)).sum()).item() if sole.height else 0.0
    share_of_strangers = min(1.0, strangers / max(1.0, float(sole["receipts"].sum())))
    among = shared.select(
        (pl.col("receipts") * (pl.col("receipts") - 1) / 2 * (1.0 - pl.col("same_user"))).sum()
    ).item()
    between = float(shared.select((pl.col("receipts") * pl.col("size_of_user")).sum()).item() or 0.0)
    by_covered = lone * _mean(others_of_covered)
    by_customers = _miss_as_customers_do(records, (placed or 0.0) + between, lone)
    return ReceiptErrors(
        missed_alone=(by_covered + by_customers) / 2.0,
        missed_alone_spread=abs(by_covered - by_customers) / 2.0,
        missed_between=between,
        missed_variance=lone * _mean(others_of_covered**2) + between,
        wrong=float(share_of_strangers * (placed or 0.0) + (among or 0.0) / 2.0),
    )


def _mean(values: pl.Series) -> float:
    return float(values.mean() or 0.0)  # type: ignore[arg-type]


def _miss_as_customers_do(records: pl.DataFrame, found: float, lone: float) -> float:
    """The pairs missed by ``lone`` receipts, if mailboxes of receipts differ as those of a customer's records do.

    ``found`` are the pairs of receipts whose mailbox is known; none is missed where no receipt is alone.
    """
    compared = records.filter("is_compared").with_columns(
        pl.len().over("email_key").alias("users"),
        pl.len().over("customer").alias("with_mailbox"),
        (pl.col("size") - 1).alias("others"),
    )
    of_several = compared.filter(pl.col("with_mailbox") > 1)
    others = float(of_several["others"].sum())
    unknown = float(of_several.filter(pl.col("users") == 1)["others"].sum())
    if not lone or not others or unknown >= others:
        return 0.0
    return found * unknown / (others - unknown)
