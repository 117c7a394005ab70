"""Contacts that the CRM merged: what was noted before still names the id that is gone."""

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample.columns import canonical
from pipelines.sample.fault_list import Untouched, few, list_faults

SHARE, LEAST = 0.005, 5
TIMES = {
    "campaign_events": "occurred_at",
    "consents": "recorded_at",
    "interactions": "started_at",
    "surveys": "answered_at",
}
"""The tables of the CRM that name a contact, and when what they tell of took place."""


def merge_contacts(
    rng: np.random.Generator, tables: dict[str, pl.DataFrame], untouched: Untouched
) -> list[pl.DataFrame]:
    """Renames contacts in what happened before they were merged, adds `crm/merges` to ``tables``; the faults.

    The right value of each `contact_id` is that of the contact who survived.
    """
    contacts = tables["crm/contacts"]
    mailed = tables["crm/campaign_events"].group_by("contact_id").agg(pl.col("occurred_at").median().alias("merged_at"))
    known = contacts.join(mailed, on="contact_id")
    rows = untouched.draw(rng, "crm/contacts", known, pl.lit(True), few(contacts.height, SHARE, LEAST))
    merges = rows.select(
        (pl.lit("H") + pl.col("contact_id").str.slice(1)).alias("old_contact_id"),
        pl.col("contact_id").alias("surviving_contact_id"),
        pl.col("merged_at").dt.truncate("1s"),
    )
    tables["crm/merges"] = canonical(table("crm", "merges"), {name: merges[name] for name in merges.columns})
    faults = []
    for name, time in TIMES.items():
        path = f"crm/{name}"
        joined = tables[path].join(
            merges, left_on="contact_id", right_on="surviving_contact_id", how="left", maintain_order="left"
        )
        is_old = (pl.col(time) < pl.col("merged_at")).fill_null(False)
        renamed = joined.with_columns(
            pl.when(is_old).then(pl.col("old_contact_id")).otherwise(pl.col("contact_id")).alias("contact_id"),
            pl.when(is_old).then(pl.col("contact_id")).alias("surviving_contact_id"),
        )
        moved = renamed.filter(pl.col("surviving_contact_id").is_not_null())
        untouched.touch(path, moved)
        faults.append(
            list_faults(
                "merged_id",
                path,
                moved,
                "contact_id",
                written=pl.col("contact_id"),
                right=pl.col("surviving_contact_id"),
            )
        )
        tables[path] = canonical(table("crm", name), {column: renamed[column] for column in tables[path].columns})
    return faults
