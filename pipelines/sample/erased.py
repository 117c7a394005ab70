"""Erased people: over whose names, mailbox and address each system wrote what it writes when asked to forget."""

import numpy as np
import polars as pl

from pipelines.sample.fault_list import Untouched, few, is_among, list_faults

SHARE, LEAST = 0.004, 5  # of a register; requests to be forgotten are a few in a thousand a year.
WORDS = {
    "crm/contacts": ("Anonymisé", "RGPD", "anonyme@maisongarance.invalid", "Adresse supprimée"),
    "ecommerce/customers": ("[deleted]", "[deleted]", "deleted@maisongarance.invalid", "REDACTED"),
    "pos/members": ("SUPPRIME", "SUPPRIME", None, None),
}
RECORDS = {"crm/contacts": "crm:contacts:", "ecommerce/customers": "shop:customers:", "pos/members": "till:members:"}
FORGOTTEN = ("civility", "phone", "mobile", "birth_date", "postcode", "city", "loyalty_card_id", "preferred_channel")


def erase_people(
    rng: np.random.Generator, tables: dict[str, pl.DataFrame], truth: pl.DataFrame, untouched: Untouched
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Erases some of every register in ``tables``; the truth, in which each is somebody apart, and the faults."""
    faults, erased = [], []
    for table, (first, last, email, address) in WORDS.items():
        frame = tables[table]
        rows = untouched.draw(rng, table, frame, pl.col("deleted_at").is_null(), few(frame.height, SHARE, LEAST))
        written = {"first_name": first, "last_name": last, "email": email, "address": address}
        gone = {name: None for name in FORGOTTEN if name in frame.columns}
        is_erased = is_among(table, rows)
        tables[table] = frame.with_columns(
            pl.when(is_erased).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in (written | gone).items()
        )
        erased.append(rows.select(pl.lit(RECORDS[table]) + pl.col(frame.columns[0])).to_series().alias("record_id"))
        faults += [
            list_faults("erased", table, rows, name, written=pl.lit(value))
            for name, value in written.items()
            if value is not None
        ]
    records = pl.concat(erased)
    strangers = pl.DataFrame(
        {"record_id": records, "stranger": [f"E{number:07}" for number in range(1, len(records) + 1)]}
    )
    told = truth.join(strangers, on="record_id", how="left", maintain_order="left").select(
        "record_id", pl.coalesce("stranger", "person_id").alias("person_id")
    )
    return told, faults
