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
    """

    missed_alone: float
    missed_between: float
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
    others_of_covered = _mean(covered["size_of_user"]) - 1.0 if covered.height else 0.0
    alone = receipts.filter(pl.col("users") == 0)
    shared = receipts.filter(pl.col("users") > 1)
    sole = receipts.filter(pl.col("users") == 1)
    share_of_shared = float((mailboxes["users"] > 1).sum()) / max(1, mailboxes.height)
    # Whose own records lack the e-mail, has another user of it behind it as often as mailboxes have two users.
    strangers = float(alone["receipts"].sum()) * share_of_shared / max(1e-9, 1.0 - share_of_shared)
    placed = sole.select((pl.col("receipts") * (pl.col("size_of_user") - 1.0)).sum()).item() if sole.height else 0.0
    share_of_strangers = min(1.0, strangers / max(1.0, float(sole["receipts"].sum())))
    among = shared.select(
        (pl.col("receipts") * (pl.col("receipts") - 1) / 2 * (1.0 - pl.col("same_user"))).sum()
    ).item()
    return ReceiptErrors(
        missed_alone=float(alone["receipts"].sum()) * max(0.0, others_of_covered),
        missed_between=float(shared.select((pl.col("receipts") * pl.col("size_of_user")).sum()).item() or 0.0),
        wrong=float(share_of_strangers * (placed or 0.0) + (among or 0.0) / 2.0),
    )


def _mean(values: pl.Series) -> float:
    return float(values.mean() or 0.0)  # type: ignore[arg-type]
