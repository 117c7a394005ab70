"""Crowds under one name: a whole name with one mailbox, or one address, that no single person could have.

``shared_values`` counts surnames, and a crowd that goes by one name ("Jean Caisse", caisse@boutique.fr) has one. What
tells it from a loyal customer is that nothing but the name and the mailbox holds its records together:

- they disagree in more phone numbers, birth dates, cards, mailboxes or addresses than one person has
  (``person_limit`` of attributes.yml); or
- there are more of them in one register, or within some weeks, than one person makes.

And nothing that tells more of a person is the same on most of them: who sends presents to thirty addresses has one
telephone, who lost ten cards one birth date. Name, mailbox and address of a crowd are nobody's: they are neither
compared nor shown.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.nobody import SAYS_NOBODY
from pipelines.identity.standardisation.shared_values import max_names_in_window, use_day

SAME_REGISTER = {"customers": 12, "contacts": 40, "members": 40}
"""Records of one table of a source that one person has at most under one name and mailbox. A shop takes a mailbox once;
a CRM or a till may make another record at each form or lost card. Generated retailers have three."""

BUSIEST_DAYS, BUSIEST_RECORDS = 30, 100
"""Records that one person makes at most within so many days: more than three orders a day, for a month."""

MOST = 0.5  # Share of a crowd's records that have a value, and of these that have the same, for it to be a person's.

BY_MAILBOX = ("first_key", "last_key", "email_key")
BY_ADDRESS = ("first_key", "last_key", "street_key", "postcode_key")
CROWD_COLUMNS = (
    "record_id", "source", "table_name", "first_key", "last_key", "email_key", "street_key", "postcode_key",
    "mobile_key", "landline_key", "birth_key", "card_key", "created_at", "updated_at",
)  # fmt: skip
"""The columns of records by which crowds are found."""

_FIELDS: dict[str, pl.Expr] = {
    "phone": pl.coalesce("mobile_key", "landline_key"),
    "birth_date": pl.col("birth_key"),
    "loyalty_card_id": pl.col("card_key"),
    "email": pl.col("email_key"),
    "address": pl.concat_str("street_key", pl.col("postcode_key").fill_null("")),
}
_DIGEST = "crowd_digest"
_SHARED = {"email_key": "email", "street_key": "address"}
_PROOFS = ("birth_date", "loyalty_card_id", "phone")
"""What is proof of a person where most records have the same, the strongest first: many values of one are explained by
a stronger one, and those of a mailbox or an address, which is what a crowd shares, by each."""


@dataclass(frozen=True)
class Crowds:
    """The crowds: one row each, with the values of :data:`BY_MAILBOX` or :data:`BY_ADDRESS`, sorted."""

    by_mailbox: pl.DataFrame
    by_address: pl.DataFrame

    @property
    def are_none(self) -> bool:
        return self.by_mailbox.is_empty() and self.by_address.is_empty()


def find_crowds(records: pl.DataFrame, attributes: Mapping[str, Attribute]) -> Crowds:
    """The crowds among ``records``, which have at least :data:`CROWD_COLUMNS`; the same in any order."""
    limits = {name: limit for name in _FIELDS if (limit := attributes[name].person_limit) is not None}
    found = (_find_groups(records, keys, limits) for keys in (BY_MAILBOX, BY_ADDRESS))
    return Crowds(*found)


def is_in_crowd(records: pl.DataFrame, crowds: Crowds) -> pl.Series:
    """Whether each record is one of a crowd's."""
    if crowds.are_none:
        return pl.repeat(value=False, n=records.height, dtype=pl.Boolean, eager=True)
    return _mark(records, crowds.by_mailbox, BY_MAILBOX) | _mark(records, crowds.by_address, BY_ADDRESS)


def withdraw_crowds(cleaned: pl.DataFrame, crowds: Crowds) -> pl.DataFrame:
    """Cleaned records without the names and addresses of ``crowds``, and without showing their mailboxes.

    The mailboxes are withdrawn as shared values (:func:`add_mailboxes`). Such a record says nobody: its register does
    not vouch for it either. Added: ``crowd_digest``, the SHA-256 of the name that was withdrawn; null for none.
    """
    if crowds.are_none:
        return cleaned.with_columns(pl.lit(None, dtype=pl.String).alias(_DIGEST))
    of_mailbox = _mark(cleaned, crowds.by_mailbox, BY_MAILBOX)
    of_address = _mark(cleaned, crowds.by_address, BY_ADDRESS)
    of_any = of_mailbox | of_address
    names = cleaned.filter(of_any).select(pl.concat_str(pl.col("first_key", "last_key").fill_null(""), separator=","))
    digests = {name: f"name:{hashlib.sha256(name.encode()).hexdigest()}" for name in names.to_series().unique()}
    row = pl.Series(np.where(of_any, np.cumsum(of_any) - 1, -1)).replace(-1, None)
    emptied = {
        **dict.fromkeys(("first_key", "first_root", "last_key", "first_name", "last_name"), of_any),
        "email": of_mailbox,
        **dict.fromkeys(("street_key", "address"), of_address),
    }
    return cleaned.with_columns(
        *(cleaned[column].set(mask, None).alias(column) for column, mask in emptied.items()),
        (cleaned[SAYS_NOBODY] | of_any).alias(SAYS_NOBODY),
        names.to_series().replace_strict(digests, return_dtype=pl.String).gather(row).alias(_DIGEST),
    )


def note_crowds(withdrawn: pl.DataFrame) -> pl.DataFrame:
    """``shared_values`` and ``shared_digests`` of records with the name of their crowd among them."""
    if withdrawn[_DIGEST].is_null().all():
        return withdrawn
    name = pl.when(pl.col(_DIGEST).is_not_null()).then(pl.lit("name"))
    noted = {"shared_values": name, "shared_digests": pl.col(_DIGEST)}
    return withdrawn.with_columns(
        pl.when(pl.col(_DIGEST).is_null())
        .then(pl.col(column))
        .otherwise(pl.concat_str(column, value, separator=",", ignore_nulls=True))
        .alias(column)
        for column, value in noted.items()
    )


def add_mailboxes(shared: Mapping[str, pl.Series], crowds: Crowds) -> dict[str, pl.Series]:
    """``shared`` (``find_shared_values``) with the mailboxes of ``crowds``, whoever else has them."""
    if crowds.by_mailbox.is_empty():
        return dict(shared)
    mailboxes = pl.concat([shared["email_key"], crowds.by_mailbox["email_key"]]).unique().sort()
    return {**shared, "email_key": mailboxes}


def _mark(records: pl.DataFrame, groups: pl.DataFrame, keys: tuple[str, ...]) -> pl.Series:
    marked = records.select(keys).join(
        groups.with_columns(is_crowd=True), on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return marked["is_crowd"].fill_null(value=False)


def _find_groups(records: pl.DataFrame, keys: tuple[str, ...], limits: Mapping[str, int]) -> pl.DataFrame:
    """The values of ``keys`` under which there is a crowd, sorted."""
    contact = keys[2]
    if not limits:
        return records.select(keys).clear()
    fewest = min(*limits.values(), *SAME_REGISTER.values())
    named = records.lazy().filter(
        pl.col(contact).is_not_null() & (pl.col("first_key").is_not_null() | pl.col("last_key").is_not_null())
    )
    # Most contacts are on few records, which one column tells quicker than three.
    often = named.group_by(contact).len().filter(pl.col("len") > fewest).select(contact)
    suspects = (
        named.join(often, on=contact, how="semi")
        .select(
            *keys,
            "record_id",
            "source",
            "table_name",
            use_day(),
            *(field.alias(name) for name, field in _FIELDS.items()),
        )
        .with_columns(pl.struct(keys).rank("dense").alias("value"))
        .filter(pl.len().over("value") > fewest)
        .collect()
    )
    compared = [name for name in limits if name != _SHARED[contact]]
    disagree = [(pl.col(name).drop_nulls().n_unique() > limits[name]).alias(f"many_{name}") for name in compared]
    told = suspects.group_by("value").agg(*disagree, *(_is_proof(name) for name in _PROOFS))
    in_register = (
        suspects.group_by("value", "source", "table_name").len()
        .filter(pl.col("len") > pl.col("table_name").replace_strict(SAME_REGISTER, default=None, return_dtype=pl.Int64))
    )  # fmt: skip
    busiest = max_names_in_window(suspects.select("value", pl.col("record_id").alias("name"), "day"), BUSIEST_DAYS)
    in_haste = busiest.filter(pl.col("names") > BUSIEST_RECORDS)
    too_many = pl.col("value").is_in(pl.concat([in_register["value"], in_haste["value"]]).implode())
    is_crowd = pl.any_horizontal(
        too_many & ~_is_explained(_PROOFS),
        *(pl.col(f"many_{name}") & ~_is_explained(_stronger_proofs(name)) for name in compared),
    )
    crowds = told.filter(is_crowd).select("value")
    return suspects.join(crowds, on="value", how="semi").select(keys).unique().sort(keys)


def _is_proof(name: str) -> pl.Expr:
    """Whether one value of the field is on most of the records that have one, and most have one."""
    value = pl.col(name).drop_nulls()
    most = value.unique_counts().max().fill_null(0)
    return ((value.len() > MOST * pl.len()) & (most > MOST * value.len())).alias(name)


def _stronger_proofs(name: str) -> tuple[str, ...]:
    if name in ("birth_date", "loyalty_card_id"):
        return _PROOFS[: _PROOFS.index(name)]
    return _PROOFS  # A telephone among them: the numbers of those who get the presents stand on some of the orders.


def _is_explained(proofs: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(proofs) if proofs else pl.lit(value=False)
