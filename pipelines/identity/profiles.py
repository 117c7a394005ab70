"""Records that say exactly the same are one profile: compared once, however often a person ordered.

A profile is what gets compared. Records with the same content and enough of it to tell a person (a name and a contact
or a birth date, say) share one; a record that says little is a profile of its own, however alike another is, and so is
one that a human decision names.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.standardise import MATCH_COLUMNS

CONTACTS = ("email_key", "mobile_key", "landline_key", "birth_key", "street_key", "card_key")
NAMES = ("first_key", "last_key")


def is_receipt(columns: tuple[str, ...] = MATCH_COLUMNS) -> pl.Expr:
    """True for a record that carries an e-mail and nothing else to compare: a till receipt sent by mail."""
    others = [pl.col(column).is_null() for column in columns if column not in ("email_key", "gender_key")]
    return pl.col("email_key").is_not_null() & pl.all_horizontal(others)


def is_blank() -> pl.Expr:
    """True for a record that carries nothing that tells people apart."""
    return pl.all_horizontal(pl.col(column).is_null() for column in (*NAMES, *CONTACTS))


def is_compared() -> pl.Expr:
    """True for a record that stands in a profile; the others are placed by rule (``receipts``)."""
    return ~is_receipt() & ~is_blank()


def build_profiles(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles to compare, and which records each stands for. Receipts and blank records are in neither.

    First frame, one row per profile, sorted by record_id: profile_no (0, 1, ...), record_id (the smallest of its
    records), content_hash, the match columns, first_parts and last_parts (the words of a name). Second, one row per
    record: record_id, profile_no.
    """
    compared = records.filter(is_compared()).select("record_id", "content_hash", "is_decided", *MATCH_COLUMNS)
    tells_a_person = pl.all_horizontal(pl.col(name).is_not_null() for name in NAMES) & pl.any_horizontal(
        pl.col(contact).is_not_null() for contact in CONTACTS
    )
    grouped = compared.with_columns(
        pl.when(tells_a_person & ~pl.col("is_decided"))
        .then(pl.col("content_hash"))
        .otherwise(pl.col("record_id"))
        .alias("content")
    ).with_columns(pl.col("record_id").min().over("content").alias("representative"))
    profiles = (
        grouped.filter(pl.col("record_id") == pl.col("representative"))
        .sort("record_id")
        .with_row_index("profile_no")
        .with_columns(pl.col("profile_no").cast(pl.Int32))
        .select("profile_no", "record_id", "content_hash", *MATCH_COLUMNS)
    )
    members = grouped.join(
        profiles.select("profile_no", pl.col("record_id").alias("representative")), on="representative", how="left"
    )
    return with_name_parts(profiles), members.select("record_id", "profile_no").sort("record_id")


def take_profiles(profiles: pl.DataFrame, numbers: npt.NDArray[np.int32]) -> pl.DataFrame:
    """The profiles of the given numbers (sorted, each once), numbered anew from 0."""
    return profiles[numbers].with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias("profile_no"))


def with_name_parts(profiles: pl.DataFrame) -> pl.DataFrame:
    """Adds first_parts and last_parts: the words of a name that are more than a particle or an initial, as lists."""
    return profiles.with_columns(
        pl.col(f"{name}_key").str.extract_all(r"\S{3,}").alias(f"{name}_parts") for name in ("first", "last")
    )
