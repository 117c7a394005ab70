"""First name and surname in one field: match keys for each.

Which of the two comes first is not asked: they are compared in both orders (``specification``, "swapped with surname").
"""

import polars as pl

from pipelines.identity.standardisation.names import PARTICLES, first_name_key, fold, last_name_key

# There two surnames are as usual as one, so that two words in the field of surnames say no first name.
TWO_SURNAMES = (
    "AD", "AO", "AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "MZ", "NI", "PA",
    "PE", "PH", "PR", "PT", "PY", "SV", "UY", "VE",
)  # fmt: skip
OF_A_MARRIAGE = r"\b(?:nee?|geb|geborene|epouse|epse|ep|veuve|vve|usage)\b"
_BY_COMMA = r"^(?<one>[^,]+),\s*(?<two>[^,]+)$"
_BY_BLANK = r"^(?<one>\S+)\s+(?<two>.+)$"
_PARTICLE = rf"(?i)\b({PARTICLES}|de)\s+"
_TIE = "~"  # Between a particle and its name, so that no blank parts them.


def split_whole_names(records: pl.DataFrame) -> pl.DataFrame:
    """``records`` with first_key and last_key taken from a ``last_name`` that holds both names.

    That is where there is no other first name, or the field of first names says the same. Expected besides: ``region``
    (ISO 3166) and ``of_household``, whether the name has a couple's or a family's title. What is shown stays as it is.
    """
    is_whole = (
        pl.col("last_key").is_not_null()
        & (pl.col("first_key").is_null() | (pl.col("first_name") == pl.col("last_name")).fill_null(False))
        & ~pl.col("region").is_in(TWO_SURNAMES).fill_null(False)
        & ~pl.col("of_household").fill_null(False)
        & pl.col("last_name").str.contains(r"\S[\s,]+\S")
    )
    marked = records.with_row_index("row")
    found = marked.filter(is_whole.fill_null(False)).filter(~fold(pl.col("last_name")).str.contains(OF_A_MARRIAGE))
    if found.is_empty():
        return records
    tied = pl.col("last_name").str.replace_all(_PARTICLE, "${1}" + _TIE).str.replace_all(_PARTICLE, "${1}" + _TIE)
    comma = pl.col("last_name").str.extract_groups(_BY_COMMA)
    blank = tied.str.extract_groups(_BY_BLANK)
    first, last = (
        pl.coalesce(comma.struct.field(by_comma), blank.struct.field(by_blank)).str.replace_all(_TIE, " ", literal=True)
        for by_comma, by_blank in (("two", "one"), ("one", "two"))
    )
    starts_with_surname = comma.struct.field("one").is_null() & first.str.contains(" ", literal=True)
    first, last = (
        pl.when(starts_with_surname).then(other).otherwise(own) for own, other in ((first, last), (last, first))
    )
    split = found.select(
        "row", first_name_key(first).alias("own_first"), last_name_key(last).alias("own_last")
    ).drop_nulls()
    return (
        marked.join(split, on="row", how="left", maintain_order="left")
        .with_columns(pl.coalesce(f"own_{name}", f"{name}_key").alias(f"{name}_key") for name in ("first", "last"))
        .drop("row", "own_first", "own_last")
    )
