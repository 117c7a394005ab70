"""Profiles: records with identical content, compared once however often a person ordered.

Profiles are what is compared. Records with the same content, and enough of it to identify a person (both names, and a
contact or a birth date), share one. A record with less is a profile of its own, even where another is identical, and so
is one that a human decision names.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import mark_repeated_hashes
from pipelines.identity.standardisation.nobody import CONTACTS, NAMES
from pipelines.identity.standardisation.scripts import read_scripts
from pipelines.identity.standardisation.short_forms.table import list_possible_names, name_root
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS


def is_receipt(columns: tuple[str, ...] = MATCH_COLUMNS) -> pl.Expr:
    """True for a record that has an e-mail and nothing else to compare: a till receipt sent by mail."""
    others = [pl.col(column).is_null() for column in columns if column not in ("email_key", "gender_key")]
    return pl.col("email_key").is_not_null() & pl.all_horizontal(others)


def is_blank() -> pl.Expr:
    """True for a record that has nothing by which people can be told apart."""
    return pl.all_horizontal(pl.col(column).is_null() for column in (*NAMES, *CONTACTS))


def is_compared() -> pl.Expr:
    """True for a record that belongs to a profile; the others are placed by rule (``clustering.assign_uncompared``)."""
    return ~is_receipt() & ~is_blank()


def number_profiles(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The profiles of ``records``, which are sorted by record_id, and their members.

    Profiles have one row per profile, sorted by record_id: profile_no (0, 1, ...), row (in ``records``, of its first
    record), record_id (of that record, the smallest), content_hash. Members have one row per compared record, sorted:
    row, record_id, profile_no. Receipts and blank records are in neither.
    """
    identifies_a_person = pl.all_horizontal(pl.col(name).is_not_null() for name in NAMES) & pl.any_horizontal(
        pl.col(contact).is_not_null() for contact in CONTACTS
    )
    compared = (
        records.lazy()
        .with_row_index("row")
        .filter(is_compared())
        .select("row", "record_id", "content_hash", (identifies_a_person & ~pl.col("is_decided")).alias("shares"))
        .collect()
    )
    first = np.arange(compared.height)
    # Most records have no identical other, which hashes show sooner than texts.
    alike = (
        compared.with_row_index("position")
        .filter("shares", mark_repeated_hashes(compared["content_hash"].hash()))
        .select("position", pl.col("position").min().over("content_hash").alias("first"))
    )
    first[alike["position"].to_numpy()] = alike["first"].to_numpy()
    is_first = first == np.arange(compared.height)
    numbers = (np.cumsum(is_first) - 1).astype(np.int32)
    members = compared.select("row", "record_id", pl.Series("profile_no", numbers[first]))
    profiles = compared.filter(is_first).select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("profile_no"), "row", "record_id", "content_hash"
    )
    return profiles, members


@dataclass(frozen=True)
class ProfiledRecords:
    """``identity/records``, sorted by record_id, with their profiles and members (:func:`number_profiles`)."""

    records: pl.DataFrame
    profiles: pl.DataFrame
    members: pl.DataFrame

    @cached_property
    def hashes(self) -> pl.Series:
        """``profile_hash`` of each profile: 64 bits of its record_id and content; valid for one version of polars."""
        return self.profiles.select("record_id", "content_hash").hash_rows().alias("profile_hash")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all the hashes, in order: equal for equal profiles."""
        return hashlib.sha256(self.hashes.to_numpy().tobytes()).hexdigest()

    def take(self, numbers: npt.NDArray[np.int32]) -> pl.DataFrame:
        """The profiles of the given numbers (sorted, each once) with what is compared, renumbered from 0."""
        return with_compared_columns(
            self.records[self.profiles["row"].gather(numbers)].select(
                pl.int_range(pl.len(), dtype=pl.Int32).alias("profile_no"), "record_id", "content_hash", *MATCH_COLUMNS
            )
        )

    def take_all(self) -> pl.DataFrame:
        """All profiles with what is compared."""
        return self.take(self.profiles["profile_no"].to_numpy())


def profile_records(records: pl.DataFrame) -> ProfiledRecords:
    """``records`` (``identity/records``), sorted, with their profiles."""
    if not records["record_id"].is_sorted():
        records = records.sort("record_id")
    return ProfiledRecords(records, *number_profiles(records))


def build_profiles(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The profiles and members of :func:`number_profiles`, the profiles with what is compared.

    Added: the match columns, and those of :func:`with_compared_columns`.
    """
    profiled = profile_records(records)
    return profiled.take_all(), profiled.members


def with_compared_columns(profiles: pl.DataFrame) -> pl.DataFrame:
    """Adds what comparisons need besides the match columns: name parts, possible full names, scripts, and last_root:
    the surname as ``first_root`` would be, since the two may be in each other's place."""
    possible = list_possible_names(profiles["first_key"]).alias("first_possible")
    compared = with_scripts(with_name_parts(profiles)).with_columns(possible)
    return compared.with_columns(name_root(pl.col("last_key")).alias("last_root"))


def with_name_parts(profiles: pl.DataFrame) -> pl.DataFrame:
    """Adds first_parts and last_parts: the words of a name without particles and initials, separated by blanks."""
    return profiles.with_columns(
        pl.col(f"{name}_key").str.extract_all(r"\S{3,}").list.join(" ").replace("", None).alias(f"{name}_parts")
        for name in ("first", "last")
    )


def with_scripts(profiles: pl.DataFrame) -> pl.DataFrame:
    """Adds first_script, last_script, street_script and city_script (``standardisation.scripts``)."""
    return profiles.with_columns(
        read_scripts(profiles[f"{name}_key"]).alias(f"{name}_script") for name in ("first", "last", "street", "city")
    )
