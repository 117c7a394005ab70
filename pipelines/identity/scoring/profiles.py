"""Records that say exactly the same are one profile: compared once, however often a person ordered.

A profile is what gets compared. Records with the same content and enough of it to tell a person (a name and a contact
or a birth date, say) share one; a record that says little is a profile of its own, however alike another is, and so is
one that a human decision names.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import mark_repeated_hashes
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS

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


def number_profiles(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which profiles there are, and which of ``records``, sorted by record_id, each stands for.

    Receipts and blank records are in neither.

    First frame, one row per profile, sorted by record_id: profile_no (0, 1, ...), row (in ``records``, of the record it
    stands under), record_id (of that record, the smallest of its), content_hash. Second, one row per record, sorted:
    row, record_id, profile_no.
    """
    tells_a_person = pl.all_horizontal(pl.col(name).is_not_null() for name in NAMES) & pl.any_horizontal(
        pl.col(contact).is_not_null() for contact in CONTACTS
    )
    compared = (
        records.lazy()
        .with_row_index("row")
        .filter(is_compared())
        .select("row", "record_id", "content_hash", (tells_a_person & ~pl.col("is_decided")).alias("shares"))
        .collect()
    )
    first = np.arange(compared.height)
    # Most records are alone with what they say, which hashes tell sooner than texts.
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
class Profiled:
    """``identity/records``, sorted by record_id, and the frames of :func:`number_profiles` that they make."""

    records: pl.DataFrame
    profiles: pl.DataFrame
    members: pl.DataFrame

    @cached_property
    def hashes(self) -> pl.Series:
        """``profile_hash`` of each profile: 64 bits of its record_id and content; holds for one version of polars."""
        return self.profiles.select("record_id", "content_hash").hash_rows().alias("profile_hash")

    @cached_property
    def digest(self) -> str:
        """Of all the hashes, in order: the same profiles have the same."""
        return hashlib.sha256(self.hashes.to_numpy().tobytes()).hexdigest()

    def take(self, numbers: npt.NDArray[np.int32]) -> pl.DataFrame:
        """The profiles of the given numbers (sorted, each once) with what is compared, numbered anew from 0."""
        return with_name_parts(
            self.records[self.profiles["row"].gather(numbers)].select(
                pl.int_range(pl.len(), dtype=pl.Int32).alias("profile_no"), "record_id", "content_hash", *MATCH_COLUMNS
            )
        )


def profile_records(records: pl.DataFrame) -> Profiled:
    """``records`` (``identity/records``), sorted, with the profiles they make."""
    if not records["record_id"].is_sorted():
        records = records.sort("record_id")
    return Profiled(records, *number_profiles(records))


def build_profiles(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frames of :func:`number_profiles`, the first with what is compared.

    Added: the match columns, first_parts and last_parts (the words of a name).
    """
    people = profile_records(records)
    return people.take(people.profiles["profile_no"].to_numpy()), people.members


def with_name_parts(profiles: pl.DataFrame) -> pl.DataFrame:
    """Adds first_parts and last_parts: the words of a name, but for particles and initials, with blanks between."""
    return profiles.with_columns(
        pl.col(f"{name}_key").str.extract_all(r"\S{3,}").list.join(" ").replace("", None).alias(f"{name}_parts")
        for name in ("first", "last")
    )
