"""What cleaning made of the contact fields: how many said nothing, could not be read, or are a crowd's.

Told by source, table and canonical column, beside what the extracts counted.
"""

import polars as pl

from pipelines.identity.standardisation.contact_points import TABLE_NAME as CONTACT_POINTS
from pipelines.identity.standardisation.countries import country_codes
from pipelines.identity.standardisation.emails import clean_email
from pipelines.identity.standardisation.phones import read_phones
from pipelines.identity.standardisation.places import regions_of
from pipelines.identity.standardisation.standardise import name_at_origin

FIELDS = (
    "first_name", "last_name", "email", "phone", "mobile", "birth_date", "address", "postcode", "city", "country",
    "loyalty_card_id",
)  # fmt: skip
UNREADABLE = {
    "email": "is not an e-mail address",
    "phone": "is not a phone number",
    "mobile": "is not a phone number",
    "country": "is not a country",
}
"""The fields of which not every text is one; of the others, what was emptied stood for nothing."""

SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("source", "table_name", "column_name"), pl.String()),
        **dict.fromkeys(("unreadable_count", "placeholder_count", "shared_count"), pl.Int64()),
        **dict.fromkeys(("reason", "example_record_id"), pl.String()),
    }
)

_ORIGIN = ("source", "kind", "table_name")


def judge_contact_fields(gathered: pl.LazyFrame, records: pl.LazyFrame, country: str) -> pl.DataFrame:
    """One row per source, table and column in which something was emptied or withdrawn, as :data:`SCHEMA` says.

    ``gathered`` are the records as the extracts hold them, under the names of the display columns, ``records`` those of
    ``identity/records``. ``country`` is that of records that name none. ``example_record_id`` is the first record of
    which a value was emptied.
    """
    # A further point repeats its row's names, which are told of the row.
    is_row = pl.col("table_name") != CONTACT_POINTS
    gathered = gathered.filter(is_row).collect().lazy()  # Once: each field would read all tables again.
    records = records.filter(is_row)
    told = []
    for field in FIELDS:
        emptied, withdrawn = _find_emptied(gathered, records, field), _find_withdrawn(records, field)
        judged = emptied.with_columns(is_unreadable=_are_unreadable(emptied, field, country))
        counts = judged.group_by(_ORIGIN).agg(
            unreadable_count=pl.col("is_unreadable").sum().cast(pl.Int64),
            placeholder_count=(~pl.col("is_unreadable")).sum().cast(pl.Int64),
            example_record_id=pl.col("record_id").min(),
        )
        shared = withdrawn.group_by(_ORIGIN).agg(shared_count=pl.len().cast(pl.Int64))
        joined = counts.join(shared, on=_ORIGIN, how="full", coalesce=True)
        told.append(joined.with_columns(field=pl.lit(field), reason=_commonest(field)))
    return _name_columns(pl.concat(told, how="diagonal"))


def _find_emptied(gathered: pl.LazyFrame, records: pl.LazyFrame, field: str) -> pl.DataFrame:
    """record_id, origin, value and country, one row per record whose value of ``field`` is there no more.

    A row that is nobody's has no record at all: no value by which a person is known was left of it.
    """
    written = gathered.select("record_id", *_ORIGIN, pl.col(field).cast(pl.String).str.strip_chars().alias("value"))
    filled = written.filter(pl.col("value") != "")
    if field in ("postcode", "city"):  # Of these, something may be left.
        empty = records.filter(pl.col(field).is_null()).select("record_id")
        emptied = filled.join(empty, on="record_id")
    elif field == "country":  # One that nobody can read is shown as written, and the record is read by no country.
        is_read = pl.col("country").map_batches(lambda told: country_codes(told).is_not_null(), return_dtype=pl.Boolean)
        emptied = filled.join(records.filter(~is_read).select("record_id"), on="record_id")
    else:
        kept = records.filter(pl.col(field).is_not_null()).select("record_id")
        emptied = filled.join(kept, on="record_id", how="anti")
    placed = emptied.join(records.select("record_id", "country", "postcode"), on="record_id", how="left")
    if field == "address":  # A line that says no more than postcode and city went into their columns.
        placed = placed.filter(~pl.col("value").str.contains(pl.col("postcode"), literal=True).fill_null(False))
    return placed.drop("postcode").collect()


def _find_withdrawn(records: pl.LazyFrame, field: str) -> pl.DataFrame:
    """The origin, one row per record whose value of ``field`` is a crowd's."""
    names = pl.col("shared_values").str.split(",")
    other = {"phone": "mobile", "mobile": "phone"}.get(field, field)
    kind = {"loyalty_card_id": "card", "phone": "landline"}.get(field, field)
    # A mobile number may stand in the column of phones, and the other way round.
    elsewhere = {"phone": "mobile", "mobile": "landline"}.get(field)
    is_shared = names.list.contains(kind)
    if elsewhere:
        is_shared |= names.list.contains(elsewhere) & pl.col(other).is_null()
    return records.filter(is_shared & pl.col(field).is_not_null()).select(_ORIGIN).collect()


def _are_unreadable(emptied: pl.DataFrame, field: str, country: str) -> pl.Series:
    """Whether each value is none of the field's kind: no phone number of its record's country, no e-mail address."""
    if field in ("phone", "mobile"):
        asked = emptied.select("value", regions_of(emptied["country"], country).alias("region"))
        read = read_phones(asked["value"], country, asked["region"])
        joined = asked.join(read, on=["value", "region"], how="left", nulls_equal=True, maintain_order="left")
        return joined["e164"].is_null()
    if field == "email":
        return emptied.select(clean_email(pl.col("value")).is_null()).to_series()
    if field == "country":
        return emptied["country"].is_not_null()
    return pl.Series([False], dtype=pl.Boolean).new_from_index(0, emptied.height)


def _commonest(field: str) -> pl.Expr:
    is_unreadable = pl.col("unreadable_count") >= pl.col("placeholder_count")
    unreadable = pl.when(is_unreadable).then(pl.lit(UNREADABLE.get(field), dtype=pl.String))
    return pl.when(pl.col("example_record_id").is_not_null()).then(
        pl.coalesce(unreadable, pl.lit("stands for no value"))
    )


def _name_columns(told: pl.DataFrame) -> pl.DataFrame:
    """The rows under the names of the canonical tables and columns, without those of nothing."""
    names = [
        name_at_origin(kind, table, field)
        for kind, table, field in told.select("kind", "table_name", "field").iter_rows()
    ]
    return (
        told.with_columns(
            pl.col("unreadable_count", "placeholder_count", "shared_count").fill_null(0),
            table_name=pl.col("kind") + "/" + pl.col("table_name"),
            column_name=pl.Series(names, dtype=pl.String),
        )
        .select(SCHEMA.names())
        .sort("source", "table_name", "column_name")
    )
